//! Connections of one role, and what happens to one whose user went away.
//!
//! A connection is given out inside of a fresh transaction and comes back outside of any. The
//! driver alone does not keep that: a `begin` of sqlx 0.9 that is dropped half way leaves its
//! connection in a transaction, and whoever gets it next works in it, as the tenant before
//! (transact-rs/sqlx#4385). Here the whole of `begin` runs in a task of its own. Nobody can drop
//! it half way; whoever does not wait for its end drops a transaction that has begun, and that is
//! rolled back like any other.

use std::{
    fmt,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use sqlx::{
    AssertSqlSafe, ConnectOptions, Connection, Executor, PgConnection, postgres::PgConnectOptions,
};
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    time::{Instant, timeout},
};

use super::{chaos::Chaos, error, options};
use crate::data::{DatabaseSettings, DbError, engine::Patience};

/// How long a connection beyond those that stay open is kept without use.
const SPARE: Duration = Duration::from_secs(30);

/// How long the server may take to end what nobody waits for any more; then the connection is
/// closed, and the server ends it when it notices.
const CLEAN_UP: Duration = Duration::from_secs(1);

/// A rollback is asked for this often: what was interrupted may answer first, with its error.
const ROLLBACKS: u32 = 4;

/// So many connections at most, opened when needed.
pub(super) struct Pool {
    options: PgConnectOptions,
    permits: Arc<Semaphore>,
    size: u32,
    /// The one that was used last lies on top.
    idle: Mutex<Vec<Idle>>,
    most_idle: usize,
    lifetime: Duration,
    /// How long opening one may take.
    patience: Duration,
    /// How long a statement or a commit may take.
    longest: Duration,
    chaos: Chaos,
}

/// A connection outside of any transaction.
struct Idle {
    conn: Conn,
    since: Instant,
}

struct Conn {
    pg: PgConnection,
    born: Instant,
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
    /// In a transaction; something may be running in it.
    Open,
    /// Outside of any transaction.
    Ended,
    /// Not to be used again.
    Broken,
}

// === impl Pool ===

impl Pool {
    pub(super) fn new(
        options: PgConnectOptions,
        size: u32,
        settings: &DatabaseSettings,
    ) -> Arc<Self> {
        Arc::new(Self {
            options,
            permits: Arc::new(Semaphore::new(size as usize)),
            size,
            idle: Mutex::default(),
            most_idle: settings.max_idle_connections() as usize,
            lifetime: settings.max_lifetime(),
            patience: settings.acquire_timeout(),
            longest: settings.longest_statement(),
            chaos: Chaos::default(),
        })
    }

    /// How its connections are opened.
    pub(super) const fn options(&self) -> &PgConnectOptions {
        &self.options
    }

    /// Opens the first connection: whether it can be had at all.
    pub(super) async fn open(&self) -> Result<(), DbError> {
        let opened = self.connect().await;
        self.put(opened.map_err(|error| match error {
            DbError::Unavailable(source) => DbError::Open {
                place: options::place(&self.options),
                reason: "the server does not answer; start it, or correct the URL".into(),
                source,
            },
            other => other,
        })?);
        Ok(())
    }

    /// A connection inside a fresh transaction, which `begin` begins.
    ///
    /// Cancel safe: see the [module](self).
    pub(super) async fn begin(
        self: &Arc<Self>,
        begin: String,
        patience: Patience,
    ) -> Result<Lease, DbError> {
        let permits = self.permits.clone();
        let permit = match permits.clone().try_acquire_owned() {
            Ok(permit) => permit,
            Err(_) => patience
                .wait(permits.acquire_owned())
                .await?
                .map_err(|_| DbError::Closed)?,
        };
        let begun = self.clone().begin_uninterrupted(begin, permit);
        if self.chaos.begins_inline() {
            return patience.wait(begun).await?;
        }
        let begun = tokio::spawn(begun);
        match patience.wait(begun).await? {
            Ok(lease) => lease,
            Err(error) => Err(DbError::Unavailable(error.into())),
        }
    }

    /// Not cancel safe: dropped half way, it would give back a connection in the middle of a
    /// transaction.
    async fn begin_uninterrupted(
        self: Arc<Self>,
        begin: String,
        permit: OwnedSemaphorePermit,
    ) -> Result<Lease, DbError> {
        let mut lease = Lease {
            conn: self.take(),
            state: State::Ended,
            pool: self.clone(),
            permit: Some(permit),
        };
        if lease.conn.is_some() {
            if lease.begin(&begin).await.is_ok() {
                return Ok(lease);
            }
            // What ended this one has ended others: none of them is tried in vain.
            self.forget();
        }
        lease.conn = Some(self.connect().await?);
        lease.state = State::Ended;
        lease.begin(&begin).await?;
        Ok(lease)
    }

    async fn connect(&self) -> Result<Conn, DbError> {
        let opened = match timeout(self.patience, self.options.connect()).await {
            Ok(opened) => opened,
            Err(late) => return Err(DbError::Unavailable(late.into())),
        };
        let pg = opened
            .map_err(|error| error::from_connecting(error, &options::place(&self.options)))?;
        Ok(Conn {
            pg,
            born: Instant::now(),
        })
    }

    fn take(&self) -> Option<Conn> {
        let now = Instant::now();
        let mut old = Vec::new();
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        let young = loop {
            match idle.pop() {
                Some(Idle { conn, .. }) if conn.born + self.lifetime < now => old.push(conn),
                other => break other.map(|idle| idle.conn),
            }
        };
        drop(idle);
        close(old);
        young
    }

