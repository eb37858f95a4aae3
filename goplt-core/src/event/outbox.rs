//! [`Outbox`]: publishing, inside the transaction that caused it.

use super::{Actor, CanPublish, Event, EventKey, EventOf, envelope};
use crate::{
    Uuid,
    data::{DbError, TenantTx, kernel::kernel_tenant_sql},
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
        let id = origin.seams.ids.next();
        let at = origin.seams.clock.now();
        let cause = origin.cause;
        origin.wake.events = true;

        let topic = envelope::topic(name);
        let lane = lane(scope.tenant().as_str(), topic, key);
        let trace = scope.trace();
        let trace = trace.is_valid().then(|| trace.to_string());
        let actor = scope.principal().map(Actor::of);
        self.tx
            .execute(kernel_tenant_sql!(
                "INSERT INTO goplt_outbox (id, name, version, topic, event_key, lane, occurred_at, payload, trace, \
                 causation_id, correlation_id, actor_kind, actor) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                id,
                name,
                version,
                topic,
                key,
                lane,
                at,
                payload,
                trace,
                cause,
                scope.request_id().as_str(),
                actor.as_ref().map(Actor::kind),
                actor.as_ref().map(Actor::subject)
            ))
            .await?;
        Ok(id)
    }
}

/// The lane of a key: FNV-1a, so that every process agrees.
fn lane(tenant: &str, topic: &str, key: &str) -> i64 {
    let tag = crate::manifest::name_tag(&[tenant, topic, key].join("\u{1f}"));
    i64::try_from((tag ^ (tag >> 32)) % LANES).unwrap_or_default()
}
