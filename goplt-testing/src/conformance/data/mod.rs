//! What transactions keep: tenants apart, all or nothing, and failures that a caller can tell.

pub mod cancellation;
pub mod errors;
pub mod isolation;
pub mod repo;
pub mod shop;
pub mod transactions;
pub mod values;
pub mod waiting;

use self::shop::{Item, Shop, context, host_sql, item, tenant_sql};
