//! A server in a container, which ends and removes itself.

use std::{sync::OnceLock, time::Duration};

use testcontainers::{
    ContainerAsync, GenericImage, ImageExt as _,
    core::{IntoContainerPort as _, WaitFor},
    runners::AsyncRunner as _,
};

use crate::backend::{
    Rung,
    postgres::{SETTINGS, connection, server::Address, shared::Shared, watch},
};

const READY: &str = "database system is ready to accept connections";

/// A slow engine may have to fetch the image first.
const START: Duration = Duration::from_secs(120);

/// The watch runs beside the server, inside of the container: whoever is killed outside, it ends
/// the first process, and the engine removes the container.
const SCRIPT: &str = r#"
{
  until printf '%s' "$GOPLT_WATCH" | psql -qAtX -v ON_ERROR_STOP=1 -U postgres -d postgres -f -; do
    sleep 1
  done >/dev/null 2>&1
  kill -INT 1
} &
exec docker-entrypoint.sh postgres "$@"
"#;

pub(in crate::backend::postgres) fn start(_: &mut Shared) -> Result<Address, String> {
    // Never dropped: dropping it would end the server under the other processes.
    static CONTAINER: OnceLock<ContainerAsync<GenericImage>> = OnceLock::new();
    let password = super::super::local::password().map_err(|error| error.to_string())?;
    connection::wait(async {
        let settings = SETTINGS.iter().flat_map(|setting| ["-c", *setting]);
        let request = GenericImage::new("postgres", "15")
            .with_exposed_port(5432.tcp())
            // The first start says it on standard output, of a server for its own set-up.
            .with_wait_for(WaitFor::message_on_stderr(READY))
            .with_env_var("POSTGRES_PASSWORD", &password)
            .with_env_var("POSTGRES_HOST_AUTH_METHOD", "md5")
            .with_env_var("GOPLT_WATCH", watch())
            .with_label("goplt.testing", "postgres")
            .with_host_config_modifier(|config| config.auto_remove = Some(true))
            .with_startup_timeout(START)
            .with_cmd(["sh", "-c", SCRIPT, "sh"].into_iter().chain(settings));
        let container = request.start().await.map_err(|error| chain(&error))?;
        let host = container.get_host().await.map_err(|error| chain(&error))?;
        let port = container
            .get_host_port_ipv4(5432)
            .await
            .map_err(|error| chain(&error))?;
        let address = Address::local(Rung::Container, &host.to_string(), port, &password);
        // The gate is held, and a process starts at most one.
        let _ = CONTAINER.set(container);
        Ok(address)
    })
}

fn chain(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(error.source(), |error| error.source());
    causes.fold(error.to_string(), |text, cause| format!("{text}: {cause}"))
}
