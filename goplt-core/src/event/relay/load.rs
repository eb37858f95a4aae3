//! What is due: rows by their state, in the lanes that this runner holds.

use std::collections::HashMap;

use super::{super::event_row::EventRow, list};
use crate::{
    ModuleName, Timestamp, Uuid,
    data::{
        DbError, FromRow, HostTx, Row,
        kernel::{kernel_sql, kernel_sql_by_dialect},
    },
};

/// How many failed events one look takes up.
const RETRIES: u32 = 256;

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

/// The lanes of a group that this runner holds, with their fencing tokens.
pub(super) type Lanes = HashMap<i64, i64>;

/// What [`Due`] is read from, with the condition that a statement adds.
macro_rules! due {
    ($condition:literal) => {
        concat!(
            "SELECT d.seq, d.state, d.attempts, d.lane, EXISTS (SELECT 1 FROM goplt_inbox i \
             WHERE i.tenant_id = d.tenant_id AND i.group_name = d.group_name AND i.event_id = o.id) AS seen, \
             o.id, o.tenant_id, o.name, o.version, o.event_key, o.occurred_at, o.payload, o.trace, \
             o.causation_id, o.correlation_id, o.actor_kind, o.actor \
             FROM goplt_delivery d JOIN goplt_outbox o ON o.seq = d.seq ",
            $condition
        )
    };
}

/// The lanes of a group that are this owner's.
pub(super) async fn lanes(
    tx: &mut HostTx,
    group: &ModuleName,
    owner: Uuid,
) -> Result<Lanes, DbError> {
    let lanes: Vec<(i64, i64)> = tx
        .fetch_all(kernel_sql!(
            "SELECT lane, token FROM goplt_lane WHERE group_name = ? AND owner = ?",
            group.as_str(),
            owner
        ))
        .await?;
    Ok(lanes.into_iter().collect())
}

/// Events whose pause after a failure is over.
pub(super) async fn retries(
    tx: &mut HostTx,
    group: &ModuleName,
    lanes: &Lanes,
    now: Timestamp,
) -> Result<Vec<Due>, DbError> {
    let mut due: Vec<Due> = tx
        .fetch_all(kernel_sql_by_dialect!(
            reads, sqlite: due!("WHERE d.group_name = ?1 AND d.state = 'retry' AND d.next_at <= ?2 \
             AND d.lane IN (SELECT value FROM json_each(?3)) ORDER BY d.seq LIMIT ?4"),
            postgres: due!("WHERE d.group_name = $1 AND d.state = 'retry' AND d.next_at <= $2 \
             AND d.lane = ANY (translate($3, '[]', '{}')::bigint[]) ORDER BY d.seq LIMIT $4"),
            group.as_str(),
            now,
            list::numbers(lanes.keys().copied()),
            RETRIES
        ))
        .await?;
    fence(&mut due, lanes);
    Ok(due)
}

/// The first events that nothing holds back and that are not `held` in memory already.
pub(super) async fn pending(
    tx: &mut HostTx,
    group: &ModuleName,
    lanes: &Lanes,
    held: impl IntoIterator<Item = i64>,
    rows: usize,
) -> Result<Vec<Due>, DbError> {
    let mut due: Vec<Due> = tx
        .fetch_all(kernel_sql_by_dialect!(
            reads, sqlite: due!("WHERE d.group_name = ?1 AND d.state = 'pending' AND d.lane IN (SELECT value FROM json_each(?2)) \
             AND d.seq NOT IN (SELECT value FROM json_each(?3)) \
             AND NOT EXISTS (SELECT 1 FROM goplt_blocked_key b WHERE b.group_name = d.group_name \
             AND b.tenant_id = d.tenant_id AND b.topic = d.topic AND b.event_key = d.event_key) \
             ORDER BY d.seq LIMIT ?4"),
            postgres: due!("WHERE d.group_name = $1 AND d.state = 'pending' AND d.lane = ANY (translate($2, '[]', '{}')::bigint[]) \
             AND d.seq NOT IN (SELECT unnest(translate($3, '[]', '{}')::bigint[])) \
             AND NOT EXISTS (SELECT 1 FROM goplt_blocked_key b WHERE b.group_name = d.group_name \
             AND b.tenant_id = d.tenant_id AND b.topic = d.topic AND b.event_key = d.event_key) \
             ORDER BY d.seq LIMIT $4"),
            group.as_str(),
            list::numbers(lanes.keys().copied()),
            list::numbers(held),
            i64::try_from(rows).unwrap_or(i64::MAX)
        ))
        .await?;
    fence(&mut due, lanes);
    Ok(due)
}

/// Lanes and rows are of one state of the database: each row finds its lane's token.
fn fence(due: &mut [Due], lanes: &Lanes) {
    for due in due {
        due.token = lanes.get(&due.lane).copied().unwrap_or_default();
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
            token: 0,
            seen: row.get_at(4)?,
            event: EventRow::read(row, 5)?,
        })
    }
}
