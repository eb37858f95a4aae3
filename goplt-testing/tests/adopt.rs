//! Tables that were there before goplt get its locks by the text of `docs/tenancy.md`, one step after the other.
#![cfg(feature = "postgres")]
#![expect(clippy::unwrap_used, reason = "a test ends where it fails")]

use goplt_core::{
    RequestContext,
    data::{DatabaseSettings, DbError, ScopeMint, TenantDb, TenantTx},
};
use goplt_testing::backend::{self, postgres::Database};

const DOCS: &str = include_str!("../../docs/tenancy.md");

macro_rules! notes_sql {
    ($($sql:tt)*) => { goplt_core::data::tenant_sql!(tables = ["notes"]; $($sql)*) };
}

/// The database as the application had it.
const BEFORE: &str = "
    CREATE TABLE customers (id BIGINT PRIMARY KEY, slug TEXT NOT NULL UNIQUE);
    CREATE TABLE notes (
        id BIGINT PRIMARY KEY,
        customer_id BIGINT NOT NULL REFERENCES customers (id),
        slug TEXT NOT NULL,
        text TEXT NOT NULL
    );
    CREATE UNIQUE INDEX notes_slug ON notes (slug);
    INSERT INTO customers VALUES (7, 'acme'), (8, 'globex');
    INSERT INTO notes VALUES (1, 7, 'bank', 'call the bank'), (2, 8, 'boat', 'buy a boat');";

/// A piece of SQL in the page, with the role's name as this database has it.
fn step(name: &str, database: &Database) -> String {
    let (begin, end) = (format!("-- begin: {name}\n"), format!("-- end: {name}\n"));
    let from = DOCS.find(&begin).unwrap() + begin.len();
    let length = DOCS[from..].find(&end).unwrap();
    DOCS[from..from + length].replace("notes_app", &app(database))
}

fn app(database: &Database) -> String {
    format!("{}_app", database.name())
}

struct Adopted {
    database: Database,
    db: TenantDb,
    mint: ScopeMint,
}

impl Adopted {
    async fn up_to(steps: &[&str]) -> Option<Self> {
        let database = backend::postgres()?.database();
        database.execute(BEFORE).unwrap();
        let app = app(&database);
        database
            .execute(&format!("CREATE ROLE {app} LOGIN PASSWORD 'secret'"))
            .unwrap();
        for name in steps {
            database.execute(&step(name, &database)).unwrap();
        }
        if !steps.contains(&"lock") {
            let grant = format!("GRANT SELECT, INSERT, UPDATE, DELETE ON notes TO {app}");
            database.execute(&grant).unwrap();
        }
        let mint = ScopeMint::new();
        let settings = DatabaseSettings::new(database.url_as(&app, "secret"));
        let db = TenantDb::open(&settings, &mint).await.unwrap();
        Some(Self { database, db, mint })
    }

    async fn begin(&self, tenant: &str) -> TenantTx {
        let cx = RequestContext::new("r-1".parse().unwrap());
        let cx = self.mint.enter(cx, tenant.parse().unwrap()).unwrap();
        self.db.begin(cx.scope().unwrap()).await.unwrap()
    }

    async fn texts(&self, tenant: &str) -> Vec<String> {
        let mut tx = self.begin(tenant).await;
        tx.fetch_all(notes_sql!("SELECT text FROM notes ORDER BY id"))
            .await
            .unwrap()
    }

    async fn add(&self, tenant: &str, id: i64, slug: &str) -> Result<(), DbError> {
        let mut tx = self.begin(tenant).await;
        let note = notes_sql!(
            "INSERT INTO notes (id, customer_id, slug, text) VALUES (?, ?, ?, 'new')",
            id,
            7_i64,
            slug
        );
        tx.execute(note).await?;
        tx.commit().await
    }
}

#[tokio::test]
async fn with_column_keys_and_code_each_tenant_has_its_own_rows() {
    let Some(notes) = Adopted::up_to(&["column", "keys"]).await else {
        return;
    };
    assert_eq!(notes.texts("acme").await, ["call the bank"]);
    assert_eq!(notes.texts("globex").await, ["buy a boat"]);
    notes.add("acme", 2, "boat").await.unwrap();
    assert_eq!(notes.texts("acme").await, ["call the bank", "new"]);
    let twice = notes.add("acme", 3, "boat").await.unwrap_err();
    assert!(twice.is_unique_violation(), "{twice:?}");
    assert_eq!(notes.texts("globex").await, ["buy a boat"]);
    notes.db.close().await;
}

#[tokio::test]
async fn with_the_database_lock_nobody_sees_a_row_without_a_tenant() {
    let Some(notes) = Adopted::up_to(&["column", "keys", "lock"]).await else {
        return;
    };
    notes.add("acme", 2, "boat").await.unwrap();
    assert_eq!(notes.texts("acme").await, ["call the bank", "new"]);
    assert_eq!(notes.texts("globex").await, ["buy a boat"]);

    let app = app(&notes.database);
    let by_hand = |sql: &str| notes.database.execute_as(&app, "secret", sql);
    assert_eq!(by_hand("SELECT id FROM notes").unwrap().len(), 0);
    let as_acme = "SET LOCAL goplt.tenant = 'acme';";
    assert_eq!(
        by_hand(&format!("{as_acme} SELECT id FROM notes"))
            .unwrap()
            .len(),
        2
    );
    let foreign = format!("{as_acme} INSERT INTO notes VALUES (9, 7, 'x', 'x', 'globex')");
    assert_eq!(by_hand(&foreign).unwrap_err().code(), Some("42501"));
    notes.db.close().await;
}

#[tokio::test]
async fn code_that_has_not_moved_goes_on_by_a_policy_of_its_own() {
    let Some(notes) = Adopted::up_to(&["column", "keys", "lock"]).await else {
        return;
    };
    let old = format!("{}_old", notes.database.name());
    let setup = format!(
        "CREATE ROLE {old} LOGIN PASSWORD 'secret'; GRANT SELECT ON notes TO {old}; \
         CREATE POLICY old ON notes TO {old} USING (true)"
    );
    notes.database.execute(&setup).unwrap();
    let all = notes
        .database
        .execute_as(&old, "secret", "SELECT id FROM notes")
        .unwrap();
    assert_eq!(all.len(), 2);
    assert_eq!(notes.texts("acme").await, ["call the bank"]);
    notes.db.close().await;
}
