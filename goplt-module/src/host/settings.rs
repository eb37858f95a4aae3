//! What sections of the configuration mean for the parts of a host.

use std::{path::Path, sync::Arc};

use goplt_core::{
    Clock,
    config::{
        Config,
        kernel::{DatabaseConfig, MailConfig, ServerConfig},
    },
    data::DatabaseSettings,
    mail::{self, AddressError, Mailer},
};

use crate::http::{CorsSettings, HttpSettings};

/// What the section `database` says, and where the data folder is.
pub(super) fn database_settings(config: &Config) -> DatabaseSettings {
    let database: DatabaseConfig = config.get();
    let mut settings = match database.url {
        Some(url) => DatabaseSettings::new(url),
        None => DatabaseSettings::new(sqlite_url(config.data_dir())),
    };
    if let Some(url) = database.host_url {
        settings = settings.with_host_url(url);
    }
    if let Some(url) = database.owner_url {
        settings = settings.with_owner_url(url);
    }
    settings
        .with_max_connections(database.max_connections)
        .with_max_idle_connections(database.max_idle_connections)
        .with_max_lifetime(database.max_lifetime)
        .with_acquire_timeout(database.acquire_timeout)
}

fn sqlite_url(data_dir: &Path) -> String {
    format!("sqlite:{}", data_dir.join("goplt.db").display())
}

/// What the section `mail` names.
pub(super) fn mailer(
    config: &Config,
    data_dir: &Path,
    clock: Clock,
) -> Result<Arc<dyn Mailer>, AddressError> {
    mail::configured(&config.get::<MailConfig>(), data_dir, clock)
}

/// What the section `server` says of HTTP.
pub(super) fn http_settings(server: &ServerConfig) -> HttpSettings {
    HttpSettings {
        timeout: server.timeout,
        header_timeout: server.header_timeout,
        idle_timeout: server.idle_timeout,
        body_limit: u64::try_from(server.body_limit).unwrap_or(u64::MAX),
        max_in_flight: server.max_in_flight,
        max_connections: server.max_connections,
        cors: CorsSettings {
            origins: server.cors.origins.clone(),
            credentials: server.cors.credentials,
            max_age: server.cors.max_age,
        },
    }
}
