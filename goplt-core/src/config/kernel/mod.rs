//! The kernel's own sections, and their settings as types.

mod placements;
mod settings;

use std::sync::LazyLock;

use goplt_manifest::{
    ConfigDecl,
    ConfigKind::{Boolean, Duration as Time, Integer, Number, Secret, String as Text, StringList},
    yaml::Value,
};

use super::{Config, ConfigError, ConfigErrorKind, Section};
use crate::{TenantId, edge::TenantPath};

pub use self::settings::{
    CorsConfig, DatabaseConfig, MailConfig, MailTransport, MigrationMode, PlacementConfig,
    ServerConfig, TenancyConfig, TenancyMode,
};

/// The sections that the kernel declares. [`load`](super::load) adds them by itself.
#[must_use]
pub fn sections() -> &'static [Section] {
    &SECTIONS
}

/// Whether no module may have this name, since its section would be the kernel's: today's, or
/// one that is kept for a part to come.
#[must_use]
pub fn is_reserved(name: &str) -> bool {
    RESERVED.contains(&name)
}

const RESERVED: [&str; 20] = [
    "admin",
    "cache",
    "core",
    "data_dir",
    "database",
    "discovery",
    "environment",
    "events",
    "gateway",
    "jobs",
    "logging",
    "mail",
    "metrics",
    "rate_limiting",
    "server",
    "service_registry",
    "services",
    "telemetry",
    "tenancy",
    "transport",
];

const LEVELS: [&str; 5] = ["error", "warn", "info", "debug", "trace"];

static SECTIONS: LazyLock<Vec<Section>> = LazyLock::new(|| {
    vec![
        Section::new(
            "",
            vec![
                text(
                    "environment",
                    "Where the process runs; `--env` and `GOPLT_ENV` set it too",
                ),
                text("data_dir", "The folder of files that the process keeps").or("./data"),
            ],
        ),
        Section::new(
            "server",
            vec![
                text("host", "The address to listen on").or("127.0.0.1"),
                number(
                    "port",
                    "The port to listen on, 0 for a free one",
                    8080,
                    0,
                    65_535,
                ),
                time("timeout", "The longest a request may take").or("30s"),
                time(
                    "header_timeout",
                    "The longest a client may take for the headers",
                ),
                time(
                    "idle_timeout",
                    "When a connection without request is closed",
                ),
                time(
                    "shutdown_grace",
                    "The longest that work in flight may take at the end",
                )
                .or("20s"),
                number(
                    "body_limit",
                    "The largest body, in bytes",
                    1 << 20,
                    0,
                    1 << 40,
                ),
                number(
                    "max_in_flight",
                    "The most requests at once",
                    1_024,
                    1,
                    1 << 20,
                ),
                number(
                    "max_connections",
                    "The most connections at once",
                    4_096,
                    1,
                    1 << 20,
                ),
                declare("cors.origins", StringList, "Origins of pages that may call"),
                flag("cors.credentials", "Whether those pages may send cookies"),
                time("cors.max_age", "How long a browser may remember the answer").or("10m"),
            ],
        ),
        Section::new(
            "database",
            vec![
                declare(
                    "url",
                    Secret,
                    "Where data lies; a file in the data folder by default",
                ),
                declare(
                    "host_url",
                    Secret,
                    "The same PostgreSQL database, with the role for work across tenants",
                ),
                declare(
                    "owner_url",
                    Secret,
                    "The same PostgreSQL database, with the role that owns the tables, for migrations",
                ),
                text(
                    "migrations",
                    "Who applies migrations: every start, or the command `migrate`",
                )
                .among(&["auto", "verify", "job"]),
                number(
                    "max_connections",
                    "The most connections to it",
                    25,
                    1,
                    10_000,
                ),
                number(
                    "max_idle_connections",
                    "The most connections to PostgreSQL that stay open while nobody needs them",
                    5,
                    0,
                    10_000,
                ),
                time("max_lifetime", "How old a connection to PostgreSQL becomes").or("30m"),
                time(
                    "acquire_timeout",
                    "The longest a request waits for a connection",
                )
                .or("3s"),
                declare(
                    "placements.*.url",
                    Secret,
                    "Another database of the same kind, where the tenants of the placement are",
                ),
                declare(
                    "placements.*.host_url",
                    Secret,
                    "The same, with the role for work across tenants",
                ),
                declare(
                    "placements.*.owner_url",
                    Secret,
                    "The same, with the role that owns the tables, for migrations",
                ),
                declare(
                    "placements.*.tenants",
                    StringList,
                    "The tenants whose rows are there",
                ),
                limit("placements.*.max_connections", 1),
                limit("placements.*.max_idle_connections", 0),
                time(
                    "placements.*.max_lifetime",
                    "As that of the home database, unless set",
                ),
                time(
                    "placements.*.acquire_timeout",
                    "As that of the home database, unless set",
                ),
            ],
        ),
        Section::new(
            "logging",
            vec![
                text("level", "The least level that is written")
                    .or("info")
                    .among(&LEVELS),
                text("format", "How a line looks")
                    .or("json")
                    .among(&["json", "pretty"])
                    .in_development("pretty"),
                declare(
                    "targets",
                    StringList,
                    "Levels of parts, such as `sqlx=warn`",
                ),
            ],
        ),
        Section::new(
            "mail",
            vec![
                text(
                    "transport",
                    "What becomes of mail: a file, a line of the log, or nothing",
                )
                .or("log")
                .among(&["file", "log", "none"])
                .in_development("file"),
                text("from", "The address that mail comes from").or("goplt@localhost"),
            ],
        ),
        Section::new(
            "telemetry",
            vec![
                text(
                    "otlp.endpoint",
                    "Where traces, metrics and logs are sent by OTLP over gRPC",
                ),
                time("metrics.interval", "How often metrics are sent").or("30s"),
                ratio(
                    "traces.sample_ratio",
                    "How many of the traces that begin here are recorded",
                    0.1,
                    1.0,
                ),
                number(
                    "errors.queue",
                    "The most error reports that wait",
                    100,
                    1,
                    1 << 16,
                ),
                time(
                    "errors.interval",
                    "How often repeats of an error are told of",
                )
                .or("1m"),
            ],
        ),
        Section::new(
            "tenancy",
            vec![
                text("mode", "One tenant or many")
                    .or("multi")
                    .among(&["multi", "single"]),
                text("tenant", "The one tenant of mode `single`"),
                text("base_domain", "The domain whose subdomains are tenants"),
                text(
                    "path_prefix",
                    "Where a path names the tenant, such as `/t/{tenant}`; it is taken away before routing",
                ),
                flag(
                    "credentials_only",
                    "Whether anonymous requests enter no tenant, whatever they name",
                ),
            ],
        ),
    ]
});

