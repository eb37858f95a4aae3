//! Failures tell what a caller can act on, and hold nothing that a log should not.

use goplt_core::{
    Code, Problem,
    contract::RpcError,
    data::{ConstraintKind, DbError, TenantSql},
    error::chain,
};

use super::{Item, Shop, item, tenant_sql};
use crate::conformance::Engine;

/// What a statement fails with, in a transaction of its own.
async fn failure(shop: &Shop, sql: TenantSql) -> DbError {
    let mut tx = shop.db.begin(&shop.scope("acme")).await.unwrap();
    tx.execute(sql).await.unwrap_err()
}

pub async fn each_rule_of_the_schema_is_told_with_its_name(engine: Engine) {
    let shop = Shop::open(&engine).await;
    shop.add("acme", 1, "anvil").await;
    let broken = [
        (
            tenant_sql!("INSERT INTO shop_items (id, name) VALUES (2, 'anvil')"),
            ConstraintKind::Unique,
            "name",
            Code::AlreadyExists,
        ),
        (
            tenant_sql!(
                "INSERT INTO shop_items (id, name) VALUES (3, ?)",
                None::<String>
            ),
            ConstraintKind::NotNull,
            "shop_items.name",
            Code::FailedPrecondition,
        ),
        (
            tenant_sql!("INSERT INTO shop_parts (id, item, weight) VALUES (1, 1, 0)"),
            ConstraintKind::Check,
            "shop_parts_weight",
            Code::FailedPrecondition,
        ),
    ];
    for (sql, kind, name, code) in broken {
        let error = failure(&shop, sql).await;
        assert_eq!(error.code(), code);
        assert!(error.constraint().unwrap().contains(name), "{error:?}");
        assert!(matches!(error, DbError::Constraint { kind: found, .. } if found == kind));
    }
    // SQLite does not say which reference it was.
    let lost = tenant_sql!("INSERT INTO shop_parts (id, item, weight) VALUES (1, 9, 1)");
    let error = failure(&shop, lost).await;
    assert!(matches!(
        error,
        DbError::Constraint {
            kind: ConstraintKind::ForeignKey,
            ..
        }
    ));
    assert_eq!(shop.items("acme").await, [item(1, "anvil")]);
}

pub async fn a_violation_is_told_without_words_of_the_database(engine: Engine) {
    let shop = Shop::open(&engine).await;
    shop.add("acme", 1, "anvil").await;
    let sql = tenant_sql!("INSERT INTO shop_items (id, name) VALUES (2, 'anvil')");
    let error = failure(&shop, sql).await;
    assert!(error.is_unique_violation());
    let error = RpcError::from(error);
    assert_eq!(error.message(), "it exists already");
    let problem = Problem::from(error);
    let body = String::from_utf8(problem.to_json(None).to_vec()).unwrap();
    assert_eq!(problem.status(), 409);
    assert!(!body.contains("shop_items"), "{body}");
}

pub async fn after_a_failed_statement_a_transaction_only_rolls_back(engine: Engine) {
    let shop = Shop::open(&engine).await;
    let mut tx = shop.db.begin(&shop.scope("acme")).await.unwrap();
    let insert = || tenant_sql!("INSERT INTO shop_items (id, name) VALUES (1, 'anvil')");
    tx.execute(insert()).await.unwrap();
    let second = tx.execute(insert()).await.unwrap_err();
    assert!(second.is_unique_violation());
    let next = tx.execute(tenant_sql!("DELETE FROM shop_items")).await;
    assert!(matches!(next, Err(DbError::Aborted)));
    assert!(matches!(tx.commit().await, Err(DbError::Aborted)));
    assert_eq!(shop.count().await, 0);
}

pub async fn no_row_and_no_column_are_told_apart(engine: Engine) {
    let shop = Shop::open(&engine).await;
    shop.add("acme", 1, "anvil").await;
    let mut tx = shop.db.begin_read(&shop.scope("acme")).await.unwrap();
    let sql = tenant_sql!("SELECT id, name FROM shop_items WHERE id = ?", 9_i64);
    let error = tx.fetch_one::<Item>(sql).await.unwrap_err();
    assert!(matches!(error, DbError::NoRow));
    let sql = tenant_sql!("SELECT id FROM shop_items");
    let error = tx.fetch_all::<Item>(sql).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "the result has no column `name`; it has `id`"
    );
    let sql = tenant_sql!("SELECT name FROM shop_items");
    let error = tx.fetch_one::<i64>(sql).await.unwrap_err();
    assert_eq!(
        chain(&error).to_string(),
        "the column `name` cannot be read: holds text, not BIGINT"
    );
    // None of this harmed the transaction.
    let sql = tenant_sql!("SELECT id, name FROM shop_items");
    let found = tx.fetch_optional::<Item>(sql).await.unwrap();
    assert_eq!(found, Some(item(1, "anvil")));
}

pub async fn what_cannot_be_stored_is_a_bad_argument(engine: Engine) {
    let shop = Shop::open(&engine).await;
    let sql = tenant_sql!(
        "INSERT INTO shop_items (id, name) VALUES (?, ?)",
        1_i64,
        "a\0b"
    );
    let error = failure(&shop, sql).await;
    assert_eq!(error.code(), Code::InvalidArgument);
    assert!(matches!(error, DbError::Bind { index: 2, .. }));
    let sql = tenant_sql!(
        "INSERT INTO shop_kinds (id, a_double) VALUES (1, ?)",
        f64::NAN
    );
    let error = failure(&shop, sql).await;
    assert!(matches!(error, DbError::Bind { index: 1, .. }));
}

pub async fn no_error_holds_a_value(engine: Engine) {
    const SECRET: &str = "hunter2";
    let shop = Shop::open(&engine).await;
    shop.add("acme", 1, SECRET).await;
    let statements = [
        tenant_sql!("INSERT INTO shop_items (id, name) VALUES (2, ?)", SECRET),
        tenant_sql!("INSERT INTO shop_items (id, name) VALUES (1, ?)", SECRET),
        tenant_sql!("INSERT INTO shop_parts (id, item, weight) VALUES (1, 424242, 1)"),
        tenant_sql!("INSERT INTO shop_parts (id, item, weight) VALUES (1, 1, -424242)"),
    ];
    for sql in statements {
        let error = failure(&shop, sql).await;
        let shown = format!("{} {error:?}", chain(&error));
        assert!(
            !shown.contains(SECRET) && !shown.contains("424242"),
            "{shown}"
        );
    }
    let mut tx = shop.db.begin_read(&shop.scope("acme")).await.unwrap();
    // SQLite reads it as 0, PostgreSQL refuses it.
    let cast = tenant_sql!("SELECT CAST(name AS BIGINT) FROM shop_items");
    if let Err(error) = tx.fetch_one::<i64>(cast).await {
        let shown = format!("{} {error:?}", chain(&error));
        assert!(!shown.contains(SECRET), "{shown}");
    }
}
