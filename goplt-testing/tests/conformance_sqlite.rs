//! SQLite keeps what a database must, also when a tenant has a database of its own.

use goplt_testing::conformance::Engine;

goplt_testing::conformance!(Engine::sqlite());

mod placed {
    use super::Engine;

    goplt_testing::conformance!(Engine::sqlite_placed());
}
