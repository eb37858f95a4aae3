//! What the tests of the data layer share: a small schema, two tenants, one mint.
#![allow(
    dead_code,
    unused_imports,
    unreachable_pub,
    reason = "each test file uses its part"
)]

use goplt_core::{
    ModuleName, RequestContext, TenantId,
    data::{
        DatabaseSettings, FromRow, HostScope, ScopeMint, TenantDb, TenantScope,
        migration::{self, ModuleMigrations},
    },
    manifest::{Dialect, Migration},
};

/// As `include_manifest!` would write it.
macro_rules! tenant_sql {
    ($($sql:tt)*) => {
        goplt_macros::__tenant_sql!(tables = ["shop_items", "shop_kinds"]; $($sql)*)
    };
}

macro_rules! host_sql {
    ($($sql:tt)*) => {
        goplt_macros::__host_sql!(tables = ["shop_items"]; $($sql)*)
    };
}

pub(crate) use {host_sql, tenant_sql};

const SCHEMA: Migration = Migration::from_static(
    1,
    "items",
    Dialect::Any,
    "CREATE TABLE shop_items (
         tenant_id TEXT NOT NULL,
         id BIGINT NOT NULL,
         name TEXT NOT NULL,
         PRIMARY KEY (tenant_id, id)
     );
     CREATE UNIQUE INDEX shop_items_name ON shop_items (tenant_id, name);
     CREATE TABLE shop_kinds (
         tenant_id TEXT NOT NULL,
         id BIGINT NOT NULL,
         a_bool BOOLEAN,
         a_small SMALLINT,
         an_int INTEGER,
         a_big BIGINT,
         a_double DOUBLE PRECISION,
         a_text TEXT,
         some_bytes BYTEA,
         a_uuid UUID,
         a_time TIMESTAMPTZ,
         some_json JSONB,
         PRIMARY KEY (tenant_id, id)
     );",
);

#[derive(Debug, Clone, PartialEq, FromRow)]
pub struct Item {
    pub id: i64,
    pub name: String,
}

/// A database with the schema in it.
pub struct Shop {
    pub db: TenantDb,
    pub mint: ScopeMint,
}

impl Shop {
    pub async fn open() -> Self {
        Self::with(&DatabaseSettings::in_memory()).await
    }

    pub async fn with(settings: &DatabaseSettings) -> Self {
        let mint = ScopeMint::new();
        let db = TenantDb::open(settings, &mint).await.unwrap();
        let name = module();
        let tables = ["shop_items".to_owned(), "shop_kinds".to_owned()];
        let files = [SCHEMA];
        let shop = ModuleMigrations::new(&name, &files).with_tenant_tables(&tables);
        migration::run(&db, &[shop]).await.unwrap();
        Self { db, mint }
    }

    pub fn scope(&self, tenant: &str) -> TenantScope {
        self.enter(context(), tenant)
    }

    pub fn enter(&self, cx: RequestContext, tenant: &str) -> TenantScope {
        let tenant: TenantId = tenant.parse().unwrap();
        self.mint
            .enter(cx, tenant)
            .unwrap()
            .scope()
            .unwrap()
            .clone()
    }

    pub fn host(&self) -> HostScope {
        self.mint.host_scope(module(), "tests look across tenants")
    }

    pub async fn add(&self, tenant: &str, id: i64, name: &str) {
        let mut tx = self.db.begin(&self.scope(tenant)).await.unwrap();
        let sql = tenant_sql!("INSERT INTO shop_items (id, name) VALUES (?, ?)", id, name);
        assert_eq!(tx.execute(sql).await.unwrap(), 1);
        tx.commit().await.unwrap();
    }

    pub async fn items(&self, tenant: &str) -> Vec<Item> {
        let mut tx = self.db.begin_read(&self.scope(tenant)).await.unwrap();
        tx.fetch_all(tenant_sql!("SELECT id, name FROM shop_items ORDER BY id"))
            .await
            .unwrap()
    }

    pub async fn count(&self) -> i64 {
        let mut tx = self.db.begin_host_read(&self.host()).await.unwrap();
        tx.fetch_one(host_sql!("SELECT count(*) FROM shop_items"))
            .await
            .unwrap()
    }
}

pub fn context() -> RequestContext {
    RequestContext::new("req-1".parse().unwrap())
}

fn module() -> ModuleName {
    "shop".parse().unwrap()
}
