//! PostgreSQL keeps what a database must, also when a tenant has a database of its own.
#![cfg(feature = "postgres")]

use goplt_testing::conformance::Engine;

goplt_testing::conformance!(Engine::postgres());

mod placed {
    use super::Engine;

    goplt_testing::conformance!(Engine::postgres_placed());
}
