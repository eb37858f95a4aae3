//! The module audit: who did what, in a log for each tenant that only grows.
//!
//! # What comes in
//!
//! One path leads into the log, [`core.audit.recorded`](goplt_core::audit::RECORDED) and its like:
//! an event that was written with the transaction that it tells of, or a call of the contract. Each
//! has an id, and an id is recorded once.
//!
//! - What modules write with `tx.audit()`: logins, passwords, users, roles, tenants. These come with
//!   the transaction and are not lost. Their actions have the names that events have, such as
//!   `authz.role.assigned`.
//! - Work across tenants: in the log of the platform, which is one more, `@platform`, that only the
//!   commands `audit list`, `audit verify` and `audit heads` show. See
//!   [the kernel's side](goplt_core::audit#work-across-tenants).
//! - Events of other modules (`audit.events`, by default all that the modules of the process
//!   publish), with the event's name as action. Those of auth, identity and authz are left out,
//!   since these modules write entries themselves, with the client's address: nothing is told twice.
//! - Requests of authenticated callers that change something, with the action
//!   [`http.request`](goplt_core::audit::REQUEST), the route as resource and the path as its id; with
//!   `audit.reads` the others too. They are written by the side and may be lost: when more than
//!   `audit.queue` wait (`goplt_audit_requests_total{outcome="dropped"}` counts them) and when the
//!   process is killed. A request that changes a role leaves such an entry and one of the change;
//!   they share their request id, and are two facts.
//!
//! An event that cannot be kept after all attempts becomes a dead letter, and the log goes on:
//! `dead-letters replay --group audit` brings it in later, at the end.
//!
//! # What the chain proves
//!
//! Each entry holds SHA-256 over its fields, its place, its tenant and the hash of the entry before
//! it; the fields are written one after the other, each with its length in front, so that no two
//! entries have the same bytes. `audit verify` computes all of it anew and names the first place
//! that does not hold: an entry that was changed, is missing, or stands elsewhere. The head, the
//! place and hash of the last entry, lies in a table of its own, so that a log whose end was cut off
//! is noticed too.
//!
//! It does *not* prove anything against who may write both tables and knows this page: they can
//! compute a new chain. What they cannot do is make it end in the same hash. So keep heads where
//! they cannot write: `audit heads` prints them, `audit verify --heads FILE` compares. What was
//! appended since the head that was kept is as safe as the database; what was appended before it is
//! proven. Nor does it prove that what happened was recorded at all, only that what was recorded
//! stays.
//!
//! The database refuses to change and delete entries by triggers, against mistakes more than
//! against enemies: whoever owns the tables can drop them.
//!
//! Addresses are those of the connection's peer; behind a proxy they are the proxy's. Entries hold
//! personal data, and cannot be deleted one by one.

mod api;
mod chain;
pub mod command;
mod domain;
mod repo;
mod rpc;
mod service;
mod sources;
mod subscriptions;

use std::sync::Arc;

use goplt_contracts::audit::AuditService;
use goplt_core::{
    BoxError,
    audit::RequestAuditSettings,
    event::{AfterLastAttempt, EventPolicy},
    manifest::Manifest,
};
use goplt_module::{IModule, InitContext};

use self::service::Audit;

goplt_module::include_manifest!("src/service/audit/module.yaml");

/// The module audit.
///
/// # Examples
///
/// ```
/// use goplt_authz::service::AuditModule;
/// use goplt_module::IModule;
///
/// assert_eq!(AuditModule.name().as_str(), "audit");
/// ```
#[derive(Debug, Clone, Copy, Default)]
#[expect(
    clippy::exhaustive_structs,
    reason = "a unit: the module has no settings but its section"
)]
pub struct AuditModule;

impl IModule for AuditModule {
    type Needs = ();
    type Provides = Arc<dyn AuditService>;

    fn manifest(&self) -> &Manifest {
        &MANIFEST
    }

    async fn init(
        &self,
        (): Self::Needs,
        cx: &mut InitContext<'_>,
    ) -> Result<Self::Provides, BoxError> {
        let config = cx.config::<Config>();
        let catalogue = cx.catalogue();
        let events = subscriptions::wanted(&config.events, catalogue.published_events())?;
        if config.requests {
            let queue = usize::try_from(config.queue)?;
            let settings = RequestAuditSettings::new()
                .with_reads(config.reads)
                .with_capacity(queue);
            cx.audit_requests(settings);
        }
        let audit = Arc::new(Audit::new(cx.db(), cx.host_scope()?, cx.clock()));
        cx.routes(&audit)
            .mount(route::LIST_ENTRIES, api::list_entries)
            .mount(route::VERIFY, api::verify);
        // One entry that cannot be kept must not hold back all that follow.
        let policy = EventPolicy::new().with_after_last_attempt(AfterLastAttempt::Skip);
        let _ = cx
            .events(&audit)
            .on_with(event::CORE_AUDIT_RECORDED, policy, Audit::on_recorded)
            .on_each(events, policy, Audit::on_event);
        Ok(audit)
    }
}
