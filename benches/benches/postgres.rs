//! Transactions on PostgreSQL: with a tenant scope under row-level security, and plainly with sqlx without either.
//! Wall time, since most of it passes in the server.

use std::{hint::black_box, time::Duration};

use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};
use goplt_core::{
    RequestContext, Uuid,
    data::{
        FromRow, ScopeMint, TenantDb,
        migration::{self, ModuleMigrations},
    },
    manifest::{Dialect, Migration},
};
use goplt_testing::{backend::postgres::Database, conformance::postgres::prepared};
use sqlx::{
    Connection as _, PgConnection, PgPool, Row,
    postgres::{PgPoolOptions, PgRow, PgValueRef},
};
use tokio::{runtime::Runtime, sync::Mutex};

/// As `include_manifest!` makes it for a module with this table.
macro_rules! tenant_sql {
    ($($sql:tt)*) => { goplt_macros::__tenant_sql!(tables = ["shop_notes"]; $($sql)*) };
}

#[derive(FromRow)]
struct Note {
    id: Uuid,
    title: String,
    version: i64,
}

/// The same for sqlx, with what its derive writes.
struct PlainNote {
    id: PgUuid,
    title: String,
    version: i64,
}

impl<'r> sqlx::FromRow<'r, PgRow> for PlainNote {
    fn from_row(row: &'r PgRow) -> Result<Self, sqlx::Error> {
        Ok(Self {
            id: row.try_get("id")?,
            title: row.try_get("title")?,
            version: row.try_get("version")?,
        })
    }
}

const TABLE: &str = "CREATE TABLE shop_notes (tenant_id TEXT NOT NULL, id UUID NOT NULL, title TEXT NOT NULL, \
     version BIGINT NOT NULL, PRIMARY KEY (tenant_id, id));";

const ONE: &str = "SELECT id, title, version FROM shop.shop_notes WHERE tenant_id = $1 AND id = $2";
const PAGE: &str = "SELECT id, title, version FROM shop.shop_notes WHERE tenant_id = $1 AND id > $2 ORDER BY id LIMIT 20";

const ROWS: &str =
    "SELECT id, title, version FROM shop.shop_notes WHERE tenant_id = $1 AND id <= $2 ORDER BY id";

/// A filled database, with goplt's way to it and the plain one.
struct World {
    db: TenantDb,
    cx: RequestContext,
    plain: Mutex<PgConnection>,
    pool: PgPool,
    // Last: it goes when nobody uses it.
    _database: Database,
}

impl World {
    /// `rows` notes of each tenant.
    async fn new(
        server: &goplt_testing::backend::postgres::Server,
        tenants: u32,
        rows: u32,
    ) -> Self {
        let (database, settings) = prepared(server);
        let mint = ScopeMint::new();
        let db = TenantDb::open(&settings, &mint).await.expect("a database");
        let (shop, tables) = ("shop".parse().expect("a name"), ["shop_notes".to_owned()]);
        let files = [Migration::from_static(1, "notes", Dialect::Any, TABLE)];
        let shop = ModuleMigrations::new(&shop, &files).with_tenant_tables(&tables);
        migration::run(&db, &[shop]).await.expect("a table");
        let fill = format!(
            "INSERT INTO shop.shop_notes SELECT 'tenant-' || t, lpad(to_hex(n), 32, '0')::uuid, 'a title', 1 \
             FROM generate_series(0, {tenants} - 1) t, generate_series(1, {rows}) n"
        );
        database.execute(&fill).expect("rows");
        database
            .execute("VACUUM ANALYZE shop.shop_notes")
            .expect("statistics");
        let cx = RequestContext::new("req-1".parse().expect("an id"));
        let cx = mint
            .enter(cx, "tenant-0".parse().expect("a tenant"))
            .expect("no other tenant");
        // The superuser: no policy is asked.
        let plain = PgConnection::connect(&database.url()).await;
        let pool = PgPoolOptions::new()
            .max_connections(25)
            .connect(&database.url())
            .await;
        Self {
            db,
            cx,
            plain: Mutex::new(plain.expect("a connection")),
            pool: pool.expect("a pool"),
            _database: database,
        }
    }

    async fn close(self) {
        self.db.close().await;
        self.pool.close().await;
        drop(self);
    }

