//! [`Outbox`]: publishing, inside the transaction that caused it.

use std::borrow::Cow;

use tracing::{Instrument, Span};

use super::{Actor, CanPublish, Event, EventKey, EventOf, envelope};
use crate::{
    RequestId, TenantId, Timestamp, Uuid,
    data::{
        DbError, HostTx, IntoValue, TenantTx,
        engine::Admin,
        kernel::{kernel_sql, kernel_tenant_sql},
    },
    telemetry::{self, TraceContext},
};

/// The number of lanes that the keys of a group are spread over.
pub(super) const LANES: u64 = 32;

/// The way of an event out of a transaction: [`TenantTx::outbox`].
#[derive(Debug)]
#[must_use = "it publishes nothing until asked to"]
pub struct Outbox<'tx> {
    tx: &'tx mut TenantTx,
}

impl TenantTx {
    /// Publishes events with this transaction: they happen if it commits, and only then.
    ///
    /// # Examples
    ///
    /// ```text
    /// tx.execute(tenant_sql!("INSERT INTO blog_posts (id, title) VALUES (?, ?)", id, title)).await?;
    /// tx.outbox().publish(event::POST_CREATED, &PostCreated { post_id: id.to_string() }).await?;
    /// tx.commit().await?;
    /// ```
    pub fn outbox(&mut self) -> Outbox<'_> {
        Outbox { tx: self }
    }
}

impl Outbox<'_> {
    /// Publishes `event` and returns its id. Tenant, principal, request id and trace are those of
    /// the transaction's scope.
    ///
    /// # Errors
    ///
    /// A [`DbError`].
    ///
    /// # Cancel safety
    ///
    /// As for [`TenantTx::execute`].
    pub async fn publish<const TAG: u64, R, E>(
        self,
        key: EventKey<TAG, R>,
        event: &E,
    ) -> Result<Uuid, DbError>
    where
        R: CanPublish,
        E: EventOf<TAG>,
    {
        self.write(key.name(), E::VERSION, &event.key(), event.encode())
            .await
    }

    /// Publishes an event of the platform itself, which no manifest declares.
    #[doc(hidden)]
    pub async fn __publish<E: Event>(self, event: &E) -> Result<Uuid, DbError> {
        self.write(E::NAME, E::VERSION, &event.key(), event.encode())
            .await
    }

    async fn write(
        self,
        name: &str,
        version: u32,
        key: &str,
        payload: Vec<u8>,
    ) -> Result<Uuid, DbError> {
        let origin = self.tx.origin();
        let scope = origin.scope.clone();
        let event = NewEvent {
            id: origin.seams.ids.next(),
            name,
            version,
            key: key.into(),
            payload,
            at: origin.seams.clock.now(),
            actor: scope.principal().map(Actor::of),
            request_id: scope.request_id(),
            trace: scope.trace(),
            cause: origin.cause,
        };
        let id = event.id;
        event.publish(self.tx).await?;
        Ok(id)
    }
}

/// An event that the outbox does not hold yet.
#[derive(Debug)]
pub(crate) struct NewEvent<'a> {
    pub(crate) id: Uuid,
    pub(crate) name: &'a str,
    pub(crate) version: u32,
    pub(crate) key: Cow<'a, str>,
    pub(crate) payload: Vec<u8>,
    pub(crate) at: Timestamp,
    pub(crate) actor: Option<Actor>,
    pub(crate) request_id: &'a RequestId,
    pub(crate) trace: TraceContext,
    pub(crate) cause: Option<Uuid>,
}

