//! One indexed read in a transaction, on SQLite: with a tenant scope, and plainly with sqlx.

use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use goplt_benches::{ProcessorTime, measured};
use goplt_core::{
    RequestContext, Uuid,
    data::{DatabaseSettings, FromRow, ScopeMint, TenantDb},
};
use sqlx::{Connection as _, Row, SqliteConnection};
use tokio::sync::Mutex;

/// As `include_manifest!` makes it for a module with this table.
macro_rules! tenant_sql {
    ($($sql:tt)*) => { goplt_macros::__tenant_sql!(tables = ["bench_notes"]; $($sql)*) };
}

#[derive(FromRow)]
struct Note {
    id: Uuid,
    title: String,
    version: i64,
}

const TABLE: &str = "CREATE TABLE bench_notes (tenant_id TEXT NOT NULL, id UUID NOT NULL, \
     title TEXT NOT NULL, version BIGINT NOT NULL, PRIMARY KEY (tenant_id, id))";

/// `rows` notes of each tenant, and the connection to read them plainly: without a pool, the least
/// that sqlx costs.
async fn fill(path: &std::path::Path, tenants: u32, rows: u32) -> Mutex<SqliteConnection> {
    let url = format!("sqlite:{}?mode=rwc", path.display());
    let mut plain = SqliteConnection::connect(&url).await.expect("a database");
    sqlx::query("PRAGMA journal_mode = WAL")
        .execute(&mut plain)
        .await
        .expect("WAL");
    sqlx::query(TABLE)
        .execute(&mut plain)
        .await
        .expect("a table");
    let mut tx = plain.begin().await.expect("a transaction");
    for tenant in 0..tenants {
        for row in 0..rows {
            sqlx::query("INSERT INTO bench_notes VALUES (?, ?, 'a title', 1)")
                .bind(format!("tenant-{tenant}"))
                .bind(id(row).as_bytes().as_slice())
                .execute(&mut *tx)
                .await
                .expect("a row");
        }
    }
    tx.commit().await.expect("a commit");
    Mutex::new(plain)
}

fn id(row: u32) -> Uuid {
    Uuid::from_bytes(u128::from(row).to_be_bytes())
}

async fn scoped(db: &TenantDb, cx: &RequestContext) -> (Uuid, String, i64) {
    let mut tx = db
        .begin_read(cx.scope().expect("a tenant"))
        .await
        .expect("a transaction");
    let sql = tenant_sql!(
        "SELECT id, title, version FROM bench_notes WHERE id = ?",
        id(7)
    );
    let note: Note = tx.fetch_one(sql).await.expect("the note");
    (note.id, note.title, note.version)
}

async fn plain(connection: &Mutex<SqliteConnection>) -> (Vec<u8>, String, i64) {
    let mut connection = connection.lock().await;
    let mut tx = connection.begin().await.expect("a transaction");
    let sql = "SELECT id, title, version FROM bench_notes WHERE tenant_id = ? AND id = ?";
    let row = sqlx::query(sql)
        .bind("tenant-0")
        .bind(id(7).as_bytes().as_slice())
        .fetch_one(&mut *tx)
        .await
        .expect("the note");
    tx.rollback().await.expect("the end");
    (row.get(0), row.get(1), row.get(2))
}

fn read(c: &mut Criterion<ProcessorTime>) {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .expect("a runtime");
    let mut group = c.benchmark_group("transaction with one read");
    for (tenants, rows) in [(1, 1_000), (1_000, 20)] {
        let dir = tempfile::tempdir().expect("a folder");
        let path = dir.path().join("bench.db");
        let connection = runtime.block_on(fill(&path, tenants, rows));
        let mint = ScopeMint::new();
        let settings = DatabaseSettings::new(format!("sqlite:{}", path.display()));
        let db = runtime
            .block_on(TenantDb::open(&settings, &mint))
            .expect("the database");
        let cx = RequestContext::new("req-1".parse().expect("an id"));
        let cx = mint
            .enter(cx, "tenant-0".parse().expect("a tenant"))
            .expect("no other tenant");
        group.bench_function(format!("scoped, {tenants} tenants"), |b| {
            b.to_async(&runtime)
                .iter(|| async { black_box(scoped(&db, &cx).await) });
        });
        group.bench_function(format!("plain sqlx, {tenants} tenants"), |b| {
            b.to_async(&runtime)
                .iter(|| async { black_box(plain(&connection).await) });
        });
        runtime.block_on(db.close());
    }
    group.finish();
}

criterion_group! {
    name = benches;
    config = measured();
    targets = read
}
criterion_main!(benches);
