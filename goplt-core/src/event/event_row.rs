//! An event as the outbox holds it.

use super::{Actor, Envelope, envelope};
use crate::{
    BoxError, TenantId, Timestamp, Uuid,
    data::{DbError, Row},
    telemetry::TraceContext,
};

/// An event as the outbox holds it.
#[derive(Debug, Clone)]
pub(super) struct EventRow {
    pub(super) id: Uuid,
    pub(super) tenant: String,
    pub(super) name: String,
    version: u32,
    pub(super) key: String,
    pub(super) time: Timestamp,
    payload: Vec<u8>,
    trace: Option<String>,
    cause: Option<Uuid>,
    pub(super) request_id: String,
    actor: Option<Actor>,
}

impl EventRow {
    /// Reads `id, tenant_id, name, version, event_key, occurred_at, payload, trace, causation_id,
    /// correlation_id, actor_kind, actor` from the column `first` on.
    pub(super) fn read(row: &Row<'_>, first: usize) -> Result<Self, DbError> {
        let kind: Option<String> = row.get_at(first + 10)?;
        let subject: Option<String> = row.get_at(first + 11)?;
        Ok(Self {
            id: row.get_at(first)?,
            tenant: row.get_at(first + 1)?,
            name: row.get_at(first + 2)?,
            version: row.get_at(first + 3)?,
            key: row.get_at(first + 4)?,
            time: row.get_at(first + 5)?,
            payload: row.get_at(first + 6)?,
            trace: row.get_at(first + 7)?,
            cause: row.get_at(first + 8)?,
            request_id: row.get_at(first + 9)?,
            actor: kind
                .zip(subject)
                .map(|(kind, subject)| Actor::parse(&kind, subject)),
        })
    }

    /// One that nothing is known of but this.
    #[cfg(test)]
    pub(super) fn of(id: Uuid, tenant: &str, name: &str, key: &str, time: Timestamp) -> Self {
        Self {
            id,
            tenant: tenant.to_owned(),
            name: name.to_owned(),
            version: 1,
            key: key.to_owned(),
            time,
            payload: Vec::new(),
            trace: None,
            cause: None,
            request_id: "req-1".to_owned(),
            actor: None,
        }
    }

    /// The trace of what caused it.
    pub(super) fn trace(&self) -> TraceContext {
        let trace = self.trace.as_ref();
        trace
            .and_then(|trace| trace.parse().ok())
            .unwrap_or_default()
    }

    /// The bytes of its payload.
    pub(super) const fn size(&self) -> usize {
        self.payload.len()
    }

    pub(super) fn topic(&self) -> &str {
        envelope::topic(&self.name)
    }

    /// With its ids parsed.
    pub(super) fn into_envelope(self) -> Result<Envelope, BoxError> {
        let trace = self.trace();
        Ok(Envelope {
            id: self.id,
            name: self.name,
            version: self.version,
            tenant: TenantId::stored(&self.tenant)?,
            key: self.key,
            time: self.time,
            payload: self.payload,
            trace,
            cause: self.cause,
            request_id: self.request_id.parse()?,
            actor: self.actor,
        })
    }
}
