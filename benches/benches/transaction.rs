//! Reads in a transaction, on SQLite: with a tenant scope and `tenant_sql!`, and plainly with
//! sqlx; one row, and rows as structs by both libraries' `FromRow`.

use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use goplt_benches::{ProcessorTime, measured};
use goplt_core::{
    RequestContext, Uuid,
    data::{DatabaseSettings, FromRow, ScopeMint, TenantDb},
};
use sqlx::{
    Connection as _, Row, SqliteConnection,
    sqlite::{SqliteRow, SqliteTypeInfo, SqliteValueRef},
};
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

/// The same for sqlx, with what its derive writes.
struct PlainNote {
    id: PlainUuid,
    title: String,
    version: i64,
}

impl<'r> sqlx::FromRow<'r, SqliteRow> for PlainNote {
    fn from_row(row: &'r SqliteRow) -> Result<Self, sqlx::Error> {
        Ok(Self {
            id: row.try_get("id")?,
            title: row.try_get("title")?,
            version: row.try_get("version")?,
        })
    }
}

/// A UUID in the driver's form, without the feature of sqlx that has one.
struct PlainUuid(Uuid);

impl sqlx::Type<sqlx::Sqlite> for PlainUuid {
    fn type_info() -> SqliteTypeInfo {
        <[u8] as sqlx::Type<sqlx::Sqlite>>::type_info()
    }
}

impl<'r> sqlx::Decode<'r, sqlx::Sqlite> for PlainUuid {
    fn decode(value: SqliteValueRef<'r>) -> Result<Self, sqlx::error::BoxDynError> {
        let bytes = <&[u8] as sqlx::Decode<sqlx::Sqlite>>::decode(value)?;
        Ok(Self(Uuid::from_bytes(bytes.try_into()?)))
    }
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

/// The first `count` notes of the tenant.
async fn scoped_rows(db: &TenantDb, cx: &RequestContext, count: u32) -> Vec<Note> {
    let mut tx = db
        .begin_read(cx.scope().expect("a tenant"))
        .await
        .expect("a transaction");
    let sql = tenant_sql!(
        "SELECT id, title, version FROM bench_notes WHERE id < ? ORDER BY id",
        id(count)
    );
    tx.fetch_all(sql).await.expect("the notes")
}

async fn plain_rows(connection: &Mutex<SqliteConnection>, count: u32) -> Vec<PlainNote> {
    let mut connection = connection.lock().await;
    let mut tx = connection.begin().await.expect("a transaction");
    let sql = "SELECT id, title, version FROM bench_notes WHERE tenant_id = ? AND id < ? \
         ORDER BY id";
    let notes = sqlx::query_as(sql)
        .bind("tenant-0")
        .bind(id(count).as_bytes().as_slice())
        .fetch_all(&mut *tx)
        .await;
    tx.rollback().await.expect("the end");
    notes.expect("the notes")
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

/// What is read of the rows, so that no part of the reading is left out.
fn seen(notes: impl Iterator<Item = (Uuid, String, i64)>) -> usize {
    notes.map(black_box).count()
}

fn rows(c: &mut Criterion<ProcessorTime>) {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .expect("a runtime");
    let dir = tempfile::tempdir().expect("a folder");
    let path = dir.path().join("bench.db");
    let connection = runtime.block_on(fill(&path, 1, 1_000));
    let mint = ScopeMint::new();
    let settings = DatabaseSettings::new(format!("sqlite:{}", path.display()));
    let db = runtime
        .block_on(TenantDb::open(&settings, &mint))
        .expect("the database");
    let cx = RequestContext::new("req-1".parse().expect("an id"));
    let cx = mint
        .enter(cx, "tenant-0".parse().expect("a tenant"))
        .expect("no other tenant");
    let mut group = c.benchmark_group("rows as structs");
    for count in [1, 100] {
        group.bench_function(format!("scoped, {count} rows"), |b| {
            b.to_async(&runtime).iter(|| async {
                let notes = scoped_rows(&db, &cx, count).await.into_iter();
                seen(notes.map(|note| (note.id, note.title, note.version)))
            });
        });
        group.bench_function(format!("plain sqlx, {count} rows"), |b| {
            b.to_async(&runtime).iter(|| async {
                let notes = plain_rows(&connection, count).await.into_iter();
                seen(notes.map(|note| (note.id.0, note.title, note.version)))
            });
        });
    }
    group.finish();
    runtime.block_on(db.close());
}

criterion_group! {
    name = benches;
    config = measured();
    targets = read, rows
}
criterion_main!(benches);
