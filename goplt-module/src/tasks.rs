//! [`Tasks`]: what a module runs in the background, owned by the host.

use std::{
    borrow::Cow,
    collections::BTreeMap,
    fmt,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

use goplt_core::{BoxError, ModuleName, error::chain};
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use tracing::Instrument;

/// Spawns background tasks of a module, which the host cancels and awaits when it stops.
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
    shared: Arc<Shared>,
}

/// Tells a task that the host stops.
#[derive(Debug, Clone)]
pub struct StopSignal {
    token: CancellationToken,
}

#[derive(Default)]
struct Shared {
    tracker: TaskTracker,
    stop: CancellationToken,
    running: Mutex<BTreeMap<u64, String>>,
    next: AtomicU64,
}

// === impl Tasks ===

impl Tasks {
    pub(crate) fn new(module: ModuleName) -> Self {
        Self {
            module,
            shared: Arc::default(),
        }
    }

    pub(crate) fn for_module(&self, module: ModuleName) -> Self {
        let shared = Arc::clone(&self.shared);
        Self { module, shared }
    }

    /// Runs `task` until it ends by itself or, told by its [`StopSignal`], soon after the host stops.
    ///
    /// A task that fails is logged with its name and not started again; so is one that panics. The host waits for
    /// it no longer than its shutdown grace.
    pub fn spawn<F>(&self, name: impl Into<Cow<'static, str>>, task: impl FnOnce(StopSignal) -> F)
    where
        F: Future<Output = Result<(), BoxError>> + Send + 'static,
    {
        let name = format!("{}/{}", self.module, name.into());
        let span = tracing::info_span!("task", task = name);
        let running = Running::new(Arc::clone(&self.shared), name.clone());
        let work = task(StopSignal {
            token: self.shared.stop.clone(),
        });
        let work = async move {
            let _running = running;
            if let Err(error) = work.await {
                tracing::error!(task = name, error = %chain(&*error), "a background task failed");
            }
        };
        self.shared.tracker.spawn(work.instrument(span));
    }

    /// Whether the host stops.
    #[must_use]
    pub fn is_stopping(&self) -> bool {
        self.shared.stop.is_cancelled()
    }

    /// Tells every task of the host to stop, and waits until they have.
    pub(crate) async fn stop(&self) {
        self.shared.stop.cancel();
        self.shared.tracker.close();
        self.shared.tracker.wait().await;
    }

    /// The names of the tasks that run now.
    pub(crate) fn running(&self) -> Vec<String> {
        let running = self.shared.running.lock();
        let running = running.unwrap_or_else(PoisonError::into_inner);
        running.values().cloned().collect()
    }
}

impl fmt::Debug for Tasks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tasks")
            .field("module", &self.module)
            .field("running", &self.running())
            .finish()
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

/// Keeps the name of a task listed while it runs, however it ends.
struct Running {
    shared: Arc<Shared>,
    key: u64,
}

impl Running {
    fn new(shared: Arc<Shared>, name: String) -> Self {
        let key = shared.next.fetch_add(1, Ordering::Relaxed);
        let mut running = shared
            .running
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        running.insert(key, name);
        drop(running);
        Self { shared, key }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let running = self.shared.running.lock();
        let mut running = running.unwrap_or_else(PoisonError::into_inner);
        if let Some(name) = running.remove(&self.key)
            && std::thread::panicking()
        {
            tracing::error!(task = name, "a background task panicked");
        }
    }
}
