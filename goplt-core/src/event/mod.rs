//! Events: what happened in one module, told to others, never lost and never told too early.
//!
//! An event is published inside the transaction that caused it, or not at all: it is a row of the
//! outbox, beside the rows that changed. A relay brings it to each subscribing *group* (a module).
//! Delivery is at least once; the effects of a handler in the database are once, because its
//! transaction also writes that the event was handled. Events of one key come in order.
//!
//! What can go wrong, and what then happens:
//!
//! - A handler fails, panics or hangs: it is asked again, later and later, while the other events
//!   of the same key wait. When its attempts are used up, the event becomes a dead letter: the key
//!   stays parked behind it, or goes on without it (`AfterLastAttempt`).
//! - The process dies: what was not committed is delivered again by whoever leases the lane next.
//! - A process that was believed dead comes back: its lease has a fencing token, and its
//!   transactions do not commit.
//! - A group appears late: it gets every event that is still kept.
//!
//! The payload is protobuf, encoded by the generated code of the contract crate.
#![cfg_attr(feature = "data", doc = include_str!("guide.md"))]

#[cfg(feature = "data")]
mod blocked;
#[cfg(feature = "data")]
mod context;
#[cfg(feature = "data")]
mod dead_letter;
#[cfg(feature = "data")]
mod envelope;
#[cfg(feature = "data")]
mod envelope_handler;
mod error;
#[cfg(feature = "data")]
mod event_row;
#[cfg(feature = "data")]
mod handler;
mod key;
#[cfg(feature = "data")]
mod log;
#[cfg(feature = "data")]
mod outbox;
#[cfg(feature = "data")]
mod policy;
#[cfg(feature = "data")]
mod registry;
#[cfg(feature = "data")]
mod relay;
mod retry;

#[cfg(feature = "data")]
pub use self::{
    context::EventContext,
    dead_letter::{DeadLetter, DeadLetterFilter, DeadLetterState, DeadLetters},
    envelope::{Actor, Envelope},
    envelope_handler::EnvelopeHandler,
    handler::{EventHandler, HandlerResult},
    log::{Backlog, EventLog, Published},
    outbox::Outbox,
    policy::{AfterLastAttempt, EventPolicy},
    registry::{EventHandlers, GroupHandlers, HandlerClash},
    relay::{EventRunner, EventSettings},
};
pub use self::{
    error::{DecodeError, Permanent},
    key::{Both, CanPublish, CanSubscribe, Event, EventKey, EventOf, Publishes, Subscribes},
    retry::RetryPolicy,
};

#[cfg(feature = "data")]
pub(crate) use self::{outbox::NewEvent, relay::cut};
