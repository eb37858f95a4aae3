//! A tenant's scope finds its database; work across tenants goes through all of them, or is told.
#![cfg(feature = "sqlite")]
#![expect(clippy::unwrap_used, reason = "a test ends where it fails")]

use goplt_core::{
    RequestContext,
    data::{
        DatabaseSettings, DbError, ScopeMint, TenantDb, TenantScope, doctor, kernel_migrations,
        migration::{self, ModuleMigrations},
    },
    manifest::Migration,
};

macro_rules! host_sql {
    ($($sql:tt)*) => {
        goplt_macros::__host_sql!(
            tables = ["kv_pairs", "kv_kinds"]; of_tenants = ["kv_pairs"]; $($sql)*
        )
    };
}

struct Two {
    db: TenantDb,
    mint: ScopeMint,
}

fn two() -> DatabaseSettings {
    DatabaseSettings::in_memory().with_placement(
        "big".parse().unwrap(),
        DatabaseSettings::in_memory(),
        ["globex".parse().unwrap()],
    )
}

fn files(sql: &'static str) -> [Migration; 1] {
    [Migration::parse_file_name("V0001__pairs.sql")
        .unwrap()
        .with_sql(sql)]
}

const PAIRS: &str = "CREATE TABLE kv_pairs (tenant_id TEXT NOT NULL, k BIGINT NOT NULL, PRIMARY KEY (tenant_id, k)); \
                     CREATE TABLE kv_kinds (k BIGINT PRIMARY KEY);";

impl Two {
    async fn open() -> Self {
        let mint = ScopeMint::new();
        let db = TenantDb::open(&two(), &mint).await.unwrap();
        let (name, files) = ("kv".parse().unwrap(), files(PAIRS));
        let tables = ["kv_pairs".to_owned()];
        let kv = ModuleMigrations::new(&name, &files).with_tenant_tables(&tables);
        let report = migration::run(&db, &[kv]).await.unwrap();
        let placements: Vec<_> = report
            .applied()
            .iter()
            .map(|applied| applied.placement.as_ref().map(ToString::to_string))
            .collect();
        assert_eq!(placements, [None, Some("big".to_owned())]);
        Self { db, mint }
    }

    fn scope(&self, tenant: &str) -> TenantScope {
        let cx = RequestContext::new("req-1".parse().unwrap());
        let cx = self.mint.enter(cx, tenant.parse().unwrap()).unwrap();
        cx.scope().unwrap().clone()
    }

    async fn put(&self, db: &TenantDb, tenant: &str, key: i64) {
        let mut tx = db.begin(&self.scope(tenant)).await.unwrap();
        let sql = goplt_core::data::tenant_sql!(
            tables = ["kv_pairs"]; "INSERT INTO kv_pairs (k) VALUES (?)", key
        );
        tx.execute(sql).await.unwrap();
        tx.commit().await.unwrap();
    }
}

#[tokio::test]
async fn each_database_has_the_rows_of_its_tenants_whichever_handle_wrote_them() {
    let two = Two::open().await;
    let big = two.db.databases().nth(1).unwrap();
    two.put(&two.db, "acme", 1).await;
    two.put(&two.db, "globex", 2).await;
    two.put(&big, "acme", 3).await;
    let host = two.mint.host_scope("kv".parse().unwrap(), "a test looks");
    let mut found = Vec::new();
    for db in two.db.databases() {
        let mut tx = db.begin_host_read(&host).await.unwrap();
        let sql = host_sql!("SELECT tenant_id, k FROM kv_pairs ORDER BY k");
        found.push(tx.fetch_all::<(String, i64)>(sql).await.unwrap());
    }
    let pair = |tenant: &str, key| (tenant.to_owned(), key);
    assert_eq!(found[0], [pair("acme", 1), pair("acme", 3)]);
    assert_eq!(found[1], [pair("globex", 2)]);

    let (acme, globex) = ("acme".parse().unwrap(), "globex".parse().unwrap());
    assert!(big.holds(&globex) && !big.holds(&acme));
    assert!(two.db.holds(&globex) && two.db.holds(&acme));
    assert_eq!(two.db.placement(), None);
    assert_eq!(big.placement().unwrap().as_str(), "big");
    assert_eq!(two.db.database_of(&globex).placement(), big.placement());
    assert_eq!(big.placed_tenants().collect::<Vec<_>>(), [&globex]);
}

