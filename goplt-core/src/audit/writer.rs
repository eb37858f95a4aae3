//! [`RequestWriter`]: from the queue into the outbox.

use std::{
    collections::BTreeMap,
    fmt,
    pin::{Pin, pin},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use tokio::sync::mpsc;

use super::{insist::insist, queue::Queued, record::Origin};
use crate::{
    RequestContext, TenantId,
    data::{DbError, ScopeMint, TenantDb, TenantTx},
    error::{BoxError, chain},
    event::Actor,
    telemetry::metrics::Counter,
};

/// Empties the queue of a [`RequestRecorder`](super::RequestRecorder) into the outbox.
#[must_use = "a writer does nothing until it runs"]
pub struct RequestWriter {
    receiver: mpsc::Receiver<Queued>,
    db: TenantDb,
    mint: ScopeMint,
    counter: Counter<1>,
    is_full: Arc<AtomicBool>,
}

/// How many requests are taken at once.
const BATCH: usize = 256;

impl RequestWriter {
    pub(super) fn new(
        receiver: mpsc::Receiver<Queued>,
        (db, mint): (TenantDb, ScopeMint),
        counter: Counter<1>,
        is_full: Arc<AtomicBool>,
    ) -> Self {
        Self {
            receiver,
            db,
            mint,
            counter,
            is_full,
        }
    }

    /// Writes until `stop` completes, and then what is in the queue. While the database is away it
    /// waits and tries again; at the end a few times.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future loses what is in the queue.
    pub async fn run(mut self, stop: impl Future<Output = ()>) {
        let mut stop = pin!(stop);
        let mut batch = Vec::with_capacity(BATCH);
        let mut is_stopping = false;
        loop {
            let taken = tokio::select! {
                biased;
                () = &mut stop, if !is_stopping => {
                    is_stopping = true;
                    // What is in it can still be taken.
                    self.receiver.close();
                    continue;
                }
                taken = self.receiver.recv_many(&mut batch, BATCH) => taken,
            };
            if taken == 0 {
                return;
            }
            self.is_full.store(false, Ordering::Relaxed);
            for (tenant, requests) in by_tenant(&mut batch) {
                self.write(&tenant, &requests, stop.as_mut(), &mut is_stopping)
                    .await;
            }
            if is_stopping {
                self.receiver.close();
            }
        }
    }

    async fn write(
        &self,
        tenant: &TenantId,
        requests: &[Queued],
        stop: Pin<&mut impl Future<Output = ()>>,
        is_stopping: &mut bool,
    ) {
        let count = u64::try_from(requests.len()).unwrap_or_default();
        let attempt = || self.try_write(tenant, requests);
        let outcome = match insist(attempt, stop, is_stopping).await {
            Ok(()) => "recorded",
            Err(error) => {
                tracing::error!(error = %chain(&*error), count, "requests were not recorded in the audit log");
                "lost"
            }
        };
        self.counter.add([outcome], count);
    }

    /// The requests of one tenant, in one transaction. Their ids are made already: if the commit
    /// was done and not heard of, the next attempt repeats entries that are then kept once.
    async fn try_write(&self, tenant: &TenantId, requests: &[Queued]) -> Result<(), BoxError> {
        let Some(first) = requests.first() else {
            return Ok(());
        };
        // Not the request's own scope: that one's time is over.
        let cx = RequestContext::new(first.request.cx.request_id().clone());
        let cx = self.mint.enter(cx, tenant.clone())?;
        let mut tx = self.db.begin(cx.scope()?).await?;
        for queued in requests {
            record(&mut tx, queued).await?;
        }
        Ok(tx.commit().await?)
    }
}

async fn record(tx: &mut TenantTx, queued: &Queued) -> Result<(), DbError> {
    let cx = &queued.request.cx;
    let origin = Origin {
        id: queued.id,
        at: queued.at,
        actor: cx.principal().map(Actor::of),
        request_id: cx.request_id(),
        trace: cx.trace(),
        client: cx.client(),
        cause: None,
    };
    tx.audit().record_of(queued.request.entry(), origin).await
}

fn by_tenant(batch: &mut Vec<Queued>) -> BTreeMap<TenantId, Vec<Queued>> {
    let mut tenants: BTreeMap<TenantId, Vec<Queued>> = BTreeMap::new();
    for queued in batch.drain(..) {
        if let Some(tenant) = queued.request.cx.tenant().cloned() {
            tenants.entry(tenant).or_default().push(queued);
        }
    }
    tenants
}

impl fmt::Debug for RequestWriter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RequestWriter").finish_non_exhaustive()
    }
}
