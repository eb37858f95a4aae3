//! What sections of the configuration mean for the parts of a host.

use std::{path::Path, sync::Arc};

use goplt_core::{
    Clock,
    config::{
        Config,
        kernel::{MailConfig, ServerConfig},
    },
    mail::{self, AddressError, Mailer},
};

use crate::http::{CorsSettings, HttpSettings};

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
