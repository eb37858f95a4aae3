//! [`HostReadWriter`]: from the queue into the outbox, many reads in one entry.

use std::{
    collections::BTreeMap,
    fmt,
    pin::{Pin, pin},
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

use tokio::time::{Instant, sleep_until};

use super::{
    READS, entry,
    queue::{HostRead, HostReads},
};
use crate::{
    ModuleName, Principal, RequestContext, TenantId,
    audit::{insist::insist, record::Origin},
    context::ClientInfo,
    data::{ScopeMint, TenantDb},
    error::{BoxError, chain},
    id::PlacementName,
    telemetry::TraceContext,
};

/// Empties the queue of a [`HostRecorder`](super::HostRecorder) into the outbox.
///
/// Reads of one module for one reason become one entry, which is written a minute after the first
/// of them, or when it tells of a hundred.
#[must_use = "a writer does nothing until it runs"]
pub struct HostReadWriter {
    reads: HostReads,
    db: TenantDb,
    mint: ScopeMint,
}

/// What waits to be written.
#[derive(Default)]
struct Gathered {
    by_reason: BTreeMap<Why, Vec<HostRead>>,
    due: Option<Instant>,
}

/// What reads have in common that become one entry: module, reason and database.
type Why = (ModuleName, Arc<str>, Option<PlacementName>);

/// How long reads are gathered.
const PERIOD: Duration = Duration::from_secs(60);

impl HostReadWriter {
    pub(super) const fn new(reads: HostReads, db: TenantDb, mint: ScopeMint) -> Self {
        Self { reads, db, mint }
    }

    /// Writes until `stop` completes, and then what is left. While the database is away it waits
    /// and tries again; at the end a few times.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future loses what is in the queue, and what was gathered.
    pub async fn run(mut self, stop: impl Future<Output = ()>) {
        let mut stop = pin!(stop);
        let mut gathered = Gathered::default();
        let mut is_stopping = false;
        loop {
            let due = gathered.due;
            let full = tokio::select! {
                biased;
                () = &mut stop, if !is_stopping => {
                    is_stopping = true;
                    // What is in it can still be taken.
                    self.reads.receiver.close();
                    continue;
                }
                read = self.reads.receiver.recv() => match read {
                    Some(read) => gathered.add(read),
                    None => {
                        let last = gathered.all();
                        self.write(last, stop.as_mut(), &mut true).await;
                        return;
                    }
                },
                () = until(due), if due.is_some() => gathered.all(),
            };
            self.write(full, stop.as_mut(), &mut is_stopping).await;
            if is_stopping {
                self.reads.receiver.close();
            }
        }
    }

    async fn write(
        &self,
        entries: Vec<Vec<HostRead>>,
        mut stop: Pin<&mut impl Future<Output = ()>>,
        is_stopping: &mut bool,
    ) {
        for reads in entries {
            self.reads.is_full.store(false, Ordering::Relaxed);
            let count = u64::try_from(reads.len()).unwrap_or_default();
            // Made once: if the commit was done and not heard of, the entry is kept once all the same.
            let ids = &self.db.seams().ids;
            let (id, request) = (ids.next(), RequestContext::new(ids.request_id()));
            let attempt = || self.try_write(id, &request, &reads);
            let outcome = match insist(attempt, stop.as_mut(), is_stopping).await {
                Ok(()) => "recorded",
                Err(error) => {
                    tracing::error!(error = %chain(&*error), count, "reads across tenants were not recorded in the audit log");
                    "lost"
                }
            };
            self.reads.counter.add([outcome], count);
        }
    }

    async fn try_write(
        &self,
        id: crate::Uuid,
        request: &RequestContext,
        reads: &[HostRead],
    ) -> Result<(), BoxError> {
        let (Some(entry), Some(first)) = (entry::read(reads), reads.first()) else {
            return Ok(());
        };
        let cx = request.clone().with_principal(Principal::service("core"));
        let cx = self.mint.enter(cx, TenantId::platform())?;
        let mut tx = self.db.begin(cx.scope()?).await?;
        let origin = Origin {
            id,
            at: first.at,
            actor: None,
            request_id: cx.request_id(),
            trace: TraceContext::default(),
            client: &ClientInfo::default(),
            cause: None,
        };
        tx.audit().record_of(entry, origin).await?;
        Ok(tx.commit().await?)
    }
}

impl Gathered {
    /// What is complete by it.
    fn add(&mut self, read: HostRead) -> Vec<Vec<HostRead>> {
        let (scope, placement) = (&read.scope, read.placement.clone());
        let key = (scope.module().clone(), scope.reason().into(), placement);
        let reads = self.by_reason.entry(key.clone()).or_default();
        reads.push(read);
        if reads.len() >= READS {
            return self.by_reason.remove(&key).into_iter().collect();
        }
        self.due.get_or_insert_with(|| Instant::now() + PERIOD);
        Vec::new()
    }

    fn all(&mut self) -> Vec<Vec<HostRead>> {
        self.due = None;
        std::mem::take(&mut self.by_reason).into_values().collect()
    }
}

async fn until(due: Option<Instant>) {
    if let Some(due) = due {
        sleep_until(due).await;
    }
}

impl fmt::Debug for HostReadWriter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HostReadWriter").finish_non_exhaustive()
    }
}
