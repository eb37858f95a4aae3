//! The kernel's own sections, and their settings as types.

use std::{sync::LazyLock, time::Duration};

use goplt_manifest::{
    ConfigDecl,
    ConfigKind::{Boolean, Duration as Time, Integer, Secret, String as Text, StringList},
    yaml::Value,
};
use secrecy::SecretString;

use super::{Config, ConfigError, ConfigErrorKind, ModuleConfig, Section, Values};
use crate::TenantId;

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

const RESERVED: [&str; 19] = [
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

/// `server`: the listener.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct ServerConfig {
    /// `host`, 127.0.0.1: the address to listen on.
    pub host: String,
    /// `port`, 8080; 0 takes a free one.
    pub port: u16,
    /// `timeout`, 30 s: the longest a request may take.
    pub timeout: Duration,
    /// `header_timeout`, `timeout` if not set: the longest a client may take for the headers.
    pub header_timeout: Duration,
    /// `idle_timeout`, `timeout` if not set: when a connection without request is closed.
    pub idle_timeout: Duration,
    /// `shutdown_grace`, 20 s: the longest that work in flight may take at the end.
    pub shutdown_grace: Duration,
    /// `body_limit`, 1 MiB: the largest body, in bytes.
    pub body_limit: usize,
    /// `max_in_flight`, 1024: the most requests at once; more are answered 503.
    pub max_in_flight: usize,
    /// `max_connections`, 4096: the most connections at once; more wait to be accepted.
    pub max_connections: usize,
    /// `cors`: who else's pages may call.
    pub cors: CorsConfig,
}

/// `server.cors`.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct CorsConfig {
    /// `cors.origins`, none: the origins of pages that may call, such as `https://app.example`.
    pub origins: Vec<String>,
    /// `cors.credentials`, false: whether they may send cookies.
    pub credentials: bool,
    /// `cors.max_age`, 10 min: how long a browser may remember the answer.
    pub max_age: Duration,
}

/// `database`: where data lies.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct DatabaseConfig {
    /// `url`: a file of SQLite in the data folder if not set.
    pub url: Option<SecretString>,
    /// `max_connections`, 25.
    pub max_connections: u32,
    /// `acquire_timeout`, 3 s: the longest a request waits for a connection; then it is 503.
    pub acquire_timeout: Duration,
}

/// `tenancy`: whether there is more than one tenant, and how anonymous calls name theirs.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct TenancyConfig {
    /// `mode`: several tenants (the default), or the one of `tenant`.
    pub mode: TenancyMode,
    /// `base_domain`, none: `acme.example.com` names the tenant `acme` if this is `example.com`.
    pub base_domain: Option<String>,
}

/// How many tenants there are.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "one or many: there is no third")]
pub enum TenancyMode {
    /// Many: each request names its own.
    Multi,
    /// One: every request is this tenant's.
    Single(TenantId),
}

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
                number(
                    "max_connections",
                    "The most connections to it",
                    25,
                    1,
                    10_000,
                ),
                time(
                    "acquire_timeout",
                    "The longest a request waits for a connection",
                )
                .or("3s"),
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
            "tenancy",
            vec![
                text("mode", "One tenant or many")
                    .or("multi")
                    .among(&["multi", "single"]),
                text("tenant", "The one tenant of mode `single`"),
                text("base_domain", "The domain whose subdomains are tenants"),
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
    errors
}

impl ModuleConfig for ServerConfig {
    const SECTION: &'static str = "server";

    fn from_values(values: &Values) -> Self {
        let timeout = values
            .duration("timeout")
            .unwrap_or(Duration::from_secs(30));
        let size = |key: &str, default: usize| {
            values
                .integer(key)
                .and_then(|number| usize::try_from(number).ok())
                .unwrap_or(default)
        };
        let port = values
            .integer("port")
            .and_then(|port| u16::try_from(port).ok());
        Self {
            host: values
                .string("host")
                .unwrap_or_else(|| "127.0.0.1".to_owned()),
            port: port.unwrap_or(8080),
            timeout,
            header_timeout: values.duration("header_timeout").unwrap_or(timeout),
            idle_timeout: values.duration("idle_timeout").unwrap_or(timeout),
            shutdown_grace: values
                .duration("shutdown_grace")
                .unwrap_or(Duration::from_secs(20)),
            body_limit: size("body_limit", 1 << 20),
            max_in_flight: size("max_in_flight", 1_024),
            max_connections: size("max_connections", 4_096),
            cors: CorsConfig {
                origins: values.strings("cors.origins").unwrap_or_default(),
                credentials: values.boolean("cors.credentials").unwrap_or(false),
                max_age: values
                    .duration("cors.max_age")
                    .unwrap_or(Duration::from_secs(600)),
            },
        }
    }
}

impl ModuleConfig for DatabaseConfig {
    const SECTION: &'static str = "database";

    fn from_values(values: &Values) -> Self {
        let most = values
            .integer("max_connections")
            .and_then(|most| u32::try_from(most).ok());
        Self {
            url: values.secret("url"),
            max_connections: most.unwrap_or(25),
            acquire_timeout: values
                .duration("acquire_timeout")
                .unwrap_or(Duration::from_secs(3)),
        }
    }
}

impl ModuleConfig for TenancyConfig {
    const SECTION: &'static str = "tenancy";

    fn from_values(values: &Values) -> Self {
        let single = values.string("mode").is_some_and(|mode| mode == "single");
        let tenant = values
            .string("tenant")
            .and_then(|tenant| tenant.parse().ok());
        let mode = match tenant.filter(|_| single) {
            Some(tenant) => TenancyMode::Single(tenant),
            None => TenancyMode::Multi,
        };
        Self {
            mode,
            base_domain: values.string("base_domain"),
        }
    }
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
