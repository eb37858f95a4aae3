//! What a manifest declares, as data.

mod config;
mod declaration;
mod route;

use std::sync::Arc;

use crate::{Dependency, Migration, ModuleName, Version};

pub use self::{
    config::{ConfigDecl, ConfigKind},
    declaration::{EventDecl, Events, HostDecl, JobDecl, PermissionDecl, RoleDecl},
    route::{Method, RouteAccess, RouteDecl, TenantSource},
};

/// A module's manifest: what it is called, what it needs, and everything it declares.
///
/// Made by [`Manifest::parse`], or by [`parse`](crate::parse), which keeps the good items of a bad manifest. The
/// migrations come from files beside it and are added by [`with_migrations`](Manifest::with_migrations).
#[derive(Debug, Clone)]
pub struct Manifest {
    pub(crate) source: Arc<str>,
    pub(crate) name: ModuleName,
    pub(crate) version: Version,
    pub(crate) description: String,
    pub(crate) dependencies: Vec<Dependency>,
    pub(crate) optional_dependencies: Vec<Dependency>,
    pub(crate) permissions: Vec<PermissionDecl>,
    pub(crate) routes: Vec<RouteDecl>,
    pub(crate) tables: Vec<String>,
    pub(crate) events: Events,
    pub(crate) jobs: Vec<JobDecl>,
    pub(crate) roles: Vec<RoleDecl>,
    pub(crate) config: Vec<ConfigDecl>,
    pub(crate) host: Option<HostDecl>,
    pub(crate) migrations: Vec<Migration>,
}

impl Manifest {
    /// The path of the manifest, as it was given to the parser.
    pub fn source(&self) -> &str {
        &self.source
    }

    /// The module's name.
    pub fn name(&self) -> &ModuleName {
        &self.name
    }

    /// The module's version.
    pub fn version(&self) -> &Version {
        &self.version
    }

    /// What the module is, in a sentence; may be empty.
    pub fn description(&self) -> &str {
        &self.description
    }

    /// The modules that must be there.
    pub fn dependencies(&self) -> &[Dependency] {
        &self.dependencies
    }

    /// The modules that are used when they are there.
    pub fn optional_dependencies(&self) -> &[Dependency] {
        &self.optional_dependencies
    }

    /// The permissions that the module checks.
    pub fn permissions(&self) -> &[PermissionDecl] {
        &self.permissions
    }

    /// The routes that the module answers.
    pub fn routes(&self) -> &[RouteDecl] {
        &self.routes
    }

    /// The tables that hold tenants' rows.
    pub fn tables(&self) -> &[String] {
        &self.tables
    }

    /// The events that the module publishes and hears.
    pub fn events(&self) -> &Events {
        &self.events
    }

    /// The jobs that the module runs.
    pub fn jobs(&self) -> &[JobDecl] {
        &self.jobs
    }

    /// The roles that each tenant is seeded with, and what they are granted here.
    pub fn roles(&self) -> &[RoleDecl] {
        &self.roles
    }

    /// The settings of the module.
    pub fn config(&self) -> &[ConfigDecl] {
        &self.config
    }

    /// What the module does outside of any tenant, if it does.
    pub fn host(&self) -> Option<&HostDecl> {
        self.host.as_ref()
    }

    /// The module's migrations, by version.
    pub fn migrations(&self) -> &[Migration] {
        &self.migrations
    }

    /// The manifest with these migrations, sorted by version.
    ///
    /// Versions that stand twice are found by [`Migration::check`].
    #[must_use]
    pub fn with_migrations(mut self, mut migrations: Vec<Migration>) -> Self {
        migrations.sort_by_key(|migration| (migration.version, migration.dialect));
        self.migrations = migrations;
        self
    }
}
