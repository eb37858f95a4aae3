//! Needs in a file of their own: reports name the line of each field.

use std::sync::Arc;

use super::{BillingService, IdentityService};

#[derive(goplt_module::Needs)]
pub struct BlogNeeds {
    _identity: Arc<dyn IdentityService>,
    _billing: Option<Arc<dyn BillingService>>,
}
