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
//! # Work across tenants
//!
//! A transaction with a [`HostScope`](crate::data::HostScope) belongs to no tenant. It is told in
//! the log of the platform, whose name, [`TenantId::platform`](crate::TenantId::platform), no
//! tenant can have and no request can enter. A database tells it when it was given a
//! [`HostRecorder`], as that of a host is:
//!
//! - What **writes** leaves an entry [`HOST_WRITTEN`] of the same transaction: who, in which request
//!   or job (as far as the scope says: [`HostScope::within`](crate::data::HostScope::within)), the
//!   module, the reason that its manifest declares, and how many rows it wrote. Without the commit
//!   there is no entry, and without the entry no commit.
//! - What only **reads**, or is rolled back after it read, is told by the side, so that a read does
//!   not become a write. Reads of one module for one reason are gathered for a minute, a hundred at
//!   most, and become one entry [`HOST_READ`], which counts them and lists their requests. So none
//!   goes unmentioned, and a read at each login adds a hundredth to what logins write anyway. What
//!   was gathered when a process is killed is lost, and so is what finds 10,000 others waiting
//!   (`goplt_audit_host_reads_total{outcome="dropped"}`).
//! - What the **kernel** does by itself leaves none: relay and runners move events and jobs that
//!   tenants' own transactions wrote, thousands of times a minute, nobody decides on it, and each
//!   entry is such an event again. What somebody asks of it does: who looks at dead letters or
//!   retries jobs works across tenants.
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
mod host;
mod insist;
mod payload;
mod queue;
mod record;
mod request;
mod writer;

pub use self::{
    entry::AuditEntry,
    host::{HOST_READ, HOST_WRITTEN, HostReadWriter, HostReads, HostRecorder},
    queue::{RequestAuditSettings, RequestRecorder},
    record::{Audit, HostAudit},
    request::AnsweredRequest,
    writer::RequestWriter,
};
pub(crate) use self::{host::HostWork, record::record_by};

/// The event that carries an entry. A module that keeps entries subscribes to it.
pub const RECORDED: &str = "core.audit.recorded";

/// The action of the entries that [`RequestRecorder`] writes.
pub const REQUEST: &str = "http.request";

/// The version of the payload of [`RECORDED`].
const VERSION: u32 = 1;

/// The key of [`RECORDED`]: one for all, so that a tenant's entries are kept in their order.
const KEY: &str = "log";
