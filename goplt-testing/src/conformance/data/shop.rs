//! A small schema, two tenants, one mint.

use goplt_core::{
    ModuleName, RequestContext, TenantId,
    data::{
        FromRow, HostScope, ScopeMint, TenantDb, TenantScope,
        migration::{self, ModuleMigrations},
    },
    manifest::{Dialect, Migration},
};

use crate::conformance::{Engine, Ground};

/// As `include_manifest!` would write it.
macro_rules! tenant_sql {
    ($($sql:tt)*) => {
        goplt_macros::__tenant_sql!(tables = ["shop_items", "shop_kinds", "shop_parts"]; $($sql)*)
    };
}

macro_rules! host_sql {
    ($($sql:tt)*) => {
        goplt_macros::__host_sql!(tables = ["shop_items"]; of_tenants = ["shop_items"]; $($sql)*)
    };
}

pub(super) use {host_sql, tenant_sql};

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
     CREATE TABLE shop_parts (
         tenant_id TEXT NOT NULL,
         id BIGINT NOT NULL,
         item BIGINT NOT NULL,
         weight BIGINT NOT NULL,
         CONSTRAINT shop_parts_pkey PRIMARY KEY (tenant_id, id),
         CONSTRAINT shop_parts_item FOREIGN KEY (tenant_id, item) REFERENCES shop_items (tenant_id, id),
         CONSTRAINT shop_parts_weight CHECK (weight > 0)
     );
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

pub fn item(id: i64, name: &str) -> Item {
    let name = name.into();
    Item { id, name }
}

/// A database with the schema in it.
#[derive(Debug)]
pub struct Shop {
    pub db: TenantDb,
    pub mint: ScopeMint,
    // Last: the database goes when nobody uses it.
    _ground: Ground,
}

impl Shop {
    pub async fn open(engine: &Engine) -> Self {
        Self::on(engine.ground()).await
    }

    pub async fn on(ground: Ground) -> Self {
        let mint = ScopeMint::new();
        let db = TenantDb::open(ground.settings(), &mint).await.unwrap();
        let name = module();
        let tables = ["shop_items", "shop_kinds", "shop_parts"].map(str::to_owned);
        let host_tables = ["shop_items".to_owned()];
        let files = [SCHEMA];
        let shop = ModuleMigrations::new(&name, &files)
            .with_tenant_tables(&tables)
            .with_host_tables(&host_tables);
        migration::run(&db, &[shop]).await.unwrap();
        Self {
            db,
            mint,
            _ground: ground,
        }
    }

    pub fn scope(&self, tenant: &str) -> TenantScope {
        self.enter(context(), tenant)
    }

    pub fn enter(&self, cx: RequestContext, tenant: &str) -> TenantScope {
        let tenant: TenantId = tenant.parse().unwrap();
        let cx = self.mint.enter(cx, tenant).unwrap();
        cx.scope().unwrap().clone()
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
        let mut count = 0;
        for db in self.db.databases() {
            let mut tx = db.begin_host_read(&self.host()).await.unwrap();
            let sql = host_sql!("SELECT count(*) FROM shop_items");
            count += tx.fetch_one::<i64>(sql).await.unwrap();
        }
        count
    }
}

pub fn context() -> RequestContext {
    RequestContext::new("req-1".parse().unwrap())
}

fn module() -> ModuleName {
    "shop".parse().unwrap()
}
