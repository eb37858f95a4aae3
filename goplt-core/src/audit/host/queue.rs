//! [`HostRecorder`]: the end of the queue that transactions see.

use std::{
    fmt,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use tokio::sync::mpsc;

use super::HostReadWriter;
use crate::{
    Timestamp,
    data::{HostScope, ScopeMint, TenantDb},
    id::PlacementName,
    telemetry::{
        Metrics,
        metrics::{Counter, MetricError},
    },
};

/// Makes a database tell the platform's log of work across tenants:
/// [`TenantDb::with_host_recorder`]. Clones share the queue.
///
/// What is written across tenants is told by the transaction that writes it. What is only read is
/// put into a queue, for which nobody waits: when it is full, or when the process is killed, that
/// is lost (`goplt_audit_host_reads_total{outcome="dropped"}` counts the first).
#[derive(Clone)]
pub struct HostRecorder {
    inner: Arc<Inner>,
}

struct Inner {
    sender: mpsc::Sender<HostRead>,
    counter: Counter<1>,
    /// Told once, until there is room again.
    is_full: Arc<AtomicBool>,
}

/// The other end of the queue of a [`HostRecorder`], until it is known where it goes.
#[must_use = "what is read is told by a writer"]
pub struct HostReads {
    pub(super) receiver: mpsc::Receiver<HostRead>,
    pub(super) counter: Counter<1>,
    pub(super) is_full: Arc<AtomicBool>,
}

/// A transaction across tenants that read.
#[derive(Debug)]
pub(super) struct HostRead {
    pub(super) scope: HostScope,
    pub(super) placement: Option<PlacementName>,
    pub(super) at: Timestamp,
}

/// How many may wait to be written.
const CAPACITY: usize = 10_000;

impl HostRecorder {
    /// A queue, and its other end.
    ///
    /// # Errors
    ///
    /// [`MetricError`] if its metric is there already.
    pub fn new(metrics: &Metrics) -> Result<(Self, HostReads), MetricError> {
        let (sender, receiver) = mpsc::channel(CAPACITY);
        let counter = metrics.counter(
            "goplt_audit_host_reads_total",
            "Transactions that read across tenants, for the audit log: recorded, dropped since the queue was full, or lost with the database",
            ["outcome"],
        )?;
        let is_full = Arc::new(AtomicBool::new(false));
        let reads = HostReads {
            receiver,
            counter: counter.clone(),
            is_full: Arc::clone(&is_full),
        };
        let inner = Arc::new(Inner {
            sender,
            counter,
            is_full,
        });
        Ok((Self { inner }, reads))
    }

    pub(super) fn record(&self, read: HostRead) {
        let Inner {
            sender,
            counter,
            is_full,
        } = &*self.inner;
        if sender.try_send(read).is_ok() {
            return;
        }
        counter.add(["dropped"], 1);
        if !is_full.swap(true, Ordering::Relaxed) {
            tracing::error!(
                "reads across tenants are not recorded in the audit log: the queue is full or closed"
            );
        }
    }
}

impl HostReads {
    /// Writes them into this database, whose mint makes the scope.
    pub fn into_writer(self, db: TenantDb, mint: ScopeMint) -> HostReadWriter {
        HostReadWriter::new(self, db, mint)
    }
}

impl fmt::Debug for HostRecorder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HostRecorder").finish_non_exhaustive()
    }
}

impl fmt::Debug for HostReads {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HostReads").finish_non_exhaustive()
    }
}