#[tokio::test]
async fn a_statement_across_tenants_on_one_of_several_databases_is_refused_with_the_mend() {
    let two = Two::open().await;
    let host = two.mint.host_scope("kv".parse().unwrap(), "a test looks");
    let mut tx = two.db.begin_host(&host).await.unwrap();
    let refused = tx.execute(host_sql!("DELETE FROM kv_pairs")).await;
    let error = refused.unwrap_err();
    assert!(matches!(error, DbError::SomeTenants), "{error}");
    assert!(error.to_string().contains("for db in db.databases()"));
    // What belongs to no tenant is at home.
    let kinds = tx.execute(host_sql!("INSERT INTO kv_kinds (k) VALUES (1)"));
    assert_eq!(kinds.await.unwrap(), 1);
    tx.commit().await.unwrap();
}

#[tokio::test]
async fn what_is_wrong_in_a_placement_is_told_with_its_name() {
    let two = Two::open().await;
    let (name, changed) = (
        "kv".parse().unwrap(),
        files("CREATE TABLE kv_pairs (k BIGINT)"),
    );
    let tables = ["kv_pairs".to_owned()];
    let changed = ModuleMigrations::new(&name, &changed).with_tenant_tables(&tables);
    let big = two.db.databases().nth(1).unwrap();
    let error = migration::run(&big, &[changed]).await.unwrap_err();
    assert_eq!(error.to_string(), "the database of the placement `big`");
    assert_eq!(error.problems().len(), 1);

    let plan = migration::plan(&two.db, &[kernel_migrations()])
        .await
        .unwrap();
    let text = plan.to_string();
    assert!(
        text.contains("core/V0001__events.sqlite.sql in the placement `big`"),
        "{text}"
    );

    let files = files(PAIRS);
    let undeclared = ModuleMigrations::new(&name, &files);
    let diagnosis = doctor::examine(&two.db, &[undeclared]).await.unwrap();
    let text = diagnosis.to_string();
    assert!(text.contains("- in the placement `big`: "), "{text}");
    assert_eq!(diagnosis.tables(), 2);
}

#[tokio::test]
async fn placements_that_contradict_one_another_are_not_opened() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| {
        DatabaseSettings::new(format!("sqlite:{}", folder.path().join(name).display()))
    };
    let open = async |settings: DatabaseSettings| {
        let error = TenantDb::open(&settings, &ScopeMint::new()).await;
        error.unwrap_err().to_string()
    };
    std::fs::create_dir(folder.path().join("x")).unwrap();
    let (big, huge) = ("big".parse().unwrap(), "huge".parse().unwrap());
    let same = at("a.db").with_placement(big, at("x/../a.db"), []);
    let error = open(same).await;
    assert!(
        error.contains("its database is that of the home database"),
        "{error}"
    );

    let big = "big".parse().unwrap();
    let globex = || ["globex".parse().unwrap()];
    let twice = at("a.db")
        .with_placement(big, at("b.db"), globex())
        .with_placement(huge, at("c.db"), globex());
    let error = open(twice).await;
    assert!(
        error.contains("the tenant `globex` is placed in `big` already"),
        "{error}"
    );

    let big = "big".parse().unwrap();
    let no_url = at("a.db").with_placement(big, DatabaseSettings::new("nothing"), []);
    let error = open(no_url).await;
    assert!(
        error.contains("the placement `big` cannot be used: its URL"),
        "{error}"
    );
}
