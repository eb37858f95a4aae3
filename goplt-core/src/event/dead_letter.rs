//! [`DeadLetters`]: events that were given up, to be looked at, tried again, or thrown away.

use super::{Envelope, blocked, event_row::EventRow};
use crate::{
    RequestContext, TenantId, Timestamp, Uuid,
    audit::AuditEntry,
    data::{DbError, FromRow, HostScope, HostTx, Row, ScopeMint, TenantDb, kernel::kernel_sql},
    manifest::ModuleName,
};

/// The dead letters of a database, of all tenants. For those who run the platform: whoever serves
/// it to users checks a permission first.
#[derive(Debug, Clone)]
pub struct DeadLetters {
    db: TenantDb,
    host: HostScope,
    by: Option<RequestContext>,
}

/// An event that a group gave up.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct DeadLetter {
    /// The module whose handler failed.
    pub group: String,
    /// The event.
    pub event: Envelope,
    /// Whether its key waits behind it.
    pub state: DeadLetterState,
    /// How often it was tried.
    pub attempts: u32,
    /// How the last attempt failed, with its causes.
    pub error: String,
    /// When the first attempt failed.
    pub first_failed_at: Timestamp,
    /// When the last one did.
    pub last_failed_at: Timestamp,
}

/// What a dead letter does to its key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum DeadLetterState {
    /// The later events of the key wait.
    Parked,
    /// The key went on without it.
    Skipped,
}

/// Which dead letters are meant: all, until narrowed.
///
/// # Examples
///
/// ```
/// use goplt_core::event::DeadLetterFilter;
///
/// let filter = DeadLetterFilter::new().with_group("analytics").with_event("blog.post.created");
/// ```
#[derive(Debug, Clone, Default)]
pub struct DeadLetterFilter {
    group: Option<String>,
    tenant: Option<String>,
    event: Option<String>,
    id: Option<Uuid>,
    limit: Option<u32>,
}

struct Found {
    seq: i64,
    group: String,
    letter: DeadLetterRest,
    event: EventRow,
}

struct DeadLetterRest {
    state: DeadLetterState,
    attempts: u32,
    error: Option<String>,
    first: Option<Timestamp>,
    last: Option<Timestamp>,
}

/// How many are read at once.
const LIMIT: u32 = 100;

// === impl DeadLetterFilter ===

impl DeadLetterFilter {
    /// All of them, the first hundred at a time.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Those of one subscribing module.
    #[must_use]
    pub fn with_group(mut self, group: impl Into<String>) -> Self {
        self.group = Some(group.into());
        self
    }

    /// Those of one tenant.
    #[must_use]
    pub fn with_tenant(mut self, tenant: impl Into<String>) -> Self {
        self.tenant = Some(tenant.into());
        self
    }

    /// Those of one name, such as `blog.post.created`.
    #[must_use]
    pub fn with_event(mut self, name: impl Into<String>) -> Self {
        self.event = Some(name.into());
        self
    }

    /// That of one event.
    #[must_use]
    pub const fn with_id(mut self, id: Uuid) -> Self {
        self.id = Some(id);
        self
    }

    /// At most this many.
    #[must_use]
    pub const fn with_limit(mut self, limit: u32) -> Self {
        self.limit = Some(limit);
        self
    }

    fn most(&self) -> u32 {
        self.limit.unwrap_or(LIMIT)
    }

    /// What is left of it when so many were found.
    fn after(&self, found: usize) -> Self {
        let found = u32::try_from(found).unwrap_or(u32::MAX);
        self.clone().with_limit(self.most().saturating_sub(found))
    }
}

// === impl DeadLetters ===

impl DeadLetters {
    /// Of this database.
    #[must_use]
    pub fn new(db: TenantDb, mint: &ScopeMint) -> Self {
        let host = mint.host_scope(
            ModuleName::from_static("core"),
            "dead letters of all tenants are looked after",
        );
        Self { db, host, by: None }
    }

    /// As looked after by the caller of `cx`: what is replayed and purged is written into the audit
    /// logs of the tenants, in the same transaction, and every look and change into that of the
    /// platform.
    #[must_use]
    pub fn recorded_as(mut self, cx: RequestContext) -> Self {
        self.host = self.host.within(&cx);
        self.by = Some(cx);
        self
    }

    async fn record(
        &self,
        tx: &mut HostTx,
        action: &'static str,
        dead: &Found,
    ) -> Result<(), DbError> {
        let Some(cx) = &self.by else {
            return Ok(());
        };
        // A row of ours names a tenant.
        let Ok(tenant) = TenantId::stored(&dead.event.tenant) else {
            return Ok(());
        };
        let entry = AuditEntry::new(action, "core.dead-letter")
            .with_resource_id(dead.event.id.to_string())
            .with_detail("event", &dead.event.name)
            .with_detail("group", &dead.group);
        tx.audit(cx, tenant).record(entry).await?;
        Ok(())
    }

    /// The dead letters that the filter means, the oldest event first.
    ///
    /// # Errors
    ///
    /// A [`DbError`].
    pub async fn list(&self, filter: &DeadLetterFilter) -> Result<Vec<DeadLetter>, DbError> {
        let mut all = Vec::new();
        let databases = self.databases(filter);
        for db in &databases {
            let mut tx = db.begin_host_read(&self.host).await?;
            all.extend(find(&mut tx, filter).await?);
        }
        if databases.len() > 1 {
            // Ids are in the order of time, whatever the database.
            all.sort_by_key(|found| found.event.id);
            all.truncate(usize::try_from(filter.most()).unwrap_or(usize::MAX));
        }
        Ok(all.into_iter().filter_map(Found::into_letter).collect())
    }

