//! [`Audit`] and [`HostAudit`]: writing an entry with the transaction that it is about.

use super::{AuditEntry, KEY, RECORDED, VERSION, payload};
use crate::{
    RequestContext, RequestId, TenantId, Timestamp, Uuid,
    context::ClientInfo,
    data::{DbError, HostTx, TenantTx, engine::Admin, kernel::Seams},
    event::{Actor, NewEvent},
    telemetry::TraceContext,
};

/// The way of an entry out of a transaction: [`TenantTx::audit`].
#[derive(Debug)]
#[must_use = "it writes nothing until asked to"]
pub struct Audit<'tx> {
    tx: &'tx mut TenantTx,
}

/// The way of an entry out of a transaction across tenants: [`HostTx::audit`].
#[derive(Debug)]
#[must_use = "it writes nothing until asked to"]
pub struct HostAudit<'tx> {
    tx: &'tx mut HostTx,
    cx: &'tx RequestContext,
    tenant: TenantId,
}

/// In which request it was done, when, and by whom.
#[derive(Debug)]
pub(super) struct Origin<'a> {
    pub(super) id: Uuid,
    pub(super) at: Timestamp,
    pub(super) actor: Option<Actor>,
    pub(super) request_id: &'a RequestId,
    pub(super) trace: TraceContext,
    pub(super) client: &'a ClientInfo,
    pub(super) cause: Option<Uuid>,
}

impl TenantTx {
    /// Writes entries of the audit log with this transaction: they last if it commits, and only
    /// then.
    ///
    /// # Examples
    ///
    /// See the [module docs](crate::audit).
    pub fn audit(&mut self) -> Audit<'_> {
        Audit { tx: self }
    }
}

impl HostTx {
    /// Writes entries of the audit log of `tenant` with this transaction, as done by the caller of
    /// `cx`. What concerns none of them has an entry in the log of the platform, by itself.
    pub fn audit<'tx>(&'tx mut self, cx: &'tx RequestContext, tenant: TenantId) -> HostAudit<'tx> {
        HostAudit {
            tx: self,
            cx,
            tenant,
        }
    }
}

impl Audit<'_> {
    /// Records `entry` and returns its id.
    ///
    /// # Errors
    ///
    /// A [`DbError`].
    ///
    /// # Cancel safety
    ///
    /// As for [`TenantTx::execute`].
    pub async fn record(self, entry: AuditEntry) -> Result<Uuid, DbError> {
        let origin = self.tx.origin();
        let scope = origin.scope.clone();
        let origin = Origin {
            id: origin.seams.ids.next(),
            at: origin.seams.clock.now(),
            actor: scope.principal().map(Actor::of),
            request_id: scope.request_id(),
            trace: scope.trace(),
            client: scope.client(),
            cause: origin.cause,
        };
        let id = origin.id;
        event(entry, origin).publish(self.tx).await?;
        Ok(id)
    }

    /// As [`record`](Self::record), of another request of the same tenant.
    pub(super) async fn record_of(
        self,
        entry: AuditEntry,
        origin: Origin<'_>,
    ) -> Result<(), DbError> {
        event(entry, origin).publish(self.tx).await
    }
}

impl HostAudit<'_> {
    /// Records `entry` and returns its id.
    ///
    /// # Errors
    ///
    /// A [`DbError`].
    ///
    /// # Cancel safety
    ///
    /// As for [`HostTx::execute`].
    pub async fn record(self, entry: AuditEntry) -> Result<Uuid, DbError> {
        let seams = self.tx.seams();
        let origin = Origin {
            id: seams.ids.next(),
            at: seams.clock.now(),
            actor: self.cx.principal().map(Actor::of),
            request_id: self.cx.request_id(),
            trace: self.cx.trace(),
            client: self.cx.client(),
            cause: None,
        };
        let id = origin.id;
        let event = event(entry, origin);
        event.publish_for(self.tx, &self.tenant).await?;
        Ok(id)
    }
}

/// Records `entry` in the log of the platform, with what changes the schema.
pub(crate) async fn record_by(
    admin: &mut dyn Admin,
    seams: &Seams,
    entry: AuditEntry,
) -> Result<(), DbError> {
    let origin = Origin {
        id: seams.ids.next(),
        at: seams.clock.now(),
        actor: None,
        request_id: &seams.ids.request_id(),
        trace: TraceContext::default(),
        client: &ClientInfo::default(),
        cause: None,
    };
    event(entry, origin)
        .publish_by(admin, &TenantId::platform())
        .await
}

pub(super) fn event(entry: AuditEntry, origin: Origin<'_>) -> NewEvent<'_> {
    let payload = payload::encode(&entry, origin.client);
    NewEvent {
        id: origin.id,
        name: RECORDED,
        version: VERSION,
        key: KEY.into(),
        payload,
        at: origin.at,
        actor: entry.actor.or(origin.actor),
        request_id: origin.request_id,
        trace: origin.trace,
        cause: origin.cause,
    }
}
