//! The database lock: what roles and row-level security refuse by themselves.

use goplt_core::{
    Code, Problem,
    data::{DatabaseSettings, DbError},
    error::chain,
};
use goplt_testing::backend::postgres::Database;
use secrecy::ExposeSecret;

use crate::{shop, tenant_sql};

/// A settings value without the role for work across tenants.
fn without_host(settings: &DatabaseSettings) -> DatabaseSettings {
    DatabaseSettings::new(settings.url().clone())
        .with_owner_url(settings.owner_url().unwrap().clone())
        .with_search_path(settings.search_path().to_vec())
}

fn run(database: &Database, sql: &str) {
    let sql = sql.replace("{app}", &format!("{}_app", database.name()));
    database.execute(&sql).unwrap();
}

#[tokio::test]
async fn work_across_tenants_needs_its_own_role() {
    let Some((shop, _database)) = shop(|settings| without_host(&settings)).await else {
        return;
    };
    shop.add("acme", 1, "anvil").await;
    let error = shop.db.begin_host(&shop.host()).await.unwrap_err();
    assert!(matches!(error, DbError::NoRole { role: "host", .. }));
    let shown = error.to_string();
    assert!(
        shown.contains("db setup") && shown.contains("with_host_url"),
        "{shown}"
    );
}

#[tokio::test]
async fn what_the_database_itself_refuses_is_an_internal_error() {
    let Some((shop, database)) = shop(|settings| settings).await else {
        return;
    };
    let mut refused = Vec::new();
    let insert = || tenant_sql!("INSERT INTO shop_items (id, name) VALUES (1, 'hunter2')");
    for sql in [
        "REVOKE INSERT ON shop.shop_items FROM {app}",
        "GRANT INSERT ON shop.shop_items TO {app}; \
         CREATE POLICY none ON shop.shop_items AS RESTRICTIVE TO {app} USING (true) WITH CHECK (false)",
    ] {
        run(&database, sql);
        let mut tx = shop.db.begin(&shop.scope("acme")).await.unwrap();
        let error = tx.execute(insert()).await.unwrap_err();
        assert!(matches!(error, DbError::Denied(_)), "{error:?}");
        assert_eq!(error.code(), Code::Internal);
        let shown = chain(&error).to_string();
        assert!(shown.contains("shop_items"), "{shown}");
        assert!(!format!("{shown} {error:?}").contains("hunter2"), "{shown}");
        refused.push(shown);
        assert_eq!(Problem::from(error).status(), 500);
    }
    assert!(refused[0].contains("permission denied"), "{refused:?}");
    assert!(refused[1].contains("row-level security"), "{refused:?}");
    run(&database, "DROP POLICY none ON shop.shop_items");
    shop.add("acme", 1, "anvil").await;
}

#[tokio::test]
async fn the_role_of_requests_sees_nothing_outside_of_a_tenant() {
    let Some((shop, database)) = shop(|settings| settings).await else {
        return;
    };
    shop.add("acme", 1, "anvil").await;
    shop.add("globex", 1, "anvil").await;
    let app = format!("{}_app", database.name());
    let rows = |sql: &str| {
        let rows = database.execute_as(&app, "goplt", sql).unwrap();
        rows.last().unwrap()[0].clone().unwrap()
    };
    let count = "SELECT count(*) FROM shop.shop_items";
    assert_eq!(rows(count), "0");
    // After a transaction the setting is empty, not unset.
    let after = format!("BEGIN; SET LOCAL goplt.tenant = 'acme'; COMMIT; {count}");
    assert_eq!(rows(&after), "0");
    let within = format!("BEGIN; SET LOCAL goplt.tenant = 'acme'; {count}");
    assert_eq!(rows(&within), "1");
    let stolen = "BEGIN; SET LOCAL goplt.tenant = 'acme'; \
                  INSERT INTO shop.shop_items (tenant_id, id, name) VALUES ('globex', 9, 'x')";
    assert!(database.execute_as(&app, "goplt", stolen).is_err());
}

#[tokio::test]
async fn a_column_that_changed_its_type_is_prepared_anew() {
    let Some((shop, database)) = shop(|settings| settings.with_max_connections(1)).await else {
        return;
    };
    shop.add("acme", 1, "anvil").await;
    for _ in 0..2 {
        assert_eq!(shop.items("acme").await.len(), 1);
    }
    // The only connection has been given back, so that nothing holds the table.
    let tx = shop.db.begin(&shop.scope("acme")).await.unwrap();
    tx.commit().await.unwrap();
    run(
        &database,
        "ALTER TABLE shop.shop_items ALTER COLUMN name TYPE varchar(80)",
    );
    let sql = || tenant_sql!("SELECT id, name FROM shop_items ORDER BY id");
    let mut tx = shop.db.begin_read(&shop.scope("acme")).await.unwrap();
    let error = tx.fetch_all::<(i64, String)>(sql()).await.unwrap_err();
    assert!(error.is_retryable(), "{error:?}");
    drop(tx);
    assert_eq!(shop.items("acme").await.len(), 1);
}

#[tokio::test]
async fn a_url_that_the_settings_hide_is_not_shown() {
    let Some(server) = goplt_testing::backend::postgres() else {
        return;
    };
    let (_database, settings) = goplt_testing::conformance::postgres::prepared(&server);
    let shown = format!("{settings:?}");
    assert!(!shown.contains("goplt@"), "{shown}");
    assert!(settings.url().expose_secret().contains(":goplt@"));
}