/// Rules between settings, and types that [`ConfigKind`](super::ConfigKind) does not know.
pub(super) fn check(config: &Config) -> Vec<ConfigError> {
    let mut errors = Vec::new();
    let tenancy = config.section("tenancy");
    let (mode, tenant) = (tenancy.string("mode"), tenancy.string("tenant"));
    let mut fail = |key: &str, kind, message: String, help: Option<&str>| {
        let origin = config
            .origin(key)
            .cloned()
            .unwrap_or(super::Origin::Default);
        let error = ConfigError::of(kind, &origin, key, message);
        errors.push(error.with_help_if(help.map(str::to_owned)));
    };
    match (mode.as_deref(), tenant) {
        (Some("single"), None) => fail(
            "tenancy.mode",
            ConfigErrorKind::Missing,
            "`tenancy.mode` is `single`, but `tenancy.tenant` is not set".to_owned(),
            Some("set `tenancy.tenant` to the id of the tenant"),
        ),
        (_, Some(tenant)) => {
            if let Err(error) = tenant.parse::<TenantId>() {
                let message = format!("`tenancy.tenant`: {error}");
                fail("tenancy.tenant", ConfigErrorKind::NotAllowed, message, None);
            }
        }
        _ => {}
    }
    if let Some(path) = tenancy.string("path_prefix")
        && let Err(error) = path.parse::<TenantPath>()
    {
        let message = format!("`tenancy.path_prefix`: {error}");
        let key = "tenancy.path_prefix";
        fail(key, ConfigErrorKind::NotAllowed, message, None);
    }
    let targets = config.section("logging").strings("targets");
    for target in targets.unwrap_or_default() {
        let word = target
            .split_once('=')
            .map(|(_, level)| level.trim().to_ascii_lowercase());
        let holds = word.is_some_and(|word| word == "off" || LEVELS.contains(&word.as_str()));
        if !holds {
            let shown = super::error::shorten(&target);
            let message = format!("`logging.targets` holds `{shown}`");
            let help = Some("write `target=level`, such as `sqlx=warn`");
            fail(
                "logging.targets",
                ConfigErrorKind::NotAllowed,
                message,
                help,
            );
        }
    }
    errors.extend(placements::check(config));
    errors
}

fn declare(name: &str, kind: super::ConfigKind, description: &str) -> ConfigDecl {
    let mut decl = ConfigDecl::new(name, kind);
    decl.description = description.to_owned();
    decl
}

fn text(name: &str, description: &str) -> ConfigDecl {
    declare(name, Text, description)
}

fn time(name: &str, description: &str) -> ConfigDecl {
    declare(name, Time, description)
}

fn flag(name: &str, description: &str) -> ConfigDecl {
    let mut decl = declare(name, Boolean, description);
    decl.default = Some(Value::Bool(false));
    decl
}

fn number(name: &str, description: &str, default: i64, min: i32, max: i64) -> ConfigDecl {
    let mut decl = declare(name, Integer, description);
    decl.default = Some(Value::Int(default));
    decl.min = Some(f64::from(min));
    #[expect(
        clippy::cast_precision_loss,
        reason = "the bounds of this table are below 2^53"
    )]
    let max = max as f64;
    decl.max = Some(max);
    decl
}

/// As that of the home database, unless set.
fn limit(name: &str, min: i32) -> ConfigDecl {
    let mut decl = number(
        name,
        "As that of the home database, unless set",
        0,
        min,
        10_000,
    );
    decl.default = None;
    decl
}

/// Between none and all.
fn ratio(name: &str, description: &str, default: f64, development: f64) -> ConfigDecl {
    let mut decl = declare(name, Number, description);
    decl.default = Some(Value::Float(default));
    decl.development = Some(Value::Float(development));
    decl.min = Some(0.0);
    decl.max = Some(1.0);
    decl
}

/// The rest of a declaration.
trait Declare {
    fn or(self, default: &str) -> Self;
    fn in_development(self, default: &str) -> Self;
    fn among(self, values: &[&str]) -> Self;
}

impl Declare for ConfigDecl {
    fn or(mut self, default: &str) -> Self {
        self.default = Some(Value::String(default.to_owned()));
        self
    }

    fn in_development(mut self, default: &str) -> Self {
        self.development = Some(Value::String(default.to_owned()));
        self
    }

    fn among(mut self, values: &[&str]) -> Self {
        self.values = values.iter().map(|&value| value.to_owned()).collect();
        self
    }
}
