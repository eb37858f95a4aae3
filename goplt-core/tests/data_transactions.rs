//! Transactions keep tenants apart, end as they say, and fail in ways a caller can tell.
#![cfg(feature = "sqlite")]
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod data_support;

use std::time::Duration;

use data_support::{Item, Shop, context, host_sql, tenant_sql};
use goplt_core::{
    Code, Problem,
    contract::RpcError,
    data::{DatabaseSettings, DbError, ScopeMint},
    error::chain,
};
use tokio::time::Instant;

fn item(id: i64, name: &str) -> Item {
    let name = name.into();
    Item { id, name }
}

#[tokio::test]
async fn a_tenant_sees_and_changes_its_own_rows_only() {
    let shop = Shop::open().await;
    shop.add("acme", 1, "anvil").await;
    shop.add("globex", 1, "anvil").await;
    let mut tx = shop.db.begin(&shop.scope("acme")).await.unwrap();
    let renamed = tenant_sql!("UPDATE shop_items SET name = ?", "hammer");
    assert_eq!(tx.execute(renamed).await.unwrap(), 1);
    tx.commit().await.unwrap();
    assert_eq!(shop.items("acme").await, [item(1, "hammer")]);
    assert_eq!(shop.items("globex").await, [item(1, "anvil")]);
    assert_eq!(shop.items("initech").await, []);
}

#[tokio::test]
async fn a_host_transaction_sees_all_tenants() {
    let shop = Shop::open().await;
    shop.add("acme", 1, "anvil").await;
    shop.add("globex", 1, "anvil").await;
    let mut tx = shop.db.begin_host(&shop.host()).await.unwrap();
    let sql = host_sql!("SELECT tenant_id, name FROM shop_items ORDER BY tenant_id");
    let all: Vec<(String, String)> = tx.fetch_all(sql).await.unwrap();
    assert_eq!(
        all.iter()
            .map(|(tenant, _)| tenant.as_str())
            .collect::<Vec<_>>(),
        ["acme", "globex"]
    );
    assert_eq!(
        tx.execute(host_sql!("DELETE FROM shop_items"))
            .await
            .unwrap(),
        2
    );
    tx.commit().await.unwrap();
    assert_eq!(shop.count().await, 0);
}

#[tokio::test]
async fn a_dropped_transaction_rolls_back() {
    let shop = Shop::open().await;
    let scope = shop.scope("acme");
    let mut tx = shop.db.begin(&scope).await.unwrap();
    assert!(scope.has_open_write());
    tx.execute(tenant_sql!(
        "INSERT INTO shop_items (id, name) VALUES (1, 'a')"
    ))
    .await
    .unwrap();
    drop(tx);
    assert!(!scope.has_open_write());
    shop.add("acme", 1, "b").await;
    assert_eq!(shop.items("acme").await, [item(1, "b")]);
}

#[tokio::test]
async fn a_reader_sees_one_state_from_first_to_last_statement() {
    let shop = Shop::open().await;
    let mut before = shop.db.begin_read(&shop.scope("acme")).await.unwrap();
    let count = || tenant_sql!("SELECT count(*) FROM shop_items");
    assert_eq!(before.fetch_one::<i64>(count()).await.unwrap(), 0);
    shop.add("acme", 1, "anvil").await;
    assert_eq!(before.fetch_one::<i64>(count()).await.unwrap(), 0);
    assert_eq!(shop.items("acme").await.len(), 1);
}

