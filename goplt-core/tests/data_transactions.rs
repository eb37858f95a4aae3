//! What is SQLite's own: one writer, which other processes may be, and time that stands still. What every engine
//! keeps is in the conformance suite of `goplt-testing`.
#![cfg(feature = "sqlite")]
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod data_support;

use std::time::Duration;

use data_support::{Shop, context, tenant_sql};
use goplt_core::{Code, Problem, data::DatabaseSettings};
use tokio::time::Instant;

#[tokio::test]
async fn a_writer_that_does_not_come_is_unavailable() {
    let settings = DatabaseSettings::in_memory().with_acquire_timeout(Duration::from_millis(500));
    let shop = Shop::with(&settings).await;
    let scope = shop.scope("acme");
    let open = shop.db.begin(&scope).await.unwrap();
    let error = shop.db.begin(&scope).await.unwrap_err();
    assert_eq!(error.code(), Code::Unavailable);
    assert!(
        error.to_string().ends_with("may be waiting for itself"),
        "{error}"
    );
    let problem = Problem::from(error);
    assert_eq!(problem.status(), 503);

    let other = shop.db.begin(&shop.scope("globex")).await.unwrap_err();
    assert!(!other.to_string().contains("itself"), "{other}");
    let late = context().with_deadline(Instant::now() + Duration::from_millis(5));
    let error = shop.db.begin(&shop.enter(late, "acme")).await.unwrap_err();
    assert_eq!(error.code(), Code::DeadlineExceeded);
    drop(open);
    shop.add("acme", 1, "anvil").await;
}

#[tokio::test]
async fn another_process_that_holds_the_lock_makes_it_unavailable() {
    let folder = tempfile::tempdir().unwrap();
    let url = format!("sqlite:{}", folder.path().join("shop.db").display());
    let settings = DatabaseSettings::new(url).with_acquire_timeout(Duration::from_millis(500));
    let (one, two) = (Shop::with(&settings).await, Shop::with(&settings).await);
    let open = one.db.begin(&one.scope("acme")).await.unwrap();
    let error = two.db.begin(&two.scope("acme")).await.unwrap_err();
    assert_eq!(error.code(), Code::Unavailable);
    drop(open);
    two.add("acme", 1, "anvil").await;
    assert_eq!(one.items("acme").await.len(), 1);
}

#[cfg(feature = "dynamic-sql")]
#[tokio::test]
async fn sql_checked_at_run_time_keeps_to_the_tenant() {
    use data_support::Item;
    use goplt_core::data::{DbError, IntoValue, TenantSql};

    let item = |id, name: &str| Item {
        id,
        name: name.into(),
    };

    let shop = Shop::open().await;
    shop.add("acme", 1, "anvil").await;
    shop.add("globex", 2, "anvil").await;
    let sql = format!(
        "SELECT id, name FROM shop_items WHERE name = ? ORDER BY {}",
        "id"
    );
    let mut tx = shop.db.begin_read(&shop.scope("acme")).await.unwrap();
    for _ in 0..2 {
        let checked =
            TenantSql::checked(&sql, vec!["anvil".into_value()], &["shop_items"]).unwrap();
        assert_eq!(
            tx.fetch_all::<Item>(checked).await.unwrap(),
            [item(1, "anvil")]
        );
    }
    let error = TenantSql::checked(&sql, vec![], &["shop_items"]).unwrap_err();
    assert!(matches!(
        error,
        DbError::Binds {
            wanted: 1,
            found: 0
        }
    ));
    let error =
        TenantSql::checked("SELECT id FROM shop_item", vec![], &["shop_items"]).unwrap_err();
    assert!(
        error.to_string().contains("did you mean `shop_items`?"),
        "{error}"
    );
}

#[tokio::test]
async fn statements_are_counted_by_kind_and_outcome() {
    let shop = Shop::open().await;
    let metrics = goplt_core::telemetry::Metrics::new();
    let db = shop.db.clone().with_metrics(metrics.clone());
    let mut tx = db.begin(&shop.scope("acme")).await.unwrap();
    for _ in 0..2 {
        let _ = tx
            .execute(tenant_sql!(
                "INSERT INTO shop_items (id, name) VALUES (1, 'a')"
            ))
            .await;
    }
    drop(tx);
    let text = metrics.render();
    let series = |error: &str| {
        text.lines()
            .any(|line| line.contains("INSERT") && line.contains("sqlite") && line.contains(error))
    };
    assert!(series("already_exists") && text.contains("BEGIN"), "{text}");
}

#[tokio::test(start_paused = true)]
async fn paused_time_does_not_run_out_while_the_database_works() {
    let shop = Shop::open().await;
    for id in 0..20 {
        shop.add("acme", id, &id.to_string()).await;
        shop.db.ping().await.unwrap();
    }
    assert_eq!(shop.items("acme").await.len(), 20);
}
