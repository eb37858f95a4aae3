//! A host with the modules audit and parcel on one engine, and a way around them into the database.

use goplt_authz::service::AuditModule;
use goplt_testing::{Caller, TestHost, TestHostBuilder};
use serde_json::Value;
use sqlx::{ConnectOptions as _, Executor as _};

use crate::parcel::{Leak, ParcelModule};

pub(crate) struct Bed {
    builder: TestHostBuilder,
    postgres: Option<String>,
}

/// The database, for whoever has its password or its file.
pub(crate) enum Raw {
    Sqlite(std::path::PathBuf),
    #[cfg(feature = "postgres")]
    Postgres(String),
}

impl Bed {
    pub(crate) fn sqlite() -> Self {
        let builder = TestHost::builder()
            .module(AuditModule)
            .module(ParcelModule(Leak::Nowhere));
        Self {
            builder,
            postgres: None,
        }
    }

    /// `None` if there is no server, which the ladder has said.
    #[cfg(feature = "postgres")]
    pub(crate) fn postgres() -> Option<Self> {
        let database = goplt_testing::backend::postgres()?.database();
        let Self { builder, .. } = Self::sqlite();
        let postgres = Some(database.url());
        Some(Self {
            builder: builder.postgres(database),
            postgres,
        })
    }

    pub(crate) fn set(mut self, setting: &str) -> Self {
        self.builder = self.builder.set(setting);
        self
    }

    pub(crate) async fn start(self) -> (TestHost, Raw) {
        let host = Box::pin(self.builder.start()).await.unwrap();
        let raw = match self.postgres {
            #[cfg(feature = "postgres")]
            Some(url) => Raw::Postgres(url),
            _ => Raw::Sqlite(host.context().data_dir().with_file_name("test.db")),
        };
        (host, raw)
    }
}

impl Bed {
    pub(crate) async fn try_start(self) -> Result<TestHost, goplt_core::BoxError> {
        self.builder.start().await
    }
}

impl Raw {
    /// Runs statements past all locks. `{logs}` and `{heads}` stand for the tables.
    pub(crate) async fn execute(&self, sql: &str) -> Result<(), sqlx::Error> {
        let (logs, heads) = match self {
            Self::Sqlite(_) => ("audit_logs", "audit_heads"),
            #[cfg(feature = "postgres")]
            Self::Postgres(_) => ("audit.audit_logs", "audit.audit_heads"),
        };
        let sql = sql.replace("{logs}", logs).replace("{heads}", heads);
        let sql = sqlx::raw_sql(sqlx::AssertSqlSafe(sql));
        match self {
            Self::Sqlite(file) => {
                let options = sqlx::sqlite::SqliteConnectOptions::new().filename(file);
                options.connect().await?.execute(sql).await?;
            }
            #[cfg(feature = "postgres")]
            Self::Postgres(url) => {
                let options: sqlx::postgres::PgConnectOptions = url.parse()?;
                options.connect().await?.execute(sql).await?;
            }
        }
        Ok(())
    }

    /// Takes away what keeps entries from being changed, as the owner of the tables can.
    pub(crate) async fn drop_triggers(&self) {
        let (update, delete) = match self {
            Self::Sqlite(_) => (
                "DROP TRIGGER audit_logs_no_update",
                "DROP TRIGGER audit_logs_no_delete",
            ),
            #[cfg(feature = "postgres")]
            Self::Postgres(_) => ("DROP TRIGGER audit_logs_append_only ON {logs}", ""),
        };
        let heads = match self {
            Self::Sqlite(_) => "DROP TRIGGER audit_heads_no_return",
            #[cfg(feature = "postgres")]
            Self::Postgres(_) => "DROP TRIGGER audit_heads_no_return ON {heads}",
        };
        self.execute(&format!("{update}; {delete}; {heads};"))
            .await
            .unwrap();
    }
}

pub(crate) const LOGS: &str = "/api/v1/audit-logs";

/// The entries of a query, newest first.
pub(crate) async fn entries(caller: &Caller<'_>, query: &str) -> Vec<Value> {
    let answer = caller.get(&format!("{LOGS}?limit=100&{query}")).await;
    assert_eq!(answer.status(), 200, "{:?}", answer.body());
    answer.json()["items"].as_array().unwrap().clone()
}

/// Each claim on each engine.
macro_rules! on_each_engine {
    ($($(#[$attr:meta])* $claim:ident),* $(,)?) => {
        mod on_sqlite {
            $($(#[$attr])* #[tokio::test]
            async fn $claim() {
                super::$claim(crate::bed::Bed::sqlite()).await;
            })*
        }

        #[cfg(feature = "postgres")]
        mod on_postgres {
            $($(#[$attr])* #[tokio::test]
            async fn $claim() {
                if let Some(bed) = crate::bed::Bed::postgres() {
                    super::$claim(bed).await;
                }
            })*
        }
    };
}

pub(crate) use on_each_engine;
