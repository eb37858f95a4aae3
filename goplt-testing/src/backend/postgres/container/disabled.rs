//! No containers.

use crate::backend::postgres::{server::Address, shared::Shared};

pub(in crate::backend::postgres) fn start(_: &mut Shared) -> Result<Address, String> {
    Err("the feature `containers` of goplt-testing is off".to_owned())
}
