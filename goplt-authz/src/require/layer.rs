use goplt_core::Permission;
use tower_layer::Layer;

use super::Require;

/// Demands one permission. See the [module docs](super).
#[derive(Debug, Clone)]
#[must_use = "a layer does nothing until it wraps a service"]
pub struct RequireLayer<A> {
    authorizer: A,
    permission: Permission,
}

impl<A> RequireLayer<A> {
    /// Asks `authorizer` for `permission` on every request.
    pub const fn new(authorizer: A, permission: Permission) -> Self {
        Self {
            authorizer,
            permission,
        }
    }
}

impl<S, A: Clone> Layer<S> for RequireLayer<A> {
    type Service = Require<S, A>;

    fn layer(&self, inner: S) -> Self::Service {
        Require::new(inner, self.authorizer.clone(), self.permission.clone())
    }
}
