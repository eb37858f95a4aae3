//! [`TenantDb`]: the one door to the database.

use std::{fmt, sync::Arc, time::Duration};

use tokio::time::Instant;

use super::{
    DatabaseSettings, DbError, HostScope, HostTx, ScopeMint, TenantScope, TenantTx,
    engine::{self, Access, Engine, Patience, Session},
    kernel::Seams,
    meter::Meter,
};
use crate::{Clock, Random, telemetry::Metrics};

/// A database whose rows belong to tenants. Modules hold it; clones share its connections.
///
/// There is no way to a connection but a transaction, and none to a transaction but a scope of the
/// mint that the database was opened with.
///
/// # Examples
///
/// ```
/// # #[cfg(feature = "sqlite")]
/// # tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(async {
/// use goplt_core::{RequestContext, data::{DatabaseSettings, ScopeMint, TenantDb}};
///
/// let mint = ScopeMint::new();
/// let db = TenantDb::open(&DatabaseSettings::in_memory(), &mint).await?;
///
/// let cx = mint.enter(RequestContext::new("req-1".parse()?), "acme".parse()?)?;
/// let tx = db.begin(cx.scope()?).await?;
/// tx.commit().await?;
///
/// let foreign = ScopeMint::new().enter(RequestContext::new("req-2".parse()?), "acme".parse()?)?;
/// assert!(db.begin(foreign.scope()?).await.is_err());
/// # Ok::<_, goplt_core::BoxError>(()) })?;
/// # Ok::<_, goplt_core::BoxError>(())
/// ```
#[derive(Clone)]
pub struct TenantDb {
    inner: Arc<Inner>,
    seams: Seams,
    meter: Meter,
}

struct Inner {
    engine: Box<dyn Engine>,
    mint: u64,
    acquire_timeout: Duration,
}

/// How long a health check waits.
const PING_TIMEOUT: Duration = Duration::from_secs(2);

impl TenantDb {
    /// Opens the database that the settings name, for scopes of this mint. Makes the file and its
    /// folder if they are not there.
    ///
    /// # Errors
    ///
    /// [`DbError::Url`], [`DbError::NoEngine`], or [`DbError::Open`] with what is in the way.
    pub async fn open(settings: &DatabaseSettings, mint: &ScopeMint) -> Result<Self, DbError> {
        let inner = Inner {
            engine: engine::open(settings).await?,
            mint: mint.id(),
            acquire_timeout: settings.acquire_timeout(),
        };
        Ok(Self {
            meter: Meter::new(inner.engine.system()),
            inner: Arc::new(inner),
            seams: Seams::new(Clock::system(), Random::system()),
        })
    }

    /// The same database, with this time and randomness for the events and jobs that its
    /// transactions write: the system's, until set otherwise.
    #[must_use]
    pub fn with_seams(mut self, clock: Clock, random: Random) -> Self {
        self.seams = Seams::new(clock, random);
        self
    }

    /// The same database, with its statements, begins and commits counted and timed.
    #[must_use]
    pub fn with_metrics(mut self, metrics: Metrics) -> Self {
        self.meter = self.meter.with_metrics(metrics);
        self
    }

    /// A transaction that reads and writes the tenant's rows.
    ///
    /// SQLite has one at a time: do not begin it before it is needed, and await nothing else
    /// within it.
    ///
    /// # Errors
    ///
    /// [`DbError::Busy`] when no connection became free in time, [`DbError::Deadline`] when the
    /// request's ran out first, [`DbError::ForeignScope`] for a scope of another mint.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future leaves no transaction open.
    pub async fn begin(&self, scope: &TenantScope) -> Result<TenantTx, DbError> {
        let session = self.tenant_session(scope, Access::Write).await?;
        Ok(TenantTx::new(session, scope, Access::Write, self))
    }

    /// A transaction that only reads the tenant's rows; several run at once, also beside a writing
    /// one. It sees one state of the database from its first statement to its last.
    ///
    /// # Errors
    ///
    /// As for [`begin`](Self::begin).
    ///
    /// # Cancel safety
    ///
    /// Dropping the future leaves no transaction open.
    pub async fn begin_read(&self, scope: &TenantScope) -> Result<TenantTx, DbError> {
        let session = self.tenant_session(scope, Access::Read).await?;
        Ok(TenantTx::new(session, scope, Access::Read, self))
    }

    /// A transaction across tenants, on the tables that the module declared for it.
    ///
    /// # Errors
    ///
    /// As for [`begin`](Self::begin); a host scope has no deadline.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future leaves no transaction open.
    pub async fn begin_host(&self, scope: &HostScope) -> Result<HostTx, DbError> {
        self.host_transaction(scope, Access::Write).await
    }

    /// As [`begin_host`](Self::begin_host), to read only.
    ///
    /// # Errors
    ///
    /// As for [`begin`](Self::begin).
    ///
    /// # Cancel safety
    ///
    /// Dropping the future leaves no transaction open.
    pub async fn begin_host_read(&self, scope: &HostScope) -> Result<HostTx, DbError> {
        self.host_transaction(scope, Access::Read).await
    }

    /// Whether the database answers: for health checks. Waits at most two seconds.
    ///
    /// # Errors
    ///
    /// What [`begin_read`](Self::begin_read) would return.
    pub async fn ping(&self) -> Result<(), DbError> {
        let timeout = self.inner.acquire_timeout.min(PING_TIMEOUT);
        self.inner
            .engine
            .ping(Patience {
                timeout,
                deadline: None,
            })
            .await
    }

    /// Waits until open transactions have ended, and closes the connections. Later calls of
    /// `begin` get [`DbError::Closed`].
    ///
    /// # Cancel safety
    ///
    /// Dropping the future leaves the database open; close it again.
    pub async fn close(&self) {
        self.inner.engine.close().await;
    }

    pub(crate) const fn seams(&self) -> &Seams {
        &self.seams
    }

    pub(super) const fn meter(&self) -> &Meter {
        &self.meter
    }

    pub(crate) fn engine(&self) -> &dyn Engine {
        &*self.inner.engine
    }

    pub(super) async fn tenant_session(
        &self,
        scope: &TenantScope,
        access: Access,
    ) -> Result<Box<dyn Session>, DbError> {
        let begun = self.session(scope.mint(), scope.deadline(), access).await;
        begun.map_err(|error| match error {
            DbError::Busy { waited, .. } => DbError::Busy {
                waited,
                own_write: access == Access::Write && scope.has_open_write(),
            },
            other => other,
        })
    }

    async fn host_transaction(&self, scope: &HostScope, access: Access) -> Result<HostTx, DbError> {
        let session = self.session(scope.mint(), None, access).await?;
        Ok(HostTx::new(session, access, self))
    }

    async fn session(
        &self,
        mint: u64,
        deadline: Option<Instant>,
        access: Access,
    ) -> Result<Box<dyn Session>, DbError> {
        if mint != self.inner.mint {
            return Err(DbError::ForeignScope);
        }
        let timeout = self.inner.acquire_timeout;
        let started = self.meter.start();
        let begun = self
            .inner
            .engine
            .begin(access, Patience { timeout, deadline })
            .await;
        self.meter.record("BEGIN", started, &begun);
        begun
    }
}

impl fmt::Debug for TenantDb {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // No place and no URL: both may hold what logs should not.
        f.debug_struct("TenantDb").finish_non_exhaustive()
    }
}
