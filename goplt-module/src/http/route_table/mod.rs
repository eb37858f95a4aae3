//! Every mounted route, and whether they fit together.
//!
//! Modules mount their handlers through [`Routes`]; the host collects them in a
//! [`RouteTable`], asks it for what went wrong, and makes one router of it.

mod clash;

use std::{collections::HashSet, fmt, sync::Arc};

use axum::{Router, routing::MethodRouter};
use goplt_core::{Authorizer, Code, ModuleName, data::ScopeMint, manifest::Manifest};

pub use self::clash::{Clash, ClashKind, RouteEntry, find_clashes};
use super::Routes;
use crate::RouteKey;

/// Collects the routes that modules mount.
#[derive(Debug)]
pub struct RouteTable {
    pub(super) checks: Checks,
    /// In the order that they were mounted, so that the router is the same on every run.
    mounted: Vec<Mounted>,
    keys: HashSet<RouteKey>,
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
            mounted: Vec::new(),
            keys: HashSet::new(),
            errors: Vec::new(),
        }
    }

    /// Mounts the routes of the module that `manifest` describes, with handlers on `state`.
    pub fn routes<'a, S>(&'a mut self, manifest: &'a Manifest, state: &Arc<S>) -> Routes<'a, S> {
        Routes::new(self, manifest, Arc::clone(state))
    }

    pub(super) fn add(&mut self, module: &ModuleName, route: RouteKey, mounted: Mounted) {
        if self.keys.insert(route) {
            self.mounted.push(mounted);
        } else {
            let module = module.clone();
            self.refuse(MountError::Twice { module, route });
        }
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
        let of_module = self.keys.iter().filter(|route| route.module() == module);
        let mounted: HashSet<&str> = of_module.map(RouteKey::id).collect();
        let ids = manifest.routes().iter().map(|route| route.id.as_str());
        ids.filter(|id| !mounted.contains(id)).collect()
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

    /// One router of all routes; layers and fallbacks are the work of [`stack`](super::stack()).
    ///
    /// # Panics
    ///
    /// If routes clash: [`find_clashes`] tells beforehand, from the manifests.
    pub fn into_router(self) -> Router {
        let mounted = self.mounted.into_iter();
        mounted.fold(Router::new(), |router, route| {
            router.route(&route.path, route.router)
        })
    }
}

impl MountError {
    /// [`Code::Internal`].
    #[must_use]
    pub const fn code(&self) -> Code {
        Code::Internal
    }
}

impl fmt::Debug for Checks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Checks")
    }
}
