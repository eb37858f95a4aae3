//! Running until a signal, and the two ways to end early.

use std::{fmt, io, net::SocketAddr, process, time::Duration};

use goplt_core::shutdown::{Phase, Shutdown};
use tokio::time::sleep;
use tokio_util::task::AbortOnDropHandle;

use super::{Host, StartError, StopError, start};

/// How a run ends other than well.
#[derive(Debug)]
#[non_exhaustive]
pub enum RunError {
    /// It did not start.
    Start(StartError),
    /// It did not stop cleanly.
    Stop(StopError),
    /// Signals cannot be heard.
    Signals(io::Error),
}

impl Host {
    /// Starts, calls `ready` with the address, serves until SIGTERM or SIGINT, and stops in order.
    ///
    /// A second signal, or the end of `server.shutdown_grace`, ends it at once.
    ///
    /// # Errors
    ///
    /// [`RunError`]; the stop is an error if it was cut short.
    pub async fn run(self, ready: impl FnOnce(SocketAddr)) -> Result<(), RunError> {
        let shutdown = self.shutdown();
        let _signals = listen_for_signals(shutdown.clone()).map_err(RunError::Signals)?;
        let running = start::start(self, start::Purpose::Serve, shutdown.clone()).await;
        let running = running.map_err(RunError::Start)?;
        if let Some(address) = running.address() {
            ready(address);
        }
        shutdown.draining().await;
        running.stop().await.map_err(RunError::Stop)
    }
}

/// How long the end may take once it is forced: only code that never awaits needs more.
const LAST_WORD: Duration = Duration::from_secs(2);

/// Hands signals on, and ends a process whose threads are blocked.
fn listen_for_signals(shutdown: Shutdown) -> io::Result<AbortOnDropHandle<()>> {
    let mut signals = Signals::new()?;
    let task = tokio::spawn(async move {
        while shutdown.phase() != Phase::Forced {
            tokio::select! {
                () = signals.next() => shutdown.signal(),
                () = grace_is_over(&shutdown) => shutdown.force(),
            }
        }
        sleep(LAST_WORD).await;
        tracing::error!("the process is blocked and ends now");
        process::exit(1);
    });
    Ok(AbortOnDropHandle::new(task))
}

async fn grace_is_over(shutdown: &Shutdown) {
    shutdown.draining().await;
    sleep(shutdown.remaining()).await;
}

#[cfg(unix)]
struct Signals {
    terminate: tokio::signal::unix::Signal,
    interrupt: tokio::signal::unix::Signal,
}

#[cfg(unix)]
impl Signals {
    fn new() -> io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        Ok(Self {
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
        })
    }

    async fn next(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }
}

#[cfg(not(unix))]
struct Signals;

#[cfg(not(unix))]
impl Signals {
    fn new() -> io::Result<Self> {
        Ok(Self)
    }

    async fn next(&mut self) {
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending().await
        }
    }
}

impl fmt::Display for RunError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Start(error) => error.fmt(f),
            Self::Stop(error) => error.fmt(f),
            Self::Signals(error) => write!(f, "cannot hear signals: {error}"),
        }
    }
}

impl std::error::Error for RunError {}
