//! [`EventContext`]: what a handler knows of its event.

use super::Envelope;
use crate::{RequestContext, TenantId, Timestamp, Uuid};

/// What a handler knows of the event that it handles.
#[derive(Debug, Clone)]
pub struct EventContext {
    pub(super) envelope: Envelope,
    pub(super) request: RequestContext,
    pub(super) attempt: u32,
}

impl EventContext {
    /// For calls of contracts: the module as principal, the event's tenant, request id and trace,
    /// and the time that the handler has left.
    ///
    /// Call before the first statement: while a transaction is open, calls are refused.
    #[must_use]
    pub const fn request(&self) -> &RequestContext {
        &self.request
    }

    /// The event with all that is known of it.
    #[must_use]
    pub const fn envelope(&self) -> &Envelope {
        &self.envelope
    }

    /// The event's id, the same at each delivery: an idempotency key for effects elsewhere.
    #[must_use]
    pub const fn id(&self) -> Uuid {
        self.envelope.id
    }

    /// Whose event it is, and whose rows the handler's transaction sees.
    #[must_use]
    pub const fn tenant(&self) -> &TenantId {
        &self.envelope.tenant
    }

    /// When it happened.
    #[must_use]
    pub const fn time(&self) -> Timestamp {
        self.envelope.time
    }

    /// Which attempt this is, from 1.
    #[must_use]
    pub const fn attempt(&self) -> u32 {
        self.attempt
    }
}
