//! What the entries say: pure.

use serde_json::{Map, Value, json};

use super::{HOST_READ, HOST_WRITTEN, queue::HostRead};
use crate::{RequestContext, audit::AuditEntry, data::HostScope, event::Actor, id::PlacementName};

/// The kind of thing that is worked on.
const RESOURCE: &str = "core.host";

/// A transaction that wrote, and committed.
pub(super) fn written(
    scope: &HostScope,
    placement: Option<&PlacementName>,
    rows: u64,
) -> AuditEntry {
    let entry = AuditEntry::new(HOST_WRITTEN, RESOURCE)
        .with_resource_id(scope.module().as_str())
        .with_actor(actor(scope))
        .with_detail("reason", scope.reason())
        .with_detail("rows", rows);
    let entry = placed(entry, placement);
    match scope.request().and_then(RequestContext::tenant) {
        Some(tenant) => entry.with_detail("tenant", tenant),
        None => entry,
    }
}

/// Transactions that read, all of one module for one reason in one database, the first first.
pub(super) fn read(reads: &[HostRead]) -> Option<AuditEntry> {
    let (first, last) = (reads.first()?, reads.last()?);
    let requests: Vec<_> = reads.iter().filter_map(request).collect();
    let entry = AuditEntry::new(HOST_READ, RESOURCE)
        .with_resource_id(first.scope.module().as_str())
        .with_actor(Actor::Service(first.scope.module().to_string()))
        .with_detail("reason", first.scope.reason())
        .with_detail("count", reads.len())
        .with_detail("until", last.at);
    let entry = placed(entry, first.placement.as_ref());
    Some(if requests.is_empty() {
        entry
    } else {
        entry.with_detail("requests", requests)
    })
}

/// In which database, if it is not the home.
fn placed(entry: AuditEntry, placement: Option<&PlacementName>) -> AuditEntry {
    match placement {
        Some(placement) => entry.with_detail("placement", placement.as_str()),
        None => entry,
    }
}

/// Who acts: the caller of the request, else the module itself.
fn actor(scope: &HostScope) -> Actor {
    let caller = scope.request().and_then(RequestContext::principal);
    match caller {
        Some(caller) => Actor::of(caller),
        None => Actor::Service(scope.module().to_string()),
    }
}

/// In whose request; short names, since there are many.
fn request(read: &HostRead) -> Option<Value> {
    let cx = read.scope.request()?;
    let mut told = Map::new();
    told.insert("id".to_owned(), json!(cx.request_id()));
    if let Some(caller) = cx.principal() {
        let caller = Actor::of(caller);
        told.insert(caller.kind().to_owned(), json!(caller.subject()));
    }
    if let Some(tenant) = cx.tenant() {
        told.insert("tenant".to_owned(), json!(tenant));
    }
    Some(Value::Object(told))
}
