//! What is PostgreSQL's own: a server that goes away and comes back, roles and row-level security beneath the
//! statement lock, transactions that stand in each other's way.
#![cfg(feature = "postgres")]
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod conflicts;
mod gone;
mod proxy;
mod roles;

use goplt_core::data::DatabaseSettings;
use goplt_testing::{
    backend::postgres::Database,
    conformance::{Ground, data::shop::Shop, postgres::prepared},
};

/// As `include_manifest!` would write it.
macro_rules! tenant_sql {
    ($($sql:tt)*) => {
        goplt_macros::__tenant_sql!(tables = ["shop_items", "shop_parts"]; $($sql)*)
    };
}

pub(crate) use tenant_sql;

/// A shop, and the superuser's way to its database; `None` where there is no server.
pub(crate) async fn shop(
    change: impl FnOnce(DatabaseSettings) -> DatabaseSettings,
) -> Option<(Shop, Database)> {
    let server = goplt_testing::backend::postgres()?;
    let (database, settings) = prepared(&server);
    let shop = Shop::on(Ground::new(change(settings))).await;
    Some((shop, database))
}
