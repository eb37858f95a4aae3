use std::fmt;

/// A route that a manifest declares, as the constant that `include_manifest!` makes of it: `route::CREATE_POST`.
///
/// A handler is mounted with it, so that what is not declared cannot be mounted, and its access cannot be forgotten.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct RouteKey {
    module: &'static str,
    id: &'static str,
}

impl RouteKey {
    /// Called by generated code alone: a key that no manifest declares is refused when the host starts.
    #[doc(hidden)]
    #[must_use]
    pub const fn __declared(module: &'static str, id: &'static str) -> Self {
        Self { module, id }
    }

    /// The module that declares it.
    #[must_use]
    pub const fn module(&self) -> &'static str {
        self.module
    }

    /// Its `id` in the manifest.
    #[must_use]
    pub const fn id(&self) -> &'static str {
        self.id
    }
}

impl fmt::Display for RouteKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.module, self.id)
    }
}