    async fn scoped_read(&self) -> (Uuid, String, i64) {
        let scope = self.cx.scope().expect("a tenant");
        let mut tx = self.db.begin_read(scope).await.expect("a transaction");
        let sql = tenant_sql!(
            "SELECT id, title, version FROM shop_notes WHERE id = ?",
            id(7)
        );
        let note: Note = tx.fetch_one(sql).await.expect("the note");
        tx.commit().await.expect("the end");
        (note.id, note.title, note.version)
    }

    async fn scoped_write(&self) {
        let scope = self.cx.scope().expect("a tenant");
        let mut tx = self.db.begin(scope).await.expect("a transaction");
        let sql = tenant_sql!(
            "UPDATE shop_notes SET version = version + 1 WHERE id = ?",
            id(7)
        );
        assert_eq!(tx.execute(sql).await.expect("the note"), 1);
        tx.commit().await.expect("the end");
    }

    async fn scoped_page(&self) -> usize {
        let scope = self.cx.scope().expect("a tenant");
        let mut tx = self.db.begin_read(scope).await.expect("a transaction");
        let sql = tenant_sql!(
            "SELECT id, title, version FROM shop_notes WHERE id > ? ORDER BY id LIMIT 20",
            id(0)
        );
        let notes: Vec<Note> = tx.fetch_all(sql).await.expect("a page");
        tx.commit().await.expect("the end");
        notes.len()
    }

    async fn plain_read(&self) -> (String, i64) {
        let mut connection = self.plain.lock().await;
        let mut tx = connection.begin().await.expect("a transaction");
        let row = sqlx::query(ONE)
            .bind("tenant-0")
            .bind(PgUuid(id(7)))
            .fetch_one(&mut *tx)
            .await;
        tx.commit().await.expect("the end");
        let row = row.expect("the note");
        (row.get(1), row.get(2))
    }

    async fn plain_write(&self) {
        let mut connection = self.plain.lock().await;
        let mut tx = connection.begin().await.expect("a transaction");
        sqlx::query(
            "UPDATE shop.shop_notes SET version = version + 1 WHERE tenant_id = $1 AND id = $2",
        )
        .bind("tenant-0")
        .bind(PgUuid(id(7)))
        .execute(&mut *tx)
        .await
        .expect("the note");
        tx.commit().await.expect("the end");
    }

    async fn plain_page(&self) -> usize {
        let mut connection = self.plain.lock().await;
        let mut tx = connection.begin().await.expect("a transaction");
        let rows = sqlx::query(PAGE)
            .bind("tenant-0")
            .bind(PgUuid(id(0)))
            .fetch_all(&mut *tx)
            .await;
        tx.commit().await.expect("the end");
        rows.expect("a page").len()
    }

    /// The first `count` notes of the tenant.
    async fn scoped_rows(&self, count: u32) -> Vec<Note> {
        let scope = self.cx.scope().expect("a tenant");
        let mut tx = self.db.begin_read(scope).await.expect("a transaction");
        let sql = tenant_sql!(
            "SELECT id, title, version FROM shop_notes WHERE id <= ? ORDER BY id",
            id(count)
        );
        let notes = tx.fetch_all(sql).await.expect("the notes");
        tx.commit().await.expect("the end");
        notes
    }

    async fn plain_rows(&self, count: u32) -> Vec<PlainNote> {
        let mut connection = self.plain.lock().await;
        let mut tx = connection.begin().await.expect("a transaction");
        let notes = sqlx::query_as(ROWS)
            .bind("tenant-0")
            .bind(PgUuid(id(count)))
            .fetch_all(&mut *tx)
            .await;
        tx.commit().await.expect("the end");
        notes.expect("the notes")
    }

    async fn pooled_read(&self) -> (String, i64) {
        let mut tx = self.pool.begin().await.expect("a transaction");
        let row = sqlx::query(ONE)
            .bind("tenant-0")
            .bind(PgUuid(id(7)))
            .fetch_one(&mut *tx)
            .await;
        tx.commit().await.expect("the end");
        let row = row.expect("the note");
        (row.get(1), row.get(2))
    }
}

/// A UUID in the driver's form, without the feature of sqlx that has one.
struct PgUuid(Uuid);

