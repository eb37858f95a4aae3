use std::sync::Arc;

use goplt_core::{
    Clock, Random,
    config::{Config, kernel::TenancyConfig},
    data::ScopeMint,
    id::Ids,
};
use tower_layer::Layer;

use super::{Tenancy, Tenant};

/// Resolves the tenant of each request. See the [module docs](super).
#[derive(Debug, Clone)]
#[must_use = "a layer does nothing until it wraps a service"]
pub struct TenantLayer {
    mint: ScopeMint,
    tenancy: Arc<Tenancy>,
    ids: Ids,
}

impl TenantLayer {
    /// Mints scopes with `mint`, which must be the one that the database was opened with.
    pub fn new(mint: ScopeMint, tenancy: Tenancy) -> Self {
        Self {
            mint,
            tenancy: Arc::new(tenancy),
            ids: Ids::new(Clock::system(), Random::system()),
        }
    }
}

impl TenantLayer {
    /// As the section `tenancy` of the configuration says.
    pub fn configured(mint: ScopeMint, config: &Config) -> Self {
        Self::new(mint, Tenancy::from(config.get::<TenancyConfig>()))
    }
}

impl<S> Layer<S> for TenantLayer {
    type Service = Tenant<S>;

    fn layer(&self, inner: S) -> Self::Service {
        Tenant::new(
            inner,
            self.mint.clone(),
            self.tenancy.clone(),
            self.ids.clone(),
        )
    }
}