    fn put(&self, conn: Conn) {
        let now = Instant::now();
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        idle.push(Idle { conn, since: now });
        let spare = idle.len().saturating_sub(self.most_idle);
        let unused = idle[..spare]
            .iter()
            .take_while(|idle| idle.since + SPARE < now)
            .count();
        let unused: Vec<_> = idle.drain(..unused).map(|idle| idle.conn).collect();
        drop(idle);
        close(unused);
    }

    fn forget(&self) {
        let idle = std::mem::take(&mut *self.idle.lock().unwrap_or_else(PoisonError::into_inner));
        drop(idle);
    }

    /// Waits until every lease is back, and closes.
    pub(super) async fn close(&self) {
        let all = self.permits.acquire_many(self.size).await;
        self.permits.close();
        drop(all);
        let idle = std::mem::take(&mut *self.idle.lock().unwrap_or_else(PoisonError::into_inner));
        for Idle { conn, .. } in idle {
            // It is going away: what cannot be said to the server it finds out.
            let _ = timeout(CLEAN_UP, conn.pg.close()).await;
        }
    }
}

impl fmt::Debug for Pool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The options hold the password, and show it.
        f.debug_struct("Pool")
            .field("place", &options::place(&self.options))
            .field("size", &self.size)
            .finish_non_exhaustive()
    }
}

#[cfg(feature = "_chaos")]
impl Pool {
    pub(super) const fn chaos(&self) -> &Chaos {
        &self.chaos
    }

    /// When nobody uses a connection: what each answers to a query of one row, outside of any
    /// transaction.
    pub(super) async fn each_idle(&self, sql: &str) -> Result<Vec<sqlx::postgres::PgRow>, DbError> {
        let all = self.permits.acquire_many(self.size).await;
        let mut rows = Vec::new();
        let mut seen = Vec::new();
        while let Some(mut conn) = self.take() {
            let row = conn.pg.fetch_one(sqlx::raw_sql(AssertSqlSafe(sql))).await;
            rows.push(row.map_err(error::from_sqlx)?);
            seen.push(conn);
        }
        seen.into_iter().for_each(|conn| self.put(conn));
        drop(all);
        Ok(rows)
    }
}

/// Says good-bye, in the background.
fn close(conns: Vec<Conn>) {
    if conns.is_empty() {
        return;
    }
    if let Ok(runtime) = tokio::runtime::Handle::try_current() {
        runtime.spawn(async move {
            for conn in conns {
                // What cannot be said to the server it finds out.
                let _ = timeout(CLEAN_UP, conn.pg.close()).await;
            }
        });
    }
}

// === impl Lease ===

impl Lease {
    /// A server that says nothing is not waited for: what it never answers would be held for ever.
    async fn begin(&mut self, begin: &str) -> Result<(), DbError> {
        let patience = self.pool.patience;
        let begun = match timeout(patience, simple(self.pg(), begin)).await {
            Ok(begun) => begun.map_err(error::from_sqlx),
            Err(late) => Err(DbError::Unavailable(late.into())),
        };
        self.state = if begun.is_ok() {
            State::Open
        } else {
            State::Broken
        };
        begun
    }

    pub(super) async fn commit(mut self) -> Result<(), DbError> {
        let longest = self.pool.longest;
        let Ok(committed) = timeout(longest, simple(self.pg(), "COMMIT")).await else {
            self.state = State::Broken;
            return Err(silent(longest));
        };
        match &committed {
            Ok(()) => self.state = State::Ended,
            Err(error) if error::is_survived(error) => {}
            Err(_) => self.state = State::Broken,
        }
        committed.map_err(error::from_sqlx)
    }

    /// How long a statement may take.
    pub(super) fn longest(&self) -> Duration {
        self.pool.longest
    }

    pub(super) fn pg(&mut self) -> &mut PgConnection {
        let conn = self.conn.as_mut();
        &mut conn
            .expect("a lease holds its connection until it is dropped")
            .pg
    }

    pub(super) const fn set(&mut self, state: State) {
        self.state = state;
    }

    /// Waits until the server has ended what runs and rolled back, and only then frees the
    /// connection.
    fn clean_up(&mut self, mut conn: Conn) {
        let Ok(runtime) = tokio::runtime::Handle::try_current() else {
            // No one is left to wait: closing the connection rolls back.
            return;
        };
        let (pool, permit) = (self.pool.clone(), self.permit.take());
        runtime.spawn(async move {
            if let Ok(true) = timeout(CLEAN_UP, roll_back(&mut conn.pg)).await {
                pool.put(conn);
            }
            drop(permit);
        });
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        let Some(conn) = self.conn.take() else {
            return;
        };
        match self.state {
            State::Ended => self.pool.put(conn),
            State::Open => self.clean_up(conn),
            State::Broken => {}
        }
    }
}

/// The server said nothing for so long that it is taken for gone.
pub(super) fn silent(waited: Duration) -> DbError {
    DbError::Unavailable(format!("the server has said nothing for {waited:?}").into())
}

/// Whether the connection is outside of any transaction now.
async fn roll_back(pg: &mut PgConnection) -> bool {
    for _ in 0..ROLLBACKS {
        match simple(pg, "ROLLBACK").await {
            // Answered after all that was sent before it.
            Ok(()) => return true,
            Err(error) if error::is_survived(&error) => {}
            Err(_) => return false,
        }
    }
    false
}

/// Texts of our own, in one message.
async fn simple(pg: &mut PgConnection, text: &str) -> Result<(), sqlx::Error> {
    pg.execute(sqlx::raw_sql(AssertSqlSafe(text)))
        .await
        .map(drop)
}
