//! A database with the three roles of an assembly, and a small module in it.
#![allow(dead_code, reason = "each test binary uses some of it")]
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use goplt_core::{
    ModuleName, RequestContext,
    data::{
        DatabaseSettings, ScopeMint, TenantDb, kernel_migrations,
        migration::{self, MigrationError, MigrationReport, ModuleMigrations, schema_name},
    },
    manifest::{Migration, Version},
};
use goplt_testing::backend::{self, postgres::Database};

/// A database of the test's own; `None` if there is no server, which the ladder has said.
pub(crate) struct Bench {
    pub(crate) database: Database,
    pub(crate) mint: ScopeMint,
}

/// What a module is made of.
#[derive(Clone)]
pub(crate) struct Module {
    pub(crate) name: ModuleName,
    pub(crate) files: Vec<Migration>,
    pub(crate) tables: Vec<String>,
    pub(crate) host: Vec<String>,
    pub(crate) version: Version,
}

pub(crate) const POSTS: &str = "CREATE TABLE blog_posts (tenant_id TEXT NOT NULL, id BIGINT NOT NULL, title TEXT NOT NULL, \
     PRIMARY KEY (tenant_id, id));";

pub(crate) fn file(name: &str, sql: &'static str) -> Migration {
    Migration::parse_file_name(name).unwrap().with_sql(sql)
}

/// A blog with its table of posts, and these files after it.
pub(crate) fn blog(more: &[Migration]) -> Module {
    let mut files = vec![file("V0001__posts.sql", POSTS)];
    files.extend_from_slice(more);
    Module {
        name: "blog".parse().unwrap(),
        files,
        tables: vec!["blog_posts".into()],
        host: vec![],
        version: Version::parse("1.2.0").unwrap(),
    }
}

impl Module {
    pub(crate) fn migrations(&self) -> ModuleMigrations<'_> {
        ModuleMigrations::new(&self.name, &self.files)
            .with_tenant_tables(&self.tables)
            .with_host_tables(&self.host)
            .with_version(&self.version)
    }
}

impl Bench {
    pub(crate) fn new() -> Option<Self> {
        let database = backend::postgres()?.database();
        let name = database.name();
        database
            .execute(&format!(
                "CREATE ROLE {name}_owner LOGIN PASSWORD 'o'; CREATE ROLE {name}_app LOGIN PASSWORD 'a'; \
                 CREATE ROLE {name}_host LOGIN PASSWORD 'h'; GRANT CREATE ON DATABASE {name} TO {name}_owner"
            ))
            .unwrap();
        Some(Self {
            database,
            mint: ScopeMint::new(),
        })
    }

    pub(crate) fn role(&self, role: &str) -> String {
        format!("{}_{role}", self.database.name())
    }

    pub(crate) fn settings(&self) -> DatabaseSettings {
        self.settings_without_owner()
            .with_owner_url(self.database.url_as(&self.role("owner"), "o"))
    }

    /// As a process in production has them.
    pub(crate) fn settings_without_owner(&self) -> DatabaseSettings {
        let blog = "blog".parse().unwrap();
        DatabaseSettings::new(self.database.url_as(&self.role("app"), "a"))
            .with_host_url(self.database.url_as(&self.role("host"), "h"))
            .with_search_path(["goplt".to_owned(), schema_name(&blog)])
    }

    pub(crate) async fn open(&self) -> TenantDb {
        TenantDb::open(&self.settings(), &self.mint).await.unwrap()
    }

    pub(crate) async fn migrate(&self, module: &Module) -> Result<MigrationReport, MigrationError> {
        let db = self.open().await;
        migration::run(&db, &[kernel_migrations(), module.migrations()]).await
    }

    pub(crate) fn scope(&self, tenant: &str) -> RequestContext {
        let cx = RequestContext::new("req-1".parse().unwrap());
        self.mint.enter(cx, tenant.parse().unwrap()).unwrap()
    }

    /// What a statement of the superuser yields.
    pub(crate) fn text(&self, sql: &str) -> String {
        self.database.text(sql).unwrap()
    }
}
