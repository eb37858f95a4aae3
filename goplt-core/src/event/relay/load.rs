//! What is due: rows by their state, in the lanes that this runner holds.

use super::super::event_row::EventRow;
use crate::{
    ModuleName, Timestamp, Uuid,
    data::{DbError, FromRow, HostTx, Row, kernel::kernel_sql},
};

/// How many rows one look reads.
pub(super) const PAGE: usize = 256;

/// A delivery that is due, with its event.
#[derive(Debug, Clone)]
pub(super) struct Due {
    pub(super) seq: i64,
    /// Whether it failed before, so that its key is blocked.
    pub(super) retried: bool,
    pub(super) attempts: u32,
    pub(super) lane: i64,
    /// The lane's fencing token.
    pub(super) token: i64,
    /// Whether the group has handled it: then only the progress is missing.
    pub(super) seen: bool,
    pub(super) event: EventRow,
}

/// Events whose pause after a failure is over.
pub(super) async fn retries(
    tx: &mut HostTx,
    group: &ModuleName,
    owner: Uuid,
    now: Timestamp,
) -> Result<Vec<Due>, DbError> {
    tx.fetch_all(kernel_sql!(
        "SELECT d.seq, d.state, d.attempts, d.lane, l.token, EXISTS (SELECT 1 FROM goplt_inbox i \
         WHERE i.tenant_id = d.tenant_id AND i.group_name = d.group_name AND i.event_id = o.id) AS seen, \
         o.id, o.tenant_id, o.name, o.version, o.event_key, o.occurred_at, o.payload, o.trace, \
         o.causation_id, o.correlation_id, o.actor_kind, o.actor \
         FROM goplt_delivery d JOIN goplt_outbox o ON o.seq = d.seq \
         JOIN goplt_lane l ON l.group_name = d.group_name AND l.lane = d.lane \
         WHERE d.group_name = ? AND d.state = 'retry' AND d.next_at <= ? AND l.owner = ? \
         ORDER BY d.seq LIMIT ?",
        group.as_str(),
        now,
        owner,
        i64::try_from(PAGE).unwrap_or(i64::MAX)
    ))
    .await
}

/// Events that nothing holds back, after `seq` in this look.
pub(super) async fn pending(
    tx: &mut HostTx,
    group: &ModuleName,
    owner: Uuid,
    after: i64,
) -> Result<Vec<Due>, DbError> {
    tx.fetch_all(kernel_sql!(
        "SELECT d.seq, d.state, d.attempts, d.lane, l.token, EXISTS (SELECT 1 FROM goplt_inbox i \
         WHERE i.tenant_id = d.tenant_id AND i.group_name = d.group_name AND i.event_id = o.id) AS seen, \
         o.id, o.tenant_id, o.name, o.version, o.event_key, o.occurred_at, o.payload, o.trace, \
         o.causation_id, o.correlation_id, o.actor_kind, o.actor \
         FROM goplt_delivery d JOIN goplt_outbox o ON o.seq = d.seq \
         JOIN goplt_lane l ON l.group_name = d.group_name AND l.lane = d.lane \
         WHERE d.group_name = ? AND d.state = 'pending' AND d.seq > ? AND l.owner = ? \
         AND NOT EXISTS (SELECT 1 FROM goplt_blocked_key b WHERE b.group_name = d.group_name \
         AND b.tenant_id = d.tenant_id AND b.topic = d.topic AND b.event_key = d.event_key) \
         ORDER BY d.seq LIMIT ?",
        group.as_str(),
        after,
        owner,
        i64::try_from(PAGE).unwrap_or(i64::MAX)
    ))
    .await
}

impl Due {
    /// Tenant, topic and key: what is handled in order.
    pub(super) fn key(&self) -> (String, String, String) {
        let EventRow { tenant, key, .. } = &self.event;
        (tenant.clone(), self.event.topic().to_owned(), key.clone())
    }
}

impl FromRow for Due {
    fn from_row(row: &Row<'_>) -> Result<Self, DbError> {
        let state: String = row.get_at(1)?;
        Ok(Self {
            seq: row.get_at(0)?,
            retried: state == "retry",
            attempts: row.get_at(2)?,
            lane: row.get_at(3)?,
            token: row.get_at(4)?,
            seen: row.get_at(5)?,
            event: EventRow::read(row, 6)?,
        })
    }
}
