//! A host whose tenant `globex` has a database of its own, and a way around it into both.

use std::sync::Arc;

use goplt_authz::{PolicyHandle, TenantLayer, service::AuditModule};
use goplt_core::{Uuid, config::Sources};
use goplt_module::{Host, RunningHost, StartError};
#[cfg(feature = "postgres")]
use goplt_testing::backend::postgres::Database;
use goplt_testing::{TestHost, TestHostBuilder, TokenMint};
use sqlx::{
    AssertSqlSafe, Connection as _, Row as _, SqliteConnection, sqlite::SqliteConnectOptions,
};

use crate::parcel::{Leak, ParcelModule};

/// Where the two databases are.
pub(crate) enum Engine {
    Sqlite,
    #[cfg(feature = "postgres")]
    Postgres(Box<[Database; 2]>),
}

/// The host, and its databases for whoever has their passwords or files.
pub(crate) struct Bed {
    pub(crate) host: TestHost,
    raw: Raw,
}

/// How it is got at past all locks.
enum Raw {
    Sqlite,
    #[cfg(feature = "postgres")]
    Postgres {
        home: String,
        placed: String,
        /// The settings of both, as the roles of an assembly.
        settings: Vec<String>,
    },
}

#[derive(Debug, Clone, Copy)]
pub(crate) enum Place {
    Home,
    Placed,
}

