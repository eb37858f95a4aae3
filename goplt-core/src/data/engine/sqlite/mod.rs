//! SQLite: one file in WAL mode, one connection that writes, a few that read.

mod admin;
mod catalogue;
mod error;
mod open;
mod pool;
mod session;
#[cfg(test)]
mod tests;
mod value;

use std::{sync::Arc, time::Duration};

use futures_core::future::BoxFuture;
use goplt_manifest::Dialect;
use sqlx::{
    ConnectOptions,
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous},
};

use self::{
    open::Place,
    pool::{Lease, Pool},
    session::SqliteSession,
};
use super::{Access, Admin, Engine, Patience, Session, Whose};
use crate::data::{DatabaseSettings, DbError};

/// More readers than this only wait for the processor: each is a thread.
const MOST_READERS: u32 = 8;

/// A migration waits longer than a request for another process to end its own.
const ADMIN_PATIENCE: Duration = Duration::from_secs(30);

#[derive(Debug)]
struct Sqlite {
    writer: Arc<Pool>,
    readers: Arc<Pool>,
    options: SqliteConnectOptions,
    // Last, so that a temporary file outlives the connections.
    place: Place,
}

pub(super) async fn open(
    path: &str,
    settings: &DatabaseSettings,
) -> Result<Box<dyn Engine>, DbError> {
    let place = Place::parse(path)?;
    place.prepare()?;
    let options = options(&place, settings);
    let most = settings
        .max_connections()
        .saturating_sub(1)
        .clamp(1, MOST_READERS);
    let engine = Sqlite {
        writer: Pool::new(options.clone(), 1),
        readers: Pool::new(options.clone().pragma("query_only", "ON"), most),
        options,
        place,
    };
    // The first connection creates the file and sets its journal; better now than in a request.
    let first = engine.writer.connect().await;
    engine
        .writer
        .put(first.map_err(|error| engine.place.refused(error))?);
    Ok(Box::new(engine))
}

fn options(place: &Place, settings: &DatabaseSettings) -> SqliteConnectOptions {
    // What a test keeps in a temporary file need not survive the loss of power.
    let synchronous = if place.is_temporary() {
        SqliteSynchronous::Off
    } else {
        SqliteSynchronous::Full
    };
    SqliteConnectOptions::new()
        .filename(place.path())
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(synchronous)
        .foreign_keys(true)
        .pragma("trusted_schema", "OFF")
        .busy_timeout(settings.acquire_timeout())
        .statement_cache_capacity(500)
        .thread_name(|id| format!("goplt-sqlite-{id}"))
        .disable_statement_logging()
}

impl Engine for Sqlite {
    fn system(&self) -> &'static str {
        "sqlite"
    }

    fn dialect(&self) -> Dialect {
        Dialect::Sqlite
    }

    fn begin<'a>(
        &'a self,
        access: Access,
        _: Whose<'a>,
        patience: Patience,
    ) -> BoxFuture<'a, Result<Box<dyn Session>, DbError>> {
        Box::pin(async move {
            let pool = match access {
                Access::Read => &self.readers,
                Access::Write => &self.writer,
            };
            let lease = lease(pool, access, patience).await?;
            Ok(Box::new(SqliteSession::new(lease)) as Box<dyn Session>)
        })
    }

    fn ping(&self, patience: Patience) -> BoxFuture<'_, Result<(), DbError>> {
        Box::pin(async move { lease(&self.readers, Access::Read, patience).await.map(drop) })
    }

    fn identity(&self) -> BoxFuture<'_, Result<String, DbError>> {
        Box::pin(async { self.place.identity() })
    }

    fn close(&self) -> BoxFuture<'_, ()> {
        Box::pin(async move {
            self.readers.close().await;
            self.writer.close().await;
        })
    }

    fn admin(&self) -> BoxFuture<'_, Result<Box<dyn Admin>, DbError>> {
        // Off while tables are rebuilt; the references are checked before the commit.
        let options = self
            .options
            .clone()
            .foreign_keys(false)
            .busy_timeout(ADMIN_PATIENCE);
        Box::pin(admin::connect(options))
    }
}

/// Whoever need not wait sets no timer, which under paused time would be over at once.
async fn lease(pool: &Arc<Pool>, access: Access, patience: Patience) -> Result<Lease, DbError> {
    let permit = match pool.free() {
        Some(permit) => permit,
        None => patience.wait(pool.permit()).await??,
    };
    // SQLite waits for other processes by itself, and no longer than `busy_timeout`.
    let begun = patience.until_deadline(pool.begin(access, permit)).await?;
    begun.map_err(|error| match error {
        DbError::Busy { own_write, .. } => DbError::Busy {
            waited: patience.timeout,
            own_write,
        },
        other => other,
    })
}