    /// Where what the filter means may be. A tenant's events are in its database, and at home those
    /// of transactions across tenants.
    fn databases(&self, filter: &DeadLetterFilter) -> Vec<TenantDb> {
        let tenant = filter
            .tenant
            .as_ref()
            .and_then(|tenant| tenant.parse().ok());
        let may_be = |db: &TenantDb| match &tenant {
            Some(tenant) => db.is_home() || db.holds(tenant),
            None => true,
        };
        self.db.databases().filter(may_be).collect()
    }

    /// Has the dead letters that the filter means handled again, with all their attempts; how
    /// many there were. A parked key goes on when they were handled.
    ///
    /// # Errors
    ///
    /// A [`DbError`]: then nothing was changed, in this database; each has a transaction of its own.
    pub async fn replay(&self, filter: &DeadLetterFilter) -> Result<usize, DbError> {
        let mut replayed = 0;
        for db in self.databases(filter) {
            let rest = filter.after(replayed);
            replayed += self.replay_in(&db, &rest).await?;
        }
        Ok(replayed)
    }

    async fn replay_in(&self, db: &TenantDb, filter: &DeadLetterFilter) -> Result<usize, DbError> {
        let mut tx = db.begin_host(&self.host).await?;
        // Before they are looked for: whoever else does the same has then ended.
        blocked::alone(&mut tx).await?;
        let found = find(&mut tx, filter).await?;
        let now = db.seams().clock.now();
        for dead in &found {
            tx.execute(kernel_sql!(
                "UPDATE goplt_delivery SET state = 'retry', attempts = 0, next_at = ? \
                 WHERE group_name = ? AND seq = ?",
                now,
                &dead.group,
                dead.seq
            ))
            .await?;
            blocked::block(&mut tx, &dead.group, &dead.event).await?;
            self.record(&mut tx, "core.dead-letter.replayed", dead)
                .await?;
        }
        tx.commit().await?;
        db.seams().events.send();
        Ok(found.len())
    }

    /// Throws away the dead letters that the filter means; how many there were. Parked keys go on
    /// without them.
    ///
    /// # Errors
    ///
    /// As for [`replay`](Self::replay).
    pub async fn purge(&self, filter: &DeadLetterFilter) -> Result<usize, DbError> {
        let mut purged = 0;
        for db in self.databases(filter) {
            let rest = filter.after(purged);
            purged += self.purge_in(&db, &rest).await?;
        }
        Ok(purged)
    }

    async fn purge_in(&self, db: &TenantDb, filter: &DeadLetterFilter) -> Result<usize, DbError> {
        let mut tx = db.begin_host(&self.host).await?;
        blocked::alone(&mut tx).await?;
        let found = find(&mut tx, filter).await?;
        for dead in &found {
            tx.execute(kernel_sql!(
                "DELETE FROM goplt_delivery WHERE group_name = ? AND seq = ?",
                &dead.group,
                dead.seq
            ))
            .await?;
            blocked::unblock(&mut tx, &dead.group, &dead.event).await?;
            self.record(&mut tx, "core.dead-letter.purged", dead)
                .await?;
        }
        tx.commit().await?;
        db.seams().events.send();
        Ok(found.len())
    }
}

async fn find(tx: &mut HostTx, filter: &DeadLetterFilter) -> Result<Vec<Found>, DbError> {
    tx.fetch_all(kernel_sql!(
        "SELECT d.seq, d.group_name, d.state, d.attempts, d.error, d.first_failed_at, d.last_failed_at, \
         o.id, o.tenant_id, o.name, o.version, o.event_key, o.occurred_at, o.payload, o.trace, \
         o.causation_id, o.correlation_id, o.actor_kind, o.actor \
         FROM goplt_delivery d JOIN goplt_outbox o ON o.seq = d.seq WHERE d.state IN ('parked', 'skipped') \
         AND (? IS NULL OR d.group_name = ?) AND (? IS NULL OR d.tenant_id = ?) \
         AND (? IS NULL OR o.name = ?) AND (? IS NULL OR o.id = ?) ORDER BY d.seq, d.group_name LIMIT ?",
        filter.group.as_deref(),
        filter.group.as_deref(),
        filter.tenant.as_deref(),
        filter.tenant.as_deref(),
        filter.event.as_deref(),
        filter.event.as_deref(),
        filter.id,
        filter.id,
        filter.most()
    ))
    .await
}

impl Found {
    /// `None` for a row whose ids do not parse, which nothing of ours writes.
    fn into_letter(self) -> Option<DeadLetter> {
        Some(DeadLetter {
            group: self.group,
            event: self.event.into_envelope().ok()?,
            state: self.letter.state,
            attempts: self.letter.attempts,
            error: self.letter.error.unwrap_or_default(),
            first_failed_at: self.letter.first?,
            last_failed_at: self.letter.last?,
        })
    }
}

impl FromRow for Found {
    fn from_row(row: &Row<'_>) -> Result<Self, DbError> {
        let state: String = row.get_at(2)?;
        let letter = DeadLetterRest {
            state: match state.as_str() {
                "skipped" => DeadLetterState::Skipped,
                _ => DeadLetterState::Parked,
            },
            attempts: row.get_at(3)?,
            error: row.get_at(4)?,
            first: row.get_at(5)?,
            last: row.get_at(6)?,
        };
        Ok(Self {
            seq: row.get_at(0)?,
            group: row.get_at(1)?,
            letter,
            event: EventRow::read(row, 7)?,
        })
    }
}