#[tokio::test]
async fn a_read_transaction_refuses_to_write() {
    let shop = Shop::open().await;
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

#[tokio::test]
async fn a_scope_of_another_mint_is_refused() {
    let shop = Shop::open().await;
    let cx = ScopeMint::new()
        .enter(context(), "acme".parse().unwrap())
        .unwrap();
    let error = shop.db.begin(cx.scope().unwrap()).await.unwrap_err();
    assert!(matches!(error, DbError::ForeignScope));
    let host = ScopeMint::new().host_scope("shop".parse().unwrap(), "none");
    assert!(matches!(
        shop.db.begin_host(&host).await.unwrap_err(),
        DbError::ForeignScope
    ));
}

#[tokio::test]
async fn a_unique_violation_is_told_without_words_of_the_database() {
    let shop = Shop::open().await;
    shop.add("acme", 1, "anvil").await;
    let mut tx = shop.db.begin(&shop.scope("acme")).await.unwrap();
    let sql = tenant_sql!("INSERT INTO shop_items (id, name) VALUES (2, 'anvil')");
    let error = tx.execute(sql).await.unwrap_err();
    assert!(error.is_unique_violation());
    assert!(error.constraint().unwrap().contains("name"));
    assert_eq!(error.code(), Code::AlreadyExists);

    let error = RpcError::from(error);
    assert_eq!(error.message(), "it exists already");
    let problem = Problem::from(error);
    let body = String::from_utf8(problem.to_json(None).to_vec()).unwrap();
    assert_eq!(problem.status(), 409);
    assert!(!body.contains("shop_items"), "{body}");
}

#[tokio::test]
async fn after_a_failed_statement_a_transaction_only_rolls_back() {
    let shop = Shop::open().await;
    let mut tx = shop.db.begin(&shop.scope("acme")).await.unwrap();
    let insert = || tenant_sql!("INSERT INTO shop_items (id, name) VALUES (1, 'anvil')");
    tx.execute(insert()).await.unwrap();
    assert!(
        tx.execute(insert())
            .await
            .unwrap_err()
            .is_unique_violation()
    );
    let next = tx
        .execute(tenant_sql!("DELETE FROM shop_items"))
        .await
        .unwrap_err();
    assert!(matches!(next, DbError::Aborted));
    assert!(matches!(tx.commit().await.unwrap_err(), DbError::Aborted));
    assert_eq!(shop.count().await, 0);
}

#[tokio::test]
async fn no_row_and_no_column_are_told_apart() {
    let shop = Shop::open().await;
    shop.add("acme", 1, "anvil").await;
    let mut tx = shop.db.begin_read(&shop.scope("acme")).await.unwrap();
    let sql = tenant_sql!("SELECT id, name FROM shop_items WHERE id = ?", 9_i64);
    assert!(matches!(
        tx.fetch_one::<Item>(sql).await.unwrap_err(),
        DbError::NoRow
    ));
    let sql = tenant_sql!("SELECT id FROM shop_items");
    let error = tx.fetch_all::<Item>(sql).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "the result has no column `name`; it has `id`"
    );
    let sql = tenant_sql!("SELECT name FROM shop_items");
    let error = tx.fetch_one::<i64>(sql).await.unwrap_err();
    let shown = chain(&error).to_string();
    assert_eq!(
        shown,
        "the column `name` cannot be read: holds text, not BIGINT"
    );
    // None of this harmed the transaction.
    let sql = tenant_sql!("SELECT id, name FROM shop_items");
    assert_eq!(
        tx.fetch_optional::<Item>(sql).await.unwrap(),
        Some(item(1, "anvil"))
    );
}

#[tokio::test]
async fn what_a_write_returns_can_be_read() {
    let shop = Shop::open().await;
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

#[tokio::test]
async fn what_cannot_be_stored_is_a_bad_argument() {
    let shop = Shop::open().await;
    let mut tx = shop.db.begin(&shop.scope("acme")).await.unwrap();
    let sql = tenant_sql!(
        "INSERT INTO shop_items (id, name) VALUES (?, ?)",
        1_i64,
        "a\0b"
    );
    let error = tx.execute(sql).await.unwrap_err();
    assert_eq!(error.code(), Code::InvalidArgument);
    assert!(matches!(error, DbError::Bind { index: 2, .. }));
}

#[tokio::test]
async fn the_deadline_interrupts_a_statement() {
    let shop = Shop::open().await;
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
    let cx = context().with_deadline(Instant::now() + Duration::from_secs(1));
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
    // The only connection that writes is free again only if the statement was interrupted.
    shop.add("acme", 1_000, "after").await;
}

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

#[tokio::test]
async fn closing_waits_for_open_transactions_and_then_refuses() {
    let shop = Shop::open().await;
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

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_writers_and_readers_all_get_their_turn() {
    let shop = std::sync::Arc::new(Shop::open().await);
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

#[cfg(feature = "dynamic-sql")]
#[tokio::test]
async fn sql_checked_at_run_time_keeps_to_the_tenant() {
    use goplt_core::data::{IntoValue, TenantSql};

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
