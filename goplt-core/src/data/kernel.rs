//! What events and jobs need of the data layer: seams, signals, the kernel's own tables.

use std::sync::{Arc, LazyLock};

use goplt_manifest::{Dialect, Migration, ModuleName, Version};
use tokio::sync::watch;

use super::{TenantScope, migration::ModuleMigrations};
use crate::{Clock, Random, Uuid, id::Ids};

/// The kernel's own tables, as migrations of the module `core`: the host runs them before all
/// others.
///
/// # Examples
///
/// ```
/// # #[cfg(feature = "sqlite")]
/// # tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(async {
/// use goplt_core::data::{DatabaseSettings, ScopeMint, TenantDb, kernel_migrations, migration};
///
/// let db = TenantDb::open(&DatabaseSettings::in_memory(), &ScopeMint::new()).await?;
/// migration::run(&db, &[kernel_migrations()]).await?;
/// # Ok::<_, goplt_core::BoxError>(()) })?;
/// # Ok::<_, goplt_core::BoxError>(())
/// ```
#[must_use]
pub fn kernel_migrations() -> ModuleMigrations<'static> {
    ModuleMigrations::new(&CORE, KERNEL_MIGRATIONS).with_version(&PLATFORM)
}

static CORE: ModuleName = ModuleName::from_static("core");

static PLATFORM: LazyLock<Version> = LazyLock::new(Version::platform);

static KERNEL_MIGRATIONS: &[Migration] = &[
    Migration::from_static(
        1,
        "events",
        Dialect::Sqlite,
        include_str!("../../migrations/V0001__events.sqlite.sql"),
    ),
    Migration::from_static(
        1,
        "events",
        Dialect::Postgres,
        include_str!("../../migrations/V0001__events.pg.sql"),
    ),
    Migration::from_static(
        2,
        "jobs",
        Dialect::Sqlite,
        include_str!("../../migrations/V0002__jobs.sqlite.sql"),
    ),
    Migration::from_static(
        2,
        "jobs",
        Dialect::Postgres,
        include_str!("../../migrations/V0002__jobs.pg.sql"),
    ),
    Migration::from_static(
        3,
        "event_indexes",
        Dialect::Postgres,
        include_str!("../../migrations/V0003__event_indexes.pg.sql"),
    ),
    Migration::from_static(
        4,
        "instances",
        Dialect::Any,
        include_str!("../../migrations/V0004__instances.sql"),
    ),
];

/// Time, ids and wake-up calls: every handle of one database shares them. Several databases of one
/// handle share all but the calls of events and jobs, each of which is for one runner.
#[derive(Debug, Clone)]
pub(crate) struct Seams {
    pub(crate) clock: Clock,
    pub(crate) ids: Ids,
    pub(crate) random: Random,
    pub(crate) events: Signal,
    pub(crate) jobs: Signal,
    /// A transaction that writes was committed.
    pub(crate) commits: Signal,
    /// The job runner of this process has looked for what is due.
    pub(crate) looked: Signal,
}

/// Tells whoever waits that there may be something to do.
#[derive(Debug, Clone)]
pub(crate) struct Signal(Arc<watch::Sender<u64>>);

/// What a transaction knows beyond its rows.
#[derive(Debug)]
pub(crate) struct Origin {
    pub(crate) seams: Seams,
    pub(crate) scope: TenantScope,
    /// The event that is being handled.
    pub(crate) cause: Option<Uuid>,
    /// Whom to wake after the commit.
    pub(crate) wake: Wake,
}

#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Wake {
    pub(crate) events: bool,
    pub(crate) jobs: bool,
}

// === impl Seams ===

impl Seams {
    pub(crate) fn new(clock: Clock, random: Random) -> Self {
        Self {
            ids: Ids::new(clock.clone(), random.clone()),
            random,
            clock,
            events: Signal::new(),
            jobs: Signal::new(),
            commits: Signal::new(),
            looked: Signal::new(),
        }
    }

    /// Of another database beside this one.
    pub(super) fn beside(&self) -> Self {
        Self {
            events: Signal::new(),
            jobs: Signal::new(),
            looked: Signal::new(),
            ..self.clone()
        }
    }

    pub(crate) fn wake(&self, wake: Wake) {
        if wake.events {
            self.events.send();
        }
        if wake.jobs {
            self.jobs.send();
        }
    }
}

// === impl Signal ===

impl Signal {
    fn new() -> Self {
        Self(Arc::new(watch::Sender::new(0)))
    }

    pub(crate) fn send(&self) {
        self.0.send_modify(|count| *count = count.wrapping_add(1));
    }

    /// Whether anybody listens.
    pub(crate) fn is_heard(&self) -> bool {
        self.0.receiver_count() > 0
    }

    /// What was sent after this call is not missed.
    pub(crate) fn listen(&self) -> watch::Receiver<u64> {
        self.0.subscribe()
    }
}

/// `tenant_sql!` on the kernel's own tables.
macro_rules! kernel_tenant_sql {
    ($($sql:tt)*) => {
        ::goplt_macros::__tenant_sql!(crate = crate; tables = ["goplt_outbox", "goplt_job"]; $($sql)*)
    };
}

/// `host_sql!` on the kernel's own tables.
macro_rules! kernel_sql {
    ($($sql:tt)*) => {
        ::goplt_macros::__host_sql!(crate = crate; tables = [
            "goplt_outbox", "goplt_relay", "goplt_subscription", "goplt_delivery", "goplt_blocked_key",
            "goplt_lane", "goplt_member", "goplt_inbox", "goplt_job", "goplt_cron", "goplt_instance"
        ]; $($sql)*)
    };
}

/// `host_sql!` with a text for each database, where the one that has many writers must lock what the
/// other need not, or where a list is bound: by hand, and unchecked. With `reads` it changes nothing.
macro_rules! kernel_sql_by_dialect {
    (reads, $($rest:tt)*) => {
        $crate::data::kernel::kernel_sql_by_dialect!(@ false, $($rest)*)
    };
    (sqlite: $($rest:tt)*) => {
        $crate::data::kernel::kernel_sql_by_dialect!(@ true, sqlite: $($rest)*)
    };
    (@ $writes:literal, sqlite: $sqlite:expr, postgres: $postgres:expr, $($value:expr),* $(,)?) => {{
        static STATEMENT: $crate::data::__Statement = $crate::data::__Statement {
            sqlite: ::std::borrow::Cow::Borrowed($sqlite),
            postgres: ::std::borrow::Cow::Borrowed($postgres),
            params: [$(stringify!($value)),*].len(),
            takes_tenant: false,
            writes: $writes,
            of_all_tenants: false,
        };
        $crate::data::HostSql::__new(
            &STATEMENT,
            ::std::vec![$($crate::data::IntoValue::into_value($value)),*],
        )
    }};
}

pub(crate) use {kernel_sql, kernel_sql_by_dialect, kernel_tenant_sql};
