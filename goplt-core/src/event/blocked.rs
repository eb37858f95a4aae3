//! Keys that are held back behind an event that failed.

use super::event_row::EventRow;
use crate::data::{DbError, HostTx, kernel::kernel_sql};

/// Keeps fan-outs and other changes of blocked keys away until the transaction ends. Each of these
/// looks at what the others change: two at once could each miss the other, and leave an event
/// waiting behind nothing. It comes before any delivery is touched, so that nobody waits in a ring.
pub(super) async fn alone(tx: &mut HostTx) -> Result<(), DbError> {
    tx.fetch_one::<i64>(kernel_sql!(
        "SELECT batch FROM goplt_relay WHERE id = 1 FOR UPDATE"
    ))
    .await
    .map(drop)
}

/// Holds back the later events of the key.
pub(super) async fn block(tx: &mut HostTx, group: &str, event: &EventRow) -> Result<(), DbError> {
    alone(tx).await?;
    tx.execute(kernel_sql!(
        "INSERT INTO goplt_blocked_key (group_name, tenant_id, topic, event_key) VALUES (?, ?, ?, ?) \
         ON CONFLICT (group_name, tenant_id, topic, event_key) DO NOTHING",
        group,
        &event.tenant,
        event.topic(),
        &event.key
    ))
    .await?;
    tx.execute(kernel_sql!(
        "UPDATE goplt_delivery SET state = 'waiting' WHERE group_name = ? AND tenant_id = ? AND topic = ? \
         AND event_key = ? AND state = 'pending'",
        group,
        &event.tenant,
        event.topic(),
        &event.key
    ))
    .await?;
    Ok(())
}

/// Lets the key go on, unless another event of it still holds it back.
pub(super) async fn unblock(tx: &mut HostTx, group: &str, event: &EventRow) -> Result<(), DbError> {
    alone(tx).await?;
    let freed = tx
        .execute(kernel_sql!(
            "DELETE FROM goplt_blocked_key WHERE group_name = ? AND tenant_id = ? AND topic = ? AND event_key = ? \
             AND NOT EXISTS (SELECT 1 FROM goplt_delivery d WHERE d.group_name = ? AND d.tenant_id = ? \
             AND d.topic = ? AND d.event_key = ? AND d.state IN ('retry', 'parked'))",
            group,
            &event.tenant,
            event.topic(),
            &event.key,
            group,
            &event.tenant,
            event.topic(),
            &event.key
        ))
        .await?;
    if freed > 0 {
        tx.execute(kernel_sql!(
            "UPDATE goplt_delivery SET state = 'pending' WHERE group_name = ? AND tenant_id = ? AND topic = ? \
             AND event_key = ? AND state = 'waiting'",
            group,
            &event.tenant,
            event.topic(),
            &event.key
        ))
        .await?;
    }
    Ok(())
}
