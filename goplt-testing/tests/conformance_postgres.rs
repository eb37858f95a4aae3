//! PostgreSQL keeps what a database must.
#![cfg(feature = "postgres")]

use goplt_testing::conformance::Engine;

goplt_testing::conformance!(Engine::postgres());
