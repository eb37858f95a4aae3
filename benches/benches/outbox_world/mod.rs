//! A database with the kernel's tables, an event, and a table that handlers write.

pub(crate) mod peer;

use std::{borrow::Cow, future::Future, time::Duration};

use goplt_core::{
    Principal, RequestContext,
    data::{
        DatabaseSettings, DbError, ScopeMint, TenantDb, TenantTx, kernel_migrations,
        migration::{self, ModuleMigrations, schema_name},
    },
    event::{Both, DecodeError, Event, EventKey, EventOf},
    manifest::{Dialect, Migration, name_tag},
    shutdown::{Shutdown, ShutdownToken},
};
use goplt_testing::backend::{
    self,
    postgres::{Database, Server},
};
use tokio::task::JoinHandle;

const TAG: u64 = name_tag("bench.thing.happened");
pub(crate) const HAPPENED: EventKey<TAG, Both> = EventKey::__declared("bench.thing.happened");

/// Something happened; the payload is of the size that events have.
#[derive(Debug)]
pub(crate) struct Happened {
    pub(crate) key: String,
    pub(crate) number: u32,
}

impl Event for Happened {
    const NAME: &'static str = "bench.thing.happened";
    const VERSION: u32 = 1;

    fn key(&self) -> Cow<'_, str> {
        Cow::Borrowed(&self.key)
    }

    fn encode(&self) -> Vec<u8> {
        let mut payload = vec![b' '; 120];
        payload[..4].copy_from_slice(&self.number.to_le_bytes());
        payload
    }

    fn decode(payload: &[u8]) -> Result<Self, DecodeError> {
        let number = payload
            .first_chunk()
            .ok_or_else(|| DecodeError::new(Self::NAME, "it is too short"))?;
        Ok(Self {
            key: String::new(),
            number: u32::from_le_bytes(*number),
        })
    }
}

impl EventOf<TAG> for Happened {}

const TABLE: &str = "CREATE TABLE bench_things (tenant_id TEXT NOT NULL, number BIGINT NOT NULL, \
     PRIMARY KEY (tenant_id, number));";

/// What a handler does that does little.
pub(crate) async fn write(tx: &mut TenantTx, number: u32) -> Result<(), DbError> {
    tx.execute(goplt_macros::__tenant_sql!(
        tables = ["bench_things"];
        "INSERT INTO bench_things (number) VALUES (?)",
        i64::from(number)
    ))
    .await?;
    Ok(())
}

pub(crate) struct World {
    pub(crate) name: &'static str,
    pub(crate) db: TenantDb,
    pub(crate) mint: ScopeMint,
    /// Goes with it.
    _kept: Kept,
}

#[expect(dead_code, reason = "held until the database has been used")]
enum Kept {
    Folder(tempfile::TempDir),
    Database(Database),
}

impl World {
    /// A file in a temporary folder, with the settings of production.
    pub(crate) async fn sqlite() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let url = format!("sqlite:{}", folder.path().join("bench.db").display());
        let settings = DatabaseSettings::new(url);
        Self::open("SQLite", &settings, Kept::Folder(folder)).await
    }

    /// `None` where there is none.
    pub(crate) fn postgres_server() -> Option<Server> {
        backend::postgres()
    }

    /// A database of its own on a server that forgets in a crash: what waits for the disk does not.
    pub(crate) async fn postgres(server: &Server) -> Self {
        let database = server.database();
        let name = database.name();
        let roles = format!(
            "CREATE ROLE {name}_owner LOGIN PASSWORD 'o'; CREATE ROLE {name}_app LOGIN PASSWORD 'a'; \
             CREATE ROLE {name}_host LOGIN PASSWORD 'h'; GRANT CREATE ON DATABASE {name} TO {name}_owner"
        );
        database.execute(&roles).expect("three roles");
        let url = |role: &str, password| database.url_as(&format!("{name}_{role}"), password);
        let bench = "bench".parse().expect("a name");
        let settings = DatabaseSettings::new(url("app", "a"))
            .with_host_url(url("host", "h"))
            .with_owner_url(url("owner", "o"))
            .with_search_path(["goplt".to_owned(), schema_name(&bench)]);
        Self::open("PostgreSQL", &settings, Kept::Database(database)).await
    }

    async fn open(name: &'static str, settings: &DatabaseSettings, kept: Kept) -> Self {
        let mint = ScopeMint::new();
        let db = TenantDb::open(settings, &mint).await.expect("a database");
        let bench = "bench".parse().expect("a name");
        let tables = ["bench_things".to_owned()];
        let files = [Migration::from_static(1, "things", Dialect::Any, TABLE)];
        let bench = ModuleMigrations::new(&bench, &files).with_tenant_tables(&tables);
        migration::run(&db, &[kernel_migrations(), bench])
            .await
            .expect("migrations");
        Self {
            name,
            db,
            mint,
            _kept: kept,
        }
    }

    pub(crate) fn cx(&self, tenant: usize) -> RequestContext {
        let cx = RequestContext::new("req-1".parse().expect("a request id"));
        let cx = cx.with_principal(Principal::user("ada"));
        let tenant = format!("tenant-{tenant}").parse().expect("a tenant id");
        self.mint.enter(cx, tenant).expect("no other tenant")
    }

    /// Publishes these numbers in one transaction.
    pub(crate) async fn publish(
        &self,
        tenant: usize,
        key: &str,
        numbers: impl Iterator<Item = u32>,
    ) {
        let cx = self.cx(tenant);
        let scope = cx.scope().expect("a tenant");
        let mut tx = self.db.begin(scope).await.expect("a transaction");
        for number in numbers {
            let key = key.to_owned();
            let event = Happened { key, number };
            tx.outbox()
                .publish(HAPPENED, &event)
                .await
                .expect("an event");
        }
        tx.commit().await.expect("a commit");
    }

    /// Publishes so many events in transactions of a few each, spread over tenants and keys.
    pub(crate) async fn fill(&self, events: usize, tenants: usize, keys: usize) {
        self.fill_from(0, events, tenants, keys).await;
    }

    /// The same, with numbers from this one on.
    pub(crate) async fn fill_from(&self, first: u32, events: usize, tenants: usize, keys: usize) {
        const EACH: usize = 10;
        let numbers = first..first + u32::try_from(events).expect("a number of events");
        for (at, first) in numbers.step_by(EACH).enumerate() {
            let key = format!("key-{}", at % keys);
            self.publish(at / keys % tenants, &key, first..first + EACH as u32)
                .await;
        }
    }
}

/// A runner in a task of its own.
pub(crate) struct Running {
    shutdown: Shutdown,
    task: JoinHandle<()>,
}

impl Running {
    pub(crate) fn start<F>(run: impl FnOnce(ShutdownToken) -> F) -> Self
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let shutdown = Shutdown::new(Duration::from_secs(20));
        let task = tokio::spawn(run(shutdown.token()));
        Self { shutdown, task }
    }

    pub(crate) async fn stop(self) {
        self.shutdown.drain();
        self.task.await.expect("the runner");
    }
}