impl NewEvent<'_> {
    /// Publishes it with the transaction, in its tenant.
    pub(crate) async fn publish(self, tx: &mut TenantTx) -> Result<(), DbError> {
        tx.origin().wake.events = true;
        let topic = envelope::topic(self.name);
        let lane = lane(tx.tenant().as_str(), topic, &self.key);
        let (span, trace) = sending(self.name, self.id, self.trace);
        tx.execute(kernel_tenant_sql!(
            "INSERT INTO goplt_outbox (id, name, version, topic, event_key, lane, occurred_at, payload, trace, \
             causation_id, correlation_id, actor_kind, actor) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            self.id,
            self.name,
            self.version,
            topic,
            &*self.key,
            lane,
            self.at,
            self.payload,
            trace.is_valid().then(|| trace.to_string()),
            self.cause,
            self.request_id.as_str(),
            self.actor.as_ref().map(Actor::kind),
            self.actor.as_ref().map(Actor::subject)
        ))
        .instrument(span)
        .await?;
        Ok(())
    }

    /// Publishes it with a transaction across tenants, in this one.
    pub(crate) async fn publish_for(
        self,
        tx: &mut HostTx,
        tenant: &TenantId,
    ) -> Result<(), DbError> {
        tx.wake_events();
        let topic = envelope::topic(self.name);
        let lane = lane(tenant.as_str(), topic, &self.key);
        tx.execute_aside(kernel_sql!(
            "INSERT INTO goplt_outbox (tenant_id, id, name, version, topic, event_key, lane, occurred_at, payload, \
             trace, causation_id, correlation_id, actor_kind, actor) \
             VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            tenant.as_str(),
            self.id,
            self.name,
            self.version,
            topic,
            &*self.key,
            lane,
            self.at,
            self.payload,
            self.trace.is_valid().then(|| self.trace.to_string()),
            self.cause,
            self.request_id.as_str(),
            self.actor.as_ref().map(Actor::kind),
            self.actor.as_ref().map(Actor::subject)
        ))
        .await?;
        Ok(())
    }
}

impl NewEvent<'_> {
    /// Publishes it with what changes the schema, which works on no tenant's behalf.
    pub(crate) async fn publish_by(
        self,
        admin: &mut dyn Admin,
        tenant: &TenantId,
    ) -> Result<(), DbError> {
        let topic = envelope::topic(self.name);
        let lane = lane(tenant.as_str(), topic, &self.key);
        let sql = "INSERT INTO goplt_outbox (tenant_id, id, name, version, topic, event_key, lane, occurred_at, \
                   payload, causation_id, correlation_id, actor_kind, actor) \
                   VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)";
        let binds = vec![
            tenant.as_str().into_value(),
            self.id.into_value(),
            self.name.into_value(),
            self.version.into_value(),
            topic.into_value(),
            (&*self.key).into_value(),
            lane.into_value(),
            self.at.into_value(),
            self.payload.into_value(),
            self.cause.into_value(),
            self.request_id.as_str().into_value(),
            self.actor.as_ref().map(Actor::kind).into_value(),
            self.actor.as_ref().map(Actor::subject).into_value(),
        ];
        admin.query(sql, binds, &[]).await.map(drop)
    }
}

/// The span of publishing, and what the event's handlers continue: it, or the request itself where
/// spans are not exported.
fn sending(name: &str, id: Uuid, request: TraceContext) -> (Span, TraceContext) {
    let exported = telemetry::is_exported();
    let span = tracing::debug_span!(
        target: "goplt::event",
        "event.publish",
        otel.name = exported.then(|| display(format!("send {name}"))),
        otel.kind = exported.then_some("producer"),
        messaging.system = exported.then_some("goplt"),
        messaging.operation.type = exported.then_some("send"),
        messaging.destination.name = name,
        messaging.message.id = %id,
    );
    // Of the request's trace in any case, also in a task that runs in no span of it.
    let around = telemetry::trace_of(&Span::current());
    let parent = around.filter(|around| around.trace_id() == request.trace_id());
    let trace = telemetry::trace_below(&span, parent.unwrap_or(request));
    (span, trace.unwrap_or(request))
}

/// The lane of a key: FNV-1a, so that every process agrees.
fn lane(tenant: &str, topic: &str, key: &str) -> i64 {
    let tag = crate::manifest::name_tag(&[tenant, topic, key].join("\u{1f}"));
    i64::try_from((tag ^ (tag >> 32)) % LANES).unwrap_or_default()
}
