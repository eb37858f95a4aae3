//! The words that a manifest may hold, shared with its JSON Schema.

/// The keys of a manifest.
pub(crate) const KEYS: &[&str] = &[
    "name",
    "version",
    "description",
    "dependencies",
    "optional_dependencies",
    "permissions",
    "routes",
    "tables",
    "events",
    "jobs",
    "roles",
    "config",
    "host",
];

/// The keys of a permission that is written as a map.
pub(crate) const PERMISSION_KEYS: &[&str] = &["name", "description"];

/// The keys of a route.
pub(crate) const ROUTE_KEYS: &[&str] = &[
    "id",
    "method",
    "path",
    "permission",
    "access",
    "reason",
    "tenant",
    "description",
];

/// The keys of `events`.
pub(crate) const EVENT_KEYS: &[&str] = &["publishes", "subscribes"];

/// The keys of a job.
pub(crate) const JOB_KEYS: &[&str] = &["name", "cron", "zone", "description"];

/// The keys of a setting.
pub(crate) const CONFIG_KEYS: &[&str] = &[
    "type",
    "default",
    "development",
    "values",
    "min",
    "max",
    "description",
];

/// The keys of `host`.
pub(crate) const HOST_KEYS: &[&str] = &["reason", "tables"];

/// What a route's `access` may be.
pub(crate) const ACCESS: &[&str] = &["authenticated", "public", "handler"];

/// What a route's `tenant` may be.
pub(crate) const TENANT: &[&str] = &["request", "credential"];

/// Names that no module may have: the platform's own, and the sections of the kernel's configuration.
pub(crate) const RESERVED: &[&str] = &[
    "core",
    "environment",
    "server",
    "database",
    "logging",
    "tracing",
    "telemetry",
    "cache",
    "services",
    "rate_limiting",
    "tenancy",
    "events",
    "jobs",
    "health",
];
