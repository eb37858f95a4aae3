//! What placements must agree on.

use std::{collections::BTreeMap, path::Path};

use secrecy::{ExposeSecret, SecretString};

use crate::{
    TenantId,
    config::{Config, ConfigError, ConfigErrorKind, Origin, Values},
};

/// Every placement has a database of its own, of the home's kind, and every tenant one place.
pub(super) fn check(config: &Config) -> Vec<ConfigError> {
    let database = config.section("database");
    let mut checked = Checked {
        config,
        errors: Vec::new(),
    };
    let home = database.secret("url");
    let mut places = BTreeMap::new();
    places.insert(place(home.as_ref(), config.data_dir()), String::new());
    let mut tenants = BTreeMap::new();
    for name in database.names("placements") {
        match database.secret(&format!("placements.{name}.url")) {
            None => checked.has_no_url(&name),
            Some(url) => {
                checked.kind(&name, &url, home.as_ref());
                checked.place(&name, &url, &mut places);
            }
        }
        checked.tenants(&name, &database, &mut tenants);
    }
    checked.errors
}

struct Checked<'a> {
    config: &'a Config,
    errors: Vec<ConfigError>,
}

impl Checked<'_> {
    fn has_no_url(&mut self, name: &str) {
        let key = key(name, "url");
        // What is there of it shows where it is.
        let prefix = format!("database.placements.{name}.");
        let below = self.config.iter();
        let origin = below
            .filter(|setting| setting.key.starts_with(&prefix) && setting.value.is_some())
            .map(|setting| setting.origin.clone())
            .next();
        let message = format!("the placement `{name}` names no database: `{key}` is not set");
        let help = "set it to the URL of the database where its tenants are";
        self.fail(ConfigErrorKind::Missing, &key, origin, message, help);
    }

    fn kind(&mut self, name: &str, url: &SecretString, home: Option<&SecretString>) {
        let (own, home) = (kind(Some(url)), kind(home));
        if own == home {
            return;
        }
        let key = key(name, "url");
        let message = format!("`{key}` is on {own}, and `database.url` on {home}");
        let help = "name databases of one kind: modules and migrations are the same in all of them";
        self.fail(ConfigErrorKind::NotAllowed, &key, None, message, help);
    }

    fn place(&mut self, name: &str, url: &SecretString, places: &mut BTreeMap<String, String>) {
        let place = place(Some(url), self.config.data_dir());
        let Some(other) = places.insert(place.clone(), name.to_owned()) else {
            return;
        };
        // Each of them in memory is another.
        if place == MEMORY {
            return;
        }
        let whose = if other.is_empty() {
            "the home database, `database.url`".to_owned()
        } else {
            format!("that of the placement `{other}`")
        };
        let key = key(name, "url");
        let message = format!("`{key}` is {whose}");
        let help = "name another database";
        self.fail(ConfigErrorKind::NotAllowed, &key, None, message, help);
    }

    fn tenants(&mut self, name: &str, values: &Values, placed: &mut BTreeMap<TenantId, String>) {
        let key = key(name, "tenants");
        let written = values.strings(&format!("placements.{name}.tenants"));
        for tenant in written.unwrap_or_default() {
            let tenant: TenantId = match tenant.parse() {
                Ok(tenant) => tenant,
                Err(error) => {
                    let message = format!("`{key}`: {error}");
                    self.fail(ConfigErrorKind::NotAllowed, &key, None, message, "");
                    continue;
                }
            };
            let message = match placed.insert(tenant.clone(), name.to_owned()) {
                None => continue,
                Some(other) if other == name => {
                    format!("`{key}` names the tenant `{tenant}` twice")
                }
                Some(other) => {
                    format!("the tenant `{tenant}` is placed in `{other}` and in `{name}`")
                }
            };
            let help = "leave it in one place";
            self.fail(ConfigErrorKind::NotAllowed, &key, None, message, help);
        }
    }

    fn fail(
        &mut self,
        kind: ConfigErrorKind,
        key: &str,
        origin: Option<Origin>,
        message: String,
        help: &str,
    ) {
        let origin = origin.or_else(|| self.config.origin(key).cloned());
        let origin = origin.unwrap_or(Origin::Default);
        let help = (!help.is_empty()).then(|| help.to_owned());
        let error = ConfigError::of(kind, &origin, key, message);
        self.errors.push(error.with_help_if(help));
    }
}

fn key(placement: &str, key: &str) -> String {
    format!("database.placements.{placement}.{key}")
}

fn kind(url: Option<&SecretString>) -> &'static str {
    match url {
        Some(url) if url.expose_secret().starts_with("postgres") => "PostgreSQL",
        _ => "SQLite",
    }
}

const MEMORY: &str = ":memory:";

/// Which database it is, as far as its URL tells: no credentials, no parameters. What names one
/// database in two ways is found when it is opened.
fn place(url: Option<&SecretString>, data_dir: &Path) -> String {
    let file = |path: &Path| {
        let path = std::path::absolute(path);
        path.map_or_else(|_| String::new(), |path| path.display().to_string())
    };
    let Some(url) = url.map(ExposeSecret::expose_secret) else {
        return file(&data_dir.join("goplt.db"));
    };
    let Some((_, server)) = url.split_once("://").filter(|(name, _)| *name != "sqlite") else {
        let path = url.strip_prefix("sqlite:").unwrap_or(url);
        let path = path.strip_prefix("//").unwrap_or(path);
        return if path == MEMORY {
            MEMORY.to_owned()
        } else {
            file(Path::new(path))
        };
    };
    let server = server.split('?').next().unwrap_or_default();
    let (authority, database) = server.split_once('/').unwrap_or((server, ""));
    let host = authority.rsplit('@').next().unwrap_or_default();
    let port = if host.rsplit(']').next().unwrap_or(host).contains(':') {
        ""
    } else {
        ":5432"
    };
    format!("{}{port}/{database}", host.to_ascii_lowercase())
}
