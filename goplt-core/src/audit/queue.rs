//! [`RequestRecorder`]: the end of the queue that requests see.

use std::{
    fmt,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use http::Method;
use tokio::sync::mpsc;

use super::{AnsweredRequest, RequestWriter};
use crate::{
    Timestamp, Uuid,
    data::{ScopeMint, TenantDb},
    telemetry::{
        Metrics,
        metrics::{Counter, MetricError},
    },
};

/// Which requests are recorded, and how many may wait to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RequestAuditSettings {
    reads: bool,
    capacity: usize,
}

/// Writes requests down by the side: [`record`](Self::record) puts one into a queue and returns at
/// once. Clones share the queue. See the [module docs](super) for what happens when it is full.
#[derive(Clone)]
pub struct RequestRecorder {
    inner: Arc<Inner>,
}

struct Inner {
    sender: mpsc::Sender<Queued>,
    db: TenantDb,
    settings: RequestAuditSettings,
    counter: Counter<1>,
    /// Told once, until there is room again.
    is_full: Arc<AtomicBool>,
}

/// A request in the queue. Its id is made here, so that one which is written twice counts once.
#[derive(Debug)]
pub(super) struct Queued {
    pub(super) id: Uuid,
    pub(super) at: Timestamp,
    pub(super) request: AnsweredRequest,
}

// === impl RequestAuditSettings ===

impl RequestAuditSettings {
    /// Changing requests alone; 10,000 may wait.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            reads: false,
            capacity: 10_000,
        }
    }

    /// Whether requests that change nothing are recorded too.
    #[must_use]
    pub const fn with_reads(mut self, reads: bool) -> Self {
        self.reads = reads;
        self
    }

    /// How many may wait to be written, at least one.
    #[must_use]
    pub const fn with_capacity(mut self, capacity: usize) -> Self {
        self.capacity = if capacity == 0 { 1 } else { capacity };
        self
    }
}

impl Default for RequestAuditSettings {
    fn default() -> Self {
        Self::new()
    }
}

// === impl RequestRecorder ===

impl RequestRecorder {
    /// A queue, and the task that empties it into this database, whose mint makes the scopes.
    ///
    /// # Errors
    ///
    /// [`MetricError`] if one of its metrics is there already.
    pub fn new(
        settings: RequestAuditSettings,
        db: &TenantDb,
        mint: &ScopeMint,
        metrics: &Metrics,
    ) -> Result<(Self, RequestWriter), MetricError> {
        let (sender, receiver) = mpsc::channel(settings.capacity);
        let counter = metrics.counter(
            "goplt_audit_requests_total",
            "Requests for the audit log: recorded, dropped since the queue was full, or lost with the database",
            ["outcome"],
        )?;
        let waiting = sender.downgrade();
        metrics.observe(
            "goplt_audit_requests_waiting",
            "Requests that wait to be recorded in the audit log",
            move || {
                let sender = waiting.upgrade();
                let waiting = sender.map(|sender| sender.max_capacity() - sender.capacity());
                u32::try_from(waiting.unwrap_or_default()).map_or(f64::MAX, f64::from)
            },
        )?;
        let is_full = Arc::new(AtomicBool::new(false));
        let writer = RequestWriter::new(
            receiver,
            (db.clone(), mint.clone()),
            counter.clone(),
            Arc::clone(&is_full),
        );
        let inner = Inner {
            sender,
            db: db.clone(),
            settings,
            counter,
            is_full,
        };
        let inner = Arc::new(inner);
        Ok((Self { inner }, writer))
    }

    /// Whether requests of this method are recorded: those that change something, and the others
    /// if the settings say so.
    #[must_use]
    pub fn wants(&self, method: &Method) -> bool {
        self.inner.settings.reads || !method.is_safe()
    }

    /// Puts the request into the queue. One without principal or tenant is passed over: whose it
    /// was, or whose log it belongs to, is not known.
    pub fn record(&self, request: AnsweredRequest) {
        if request.cx.principal().is_none() || request.cx.tenant().is_none() {
            return;
        }
        let Inner {
            sender,
            db,
            counter,
            is_full,
            ..
        } = &*self.inner;
        let seams = db.seams();
        let queued = Queued {
            id: seams.ids.next(),
            at: seams.clock.now(),
            request,
        };
        if sender.try_send(queued).is_ok() {
            return;
        }
        counter.add(["dropped"], 1);
        if !is_full.swap(true, Ordering::Relaxed) {
            tracing::error!("requests are not recorded in the audit log: its queue is full");
        }
    }
}

impl fmt::Debug for RequestRecorder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RequestRecorder")
            .field("settings", &self.inner.settings)
            .finish_non_exhaustive()
    }
}
