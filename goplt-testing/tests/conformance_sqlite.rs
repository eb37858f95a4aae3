//! SQLite keeps what a database must.

use goplt_testing::conformance::Engine;

goplt_testing::conformance!(Engine::sqlite());
