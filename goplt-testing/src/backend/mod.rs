//! Real servers for tests.
//!
//! A backend is looked for on a ladder, and the first rung that holds is taken:
//!
//! 1. an explicit address: `GOPLT_POSTGRES_URL`, the URL of a superuser;
//! 2. a container, if the feature `containers` is on and an engine answers;
//! 3. the server's binaries on this machine, started in a temporary folder on a loopback port;
//! 4. none: the test is skipped, with a line on standard error that says what was tried. With
//!    `GOPLT_REQUIRE_BACKENDS=1` it fails instead.
//!
//! What rungs 2 and 3 start is shared by all test processes of a user, so that a run of many test
//! binaries starts one server; it ends by itself some seconds after its last user is gone, however
//! that user ended. An explicit address that does not answer fails: it was meant.
//!
//! ```no_run
//! # fn test() {
//! let Some(server) = goplt_testing::backend::postgres() else { return };
//! let database = server.database();
//! database.execute("CREATE TABLE t (n INT); INSERT INTO t VALUES (1)").unwrap();
//! assert_eq!(database.text("SELECT n FROM t").unwrap(), "1");
//! # }
//! ```

mod ladder;
pub mod postgres;

pub use self::ladder::Rung;

/// The PostgreSQL of this run, or `None` if there is none: then the test is to return.
///
/// It blocks while the server starts, at most once in a process, and may be called anywhere, also
/// inside a runtime.
///
/// # Panics
///
/// If `GOPLT_POSTGRES_URL` is set and does not answer, or if no rung holds and
/// `GOPLT_REQUIRE_BACKENDS=1`.
#[must_use]
pub fn postgres() -> Option<postgres::Server> {
    postgres::running()
}
