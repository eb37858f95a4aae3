//! Connections of one kind, and what happens to one whose user went away.

use std::sync::{
    Arc, Mutex, PoisonError,
    atomic::{AtomicBool, Ordering},
};

use sqlx::{ConnectOptions, Connection, Sqlite, SqliteConnection, sqlite::SqliteConnectOptions};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::{Access, error};
use crate::data::{DbError, engine::transaction};

/// How many steps of SQLite's machine lie between two looks at the alarm.
const STEPS: i32 = 1_000;

/// A fixed number of connections, opened when first needed.
#[derive(Debug)]
pub(super) struct Pool {
    options: SqliteConnectOptions,
    permits: Arc<Semaphore>,
    idle: Mutex<Vec<Conn>>,
    size: u32,
}

/// A connection, and the alarm that interrupts what it does.
#[derive(Debug)]
pub(super) struct Conn {
    pub(super) sqlite: SqliteConnection,
    alarm: Arc<AtomicBool>,
}

/// A connection inside a transaction. Dropped, it rolls back and goes to its pool.
pub(super) struct Lease {
    conn: Option<Conn>,
    state: State,
    pool: Arc<Pool>,
    permit: Option<OwnedSemaphorePermit>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum State {
    /// In a transaction, and nothing is running.
    Idle,
    /// A command was sent and its answer not taken.
    Running,
    /// The transaction has ended.
    Ended,
    /// Not to be used again.
    Broken,
}

// === impl Pool ===

impl Pool {
    pub(super) fn new(options: SqliteConnectOptions, size: u32) -> Arc<Self> {
        Arc::new(Self {
            options,
            permits: Arc::new(Semaphore::new(size as usize)),
            idle: Mutex::default(),
            size,
        })
    }

    /// The right to a connection, if one is free now.
    pub(super) fn free(&self) -> Option<OwnedSemaphorePermit> {
        self.permits.clone().try_acquire_owned().ok()
    }

    /// The right to a connection, in the order of asking.
    pub(super) async fn permit(&self) -> Result<OwnedSemaphorePermit, DbError> {
        self.permits
            .clone()
            .acquire_owned()
            .await
            .map_err(|_| DbError::Closed)
    }

    /// A connection inside a fresh transaction.
    ///
    /// Cancel safe: the lease holds the connection before BEGIN is sent, so a dropped future
    /// leaves it to [`Lease::drop`].
    pub(super) async fn begin(
        self: &Arc<Self>,
        access: Access,
        permit: OwnedSemaphorePermit,
    ) -> Result<Lease, DbError> {
        let begin = match access {
            Access::Read => "BEGIN DEFERRED",
            Access::Write => "BEGIN IMMEDIATE",
        };
        let mut lease = Lease {
            conn: self.take(),
            state: State::Ended,
            pool: self.clone(),
            permit: Some(permit),
        };
        if lease.conn.is_some() {
            match lease.begin(begin).await {
                Ok(()) => return Ok(lease),
                Err(refused) if error::is_busy(&refused) => return Err(error::from_sqlx(refused)),
                // What is wrong with this connection need not be wrong with a fresh one.
                Err(_) => {}
            }
        }
        lease.conn = Some(self.connect().await?);
        lease.begin(begin).await.map_err(error::from_sqlx)?;
        Ok(lease)
    }

    pub(super) async fn connect(&self) -> Result<Conn, DbError> {
        let mut sqlite = self.options.connect().await.map_err(error::from_sqlx)?;
        let alarm = Arc::new(AtomicBool::new(false));
        let rung = alarm.clone();
        sqlite
            .lock_handle()
            .await
            .map_err(error::from_sqlx)?
            .set_progress_handler(STEPS, move || !rung.load(Ordering::Relaxed));
        Ok(Conn { sqlite, alarm })
    }

    pub(super) fn put(&self, conn: Conn) {
        self.idle
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(conn);
    }

    pub(super) fn take(&self) -> Option<Conn> {
        self.idle
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .pop()
    }

    /// Waits until every lease is back, and closes.
    pub(super) async fn close(&self) {
        let all = self.permits.acquire_many(self.size).await;
        self.permits.close();
        drop(all);
        while let Some(conn) = self.take() {
            // It is going away: a file that cannot be closed is the system's to close.
            let _ = conn.sqlite.close().await;
        }
    }
}

// === impl Lease ===

impl Lease {
    async fn begin(&mut self, statement: &'static str) -> Result<(), sqlx::Error> {
        self.state = State::Running;
        let conn = self
            .conn
            .as_mut()
            .expect("a lease holds its connection until it is dropped");
        let begun = transaction::begin::<Sqlite>(&mut conn.sqlite, statement).await;
        self.state = if begun.is_ok() {
            State::Idle
        } else {
            State::Broken
        };
        begun
    }

    pub(super) async fn commit(mut self) -> Result<(), DbError> {
        self.state = State::Running;
        let committed = transaction::commit::<Sqlite>(self.sqlite()).await;
        self.state = if committed.is_ok() {
            State::Ended
        } else {
            State::Idle
        };
        committed.map_err(error::from_sqlx)
    }

    pub(super) fn sqlite(&mut self) -> &mut SqliteConnection {
        let conn = self.conn.as_mut();
        &mut conn
            .expect("a lease holds its connection until it is dropped")
            .sqlite
    }

    pub(super) const fn set(&mut self, state: State) {
        self.state = state;
    }

    /// Interrupts what runs, waits until it has ended, and only then frees the connection.
    fn clean_up(&mut self, mut conn: Conn) {
        conn.alarm.store(true, Ordering::Relaxed);
        let Ok(runtime) = tokio::runtime::Handle::try_current() else {
            // No one is left to wait: closing the connection rolls back.
            return;
        };
        let (pool, permit) = (self.pool.clone(), self.permit.take());
        runtime.spawn(async move {
            // The rollback is queued already; an answer to what comes after it says that it is done.
            let answered = conn.sqlite.ping().await.is_ok();
            conn.alarm.store(false, Ordering::Relaxed);
            if answered && transaction::is_outside::<Sqlite>(&conn.sqlite) {
                pool.put(conn);
            }
            drop(permit);
        });
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        let Some(mut conn) = self.conn.take() else {
            return;
        };
        match self.state {
            State::Ended => self.pool.put(conn),
            // Commands are obeyed in order: whoever comes next begins after this rollback, and
            // is refused (and given another connection) should it fail.
            State::Idle => {
                transaction::start_rollback::<Sqlite>(&mut conn.sqlite);
                self.pool.put(conn);
            }
            State::Running => {
                transaction::start_rollback::<Sqlite>(&mut conn.sqlite);
                self.clean_up(conn);
            }
            State::Broken => {}
        }
    }
}
