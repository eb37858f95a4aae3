//! What a database must do for us: one implementation each, chosen by the URL.

#[cfg(feature = "postgres")]
pub(super) mod postgres;
#[cfg(not(feature = "postgres"))]
#[path = "postgres_disabled.rs"]
mod postgres;
#[cfg(not(feature = "sqlite"))]
#[path = "sqlite_disabled.rs"]
mod sqlite;
#[cfg(feature = "sqlite")]
mod sqlite;
#[cfg(feature = "sqlite")]
mod transaction;

use std::{any::Any, fmt, time::Duration};

use futures_core::future::BoxFuture;
use goplt_manifest::Dialect;
use secrecy::{ExposeSecret, SecretString};
use tokio::time::Instant;

use super::{
    DatabaseSettings, DbError, DbType, Value, catalogue::Catalogue, row::RawRow, sql::Bound,
};
use crate::TenantId;

/// Opens transactions.
pub(crate) trait Engine: Any + fmt::Debug + Send + Sync {
    /// Its name in metrics, by the conventions of OpenTelemetry.
    fn system(&self) -> &'static str;

    /// Which migrations it takes.
    fn dialect(&self) -> Dialect;

    /// A transaction. Cancel safe: wherever its future is dropped, no connection may become free
    /// again that is inside a transaction.
    fn begin<'a>(
        &'a self,
        access: Access,
        whose: Whose<'a>,
        patience: Patience,
    ) -> BoxFuture<'a, Result<Box<dyn Session>, DbError>>;

    /// Whether it answers.
    fn ping(&self, patience: Patience) -> BoxFuture<'_, Result<(), DbError>>;

    /// Which database it is, whatever its URL says.
    fn identity(&self) -> BoxFuture<'_, Result<String, DbError>>;

    /// Waits for open transactions, then closes all connections.
    fn close(&self) -> BoxFuture<'_, ()>;

    /// A connection of its own that may change the schema.
    fn admin(&self) -> BoxFuture<'_, Result<Box<dyn Admin>, DbError>>;

    /// A connection of its own that may look at the schema, with no more rights than requests have.
    fn inspector(&self) -> BoxFuture<'_, Result<Box<dyn Admin>, DbError>> {
        self.admin()
    }
}

/// An open transaction. Dropped at any moment, it rolls back.
pub(crate) trait Session: Send + Sync {
    /// Runs one statement, hands its rows to `rows` and returns how many rows it changed.
    ///
    /// Dropped before it is done, it is interrupted.
    fn run<'a>(
        &'a mut self,
        bound: Bound,
        wanted: Wanted,
        rows: RowSink<'a>,
    ) -> BoxFuture<'a, Result<u64, DbError>>;

    /// Commits. An error says that nothing was committed, unless the connection was lost.
    fn commit(self: Box<Self>) -> BoxFuture<'static, Result<(), DbError>>;
}

/// A connection that looks at the schema and changes it.
pub(crate) trait Admin: Send {
    /// Takes the lock that keeps other runs out until [`finish`](Self::finish); `false` while
    /// another has it. Where a transaction keeps them out, there is none.
    fn try_lock(&mut self) -> BoxFuture<'_, Result<bool, DbError>> {
        Box::pin(async { Ok(true) })
    }

    /// Who has the lock, for a message.
    fn lock_holder(&mut self) -> BoxFuture<'_, Result<String, DbError>> {
        Box::pin(async { Ok("another process".to_owned()) })
    }

    /// Whether what is set for this connection can be lost between two statements, since a pooler
    /// stands between.
    fn is_pooled(&mut self) -> BoxFuture<'_, Result<bool, DbError>> {
        Box::pin(async { Ok(false) })
    }

    /// Begins the transaction that keeps every other writer out.
    fn begin_exclusive(&mut self) -> BoxFuture<'_, Result<(), DbError>>;

    /// Makes the schema the one that names without a schema are in.
    fn enter<'a>(&'a mut self, _schema: &'a str) -> BoxFuture<'a, Result<(), DbError>> {
        Box::pin(async { Ok(()) })
    }

    /// From here on statements are committed one by one, and may take long.
    fn be_patient(&mut self) -> BoxFuture<'_, Result<(), DbError>> {
        Box::pin(async { Ok(()) })
    }

    /// Runs one statement of a migration.
    fn execute<'a>(&'a mut self, sql: &'a str) -> BoxFuture<'a, Result<(), DbError>>;

    /// Runs one of our own statements, and reads its columns as these types.
    fn query<'a>(
        &'a mut self,
        sql: &'a str,
        binds: Vec<Value>,
        types: &'static [DbType],
    ) -> BoxFuture<'a, Result<Vec<Vec<Value>>, DbError>>;

    /// What the database says of itself.
    fn catalogue(&mut self) -> BoxFuture<'_, Result<Catalogue, DbError>>;

    /// That every foreign key finds its row.
    fn check_references(&mut self) -> BoxFuture<'_, Result<(), DbError>>;

    /// Commits the transaction.
    fn commit(&mut self) -> BoxFuture<'_, Result<(), DbError>>;

    /// Rolls back what is open and closes.
    fn finish(self: Box<Self>) -> BoxFuture<'static, ()>;
}

