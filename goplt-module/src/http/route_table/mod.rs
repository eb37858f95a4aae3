//! Every mounted route, and whether they fit together.
//!
//! Modules mount their handlers through [`Routes`](super::Routes); the host collects them in a
//! [`RouteTable`], asks it for what went wrong, and makes one router of it.

mod clash;

use std::{collections::HashMap, fmt, sync::Arc};

use axum::{Router, routing::MethodRouter};
use goplt_core::{Authorizer, ModuleName, data::ScopeMint, manifest::Manifest};

pub use self::clash::{Clash, ClashKind, RouteEntry, find_clashes};
use super::Routes;
use crate::RouteKey;

/// Collects the routes that modules mount.
#[derive(Debug)]
pub struct RouteTable {
    pub(super) checks: Checks,
    mounted: HashMap<RouteKey, Mounted>,
    errors: Vec<MountError>,
}

/// What the checks before handlers ask.
#[derive(Clone)]
pub(super) struct Checks {
    pub(super) authorizer: Arc<dyn Authorizer>,
    pub(super) mint: ScopeMint,
}

/// A route with its handler.
#[derive(Debug)]
pub(super) struct Mounted {
    pub(super) path: String,
    pub(super) router: MethodRouter,
}

/// A handler that could not be mounted: a mistake in the module's code.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum MountError {
    /// The key is of another module.
    #[error("module `{module}` mounts `{route}`, a route of another module")]
    Foreign {
        /// Who mounts it.
        module: ModuleName,
        /// The route.
        route: RouteKey,
    },
    /// The module's manifest has no such route.
    #[error("module `{module}` mounts `{route}`, which its manifest does not declare")]
    Undeclared {
        /// Who mounts it.
        module: ModuleName,
        /// The route.
        route: RouteKey,
    },
    /// The route has a handler.
    #[error("module `{module}` mounts `{route}` twice")]
    Twice {
        /// Who mounts it.
        module: ModuleName,
        /// The route.
        route: RouteKey,
    },
}

impl RouteTable {
    /// An empty table; checks of permissions ask `authorizer`, tenants are entered with `mint`.
    #[must_use]
    pub fn new(authorizer: Arc<dyn Authorizer>, mint: ScopeMint) -> Self {
        let checks = Checks { authorizer, mint };
        Self {
            checks,
            mounted: HashMap::new(),
            errors: Vec::new(),
        }
    }

    /// Mounts the routes of the module that `manifest` describes, with handlers on `state`.
    pub fn routes<'a, S>(&'a mut self, manifest: &'a Manifest, state: &Arc<S>) -> Routes<'a, S> {
        Routes::new(self, manifest, Arc::clone(state))
    }

    pub(super) fn add(&mut self, module: &ModuleName, route: RouteKey, mounted: Mounted) {
        if self.mounted.contains_key(&route) {
            self.refuse(MountError::Twice {
                module: module.clone(),
                route,
            });
            return;
        }
        self.mounted.insert(route, mounted);
    }

    pub(super) fn refuse(&mut self, error: MountError) {
        self.errors.push(error);
    }

    /// What modules mounted wrongly, in the order they did.
    #[must_use]
    pub fn errors(&self) -> &[MountError] {
        &self.errors
    }

    /// The `id`s that `manifest` declares and nobody has mounted, in the manifest's order.
    #[must_use]
    pub fn unmounted<'a>(&self, manifest: &'a Manifest) -> Vec<&'a str> {
        let module = manifest.name().as_str();
        let is_mounted = |id: &str| {
            self.mounted
                .keys()
                .any(|route| route.module() == module && route.id() == id)
        };
        let ids = manifest.routes().iter().map(|route| route.id.as_str());
        ids.filter(|id| !is_mounted(id)).collect()
    }

    /// How many routes are mounted.
    #[must_use]
    pub fn len(&self) -> usize {
        self.mounted.len()
    }

    /// Whether no route is mounted.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.mounted.is_empty()
    }

    /// One router of all routes; layers and fallbacks are the work of [`stack`](super::stack).
    ///
    /// # Panics
    ///
    /// If routes clash: [`find_clashes`] tells beforehand, from the manifests.
    #[must_use]
    pub fn into_router(self) -> Router {
        let mounted = self.mounted.into_values();
        mounted.fold(Router::new(), |router, route| {
            router.route(&route.path, route.router)
        })
    }
}

impl fmt::Debug for Checks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Checks")
    }
}
