//! A server that is away is 503, and nothing has to be restarted when it is back.

use std::time::Duration;

use goplt_core::{
    Problem,
    data::{DatabaseSettings, DbError},
};
use secrecy::ExposeSecret;

use crate::{proxy::Proxy, shop};

/// The same database, by a port of this machine. A server in a container has another address.
fn through(port: u16, settings: &DatabaseSettings) -> DatabaseSettings {
    let moved = |url: &str| {
        let (before, path) = url.rsplit_once('/').unwrap();
        let (credentials, _) = before.rsplit_once('@').unwrap();
        format!("{credentials}@127.0.0.1:{port}/{path}")
    };
    let url = |secret: &secrecy::SecretString| moved(secret.expose_secret());
    let schemas = settings.search_path().to_vec();
    DatabaseSettings::new(url(settings.url()))
        .with_host_url(url(settings.host_url().unwrap()))
        .with_owner_url(url(settings.owner_url().unwrap()))
        .with_search_path(schemas)
        .with_acquire_timeout(Duration::from_secs(2))
}

async fn proxy() -> Option<Proxy> {
    let server = goplt_testing::backend::postgres()?;
    let mut addresses = tokio::net::lookup_host((server.host(), server.port()))
        .await
        .unwrap();
    Some(Proxy::start(addresses.next().unwrap()).await)
}

fn is_503(error: DbError) -> bool {
    let retryable = error.is_retryable();
    let problem = Problem::from(error);
    retryable && problem.status() == 503
}

#[tokio::test]
async fn a_server_that_is_gone_is_503_and_comes_back() {
    let Some(proxy) = proxy().await else { return };
    let (shop, _database) = shop(|settings| through(proxy.port(), &settings))
        .await
        .unwrap();
    shop.add("acme", 1, "before").await;
    for round in 0..3 {
        // In the middle of a transaction, too.
        let mut open = shop.db.begin(&shop.scope("acme")).await.unwrap();
        proxy.cut().await;
        let sql = crate::tenant_sql!("SELECT count(*) FROM shop_items");
        assert!(is_503(open.fetch_one::<i64>(sql).await.unwrap_err()));
        assert!(open.commit().await.is_err());
        for _ in 0..4 {
            assert!(is_503(
                shop.db.begin(&shop.scope("acme")).await.unwrap_err()
            ));
            assert!(is_503(shop.db.begin_host(&shop.host()).await.unwrap_err()));
        }
        assert!(shop.db.ping().await.is_err());
        proxy.mend().await;
        shop.db.ping().await.unwrap();
        shop.add("acme", 2 + round, &format!("after {round}")).await;
    }
    assert_eq!(shop.items("acme").await.len(), 4);
}

#[tokio::test]
async fn a_server_that_says_nothing_is_503_after_the_time_to_wait() {
    let Some(proxy) = proxy().await else { return };
    let (shop, _database) = shop(|settings| through(proxy.port(), &settings))
        .await
        .unwrap();
    proxy.flow(false);
    // What is open goes on; a new connection is accepted and hears nothing.
    let mut open = Vec::new();
    let error = loop {
        match shop.db.begin(&shop.scope("acme")).await {
            Ok(tx) => open.push(tx),
            Err(error) => break error,
        }
    };
    assert!(is_503(error));
    proxy.flow(true);
    drop(open);
    shop.add("acme", 1, "after").await;
}

#[tokio::test]
async fn a_server_whose_machine_is_gone_holds_no_work_across_tenants() {
    let Some(proxy) = proxy().await else { return };
    let (shop, _database) = shop(|settings| {
        through(proxy.port(), &settings).with_longest_statement(Duration::from_millis(500))
    })
    .await
    .unwrap();
    shop.add("acme", 1, "before").await;
    let mut reading = shop.db.begin_host_read(&shop.host()).await.unwrap();
    let writing = shop.db.begin_host(&shop.host()).await.unwrap();
    let of_a_tenant = shop.db.begin(&shop.scope("acme")).await.unwrap();
    proxy.hang(true);
    let sql = goplt_macros::__host_sql!(tables = ["shop_items"]; "SELECT count(*) FROM shop_items");
    assert!(is_503(reading.fetch_one::<i64>(sql).await.unwrap_err()));
    assert!(is_503(writing.commit().await.unwrap_err()));
    assert!(is_503(of_a_tenant.commit().await.unwrap_err()));
    drop(reading);
    // They are not given out again.
    proxy.hang(false);
    assert_eq!(shop.count().await, 1);
}

#[tokio::test]
async fn connections_that_the_operator_ended_are_replaced_unseen() {
    let Some((shop, database)) = shop(|settings| settings).await else {
        return;
    };
    shop.add("acme", 1, "before").await;
    for round in 0..5 {
        let scope = shop.scope("acme");
        // Several lie idle.
        let (one, two) = tokio::join!(shop.db.begin(&scope), shop.db.begin_read(&scope));
        one.unwrap().commit().await.unwrap();
        two.unwrap().commit().await.unwrap();
        database
            .execute(
                "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity \
                 WHERE datname = current_database() AND pid <> pg_backend_pid()",
            )
            .unwrap();
        shop.add("acme", 2 + round, &format!("after {round}")).await;
        assert_eq!(shop.count().await, 2 + round);
    }
}

#[tokio::test]
async fn a_server_that_is_not_there_is_told_with_its_place_and_without_the_password() {
    let url = "postgres://ada:s3cret@127.0.0.1:1/goplt";
    let mint = goplt_core::data::ScopeMint::new();
    let error = goplt_core::data::TenantDb::open(&DatabaseSettings::new(url), &mint)
        .await
        .unwrap_err();
    let shown = goplt_core::error::chain(&error).to_string();
    assert!(
        shown.contains("`goplt` at 127.0.0.1:1 (as `ada`)") && shown.contains("start it"),
        "{shown}"
    );
    assert!(!shown.contains("s3cret"), "{shown}");
}

#[tokio::test]
async fn a_wrong_password_is_told_with_the_mend() {
    let Some(server) = goplt_testing::backend::postgres() else {
        return;
    };
    let (database, _) = goplt_testing::conformance::postgres::prepared(&server);
    let url = database.url_as(&format!("{}_nobody", database.name()), "s3cret");
    let mint = goplt_core::data::ScopeMint::new();
    let error = goplt_core::data::TenantDb::open(&DatabaseSettings::new(url), &mint)
        .await
        .unwrap_err();
    let shown = goplt_core::error::chain(&error).to_string();
    assert!(shown.contains("db setup"), "{shown}");
    assert!(!shown.contains("s3cret"), "{shown}");
}
