use crate::{Permission, PermissionPattern, yaml::Mark};

/// A permission that the module checks.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct PermissionDecl {
    /// The permission; its first part is the module's name.
    pub permission: Permission,
    /// What it allows; may be empty.
    pub description: String,
    /// Where it stands.
    pub mark: Mark,
}

/// The events that the module publishes and hears.
#[derive(Debug, Clone, Default)]
#[non_exhaustive]
pub struct Events {
    /// What it publishes; names begin with the module's own.
    pub publishes: Vec<EventDecl>,
    /// What it hears, of itself or of other modules.
    pub subscribes: Vec<EventDecl>,
}

/// An event: `module.entity.verb`.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct EventDecl {
    /// Its name, such as `blog.post.created`.
    pub name: String,
    /// Where it stands.
    pub mark: Mark,
}

/// A job that the module runs.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct JobDecl {
    /// Its name, `[a-z][a-z0-9_]*`.
    pub name: String,
    /// When it is due: five fields, minute, hour, day of the month, month, day of the week. `None` for a job that is
    /// only enqueued.
    pub cron: Option<String>,
    /// The time zone of `cron`, such as `Europe/Berlin`; `None` is UTC.
    pub zone: Option<String>,
    /// What it does; may be empty.
    pub description: String,
    /// Where it stands.
    pub mark: Mark,
}

/// A role that each tenant is seeded with, and what this module grants it.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct RoleDecl {
    /// Its name, `[a-z][a-z0-9_-]*`.
    pub name: String,
    /// What it grants: permissions of this module.
    pub grants: Vec<PermissionPattern>,
    /// Where it stands.
    pub mark: Mark,
}

/// What the module does outside of any tenant.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct HostDecl {
    /// Why it must, for whoever reviews it.
    pub reason: String,
    /// The tables it reads and writes across tenants or without one. May name tenant tables too.
    pub tables: Vec<String>,
    /// Where it stands.
    pub mark: Mark,
}
