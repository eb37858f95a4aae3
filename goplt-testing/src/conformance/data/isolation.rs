//! A tenant's transactions see and change its own rows; work across tenants has another door.

use goplt_core::data::{DbError, ScopeMint};

use super::{Shop, context, host_sql, item, tenant_sql};
use crate::conformance::Engine;

pub async fn a_tenant_sees_and_changes_its_own_rows_only(engine: Engine) {
    let shop = Shop::open(&engine).await;
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

pub async fn a_host_transaction_sees_all_tenants(engine: Engine) {
    let shop = Shop::open(&engine).await;
    shop.add("acme", 1, "anvil").await;
    shop.add("globex", 1, "anvil").await;
    let (mut all, mut deleted) = (Vec::new(), 0);
    for db in shop.db.databases() {
        let mut tx = db.begin_host(&shop.host()).await.unwrap();
        let sql = host_sql!("SELECT tenant_id, name FROM shop_items ORDER BY tenant_id");
        all.extend(tx.fetch_all::<(String, String)>(sql).await.unwrap());
        let sql = host_sql!("DELETE FROM shop_items");
        deleted += tx.execute(sql).await.unwrap();
        tx.commit().await.unwrap();
    }
    all.sort();
    let tenants: Vec<_> = all.iter().map(|(tenant, _)| tenant.as_str()).collect();
    assert_eq!(tenants, ["acme", "globex"]);
    assert_eq!(deleted, 2);
    assert_eq!(shop.count().await, 0);
}

pub async fn a_scope_of_another_mint_is_refused(engine: Engine) {
    let shop = Shop::open(&engine).await;
    let cx = ScopeMint::new()
        .enter(context(), "acme".parse().unwrap())
        .unwrap();
    let scope = cx.scope().unwrap();
    let foreign = |error| matches!(error, DbError::ForeignScope);
    assert!(foreign(shop.db.begin(scope).await.unwrap_err()));
    assert!(foreign(shop.db.begin_read(scope).await.unwrap_err()));
    let host = ScopeMint::new().host_scope("shop".parse().unwrap(), "none");
    assert!(foreign(shop.db.begin_host(&host).await.unwrap_err()));
    assert!(foreign(shop.db.begin_host_read(&host).await.unwrap_err()));
}
