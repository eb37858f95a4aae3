//! [`TenantDb`]: the one door to the database.

use std::{fmt, sync::Arc, time::Duration};

use futures_core::future::BoxFuture;
use tokio::time::Instant;

use super::{
    Commits, DatabaseSettings, DbError, HostScope, HostTx, ScopeMint, TenantScope, TenantTx,
    engine::{self, Access, Engine, Patience, Session, Whose},
    kernel::Seams,
    meter::Meter,
};
use crate::{Clock, Random, audit::HostRecorder, telemetry::Metrics};

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
    host_recorder: Option<HostRecorder>,
}

struct Inner {
    engine: Box<dyn Engine>,
    mint: u64,
    acquire_timeout: Duration,
}

/// How often [`TenantDb::retrying`] runs its work at most.
const ATTEMPTS: u32 = 5;
/// The longest pause before its second attempt.
const FIRST_PAUSE: Duration = Duration::from_millis(10);

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
            host_recorder: None,
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

    /// The same database, which tells the platform's audit log of work across tenants. It needs
    /// [the kernel's tables](super::kernel_migrations).
    #[must_use]
    pub fn with_host_recorder(mut self, recorder: HostRecorder) -> Self {
        self.host_recorder = Some(recorder);
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

    /// A transaction across tenants, on the tables that the module declared for it. What it does is
    /// told in the [audit log of the platform](crate::audit).
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

    /// Runs `work` in a transaction and commits it; again, in a fresh one, when another transaction
    /// stood in the way (on PostgreSQL a deadlock or a failed serialization), five times at most,
    /// with a short pause of random length between them.
    ///
    /// What `work` does beside the transaction happens once for each time. It returns a boxed
    /// future: no bound of an async closure says that its future can be sent between threads.
    ///
    /// # Errors
    ///
    /// What `work` returns, or what beginning and committing do.
    ///
    /// # Cancel safety
    ///
    /// As for [`begin`](Self::begin) and [`TenantTx::commit`].
    ///
    /// # Examples
    ///
    /// ```
    /// # use goplt_core::data::{DbError, TenantDb, TenantScope, TenantSql};
    /// # fn rename() -> TenantSql { unimplemented!() }
    /// # async fn example(db: &TenantDb, scope: &TenantScope) -> Result<(), DbError> {
    /// let renamed: u64 = db
    ///     .retrying(scope, |tx| Box::pin(async move { tx.execute(rename()).await }))
    ///     .await?;
    /// # Ok(()) }
    /// ```
    pub async fn retrying<T, E, F>(&self, scope: &TenantScope, mut work: F) -> Result<T, E>
    where
        F: for<'tx> FnMut(&'tx mut TenantTx) -> BoxFuture<'tx, Result<T, E>> + Send,
        T: Send,
        E: From<DbError> + Send,
    {
        for attempt in 1..ATTEMPTS {
            let mut tx = self.begin(scope).await?;
            match work(&mut tx).await {
                Err(_) if tx.has_conflicted() => {}
                Err(error) => return Err(error),
                Ok(done) => match tx.commit().await {
                    Ok(()) => return Ok(done),
                    Err(DbError::Conflict(_)) => {}
                    Err(error) => return Err(error.into()),
                },
            }
            tokio::time::sleep(self.pause(attempt)).await;
        }
        let mut tx = self.begin(scope).await?;
        let done = work(&mut tx).await?;
        tx.commit().await?;
        Ok(done)
    }

    /// Between nothing and what doubles with each attempt: those who met do not meet again.
    fn pause(&self, attempt: u32) -> Duration {
        let [random] = self.seams.random.bytes::<1>();
        FIRST_PAUSE * 2_u32.pow(attempt - 1) * u32::from(random) / 255
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

    /// Tells when a transaction that writes was committed through a handle of this database: for
    /// tests, which wait for something to have happened.
    #[must_use]
    pub fn commits(&self) -> Commits {
        Commits::new(self.seams.commits.listen())
    }

    pub(crate) const fn seams(&self) -> &Seams {
        &self.seams
    }

    pub(crate) const fn meter(&self) -> &Meter {
        &self.meter
    }

    pub(crate) fn host_recorder(&self) -> Option<HostRecorder> {
        self.host_recorder.clone()
    }

    pub(crate) fn engine(&self) -> &dyn Engine {
        &*self.inner.engine
    }

    pub(super) async fn tenant_session(
        &self,
        scope: &TenantScope,
        access: Access,
    ) -> Result<Box<dyn Session>, DbError> {
        let whose = Whose::Tenant(scope.tenant());
        let begun = self
            .session(scope.mint(), scope.deadline(), access, whose)
            .await;
        begun.map_err(|error| match error {
            DbError::Busy { waited, .. } => DbError::Busy {
                waited,
                own_write: access == Access::Write && scope.has_open_write(),
            },
            other => other,
        })
    }

    async fn host_transaction(&self, scope: &HostScope, access: Access) -> Result<HostTx, DbError> {
        let session = self
            .session(scope.mint(), None, access, Whose::Host)
            .await?;
        record(scope, access);
        Ok(HostTx::new(session, scope, access, self))
    }

    async fn session(
        &self,
        mint: u64,
        deadline: Option<Instant>,
        access: Access,
        whose: Whose<'_>,
    ) -> Result<Box<dyn Session>, DbError> {
        if mint != self.inner.mint {
            return Err(DbError::ForeignScope);
        }
        let timeout = self.inner.acquire_timeout;
        let started = self.meter.start();
        let begun = self
            .inner
            .engine
            .begin(access, whose, Patience { timeout, deadline })
            .await;
        self.meter.record("BEGIN", started, &begun);
        begun
    }
}

/// That somebody works across tenants, and why. The kernel does so all the time: it delivers.
fn record(scope: &HostScope, access: Access) {
    let (module, reason) = (scope.module().as_str(), scope.reason());
    let writes = access == Access::Write;
    if module == "core" {
        tracing::trace!(target: "goplt::host", module, reason, writes, "a transaction across tenants");
    } else {
        tracing::info!(target: "goplt::host", module, reason, writes, "a transaction across tenants");
    }
}

impl fmt::Debug for TenantDb {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // No place and no URL: both may hold what logs should not.
        f.debug_struct("TenantDb").finish_non_exhaustive()
    }
}
