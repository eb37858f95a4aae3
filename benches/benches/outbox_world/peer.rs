//! What the same rows cost without goplt: sqlx alone, with all connections at work. Nothing is loaded, leased, fanned
//! out or removed, and no row-level security is in the way: what the server and the protocol cost at least.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use goplt_core::Uuid;
use goplt_testing::backend::postgres::{Database, Server};
use sqlx::{Connection as _, Executor as _, PgConnection, Row as _};
use tokio::time::Instant;

const TABLES: &str = "CREATE TABLE inbox (tenant_id TEXT NOT NULL, group_name TEXT NOT NULL, event_id UUID NOT NULL, \
     received_at TIMESTAMPTZ NOT NULL, PRIMARY KEY (tenant_id, group_name, event_id)); \
     CREATE TABLE things (tenant_id TEXT NOT NULL, number BIGINT NOT NULL, PRIMARY KEY (tenant_id, number))";

pub(crate) struct Peer {
    database: Database,
}

impl Peer {
    pub(crate) fn new(server: &Server) -> Self {
        let database = server.database();
        database.execute(TABLES).expect("two tables");
        Self { database }
    }

    /// Events per second when so many connections do, for each `share` of them: BEGIN, one INSERT into an inbox, as
    /// many statements of a handler, COMMIT.
    pub(crate) async fn throughput(&self, events: u64, connections: u64, share: u64) -> f64 {
        self.database
            .execute("TRUNCATE inbox, things")
            .expect("empty tables");
        let mut open = Vec::new();
        for _ in 0..connections {
            let connection = PgConnection::connect(&self.database.url()).await;
            open.push(connection.expect("a connection"));
        }
        let next = Arc::new(AtomicU64::new(0));
        let began = Instant::now();
        let tasks: Vec<_> = open
            .into_iter()
            .enumerate()
            .map(|(tenant, mut pg)| {
                let next = next.clone();
                tokio::spawn(async move {
                    let tenant = format!("tenant-{tenant}");
                    loop {
                        let first = next.fetch_add(share, Ordering::Relaxed);
                        if first >= events {
                            return pg;
                        }
                        handle(&mut pg, &tenant, first, share).await;
                    }
                })
            })
            .collect();
        for task in tasks {
            let pg = task.await.expect("a task");
            pg.close().await.expect("a goodbye");
        }
        events as f64 / began.elapsed().max(Duration::from_millis(1)).as_secs_f64()
    }

    /// How many rows were written: that the work was done.
    pub(crate) async fn rows(&self) -> i64 {
        let mut pg = PgConnection::connect(&self.database.url())
            .await
            .expect("a connection");
        let counted = pg.fetch_one("SELECT count(*) FROM things").await;
        counted.expect("a number").get(0)
    }
}

async fn handle(pg: &mut PgConnection, tenant: &str, first: u64, share: u64) {
    pg.execute("BEGIN").await.expect("a transaction");
    let ids: Vec<Uuid> = (first..first + share)
        .map(|number| Uuid::from_bytes(u128::from(number).to_be_bytes()))
        .collect();
    sqlx::query(
        "INSERT INTO inbox SELECT $1, 'bench', id, now() FROM unnest($2::text[]::uuid[]) id",
    )
    .bind(tenant)
    .bind(ids.iter().map(Uuid::to_string).collect::<Vec<_>>())
    .execute(&mut *pg)
    .await
    .expect("rows of the inbox");
    for number in first..first + share {
        sqlx::query("INSERT INTO things (tenant_id, number) VALUES ($1, $2)")
            .bind(tenant)
            .bind(i64::try_from(number).expect("a number"))
            .execute(&mut *pg)
            .await
            .expect("a row");
    }
    pg.execute("COMMIT").await.expect("a commit");
}
