//! The SQL of the log.

use goplt_core::{
    Timestamp, Uuid,
    data::{DbError, HostTx, TenantTx},
};

use super::{
    domain::{Entry, Filter, Head},
    host_sql, tenant_sql,
};

/// Where the log ends; nobody else appends to it until the transaction has ended.
pub(super) async fn lock_head(tx: &mut TenantTx) -> Result<Option<Head>, DbError> {
    tx.fetch_optional(tenant_sql!(
        "UPDATE audit_heads SET sequence = sequence RETURNING sequence, hash"
    ))
    .await
}

/// Begins a log, unless it has begun.
pub(super) async fn begin(tx: &mut TenantTx, start: &[u8]) -> Result<(), DbError> {
    tx.execute(tenant_sql!(
        "INSERT INTO audit_heads (sequence, hash) VALUES (0, ?) ON CONFLICT (tenant_id) DO NOTHING",
        start
    ))
    .await?;
    Ok(())
}

pub(super) async fn head(tx: &mut TenantTx) -> Result<Option<Head>, DbError> {
    tx.fetch_optional(tenant_sql!("SELECT sequence, hash FROM audit_heads"))
        .await
}

pub(super) async fn exists(tx: &mut TenantTx, id: Uuid) -> Result<bool, DbError> {
    let found: Option<i64> = tx
        .fetch_optional(tenant_sql!(
            "SELECT sequence FROM audit_logs WHERE id = ?",
            id
        ))
        .await?;
    Ok(found.is_some())
}

/// Appends the entry, and moves the head to it.
pub(super) async fn append(tx: &mut TenantTx, entry: &Entry) -> Result<(), DbError> {
    let content = &entry.content;
    tx.execute(tenant_sql!(
        "INSERT INTO audit_logs (sequence, id, actor_kind, actor_id, action, resource, resource_id, ip_address,
                                 user_agent, request_id, metadata, timestamp, previous_hash, hash)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        entry.sequence,
        content.id,
        content.actor.kind.as_str(),
        content.actor.id.as_deref(),
        content.action.as_str(),
        content.resource.as_str(),
        content.resource_id.as_deref(),
        content.ip_address.as_deref(),
        content.user_agent.as_deref(),
        content.request_id.as_str(),
        content.metadata.as_str(),
        content.timestamp,
        entry.previous_hash.as_slice(),
        entry.hash.as_slice()
    ))
    .await?;
    tx.execute(tenant_sql!(
        "UPDATE audit_heads SET sequence = ?, hash = ?",
        entry.sequence,
        entry.hash.as_slice()
    ))
    .await?;
    Ok(())
}

/// In the order of the chain, those after `sequence`.
pub(super) async fn chain(
    tx: &mut TenantTx,
    sequence: i64,
    limit: i64,
) -> Result<Vec<Entry>, DbError> {
    tx.fetch_all(tenant_sql!(
        "SELECT * FROM audit_logs WHERE sequence > ? ORDER BY sequence LIMIT ?",
        sequence,
        limit
    ))
    .await
}

/// A time later than every entry's: the end of the year 9999.
const LATEST: Timestamp = Timestamp::from_micros(253_402_300_799_999_999);

/// Newest first, those before `before` (time and place). One statement for each index, so that each
/// can be used.
pub(super) async fn page(
    tx: &mut TenantTx,
    filter: &Filter,
    before: Option<(Timestamp, i64)>,
    limit: i64,
) -> Result<Vec<Entry>, DbError> {
    let (last, place) = before.unwrap_or((LATEST, i64::MAX));
    let from = filter.from.unwrap_or(Timestamp::from_micros(0));
    let to = filter.to.unwrap_or(LATEST);
    let actor = filter.actor_id.as_deref();
    let action = filter.action.as_deref();
    let resource = filter.resource.as_deref();
    let sql = if actor.is_some() {
        tenant_sql!(
            "SELECT * FROM audit_logs WHERE actor_id = ? AND timestamp >= ? AND timestamp < ? AND timestamp <= ?
             AND (timestamp < ? OR sequence < ?) AND (? IS NULL OR action = ?) AND (? IS NULL OR resource = ?)
             ORDER BY timestamp DESC, sequence DESC LIMIT ?",
            actor, from, to, last, last, place, action, action, resource, resource, limit
        )
    } else if action.is_some() {
        tenant_sql!(
            "SELECT * FROM audit_logs WHERE action = ? AND timestamp >= ? AND timestamp < ? AND timestamp <= ?
             AND (timestamp < ? OR sequence < ?) AND (? IS NULL OR resource = ?)
             ORDER BY timestamp DESC, sequence DESC LIMIT ?",
            action, from, to, last, last, place, resource, resource, limit
        )
    } else if resource.is_some() {
        tenant_sql!(
            "SELECT * FROM audit_logs WHERE resource = ? AND timestamp >= ? AND timestamp < ? AND timestamp <= ?
             AND (timestamp < ? OR sequence < ?) ORDER BY timestamp DESC, sequence DESC LIMIT ?",
            resource, from, to, last, last, place, limit
        )
    } else {
        tenant_sql!(
            "SELECT * FROM audit_logs WHERE timestamp >= ? AND timestamp < ? AND timestamp <= ?
             AND (timestamp < ? OR sequence < ?) ORDER BY timestamp DESC, sequence DESC LIMIT ?",
            from,
            to,
            last,
            last,
            place,
            limit
        )
    };
    tx.fetch_all(sql).await
}

/// The heads of all tenants after `tenant`, in the order of their ids.
pub(super) async fn heads(
    tx: &mut HostTx,
    tenant: &str,
    limit: i64,
) -> Result<Vec<(String, i64, Vec<u8>)>, DbError> {
    tx.fetch_all(host_sql!(
        "SELECT tenant_id, sequence, hash FROM audit_heads WHERE tenant_id > ? ORDER BY tenant_id LIMIT ?",
        tenant,
        limit
    ))
    .await
}
