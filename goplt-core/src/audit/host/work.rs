//! [`HostWork`]: what a transaction across tenants has done so far.

use super::{HostRecorder, entry, queue::HostRead};
use crate::{
    Clock, RequestContext, TenantId,
    audit::record::{Origin, event},
    context::ClientInfo,
    data::{DbError, HostScope, HostTx, TenantDb},
    id::PlacementName,
    telemetry::TraceContext,
};

/// What a transaction across tenants has done so far, and who is to be told.
///
/// What was written is told with the transaction itself. What was only read, or rolled back after
/// it was read, is told by the side when this is dropped.
#[derive(Debug)]
pub(crate) struct HostWork {
    scope: HostScope,
    /// `None` where nobody keeps a log, and for the kernel's own work.
    recorder: Option<HostRecorder>,
    /// Which database it is in; `None` for the home.
    placement: Option<PlacementName>,
    clock: Clock,
    /// A statement was run.
    has_run: bool,
    /// How many rows were written, once a statement that writes was run.
    written: Option<u64>,
}

impl HostWork {
    pub(crate) fn new(scope: &HostScope, db: &TenantDb) -> Self {
        // What the kernel does by itself it does for events and jobs that tenants' own transactions
        // wrote, thousands of times a minute; an entry is such an event too. What somebody asked it
        // to do is told.
        let is_told = scope.module().as_str() != "core" || scope.request().is_some();
        Self {
            scope: scope.clone(),
            recorder: db.host_recorder().filter(|_| is_told),
            placement: db.placement().cloned(),
            clock: db.seams().clock.clone(),
            has_run: false,
            written: None,
        }
    }

    /// As done in this request, unless it is known to be of another.
    pub(crate) fn within(&mut self, cx: &RequestContext) {
        if self.scope.request().is_none() {
            self.scope = self.scope.within(cx);
        }
    }

    /// Before a statement: one that fails may have read.
    pub(crate) const fn runs(&mut self) {
        self.has_run = true;
    }

    /// A statement that writes was run.
    pub(crate) fn wrote(&mut self, rows: u64) {
        self.written = Some(self.written.unwrap_or_default().saturating_add(rows));
    }

    /// Before the commit: the entry of what was written, with the same transaction.
    pub(crate) async fn tell(tx: &mut HostTx) -> Result<(), DbError> {
        let Some(ids) = tx.work().recorder.as_ref().map(|_| tx.seams().ids.clone()) else {
            return Ok(());
        };
        let work = tx.work();
        let Some(rows) = work.written else {
            return Ok(());
        };
        let (scope, at) = (work.scope.clone(), work.clock.now());
        let entry = entry::written(&scope, work.placement.as_ref(), rows);
        let (client, request_id) = (ClientInfo::default(), ids.request_id());
        let request = scope.request();
        let origin = Origin {
            id: ids.next(),
            at,
            actor: None,
            request_id: request.map_or(&request_id, RequestContext::request_id),
            trace: request.map_or_else(TraceContext::default, RequestContext::trace),
            client: request.map_or(&client, RequestContext::client),
            cause: None,
        };
        event(entry, origin)
            .publish_for(tx, &TenantId::platform())
            .await?;
        tx.work_mut().recorder = None;
        Ok(())
    }
}

impl Drop for HostWork {
    fn drop(&mut self) {
        if let Some(recorder) = self.recorder.take().filter(|_| self.has_run) {
            recorder.record(HostRead {
                scope: self.scope.clone(),
                placement: self.placement.take(),
                at: self.clock.now(),
            });
        }
    }
}