/// What a transaction may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Access {
    Read,
    Write,
}

/// Whose rows a transaction works on.
#[derive(Debug, Clone, Copy)]
#[cfg_attr(
    not(feature = "postgres"),
    expect(dead_code, reason = "SQLite knows no tenants")
)]
pub(crate) enum Whose<'a> {
    Tenant(&'a TenantId),
    /// Those of all tenants.
    Host,
    /// Those of all tenants, in the kernel's own tables.
    Kernel,
}

/// Which rows of a result are of use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Wanted {
    All,
    First,
}

/// How long to wait for a connection.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Patience {
    pub(crate) timeout: Duration,
    pub(crate) deadline: Option<Instant>,
}

pub(crate) type RowSink<'a> = &'a mut (dyn FnMut(&dyn RawRow) -> Result<(), DbError> + Send);

/// Opens the database that the URL names.
pub(crate) async fn open(settings: &DatabaseSettings) -> Result<Box<dyn Engine>, DbError> {
    let url = settings.url().expose_secret();
    let Some((scheme, rest)) = url.split_once(':') else {
        let reason = "it has no scheme; write `sqlite:data/goplt.db`";
        return Err(DbError::Url(reason.into()));
    };
    match scheme {
        "sqlite" => sqlite::open(rest, settings).await,
        "postgres" | "postgresql" => postgres::open(settings).await,
        // Not shown whole: what stands behind the scheme may hold a password.
        other => Err(DbError::Url(format!(
            "`{other}:` is no database that goplt knows; write `sqlite:PATH` or `postgres://…`"
        ))),
    }
}

/// A session at the database of PostgreSQL that the URL names, as its user; `None` if there is no
/// such database.
pub(crate) async fn session(url: &SecretString) -> Result<Option<Box<dyn Admin>>, DbError> {
    postgres::session(url).await
}

// === impl Patience ===

#[cfg_attr(
    not(any(feature = "sqlite", feature = "postgres")),
    expect(dead_code, reason = "called by engines")
)]
impl Patience {
    /// Runs `waiting`, but no longer than this.
    pub(crate) async fn wait<T>(&self, waiting: impl Future<Output = T>) -> Result<T, DbError> {
        let patient = Instant::now() + self.timeout;
        let until = self
            .deadline
            .map_or(patient, |deadline| deadline.min(patient));
        match tokio::time::timeout_at(until, waiting).await {
            Ok(done) => Ok(done),
            Err(_) if until < patient => Err(DbError::Deadline),
            Err(_) => Err(DbError::Busy {
                waited: self.timeout,
                own_write: false,
            }),
        }
    }

    /// Runs what takes no longer than the timeout by itself, but not past the deadline.
    #[cfg_attr(
        not(feature = "sqlite"),
        expect(dead_code, reason = "SQLite waits by itself")
    )]
    pub(crate) async fn until_deadline<T>(
        &self,
        bounded: impl Future<Output = T>,
    ) -> Result<T, DbError> {
        match self.deadline {
            Some(deadline) if deadline < Instant::now() + self.timeout => {
                let done = tokio::time::timeout_at(deadline, bounded).await;
                done.map_err(|_| DbError::Deadline)
            }
            _ => Ok(bounded.await),
        }
    }
}
