//! Who did what: entries of the audit log, on their way out of the transaction that did it.
//!
//! [`TenantTx::audit`](crate::data::TenantTx::audit) writes an entry with the transaction: if what
//! was done lasts, so does the entry, and the other way round. It travels as the event [`RECORDED`]
//! of the platform, through the outbox like every event, and the module audit keeps it. The id of
//! the event is the id of the entry, so that an entry that is delivered twice is kept once.
//!
//! An entry knows its time, tenant, actor, request id, and the address and user agent of the
//! client, all from the transaction's scope. The address is that of the peer of the connection: no
//! header is believed. Behind a proxy it is the proxy's.
//!
//! [`RequestRecorder`] writes down requests that were answered, by the side: a request waits for
//! nothing but a place in a queue. When the queue is full the entry is dropped and counted
//! (`goplt_audit_requests_total{outcome="dropped"}`), and a process that is killed takes the queue
//! with it. What must not be lost is written with `audit()` in the transaction.
//!
//! Entries of requests have the action [`REQUEST`], all others another one: a request that changes
//! a role leaves an entry of the request and one of the change, which share their request id. They
//! are two facts, and neither is stored twice.
//!
//! # Examples
//!
//! ```
//! # use goplt_core::data::{DbError, TenantTx};
//! use goplt_core::audit::AuditEntry;
//!
//! async fn close(mut tx: TenantTx, account: &str) -> Result<(), DbError> {
//!     // … the change itself, then:
//!     let entry = AuditEntry::new("bank.account.closed", "bank.account")
//!         .with_resource_id(account)
//!         .with_detail("reason", "asked for");
//!     tx.audit().record(entry).await?;
//!     tx.commit().await
//! }
//! ```

mod entry;
mod payload;
mod queue;
mod record;
mod request;
mod writer;

pub use self::{
    entry::AuditEntry,
    queue::{RequestAuditSettings, RequestRecorder},
    record::{Audit, HostAudit},
    request::AnsweredRequest,
    writer::RequestWriter,
};

/// The event that carries an entry. A module that keeps entries subscribes to it.
pub const RECORDED: &str = "core.audit.recorded";

/// The action of the entries that [`RequestRecorder`] writes.
pub const REQUEST: &str = "http.request";

/// The version of the payload of [`RECORDED`].
const VERSION: u32 = 1;

/// The key of [`RECORDED`]: one for all, so that a tenant's entries are kept in their order.
const KEY: &str = "log";
