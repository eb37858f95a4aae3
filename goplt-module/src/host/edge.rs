//! The layers that the assembly puts in front of the routes.

use std::{convert::Infallible, fmt, path::Path, sync::Arc};

use axum::{Router, extract::Request, response::IntoResponse, routing::Route};
use goplt_core::{Authorizer, BoxError, Clock, config::Config, data::ScopeMint};
use tower_layer::Layer;
use tower_service::Service;

use super::Shared;
use crate::http::stack::ApplyLayer;

/// Makes a layer once the configuration is known.
pub(crate) type MakeLayer = Box<dyn FnOnce(&EdgeContext) -> Result<ApplyLayer, BoxError> + Send>;

/// What a layer may be made from: see [`HostBuilder::auth_with`](crate::HostBuilder::auth_with).
pub struct EdgeContext {
    pub(crate) host: Arc<Shared>,
}

impl EdgeContext {
    /// What makes tenant scopes. It belongs in the tenant layer and nowhere else.
    #[must_use]
    pub fn mint(&self) -> ScopeMint {
        self.host.mint.clone()
    }

    /// The configuration.
    #[must_use]
    pub fn config(&self) -> &Config {
        &self.host.config
    }

    /// The host's clock.
    #[must_use]
    pub fn clock(&self) -> Clock {
        self.host.clock.clone()
    }

    /// The policy that the assembly gave to the host.
    #[must_use]
    pub fn authorizer(&self) -> Arc<dyn Authorizer> {
        Arc::clone(&self.host.authorizer)
    }

    /// The folder where the host keeps its files.
    #[must_use]
    pub fn data_dir(&self) -> &Path {
        &self.host.data_dir
    }
}

impl fmt::Debug for EdgeContext {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("EdgeContext")
    }
}

/// A layer as [`Router::layer`] takes it: implemented for every type that it takes.
///
/// An alias for bounds that would otherwise stand on every function; nothing to implement.
pub trait EdgeLayer: Send + 'static {
    #[doc(hidden)]
    fn apply(self, router: Router) -> Router;
}

impl<L> EdgeLayer for L
where
    L: Layer<Route> + Clone + Send + Sync + 'static,
    L::Service: Service<Request> + Clone + Send + Sync + 'static,
    <L::Service as Service<Request>>::Response: IntoResponse + 'static,
    <L::Service as Service<Request>>::Error: Into<Infallible> + 'static,
    <L::Service as Service<Request>>::Future: Send + 'static,
{
    fn apply(self, router: Router) -> Router {
        router.layer(self)
    }
}

pub(crate) fn boxed(layer: impl EdgeLayer) -> ApplyLayer {
    Box::new(move |router| layer.apply(router))
}
