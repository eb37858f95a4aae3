//! Nobody waits longer than the request and the settings allow.

use std::time::Duration;

use goplt_core::{Code, Problem, data::TenantTx};
use tokio::time::Instant;

use super::{Shop, context, tenant_sql};
use crate::conformance::Engine;

/// A shop with little patience, and all connections that write taken.
async fn busy(engine: &Engine) -> (Shop, TenantTx) {
    let ground = engine.ground().map(|settings| {
        settings
            .with_max_connections(1)
            .with_acquire_timeout(Duration::from_secs(3))
    });
    let shop = Shop::on(ground).await;
    let open = shop.db.begin(&shop.scope("initech")).await.unwrap();
    (shop, open)
}

pub async fn the_deadline_interrupts_a_statement(engine: Engine) {
    let shop = Shop::open(&engine).await;
    let mut tx = shop.db.begin(&shop.scope("acme")).await.unwrap();
    for id in 0..300 {
        let sql = tenant_sql!(
            "INSERT INTO shop_items (id, name) VALUES (?, ?)",
            i64::from(id),
            format!("{id}")
        );
        tx.execute(sql).await.unwrap();
    }
    tx.commit().await.unwrap();
    let cx = context().with_deadline(Instant::now() + Duration::from_millis(300));
    let mut tx = shop.db.begin(&shop.enter(cx, "acme")).await.unwrap();
    // 300^5 rows: years.
    let sql = tenant_sql!(
        "SELECT count(*) FROM shop_items a, shop_items b, shop_items c, shop_items d, shop_items e \
         WHERE a.id + b.id + c.id + d.id + e.id > ?",
        5_000_i64
    );
    let error = tx.fetch_one::<i64>(sql).await.unwrap_err();
    assert_eq!(error.code(), Code::DeadlineExceeded);
    drop(tx);
    // On SQLite the only connection that writes is free again only if the statement was
    // interrupted.
    shop.add("acme", 1_000, "after").await;
}

pub async fn a_connection_that_does_not_come_is_unavailable(engine: Engine) {
    let (shop, open) = busy(&engine).await;
    let error = shop.db.begin(&shop.scope("globex")).await.unwrap_err();
    assert_eq!(error.code(), Code::Unavailable);
    assert!(error.is_retryable());
    assert!(!error.to_string().contains("itself"), "{error}");
    assert_eq!(Problem::from(error).status(), 503);
    drop(open);
    shop.add("globex", 1, "anvil").await;
}

pub async fn a_deadline_that_passes_while_waiting_is_told(engine: Engine) {
    let (shop, open) = busy(&engine).await;
    let late = context().with_deadline(Instant::now() + Duration::from_millis(5));
    let error = shop
        .db
        .begin(&shop.enter(late, "globex"))
        .await
        .unwrap_err();
    assert_eq!(error.code(), Code::DeadlineExceeded);
    drop(open);
    shop.add("globex", 1, "anvil").await;
}
