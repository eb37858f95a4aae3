//! What has been kept long enough goes, in batches.

use std::time::Duration;

use super::super::blocked;
use crate::{
    Timestamp,
    data::{DbError, HostTx, kernel::kernel_sql},
};

/// How many rows one transaction removes.
const BATCH: u32 = 500;

/// The inbox remembers longer than any event lasts.
const INBOX_LONGER: Duration = Duration::from_secs(24 * 3_600);

/// Removes some of what is older than `kept`; whether there may be more.
pub(super) async fn clean(
    tx: &mut HostTx,
    kept: Duration,
    now: Timestamp,
) -> Result<bool, DbError> {
    // A group that subscribes now would get events that are gone.
    blocked::alone(tx).await?;
    let events = tx
        .execute(kernel_sql!(
            "DELETE FROM goplt_outbox WHERE seq IN (SELECT o.seq FROM goplt_outbox o \
             WHERE o.batch IS NOT NULL AND o.occurred_at < ? \
             AND NOT EXISTS (SELECT 1 FROM goplt_delivery d WHERE d.seq = o.seq) LIMIT ?)",
            now.minus(kept),
            BATCH
        ))
        .await?;
    let before = now.minus(kept.saturating_add(INBOX_LONGER));
    let inbox = tx
        .execute(kernel_sql!(
            "DELETE FROM goplt_inbox WHERE event_id IN \
             (SELECT i.event_id FROM goplt_inbox i WHERE i.received_at < ? LIMIT ?) AND received_at < ?",
            before,
            BATCH,
            before
        ))
        .await?;
    tx.execute(kernel_sql!(
        "DELETE FROM goplt_member WHERE alive_until < ?",
        now.minus(INBOX_LONGER)
    ))
    .await?;
    // A key may be freed while a fan-out that still saw it blocked commits.
    tx.execute(kernel_sql!(
        "UPDATE goplt_delivery SET state = 'pending' WHERE state = 'waiting' AND NOT EXISTS \
         (SELECT 1 FROM goplt_blocked_key b WHERE b.group_name = goplt_delivery.group_name \
         AND b.tenant_id = goplt_delivery.tenant_id AND b.topic = goplt_delivery.topic \
         AND b.event_key = goplt_delivery.event_key)"
    ))
    .await?;
    Ok(events >= u64::from(BATCH) || inbox >= u64::from(BATCH))
}
