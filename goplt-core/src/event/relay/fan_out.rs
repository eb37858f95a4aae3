//! From the outbox to the groups: one delivery for each event and subscriber.

use crate::{
    ModuleName, Timestamp,
    data::{DbError, HostTx, kernel::kernel_sql},
};

/// How many events one transaction takes.
pub(super) const BATCH: u32 = 1_000;

/// Whether the outbox holds what no batch has taken.
pub(super) async fn is_due(tx: &mut HostTx) -> Result<bool, DbError> {
    let first: Option<i64> = tx
        .fetch_optional(kernel_sql!(
            "SELECT seq FROM goplt_outbox WHERE batch IS NULL LIMIT 1"
        ))
        .await?;
    Ok(first.is_some())
}

/// Makes deliveries of the next events, and returns how many events it took.
///
/// Events are taken by their state and never by a number that was seen before: a slow transaction
/// may commit a lower one later. The batch ties the two statements together.
pub(super) async fn fan_out(tx: &mut HostTx) -> Result<u64, DbError> {
    let batch = next_batch(tx).await?;
    let taken = tx
        .execute(kernel_sql!(
            "UPDATE goplt_outbox SET batch = ? WHERE seq IN \
             (SELECT seq FROM goplt_outbox WHERE batch IS NULL ORDER BY seq LIMIT ?)",
            batch,
            BATCH
        ))
        .await?;
    if taken == 0 {
        return Ok(0);
    }
    tx.execute(kernel_sql!(
        "INSERT INTO goplt_delivery (group_name, seq, tenant_id, topic, event_key, lane, attempts, state) \
         SELECT s.group_name, o.seq, o.tenant_id, o.topic, o.event_key, o.lane, 0, \
         CASE WHEN EXISTS (SELECT 1 FROM goplt_blocked_key b WHERE b.group_name = s.group_name \
         AND b.tenant_id = o.tenant_id AND b.topic = o.topic AND b.event_key = o.event_key) \
         THEN 'waiting' ELSE 'pending' END \
         FROM goplt_outbox o JOIN goplt_subscription s ON s.name = o.name WHERE o.batch = ?",
        batch
    ))
    .await?;
    Ok(taken)
}

/// Makes the subscriptions of a group what they are in this process. For a new one every event
/// that is still kept becomes due.
pub(super) async fn subscribe(
    tx: &mut HostTx,
    group: &ModuleName,
    names: &[&str],
    now: Timestamp,
) -> Result<(), DbError> {
    // Also keeps fan-outs of other processes away: what they take before is kept and found below.
    next_batch(tx).await?;
    let known: Vec<String> = tx
        .fetch_all(kernel_sql!(
            "SELECT name FROM goplt_subscription WHERE group_name = ?",
            group.as_str()
        ))
        .await?;
    for name in names
        .iter()
        .filter(|name| !known.iter().any(|known| known == *name))
    {
        tx.execute(kernel_sql!(
            "INSERT INTO goplt_subscription (group_name, name, since) VALUES (?, ?, ?)",
            group.as_str(),
            *name,
            now
        ))
        .await?;
        tx.execute(kernel_sql!(
            "INSERT INTO goplt_delivery (group_name, seq, tenant_id, topic, event_key, lane, attempts, state) \
             SELECT ?, o.seq, o.tenant_id, o.topic, o.event_key, o.lane, 0, \
             CASE WHEN EXISTS (SELECT 1 FROM goplt_blocked_key b WHERE b.group_name = ? \
             AND b.tenant_id = o.tenant_id AND b.topic = o.topic AND b.event_key = o.event_key) \
             THEN 'waiting' ELSE 'pending' END \
             FROM goplt_outbox o WHERE o.name = ? AND o.batch IS NOT NULL",
            group.as_str(),
            group.as_str(),
            *name
        ))
        .await?;
    }
    for name in known
        .iter()
        .filter(|known| !names.contains(&known.as_str()))
    {
        tx.execute(kernel_sql!(
            "DELETE FROM goplt_subscription WHERE group_name = ? AND name = ?",
            group.as_str(),
            name
        ))
        .await?;
    }
    Ok(())
}

async fn next_batch(tx: &mut HostTx) -> Result<i64, DbError> {
    tx.fetch_one(kernel_sql!(
        "UPDATE goplt_relay SET batch = batch + 1 WHERE id = 1 RETURNING batch"
    ))
    .await
}
