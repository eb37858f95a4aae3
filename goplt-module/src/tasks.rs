//! [`Tasks`]: what a module runs in the background, owned by the host.

use std::{borrow::Cow, fmt, panic::AssertUnwindSafe};

use futures_util::FutureExt;
use goplt_core::{
    BoxError, ModuleName,
    error::{Panicked, chain},
    report::{ErrorReport, Reporter},
    shutdown::ShutdownToken,
};
use tokio_util::sync::CancellationToken;
use tracing::Instrument;

use crate::host::panic_text;

/// Spawns background tasks of a module, which the host tells to stop and waits for.
///
/// Clones share the tasks.
///
/// # Examples
///
/// ```no_run
/// # use std::time::Duration;
/// # fn init(tasks: goplt_module::Tasks) {
/// tasks.spawn("refresh", |stop| async move {
///     loop {
///         tokio::select! {
///             () = stop.wait() => return Ok(()),
///             () = tokio::time::sleep(Duration::from_secs(60)) => { /* refresh */ }
///         }
///     }
/// });
/// # }
/// ```
#[derive(Clone)]
pub struct Tasks {
    module: ModuleName,
    open: ShutdownToken,
    // Not the token's own signal: requests in flight may need a task until they are answered.
    stop: CancellationToken,
    reporter: Reporter,
}

/// Tells a task that the host stops.
#[derive(Debug, Clone)]
pub struct StopSignal {
    token: CancellationToken,
}

// === impl Tasks ===

impl Tasks {
    pub(crate) fn new(module: ModuleName, open: ShutdownToken, reporter: Reporter) -> Self {
        Self {
            module,
            open,
            stop: CancellationToken::new(),
            reporter,
        }
    }

    pub(crate) fn for_module(&self, module: ModuleName) -> Self {
        Self {
            module,
            ..self.clone()
        }
    }

    /// Runs `task` until it ends by itself or, told by its [`StopSignal`], soon after the host stops.
    ///
    /// A task that fails or panics is logged and reported with its name, and not started again. The host stops its tasks once
    /// every request is answered, and waits for them within its grace period.
    ///
    /// # Panics
    ///
    /// Outside of a tokio runtime.
    pub fn spawn<F>(&self, name: impl Into<Cow<'static, str>>, task: impl FnOnce(StopSignal) -> F)
    where
        F: Future<Output = Result<(), BoxError>> + Send + 'static,
    {
        let name = format!("{}/{}", self.module, name.into());
        let (reporter, module, place) = (
            self.reporter.clone(),
            self.module.clone(),
            format!("task {name}"),
        );
        let report = move |error: &(dyn std::error::Error + 'static)| {
            reporter.report(
                ErrorReport::new(error)
                    .with_module(module)
                    .with_place(place),
            );
        };
        let span = tracing::info_span!(target: "goplt::task", "task", task = name);
        let open = self.open.hold(format!("task {name}"));
        let work = AssertUnwindSafe(task(self.stop_signal())).catch_unwind();
        let work = async move {
            let _open = open;
            match work.await {
                Ok(Ok(())) => {}
                Ok(Err(error)) => {
                    tracing::error!(error = %chain(&*error), "a background task failed");
                    report(&*error);
                }
                Err(panic) => {
                    tracing::error!(panic = panic_text(&*panic), "a background task panicked");
                    report(&Panicked::new(&*panic));
                }
            }
        };
        tokio::spawn(work.instrument(span));
    }

    /// Tells when the host stops.
    #[must_use]
    pub fn stop_signal(&self) -> StopSignal {
        StopSignal {
            token: self.stop.clone(),
        }
    }

    /// Tells every task of the host to stop; the shutdown's open work says when they have.
    pub(crate) fn stop(&self) {
        self.stop.cancel();
    }
}

impl fmt::Debug for Tasks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tasks")
            .field("module", &self.module)
            .finish_non_exhaustive()
    }
}

// === impl StopSignal ===

impl StopSignal {
    /// Completes when the host stops.
    ///
    /// # Cancel safety
    ///
    /// It can be dropped and made again at any time.
    pub async fn wait(&self) {
        self.token.cancelled().await;
    }

    /// Whether the host stops.
    #[must_use]
    pub fn is_stopping(&self) -> bool {
        self.token.is_cancelled()
    }
}