#[derive(Debug, Clone, Copy)]
pub(crate) enum Literal<'a> {
    Id(Uuid),
    Bytes(&'a [u8]),
    Past,
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

impl Engine {
    /// `None` if there is no server, which the ladder has said.
    #[cfg(feature = "postgres")]
    pub(crate) fn postgres() -> Option<Self> {
        let server = goplt_testing::backend::postgres()?;
        Some(Self::Postgres(Box::new([
            server.database(),
            server.database(),
        ])))
    }

    fn place(self, builder: TestHostBuilder) -> (TestHostBuilder, Raw) {
        match self {
            Self::Sqlite => (builder.placed("globex"), Raw::Sqlite),
            #[cfg(feature = "postgres")]
            Self::Postgres(databases) => {
                let [home, placed] = *databases;
                let settings = |section: &str, database: &Database| {
                    let roles = database.roles();
                    [
                        format!("{section}.url={}", roles.app),
                        format!("{section}.host_url={}", roles.host),
                    ]
                };
                let mut both = settings("database", &home).to_vec();
                both.extend(settings("database.placements.globex", &placed));
                let raw = Raw::Postgres {
                    home: home.url(),
                    placed: placed.url(),
                    settings: both,
                };
                (builder.postgres(home).placed_on("globex", placed), raw)
            }
        }
    }
}

impl Bed {
    pub(crate) async fn start(engine: Engine) -> Self {
        Self::start_with(engine, |builder| builder).await
    }

    pub(crate) async fn start_with(
        engine: Engine,
        build: impl FnOnce(TestHostBuilder) -> TestHostBuilder,
    ) -> Self {
        let builder = TestHost::builder()
            .module(AuditModule)
            .module(ParcelModule(Leak::Nowhere));
        let (builder, raw) = engine.place(build(builder));
        let host = builder.start().await.unwrap();
        Self { host, raw }
    }

    /// A value of a column of this kind as a literal: bytes in hexadecimal, or a moment that is over.
    pub(crate) fn literal(&self, kind: Literal<'_>) -> String {
        match (&self.raw, kind) {
            (Raw::Sqlite, Literal::Id(id)) => format!("x'{}'", id.to_string().replace('-', "")),
            (Raw::Sqlite, Literal::Bytes(bytes)) => format!("x'{}'", hex(bytes)),
            (Raw::Sqlite, Literal::Past) => "1000000".to_owned(),
            #[cfg(feature = "postgres")]
            (Raw::Postgres { .. }, Literal::Id(id)) => format!("'{id}'"),
            #[cfg(feature = "postgres")]
            (Raw::Postgres { .. }, Literal::Bytes(bytes)) => format!("'\\x{}'", hex(bytes)),
            #[cfg(feature = "postgres")]
            (Raw::Postgres { .. }, Literal::Past) => "now()".to_owned(),
        }
    }

    /// Starts another host on the same databases, as requests may, with these tenants placed.
    pub(crate) async fn start_again(&self, placed: &str) -> Result<RunningHost, StartError> {
        let folder = tempfile::tempdir().unwrap();
        let mut settings = match &self.raw {
            Raw::Sqlite => vec![
                format!("database.url=sqlite:{}", self.file(Place::Home).display()),
                format!(
                    "database.placements.globex.url=sqlite:{}",
                    self.file(Place::Placed).display()
                ),
            ],
            #[cfg(feature = "postgres")]
            Raw::Postgres { settings, .. } => {
                // Without the owner's URL, as where a server only serves.
                let mut settings = settings.clone();
                settings.push("database.migrations=verify".to_owned());
                settings
            }
        };
        settings.push(format!("data_dir={}", folder.path().join("data").display()));
        settings.push(format!("database.placements.globex.tenants={placed}"));
        let host = Host::builder()
            .module(AuditModule)
            .module(ParcelModule(Leak::Nowhere))
            .sources(Sources::new(folder.path()).with_set(settings))
            .auth(TokenMint::new().layer())
            .tenant_with(|edge| Ok(TenantLayer::configured(edge.mint(), edge.config())))
            .authorizer(Arc::new(PolicyHandle::new()));
        Box::pin(host.build().unwrap().start_in_process()).await
    }

    /// The file of a database on SQLite.
    pub(crate) fn file(&self, place: Place) -> std::path::PathBuf {
        let name = match place {
            Place::Home => "test.db",
            Place::Placed => "globex.db",
        };
        self.host.context().data_dir().with_file_name(name)
    }

    /// A connection of our own to a database on SQLite.
    pub(crate) async fn sqlite(&self, place: Place) -> SqliteConnection {
        let options = SqliteConnectOptions::new().filename(self.file(place));
        SqliteConnection::connect_with(&options).await.unwrap()
    }

    /// Runs a statement past all locks; the first column of its rows, as text. `{parcel}`, `{audit}`
    /// and `{core}` stand for the schemas.
    pub(crate) async fn raw(&self, place: Place, sql: &str) -> Vec<String> {
        let mut sql = sql.to_owned();
        for (module, schema) in [("parcel", "parcel"), ("audit", "audit"), ("core", "goplt")] {
            let meant = match self.raw {
                Raw::Sqlite => String::new(),
                #[cfg(feature = "postgres")]
                Raw::Postgres { .. } => format!("{schema}."),
            };
            sql = sql.replace(&format!("{{{module}}}."), &meant);
        }
        match &self.raw {
            Raw::Sqlite => {
                let mut connection = self.sqlite(place).await;
                let rows = sqlx::query(AssertSqlSafe(sql)).fetch_all(&mut connection);
                let rows = rows.await.unwrap();
                connection.close().await.unwrap();
                rows.iter().map(|row| row.get(0)).collect()
            }
            #[cfg(feature = "postgres")]
            Raw::Postgres { home, placed, .. } => {
                let url = match place {
                    Place::Home => home,
                    Place::Placed => placed,
                };
                let mut connection = sqlx::PgConnection::connect(url).await.unwrap();
                let rows = sqlx::query(AssertSqlSafe(sql)).fetch_all(&mut connection);
                let rows = rows.await.unwrap();
                connection.close().await.unwrap();
                rows.iter().map(|row| row.get(0)).collect()
            }
        }
    }
}

/// Each claim on each engine.
macro_rules! on_each_engine {
    ($($claim:ident),* $(,)?) => {
        mod on_sqlite {
            $(#[tokio::test]
            async fn $claim() {
                super::$claim(crate::bed::Engine::Sqlite).await;
            })*
        }

        #[cfg(feature = "postgres")]
        mod on_postgres {
            $(#[tokio::test]
            async fn $claim() {
                if let Some(engine) = crate::bed::Engine::postgres() {
                    super::$claim(engine).await;
                }
            })*
        }
    };
}

pub(crate) use on_each_engine;
