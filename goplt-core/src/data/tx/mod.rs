//! Transactions: [`TenantTx`] on one tenant's rows, [`HostTx`] across tenants.

mod lazy;
mod run;

use std::fmt;

pub(crate) use self::lazy::Refused;
use self::run::Transaction;
use super::{
    DbError, FromRow, HostScope, HostSql, TenantDb, TenantScope, TenantSql,
    db::Place,
    engine::{Access, Session},
    kernel::{Origin, Seams, Wake},
    scope::OpenWrite,
};
use crate::{TenantId, Uuid, audit::HostWork};

/// A transaction on the rows of one tenant. Dropped without [`commit`](Self::commit), also in the
/// middle of a statement, it rolls back.
///
/// After a statement that the database failed or that was cancelled, the transaction can only be
/// dropped (PostgreSQL knows no other way): use `ON CONFLICT` where a conflict is expected.
///
/// ```compile_fail
/// # async fn twice(tx: goplt_core::data::TenantTx, sql: goplt_core::data::TenantSql) {
/// let mut tx = tx;
/// tx.commit().await;
/// tx.execute(sql).await; // it is gone
/// # }
/// ```
pub struct TenantTx {
    // Before the mark, so that the transaction has ended when the mark says so.
    tx: Transaction,
    tenant: TenantId,
    _open: Option<OpenWrite>,
    origin: Origin,
    place: Place,
}

/// A transaction across tenants, on the tables that its module declared. Dropped without
/// [`commit`](Self::commit) it rolls back.
pub struct HostTx {
    tx: Transaction,
    seams: Seams,
    wake: Wake,
    work: HostWork,
    place: Place,
    /// Of one of several databases, and nobody said that it is meant.
    is_some: bool,
}

// === impl TenantTx ===

impl TenantTx {
    pub(super) fn new(
        session: Box<dyn Session>,
        scope: &TenantScope,
        access: Access,
        db: &TenantDb,
        place: Place,
    ) -> Self {
        let open = (access == Access::Write).then(|| scope.open_write());
        Self::with(session, scope, access, open, (db, place))
    }

    /// On a session that opens, and marks itself open, when it is first used.
    fn lazy(session: Box<dyn Session>, scope: &TenantScope, db: &TenantDb, place: Place) -> Self {
        Self::with(session, scope, Access::Write, None, (db, place))
    }

    fn with(
        session: Box<dyn Session>,
        scope: &TenantScope,
        access: Access,
        open: Option<OpenWrite>,
        (db, place): (&TenantDb, Place),
    ) -> Self {
        Self {
            tx: Transaction::new(session, access, scope.deadline(), db.meter_of(place)),
            tenant: scope.tenant().clone(),
            _open: open,
            origin: Origin {
                seams: db.seams_of(place).clone(),
                scope: scope.clone(),
                cause: None,
                wake: Wake::default(),
            },
            place,
        }
    }

    /// All rows.
    ///
    /// # Errors
    ///
    /// A [`DbError`]; [`DbError::Deadline`] when the request's time ran out.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future interrupts the statement; the transaction can only be dropped then.
    pub async fn fetch_all<T: FromRow + Send>(
        &mut self,
        sql: TenantSql,
    ) -> Result<Vec<T>, DbError> {
        self.tx.fetch_all(sql.bound, Some(&self.tenant)).await
    }

    /// The first row, if there is one.
    ///
    /// # Errors
    ///
    /// As for [`fetch_all`](Self::fetch_all).
    ///
    /// # Cancel safety
    ///
    /// As for [`fetch_all`](Self::fetch_all).
    pub async fn fetch_optional<T: FromRow + Send>(
        &mut self,
        sql: TenantSql,
    ) -> Result<Option<T>, DbError> {
        self.tx.fetch_optional(sql.bound, Some(&self.tenant)).await
    }

    /// The first row.
    ///
    /// # Errors
    ///
    /// [`DbError::NoRow`] if there is none, else as for [`fetch_all`](Self::fetch_all).
    ///
    /// # Cancel safety
    ///
    /// As for [`fetch_all`](Self::fetch_all).
    pub async fn fetch_one<T: FromRow + Send>(&mut self, sql: TenantSql) -> Result<T, DbError> {
        self.fetch_optional(sql).await?.ok_or(DbError::NoRow)
    }

    /// How many rows were inserted, updated or deleted.
    ///
    /// # Errors
    ///
    /// As for [`fetch_all`](Self::fetch_all).
    ///
    /// # Cancel safety
    ///
    /// As for [`fetch_all`](Self::fetch_all).
    pub async fn execute(&mut self, sql: TenantSql) -> Result<u64, DbError> {
        self.tx.execute(sql.bound, Some(&self.tenant)).await
    }

    /// Makes the changes last, and visible to others.
    ///
    /// # Errors
    ///
    /// A [`DbError`]: then nothing was committed, unless it is [`DbError::Unavailable`]. A connection that is lost while
    /// PostgreSQL commits leaves open whether it did: look before you do again what must not happen twice.
    ///
    /// # Cancel safety
    ///
    /// A dropped future leaves it open whether the commit happened: await it where that matters.
    pub async fn commit(self) -> Result<(), DbError> {
        let writes = self.tx.writes();
        self.tx.commit().await?;
        self.origin.seams.wake(self.origin.wake);
        if writes {
            self.origin.seams.commits.send();
        }
        Ok(())
    }

