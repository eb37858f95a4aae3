//! PostgreSQL: one [`Server`] per run, a [`Database`] per test.
//!
//! Statements given here run as the superuser, to prepare a test and to look afterwards; what is
//! under test opens its own connections, with [`Database::url`] or as a role of its own. There is
//! no type of a driver in any signature.

mod connection;
mod container;
mod database;
mod error;
mod local;
mod running;
mod server;
mod shared;
mod template;

pub use self::{
    connection::Row,
    database::{Database, Roles},
    error::SqlError,
    server::Server,
    template::Template,
};
pub(super) use running::running;

/// Ends the server when nobody has used it for this many seconds: long enough for the next test
/// binary of a run to be started, also if it is linked first.
const LINGER_SECONDS: u32 = 20;

/// Held shared by whoever uses the server, and taken by what ends it.
const USERS_LOCK: i64 = 0x676f_706c_7401;

/// Class of the locks of test processes, beside the number of each.
const RUN_LOCK: i32 = 0x676f_706c;

/// The statements that return when nobody uses the server any more, with the lock held so that
/// nobody can begin to.
fn watch() -> String {
    format!(
        "SET application_name = 'goplt-testing watch';
DO $$
DECLARE idle INT := 0;
BEGIN
  LOOP
    PERFORM pg_sleep(1);
    IF pg_try_advisory_lock({USERS_LOCK}) THEN
      idle := idle + 1;
      EXIT WHEN idle >= {LINGER_SECONDS};
      PERFORM pg_advisory_unlock({USERS_LOCK});
    ELSE
      idle := 0;
    END IF;
  END LOOP;
END $$;
"
    )
}

/// Settings of a server that may forget everything in a crash.
const SETTINGS: [&str; 7] = [
    "fsync=off",
    "synchronous_commit=off",
    "full_page_writes=off",
    "max_connections=300",
    "shared_buffers=64MB",
    "max_wal_size=512MB",
    // Connections are opened by the hundred, and this one is cheap.
    "password_encryption=md5",
];
