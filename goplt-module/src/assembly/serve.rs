//! What a binary does with a host: serve, or run a command.

use futures_util::future::BoxFuture;
use goplt_core::{BoxError, error::chain, telemetry::Service};

use super::run::{Failure, block_on, print, start_logs, start_telemetry};
use crate::{Host, HostContext};

pub(super) fn serve(host: Host, service: Service) -> Result<(), Failure> {
    block_on(async move {
        let telemetry = start_telemetry(&host, service)?;
        host.with_telemetry(telemetry)
            .run(|address| {
                // Whoever waits for the line may be gone; the host serves all the same.
                let _ = print(&format!("listening on http://{address}\n"));
            })
            .await
            .map_err(Failure::of)
    })
}

/// Runs a command with every module started, then stops them; what the command did stays done either way.
pub(super) fn command(
    host: Host,
    name: String,
    run: impl FnOnce(HostContext) -> BoxFuture<'static, Result<(), BoxError>>,
) -> Result<(), Failure> {
    start_logs(&host)?;
    block_on(async move {
        let running = host.start_for_command().await.map_err(Failure::of)?;
        let outcome = run(running.context(&name)).await;
        let stopped = running.stop().await.map_err(Failure::of);
        outcome.map_err(|error| Failure::new(format!("{name}: {}", chain(&*error))))?;
        stopped
    })
}
