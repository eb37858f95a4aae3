//! Where entries come from: the events that this module hears.

use goplt_contracts::audit::AuditRecorded;
use goplt_core::{
    BoxError,
    data::TenantTx,
    event::{Envelope, EventContext},
};
use serde_json::json;

use super::{
    domain::{NewEntry, Who},
    service::Audit,
};

/// The most characters of the key of an event that are kept.
const KEY: usize = 255;

impl Audit {
    /// An entry that a module wrote with its transaction, or a request.
    pub(super) async fn on_recorded(
        &self,
        cx: &EventContext,
        tx: &mut TenantTx,
        event: AuditRecorded,
    ) -> Result<(), BoxError> {
        let AuditRecorded {
            log: _,
            action,
            resource,
            resource_id,
            ip_address,
            user_agent,
            metadata,
        } = event;
        let entry = NewEntry {
            action,
            resource,
            resource_id,
            ip_address,
            user_agent,
            metadata,
            ..of_envelope(cx.envelope())
        };
        Self::append(tx, entry).await?;
        Ok(())
    }

    /// An event of another module.
    pub(super) async fn on_event(
        &self,
        cx: &EventContext,
        tx: &mut TenantTx,
    ) -> Result<(), BoxError> {
        Self::append(tx, of_envelope(cx.envelope())).await?;
        Ok(())
    }
}

/// All that an envelope tells. The payload is not looked at: it may hold what only its readers
/// should know.
fn of_envelope(envelope: &Envelope) -> NewEntry {
    let metadata = match envelope.cause() {
        Some(cause) => json!({ "caused_by": cause }),
        None => json!({}),
    };
    NewEntry {
        id: envelope.id(),
        actor: Who::of(envelope.actor()),
        action: envelope.name().to_owned(),
        resource: envelope.topic().to_owned(),
        resource_id: Some(envelope.key().chars().take(KEY).collect()),
        ip_address: None,
        user_agent: None,
        request_id: envelope.request_id().to_string(),
        metadata: metadata.to_string(),
        timestamp: envelope.time(),
    }
}