    /// Whether another transaction stood in the way of a statement.
    pub(super) const fn has_conflicted(&self) -> bool {
        self.tx.has_conflicted()
    }

    /// What is published and enqueued from here on is of this scope, which is of the same tenant.
    pub(crate) fn act_in(&mut self, scope: &TenantScope) {
        self.origin.scope = scope.clone();
    }

    pub(crate) fn caused_by(&mut self, event: Uuid) {
        self.origin.cause = Some(event);
    }

    pub(crate) fn origin(&mut self) -> &mut Origin {
        &mut self.origin
    }

    /// Which database it is of.
    pub(crate) const fn place(&self) -> Place {
        self.place
    }

    /// Whose rows they are.
    #[must_use]
    pub fn tenant(&self) -> &TenantId {
        &self.tenant
    }
}

impl fmt::Debug for TenantTx {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TenantTx")
            .field("tenant", &self.tenant)
            .finish_non_exhaustive()
    }
}

// === impl HostTx ===

impl HostTx {
    pub(super) fn new(
        session: Box<dyn Session>,
        scope: &HostScope,
        access: Access,
        db: &TenantDb,
    ) -> Self {
        let seams = db.seams().clone();
        Self {
            tx: Transaction::new(session, access, None, db.meter_of(db.here())),
            work: HostWork::new(scope, db),
            seams,
            wake: Wake::default(),
            place: db.here(),
            is_some: db.is_of_several(),
        }
    }

    pub(crate) const fn work(&self) -> &HostWork {
        &self.work
    }

    pub(crate) const fn work_mut(&mut self) -> &mut HostWork {
        &mut self.work
    }

    /// Which database it is of.
    pub(crate) const fn place(&self) -> Place {
        self.place
    }

    /// What is about all tenants must not see some of them.
    fn check(&self, sql: &HostSql) -> Result<(), DbError> {
        if self.is_some && sql.bound.statement().of_all_tenants {
            return Err(DbError::SomeTenants);
        }
        Ok(())
    }

    pub(crate) const fn seams(&self) -> &Seams {
        &self.seams
    }

    /// After the commit.
    pub(crate) const fn wake_events(&mut self) {
        self.wake.events = true;
    }

    /// All rows.
    ///
    /// # Errors
    ///
    /// A [`DbError`].
    ///
    /// # Cancel safety
    ///
    /// Dropping the future interrupts the statement; the transaction can only be dropped then.
    pub async fn fetch_all<T: FromRow + Send>(&mut self, sql: HostSql) -> Result<Vec<T>, DbError> {
        self.check(&sql)?;
        self.work.runs();
        let writes = sql.bound.statement().writes;
        let rows: Vec<T> = self.tx.fetch_all(sql.bound, None).await?;
        if writes {
            self.work.wrote(rows.len().try_into().unwrap_or(u64::MAX));
        }
        Ok(rows)
    }

    /// The first row, if there is one.
    ///
    /// # Errors
    ///
    /// A [`DbError`].
    ///
    /// # Cancel safety
    ///
    /// As for [`fetch_all`](Self::fetch_all).
    pub async fn fetch_optional<T: FromRow + Send>(
        &mut self,
        sql: HostSql,
    ) -> Result<Option<T>, DbError> {
        self.check(&sql)?;
        self.work.runs();
        let writes = sql.bound.statement().writes;
        let row = self.tx.fetch_optional(sql.bound, None).await?;
        if writes {
            self.work.wrote(row.is_some().into());
        }
        Ok(row)
    }

    /// The first row.
    ///
    /// # Errors
    ///
    /// [`DbError::NoRow`] if there is none, else a [`DbError`].
    ///
    /// # Cancel safety
    ///
    /// As for [`fetch_all`](Self::fetch_all).
    pub async fn fetch_one<T: FromRow + Send>(&mut self, sql: HostSql) -> Result<T, DbError> {
        self.fetch_optional(sql).await?.ok_or(DbError::NoRow)
    }

    /// How many rows were inserted, updated or deleted.
    ///
    /// # Errors
    ///
    /// A [`DbError`].
    ///
    /// # Cancel safety
    ///
    /// As for [`fetch_all`](Self::fetch_all).
    pub async fn execute(&mut self, sql: HostSql) -> Result<u64, DbError> {
        self.check(&sql)?;
        self.work.runs();
        let writes = sql.bound.statement().writes;
        let rows = self.tx.execute(sql.bound, None).await?;
        if writes {
            self.work.wrote(rows);
        }
        Ok(rows)
    }

    /// As [`execute`](Self::execute), of what the kernel adds to a module's work.
    pub(crate) async fn execute_aside(&mut self, sql: HostSql) -> Result<u64, DbError> {
        self.tx.execute(sql.bound, None).await
    }

    /// Makes the changes last, and visible to others.
    ///
    /// # Errors
    ///
    /// A [`DbError`]: then nothing was committed, unless it is [`DbError::Unavailable`]. A connection that is lost while
    /// PostgreSQL commits leaves open whether it did: look before you do again what must not happen twice.
    ///
    /// # Cancel safety
    ///
    /// A dropped future leaves it open whether the commit happened.
    pub async fn commit(mut self) -> Result<(), DbError> {
        HostWork::tell(&mut self).await?;
        let writes = self.tx.writes();
        self.tx.commit().await?;
        if writes {
            self.seams.commits.send();
        }
        self.seams.wake(self.wake);
        Ok(())
    }
}

impl fmt::Debug for HostTx {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HostTx").finish_non_exhaustive()
    }
}
