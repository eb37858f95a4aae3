//! Transactions are all or nothing, see one state, and end as they say.

use std::sync::{
    Arc,
    atomic::{AtomicU32, Ordering},
};

use goplt_core::{BoxError, data::DbError};

use super::{Item, Shop, item, tenant_sql};
use crate::conformance::Engine;

pub async fn a_transaction_reads_what_it_wrote(engine: Engine) {
    let shop = Shop::open(&engine).await;
    let mut tx = shop.db.begin(&shop.scope("acme")).await.unwrap();
    let sql = tenant_sql!("INSERT INTO shop_items (id, name) VALUES (1, 'anvil')");
    assert_eq!(tx.execute(sql).await.unwrap(), 1);
    let all = || tenant_sql!("SELECT id, name FROM shop_items");
    assert_eq!(
        tx.fetch_all::<Item>(all()).await.unwrap(),
        [item(1, "anvil")]
    );
    // Nobody else does before the commit.
    assert_eq!(shop.items("acme").await, []);
    tx.commit().await.unwrap();
    assert_eq!(shop.items("acme").await, [item(1, "anvil")]);
}

pub async fn a_dropped_transaction_rolls_back(engine: Engine) {
    let shop = Shop::open(&engine).await;
    let scope = shop.scope("acme");
    let mut tx = shop.db.begin(&scope).await.unwrap();
    assert!(scope.has_open_write());
    let sql = tenant_sql!("INSERT INTO shop_items (id, name) VALUES (1, 'a')");
    tx.execute(sql).await.unwrap();
    drop(tx);
    assert!(!scope.has_open_write());
    shop.add("acme", 1, "b").await;
    assert_eq!(shop.items("acme").await, [item(1, "b")]);
}

pub async fn a_reader_sees_one_state_from_first_to_last_statement(engine: Engine) {
    let shop = Shop::open(&engine).await;
    let mut before = shop.db.begin_read(&shop.scope("acme")).await.unwrap();
    let count = || tenant_sql!("SELECT count(*) FROM shop_items");
    assert_eq!(before.fetch_one::<i64>(count()).await.unwrap(), 0);
    shop.add("acme", 1, "anvil").await;
    assert_eq!(before.fetch_one::<i64>(count()).await.unwrap(), 0);
    assert_eq!(shop.items("acme").await.len(), 1);
}

pub async fn a_read_transaction_refuses_to_write(engine: Engine) {
    let shop = Shop::open(&engine).await;
    let scope = shop.scope("acme");
    let mut tx = shop.db.begin_read(&scope).await.unwrap();
    assert!(!scope.has_open_write());
    let error = tx
        .execute(tenant_sql!("DELETE FROM shop_items"))
        .await
        .unwrap_err();
    assert!(matches!(error, DbError::ReadOnly), "{error}");
    // Refused before the database saw it: the transaction goes on.
    let sql = tenant_sql!("SELECT count(*) FROM shop_items");
    assert_eq!(tx.fetch_one::<i64>(sql).await.unwrap(), 0);
}

pub async fn what_a_write_returns_can_be_read(engine: Engine) {
    let shop = Shop::open(&engine).await;
    let mut tx = shop.db.begin(&shop.scope("acme")).await.unwrap();
    let sql = tenant_sql!(
        "INSERT INTO shop_items (id, name) VALUES (?, ?), (?, ?) RETURNING id, name",
        1_i64,
        "a",
        2_i64,
        "b"
    );
    // Only the first is read, and both are written.
    assert_eq!(tx.fetch_one::<Item>(sql).await.unwrap(), item(1, "a"));
    tx.commit().await.unwrap();
    assert_eq!(shop.items("acme").await.len(), 2);
}

pub async fn rows_come_in_the_order_that_was_asked_for(engine: Engine) {
    let shop = Shop::open(&engine).await;
    for (id, name) in [(3, "b"), (1, "c"), (2, "a")] {
        shop.add("acme", id, name).await;
    }
    let mut tx = shop.db.begin_read(&shop.scope("acme")).await.unwrap();
    let by_name = tenant_sql!("SELECT id FROM shop_items ORDER BY name");
    assert_eq!(tx.fetch_all::<i64>(by_name).await.unwrap(), [2, 3, 1]);
    let last = tenant_sql!("SELECT id FROM shop_items ORDER BY id DESC LIMIT ?", 2_u32);
    assert_eq!(tx.fetch_all::<i64>(last).await.unwrap(), [3, 2]);
    let first = tenant_sql!("SELECT id FROM shop_items ORDER BY id");
    assert_eq!(tx.fetch_optional::<i64>(first).await.unwrap(), Some(1));
}

pub async fn closing_waits_for_open_transactions_and_then_refuses(engine: Engine) {
    let shop = Shop::open(&engine).await;
    let mut tx = shop.db.begin(&shop.scope("acme")).await.unwrap();
    let closing = tokio::spawn({
        let db = shop.db.clone();
        async move { db.close().await }
    });
    tx.execute(tenant_sql!("DELETE FROM shop_items"))
        .await
        .unwrap();
    tx.commit().await.unwrap();
    closing.await.unwrap();
    let error = shop.db.begin(&shop.scope("acme")).await.unwrap_err();
    assert!(matches!(error, DbError::Closed));
    assert!(shop.db.ping().await.is_err());
}

pub async fn many_writers_and_readers_all_get_their_turn(engine: Engine) {
    let shop = Arc::new(Shop::open(&engine).await);
    let tasks: Vec<_> = (0..40)
        .map(|id| {
            let shop = shop.clone();
            tokio::spawn(async move {
                shop.add("acme", id, &id.to_string()).await;
                assert!(shop.items("acme").await.iter().any(|item| item.id == id));
            })
        })
        .collect();
    for task in tasks {
        task.await.unwrap();
    }
    assert_eq!(shop.count().await, 40);
}

pub async fn work_that_fails_by_itself_is_not_run_again(engine: Engine) {
    let shop = Shop::open(&engine).await;
    let scope = shop.scope("acme");
    let runs = Arc::new(AtomicU32::new(0));
    let counted = runs.clone();
    let failed: Result<(), BoxError> = shop
        .db
        .retrying(&scope, move |_| {
            counted.fetch_add(1, Ordering::SeqCst);
            Box::pin(async { Err("by itself".into()) })
        })
        .await;
    assert_eq!(failed.unwrap_err().to_string(), "by itself");
    assert_eq!(runs.load(Ordering::SeqCst), 1);
    let added: Result<u64, DbError> = shop
        .db
        .retrying(&scope, |tx| {
            Box::pin(async move {
                let sql = tenant_sql!("INSERT INTO shop_items (id, name) VALUES (1, 'a')");
                tx.execute(sql).await
            })
        })
        .await;
    assert_eq!(added.unwrap(), 1);
    assert_eq!(shop.items("acme").await, [item(1, "a")]);
}