impl sqlx::Type<sqlx::Postgres> for PgUuid {
    fn type_info() -> sqlx::postgres::PgTypeInfo {
        sqlx::postgres::PgTypeInfo::with_oid(sqlx::postgres::types::Oid(2950))
    }
}

impl sqlx::Encode<'_, sqlx::Postgres> for PgUuid {
    fn encode_by_ref(
        &self,
        buffer: &mut sqlx::postgres::PgArgumentBuffer,
    ) -> Result<sqlx::encode::IsNull, sqlx::error::BoxDynError> {
        buffer.extend_from_slice(self.0.as_bytes());
        Ok(sqlx::encode::IsNull::No)
    }
}

impl<'r> sqlx::Decode<'r, sqlx::Postgres> for PgUuid {
    fn decode(value: PgValueRef<'r>) -> Result<Self, sqlx::error::BoxDynError> {
        Ok(Self(Uuid::from_bytes(value.as_bytes()?.try_into()?)))
    }
}

fn id(row: u32) -> Uuid {
    Uuid::from_bytes(u128::from(row).to_be_bytes())
}

fn transactions(c: &mut Criterion) {
    let Some(server) = goplt_testing::backend::postgres() else {
        return;
    };
    let runtime = Runtime::new().expect("a runtime");
    let world = runtime.block_on(World::new(&server, 1_000, 20));
    let mut group = c.benchmark_group("postgres: transaction with one read");
    group.bench_function("scoped", |b| {
        b.to_async(&runtime)
            .iter(|| async { black_box(world.scoped_read().await) });
    });
    group.bench_function("plain sqlx, held connection", |b| {
        b.to_async(&runtime)
            .iter(|| async { black_box(world.plain_read().await) });
    });
    group.bench_function("plain sqlx, its pool", |b| {
        b.to_async(&runtime)
            .iter(|| async { black_box(world.pooled_read().await) });
    });
    group.finish();
    let mut group = c.benchmark_group("postgres: transaction with one write");
    group.bench_function("scoped", |b| {
        b.to_async(&runtime).iter(|| world.scoped_write());
    });
    group.bench_function("plain sqlx, held connection", |b| {
        b.to_async(&runtime).iter(|| world.plain_write());
    });
    group.finish();
    runtime.block_on(world.close());
}

fn pages(c: &mut Criterion) {
    let Some(server) = goplt_testing::backend::postgres() else {
        return;
    };
    let runtime = Runtime::new().expect("a runtime");
    let mut group = c.benchmark_group("postgres: a page of 20 rows");
    for tenants in [1, 10_000] {
        let world = runtime.block_on(World::new(&server, tenants, 20));
        group.bench_function(BenchmarkId::new("scoped", tenants), |b| {
            b.to_async(&runtime)
                .iter(|| async { assert_eq!(world.scoped_page().await, 20) });
        });
        group.bench_function(BenchmarkId::new("plain sqlx", tenants), |b| {
            b.to_async(&runtime)
                .iter(|| async { assert_eq!(world.plain_page().await, 20) });
        });
        runtime.block_on(world.close());
    }
    group.finish();
}

/// What is read of the rows, so that no part of the reading is left out.
fn seen(notes: impl Iterator<Item = (Uuid, String, i64)>) -> usize {
    notes.map(black_box).count()
}

fn rows(c: &mut Criterion) {
    let Some(server) = goplt_testing::backend::postgres() else {
        return;
    };
    let runtime = Runtime::new().expect("a runtime");
    let world = runtime.block_on(World::new(&server, 10, 1_000));
    let mut group = c.benchmark_group("postgres: rows as structs");
    for count in [1, 100] {
        group.bench_function(BenchmarkId::new("scoped", count), |b| {
            b.to_async(&runtime).iter(|| async {
                let notes = world.scoped_rows(count).await.into_iter();
                seen(notes.map(|note| (note.id, note.title, note.version)))
            });
        });
        group.bench_function(BenchmarkId::new("plain sqlx", count), |b| {
            b.to_async(&runtime).iter(|| async {
                let notes = world.plain_rows(count).await.into_iter();
                seen(notes.map(|note| (note.id.0, note.title, note.version)))
            });
        });
    }
    group.finish();
    runtime.block_on(world.close());
}

criterion_group! {
    name = benches;
    config = Criterion::default().measurement_time(Duration::from_secs(8));
    targets = transactions, pages, rows
}
criterion_main!(benches);
