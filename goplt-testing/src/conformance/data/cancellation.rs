//! Requests that are dropped at any moment leave nothing half done behind, however many there are.

use std::{pin::pin, sync::Arc, task::Poll};

use goplt_core::{Random, data::DbError};

use super::{Shop, host_sql, tenant_sql};
use crate::conformance::Engine;

/// Writes a pair of rows in one transaction.
async fn write_pair(shop: &Shop, pair: i64) -> Result<(), DbError> {
    let mut tx = shop.db.begin(&shop.scope("acme")).await?;
    for half in [pair * 2, pair * 2 + 1] {
        let name = half.to_string();
        tx.execute(tenant_sql!(
            "INSERT INTO shop_items (id, name) VALUES (?, ?)",
            half,
            name
        ))
        .await?;
    }
    let sql = tenant_sql!("SELECT count(*) FROM shop_items a, shop_items b WHERE a.id < b.id");
    tx.fetch_one::<i64>(sql).await?;
    tx.commit().await
}

async fn read(shop: &Shop) -> Result<(), DbError> {
    let mut tx = shop.db.begin_read(&shop.scope("globex")).await?;
    let seen: i64 = tx
        .fetch_one(tenant_sql!("SELECT count(*) FROM shop_items"))
        .await?;
    assert_eq!(seen, 0, "rows of another tenant");
    Ok(())
}

/// Polls so often, then drops.
async fn cut_off(work: impl Future<Output = Result<(), DbError>>, polls: u8) {
    let mut work = pin!(work);
    for _ in 0..polls {
        let polled = std::future::poll_fn(|cx| Poll::Ready(work.as_mut().poll(cx))).await;
        if let Poll::Ready(done) = polled {
            return done.unwrap();
        }
        tokio::task::yield_now().await;
    }
}

async fn chaos(shop: Arc<Shop>, task: u64) {
    let random = Random::seeded(task);
    for round in 0..60 {
        let [polls, what] = random.bytes::<2>();
        let pair = i64::try_from(task).unwrap() * 1_000 + round;
        match what % 3 {
            0 => cut_off(read(&shop), polls % 32).await,
            // One that is not cut off must not suffer from those that are.
            1 => write_pair(&shop, pair).await.unwrap(),
            _ => cut_off(write_pair(&shop, pair), polls).await,
        }
    }
}

pub async fn dropped_requests_leave_no_transaction_and_no_half_of_one(engine: Engine) {
    let shop = Arc::new(Shop::open(&engine).await);
    let tasks: Vec<_> = (1..=6)
        .map(|task| tokio::spawn(chaos(shop.clone(), task)))
        .collect();
    for task in tasks {
        task.await.unwrap();
    }
    let mut ids: Vec<i64> = Vec::new();
    for db in shop.db.databases() {
        let mut tx = db.begin_host(&shop.host()).await.unwrap();
        let sql = host_sql!("SELECT id FROM shop_items ORDER BY id");
        ids.extend(tx.fetch_all::<i64>(sql).await.unwrap());
    }
    ids.sort_unstable();
    let (halves, rest) = ids.as_chunks::<2>();
    assert!(!halves.is_empty() && rest.is_empty(), "{} rows", ids.len());
    assert!(
        halves
            .iter()
            .all(|[one, two]| one % 2 == 0 && *two == one + 1)
    );
}

pub async fn a_transaction_goes_no_further_than_a_statement_that_was_cut_off(engine: Engine) {
    let shop = Shop::open(&engine).await;
    let insert = || tenant_sql!("INSERT INTO shop_items (id, name) VALUES (1, 'a')");
    let mut tx = loop {
        let mut tx = shop.db.begin(&shop.scope("acme")).await.unwrap();
        let mut cut = Box::pin(tx.execute(insert()));
        let first = std::future::poll_fn(|cx| Poll::Ready(cut.as_mut().poll(cx))).await;
        drop(cut);
        // On a busy machine the database may be done before the first poll is: then not cut off.
        if first.is_pending() {
            break tx;
        }
    };
    assert!(matches!(tx.execute(insert()).await, Err(DbError::Aborted)));
    assert!(matches!(tx.commit().await, Err(DbError::Aborted)));
    shop.add("acme", 1, "after").await;
}
