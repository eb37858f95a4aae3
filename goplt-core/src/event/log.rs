//! [`EventLog`]: what was published, and what is still to be handled.

use super::{Envelope, event_row::EventRow};
use crate::{
    ModuleName, Uuid,
    data::{DbError, FromRow, HostScope, Row, ScopeMint, TenantDb, kernel::kernel_sql},
};

/// The events of a database, of all tenants, as long as they are kept. For those who run the
/// platform, and for tests: whoever serves it to users checks a permission first.
///
/// Where tenants are placed in several databases, it is the log of all of them.
///
/// # Examples
///
/// ```
/// # #[cfg(feature = "sqlite")]
/// # tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(async {
/// use goplt_core::{
///     data::{DatabaseSettings, ScopeMint, TenantDb, kernel_migrations, migration},
///     event::EventLog,
/// };
///
/// let mint = ScopeMint::new();
/// let db = TenantDb::open(&DatabaseSettings::in_memory(), &mint).await?;
/// migration::run(&db, &[kernel_migrations()]).await?;
/// let log = EventLog::new(db, &mint);
/// assert!(log.after(0, 100).await?.is_empty());
/// assert!(log.backlog().await?.is_empty());
/// # Ok::<_, goplt_core::BoxError>(()) })?;
/// # Ok::<_, goplt_core::BoxError>(())
/// ```
#[derive(Debug, Clone)]
pub struct EventLog {
    db: TenantDb,
    host: HostScope,
}

/// An event that was published.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Published {
    /// Where it stands in the log of its database.
    pub seq: i64,
    /// The event with all that is known of it.
    pub envelope: Envelope,
}

/// What is still to be handled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Backlog {
    /// Events that are not yet spread to the modules that hear them.
    pub new: u64,
    /// Deliveries that are due.
    pub due: u64,
    /// Deliveries that have failed and rest before the next attempt.
    pub resting: u64,
}

impl Backlog {
    /// Whether nothing is to be done now.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.new == 0 && self.due == 0
    }
}

struct Counted {
    new: i64,
    due: i64,
    resting: i64,
}

impl EventLog {
    /// Of this database.
    #[must_use]
    pub fn new(db: TenantDb, mint: &ScopeMint) -> Self {
        let host = mint.host_scope(
            ModuleName::from_static("core"),
            "events of all tenants are looked at",
        );
        Self { db, host }
    }

    /// The events after the one at `seq` in the log, at most `limit`; zero is before all of them.
    ///
    /// An event of a transaction that takes long may appear before ones that were seen already:
    /// this is to look, not to process. Events of several databases stand beside one another: those
    /// at the same place come together, even if they are more than `limit`.
    ///
    /// # Errors
    ///
    /// A [`DbError`].
    pub async fn after(&self, seq: i64, limit: u32) -> Result<Vec<Published>, DbError> {
        let mut all = Vec::new();
        for db in self.db.databases() {
            all.extend(self.after_in(&db, seq, limit).await?);
        }
        if self.db.is_of_several() {
            all.sort_by_key(|published| published.seq);
            let limit = usize::try_from(limit).unwrap_or(usize::MAX);
            if let Some(last) = limit.checked_sub(1).and_then(|last| all.get(last)) {
                let last = last.seq;
                all.retain(|published| published.seq <= last);
            }
        }
        Ok(all)
    }

    async fn after_in(
        &self,
        db: &TenantDb,
        seq: i64,
        limit: u32,
    ) -> Result<Vec<Published>, DbError> {
        let mut tx = db.begin_host_read(&self.host).await?;
        let found: Vec<Found> = tx
            .fetch_all(kernel_sql!(
                "SELECT seq, id, tenant_id, name, version, event_key, occurred_at, payload, trace, \
                 causation_id, correlation_id, actor_kind, actor FROM goplt_outbox \
                 WHERE seq > ? ORDER BY seq LIMIT ?",
                seq,
                limit
            ))
            .await?;
        // Nothing of ours writes a row whose ids do not parse.
        Ok(found.into_iter().filter_map(Found::publish).collect())
    }

    /// Whether a module has handled an event.
    ///
    /// # Errors
    ///
    /// A [`DbError`].
    pub async fn is_handled(&self, module: &ModuleName, event: Uuid) -> Result<bool, DbError> {
        for db in self.db.databases() {
            let mut tx = db.begin_host_read(&self.host).await?;
            let received: i64 = tx
                .fetch_one(kernel_sql!(
                    "SELECT count(*) FROM goplt_inbox WHERE group_name = ? AND event_id = ?",
                    module.as_str(),
                    event
                ))
                .await?;
            if received > 0 {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// How much is still to be handled.
    ///
    /// # Errors
    ///
    /// A [`DbError`].
    pub async fn backlog(&self) -> Result<Backlog, DbError> {
        let mut all = Backlog {
            new: 0,
            due: 0,
            resting: 0,
        };
        for db in self.db.databases() {
            let Backlog { new, due, resting } = self.backlog_in(&db).await?;
            all.new += new;
            all.due += due;
            all.resting += resting;
        }
        Ok(all)
    }

    async fn backlog_in(&self, db: &TenantDb) -> Result<Backlog, DbError> {
        let now = db.seams().clock.now();
        let mut tx = db.begin_host_read(&self.host).await?;
        // What was handled stands in the inbox before its delivery is removed.
        let counted: Counted = tx
            .fetch_one(kernel_sql!(
                "SELECT (SELECT count(*) FROM goplt_outbox n WHERE n.batch IS NULL), \
                 (SELECT count(*) FROM goplt_delivery d JOIN goplt_outbox o ON o.seq = d.seq \
                 WHERE (d.state = 'pending' OR (d.state = 'retry' AND d.next_at <= ?)) AND NOT EXISTS \
                 (SELECT 1 FROM goplt_inbox i WHERE i.tenant_id = d.tenant_id \
                 AND i.group_name = d.group_name AND i.event_id = o.id)), \
                 (SELECT count(*) FROM goplt_delivery r WHERE r.state = 'retry' AND r.next_at > ?)",
                now,
                now
            ))
            .await?;
        let count = |count: i64| u64::try_from(count).unwrap_or_default();
        Ok(Backlog {
            new: count(counted.new),
            due: count(counted.due),
            resting: count(counted.resting),
        })
    }
}

struct Found {
    seq: i64,
    event: EventRow,
}

impl Found {
    fn publish(self) -> Option<Published> {
        Some(Published {
            seq: self.seq,
            envelope: self.event.into_envelope().ok()?,
        })
    }
}

impl FromRow for Found {
    fn from_row(row: &Row<'_>) -> Result<Self, DbError> {
        Ok(Self {
            seq: row.get_at(0)?,
            event: EventRow::read(row, 1)?,
        })
    }
}

impl FromRow for Counted {
    fn from_row(row: &Row<'_>) -> Result<Self, DbError> {
        Ok(Self {
            new: row.get_at(0)?,
            due: row.get_at(1)?,
            resting: row.get_at(2)?,
        })
    }
}
