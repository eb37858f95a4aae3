//! [`Event`]: a payload; [`EventKey`]: the declared name that it belongs to.

use std::{borrow::Cow, fmt, marker::PhantomData};

use super::DecodeError;

/// The payload of an event: a message of a contract crate with the option `(goplt.event)`.
///
/// Written by goplt-build. Payloads only grow: a consumer of an older version reads a newer one.
pub trait Event: Send + Sync + Sized + 'static {
    /// The event's name, such as `blog.post.created`.
    const NAME: &'static str;
    /// The version of the payload, from 1.
    const VERSION: u32;

    /// What it happened to, such as the id of the post. Events of one key (in one tenant, about
    /// one kind of thing) are handled in order.
    fn key(&self) -> Cow<'_, str>;

    /// The payload as protobuf.
    fn encode(&self) -> Vec<u8>;

    /// Reads what [`encode`](Self::encode) wrote.
    ///
    /// # Errors
    ///
    /// [`DecodeError`] for what is no such message.
    fn decode(payload: &[u8]) -> Result<Self, DecodeError>;
}

/// An [`Event`] whose name has this tag ([`name_tag`](crate::manifest::name_tag)).
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not the payload of this event",
    note = "take the message that the publisher's contract declares with `option (goplt.event)`"
)]
pub trait EventOf<const TAG: u64>: Event {}

/// An event as the manifest declares it: `event::POST_CREATED`, made by `include_manifest!`.
///
/// `TAG` ties it to its payload, `R` says what the manifest allows: to publish it, to subscribe
/// to it, or both. A key cannot be made by hand, so what is not declared does not compile.
///
/// A payload of another event does not fit, and neither does a key that is only heard where one
/// publishes:
///
/// ```compile_fail
/// # use goplt_core::{data::TenantTx, event::{EventKey, EventOf, Subscribes}};
/// async fn publish<const TAG: u64>(tx: &mut TenantTx, heard: EventKey<TAG, Subscribes>, event: &impl EventOf<TAG>) {
///     let _ = tx.outbox().publish(heard, event).await;
/// }
/// ```
///
/// ```compile_fail
/// # use goplt_core::{data::TenantTx, event::{EventKey, EventOf, Publishes}};
/// async fn publish(tx: &mut TenantTx, one: EventKey<1, Publishes>, other: &impl EventOf<2>) {
///     let _ = tx.outbox().publish(one, other).await;
/// }
/// ```
pub struct EventKey<const TAG: u64, R = Subscribes> {
    name: &'static str,
    role: PhantomData<fn() -> R>,
}

/// The manifest names the event under `publishes`.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct Publishes;

/// The manifest names the event under `subscribes`.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct Subscribes;

/// The manifest names the event under both.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct Both;

/// What `publish` asks of a key.
///
/// Sealed: what a module may do is written in its manifest.
#[diagnostic::on_unimplemented(
    message = "the manifest does not declare that this event is published",
    note = "name it under `events: {{ publishes: […] }}` in module.yaml"
)]
pub trait CanPublish: sealed::Sealed {}

/// What `on` asks of a key.
///
/// Sealed: what a module may do is written in its manifest.
#[diagnostic::on_unimplemented(
    message = "the manifest does not declare that this event is heard",
    note = "name it under `events: {{ subscribes: […] }}` in module.yaml"
)]
pub trait CanSubscribe: sealed::Sealed {}

impl CanPublish for Publishes {}
impl CanPublish for Both {}
impl CanSubscribe for Subscribes {}
impl CanSubscribe for Both {}

mod sealed {
    #[expect(unnameable_types, reason = "sealed")]
    pub trait Sealed {}
    impl Sealed for super::Publishes {}
    impl Sealed for super::Subscribes {}
    impl Sealed for super::Both {}
}

// === impl EventKey ===

impl<const TAG: u64, R> EventKey<TAG, R> {
    /// What `include_manifest!` writes.
    #[doc(hidden)]
    #[must_use]
    pub const fn __declared(name: &'static str) -> Self {
        assert!(
            crate::manifest::name_tag(name) == TAG,
            "a key has the tag of its name"
        );
        Self {
            name,
            role: PhantomData,
        }
    }

    /// The event's name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        self.name
    }
}

impl<const TAG: u64, R> Clone for EventKey<TAG, R> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<const TAG: u64, R> Copy for EventKey<TAG, R> {}

impl<const TAG: u64, R> fmt::Debug for EventKey<TAG, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("EventKey").field(&self.name).finish()
    }
}
