use std::time::Duration;

use secrecy::SecretString;

use crate::{
    TenantId,
    config::{ModuleConfig, Values},
    edge::TenantPath,
    id::PlacementName,
};

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
    /// `host_url`: the role for work across tenants, on PostgreSQL.
    pub host_url: Option<SecretString>,
    /// `owner_url`: the role that owns the tables, on PostgreSQL.
    pub owner_url: Option<SecretString>,
    /// `migrations`: who applies them. Without it, on PostgreSQL in production nobody at a start.
    pub migrations: Option<MigrationMode>,
    /// `max_connections`, 25.
    pub max_connections: u32,
    /// `max_idle_connections`, 5: how many stay open while nobody needs them, on PostgreSQL.
    pub max_idle_connections: u32,
    /// `max_lifetime`, 30 min: how old a connection to PostgreSQL becomes.
    pub max_lifetime: Duration,
    /// `acquire_timeout`, 3 s: the longest a request waits for a connection; then it is 503.
    pub acquire_timeout: Duration,
    /// `placements`, none: other databases, and whose rows are there, by name.
    pub placements: Vec<PlacementConfig>,
}

/// `database.placements.NAME`: another database, for some tenants.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct PlacementConfig {
    /// How it is called.
    pub name: PlacementName,
    /// `url`: of the same kind as the home database's.
    pub url: SecretString,
    /// `host_url`: the role for work across tenants, on PostgreSQL.
    pub host_url: Option<SecretString>,
    /// `owner_url`: the role that owns the tables, on PostgreSQL.
    pub owner_url: Option<SecretString>,
    /// `tenants`, none: whose rows are there.
    pub tenants: Vec<TenantId>,
    /// `max_connections`, that of the home database.
    pub max_connections: u32,
    /// `max_idle_connections`, that of the home database.
    pub max_idle_connections: u32,
    /// `max_lifetime`, that of the home database.
    pub max_lifetime: Duration,
    /// `acquire_timeout`, that of the home database.
    pub acquire_timeout: Duration,
}

/// `mail`: what becomes of mail.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct MailConfig {
    /// `transport`, `file` in development and `log` elsewhere.
    pub transport: MailTransport,
    /// `from`, `goplt@localhost`: the address that mail comes from.
    pub from: String,
}

/// What becomes of mail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum MailTransport {
    /// A file in the data folder.
    File,
    /// A line of the log, without the text.
    Log,
    /// Nothing.
    None,
}

/// Who applies migrations.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum MigrationMode {
    /// Every start.
    Auto,
    /// The command `migrate`; a start with something pending is refused.
    Verify,
    /// The command `migrate`, perhaps at the same time: a start waits until nothing is pending.
    Job,
}

/// `tenancy`: whether there is more than one tenant, and how anonymous calls name theirs.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct TenancyConfig {
    /// `mode`: several tenants (the default), or the one of `tenant`.
    pub mode: TenancyMode,
    /// `base_domain`, none: `acme.example.com` names the tenant `acme` if this is `example.com`.
    pub base_domain: Option<String>,
    /// `path_prefix`, none: `/t/acme/api/v1/notes` names the tenant `acme` if this is `/t/{tenant}`,
    /// and is routed as `/api/v1/notes`.
    pub path_prefix: Option<TenantPath>,
    /// `credentials_only`, false: anonymous requests enter no tenant, whatever they name.
    pub credentials_only: bool,
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
        let number = |key: &str, default| {
            let number = values.integer(key);
            number
                .and_then(|number| u32::try_from(number).ok())
                .unwrap_or(default)
        };
        let mut database = Self {
            url: values.secret("url"),
            host_url: values.secret("host_url"),
            owner_url: values.secret("owner_url"),
            migrations: match values.string("migrations").as_deref() {
                Some("auto") => Some(MigrationMode::Auto),
                Some("verify") => Some(MigrationMode::Verify),
                Some("job") => Some(MigrationMode::Job),
                _ => None,
            },
            max_connections: number("max_connections", 25),
            max_idle_connections: number("max_idle_connections", 5),
            max_lifetime: values
                .duration("max_lifetime")
                .unwrap_or(Duration::from_secs(30 * 60)),
            acquire_timeout: values
                .duration("acquire_timeout")
                .unwrap_or(Duration::from_secs(3)),
            placements: Vec::new(),
        };
        let names = values.names("placements");
        let placements = names
            .iter()
            .filter_map(|name| PlacementConfig::read(name, values, &database));
        database.placements = placements.collect();
        database
    }
}

impl PlacementConfig {
    /// `None` if it has no URL or no name, which is no start.
    fn read(name: &str, values: &Values, home: &DatabaseConfig) -> Option<Self> {
        let key = |key: &str| format!("placements.{name}.{key}");
        let number = |name: &str, default| {
            let number = values.integer(&key(name));
            number
                .and_then(|number| u32::try_from(number).ok())
                .unwrap_or(default)
        };
        let time = |name: &str, default| values.duration(&key(name)).unwrap_or(default);
        let tenants = values.strings(&key("tenants")).unwrap_or_default();
        Some(Self {
            name: name.parse().ok()?,
            url: values.secret(&key("url"))?,
            host_url: values.secret(&key("host_url")),
            owner_url: values.secret(&key("owner_url")),
            tenants: tenants
                .iter()
                .filter_map(|tenant| tenant.parse().ok())
                .collect(),
            max_connections: number("max_connections", home.max_connections),
            max_idle_connections: number("max_idle_connections", home.max_idle_connections),
            max_lifetime: time("max_lifetime", home.max_lifetime),
            acquire_timeout: time("acquire_timeout", home.acquire_timeout),
        })
    }
}

impl ModuleConfig for MailConfig {
    const SECTION: &'static str = "mail";

    fn from_values(values: &Values) -> Self {
        let transport = match values.string("transport").as_deref() {
            Some("file") => MailTransport::File,
            Some("none") => MailTransport::None,
            _ => MailTransport::Log,
        };
        Self {
            transport,
            from: values
                .string("from")
                .unwrap_or_else(|| "goplt@localhost".to_owned()),
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
            path_prefix: values
                .string("path_prefix")
                .and_then(|path| path.parse().ok()),
            credentials_only: values.boolean("credentials_only").unwrap_or(false),
        }
    }
}
