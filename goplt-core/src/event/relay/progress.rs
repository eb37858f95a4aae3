//! How far a group has come: deliveries that were handled are removed, in batches.

use super::super::{blocked, event_row::EventRow};
use crate::{
    ModuleName,
    data::{DbError, HostTx, kernel::kernel_sql},
};

/// How many one statement removes.
const CHUNK: usize = 16;

/// Removes deliveries of a group. A crash before this brings them again, and the inbox knows them.
pub(super) async fn remove(
    tx: &mut HostTx,
    group: &ModuleName,
    seqs: &[i64],
) -> Result<(), DbError> {
    for chunk in seqs.chunks(CHUNK) {
        // The last chunk is filled up with its own first number: one text for every length.
        let at = |index: usize| chunk.get(index).unwrap_or(&chunk[0]);
        tx.execute(kernel_sql!(
            "DELETE FROM goplt_delivery WHERE group_name = ? AND seq IN \
             (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            group.as_str(),
            at(0),
            at(1),
            at(2),
            at(3),
            at(4),
            at(5),
            at(6),
            at(7),
            at(8),
            at(9),
            at(10),
            at(11),
            at(12),
            at(13),
            at(14),
            at(15)
        ))
        .await?;
    }
    Ok(())
}

/// Removes a delivery that had failed before, and lets its key go on.
pub(super) async fn resolve(
    tx: &mut HostTx,
    group: &ModuleName,
    seq: i64,
    event: &EventRow,
) -> Result<(), DbError> {
    blocked::alone(tx).await?;
    tx.execute(kernel_sql!(
        "DELETE FROM goplt_delivery WHERE group_name = ? AND seq = ?",
        group.as_str(),
        seq
    ))
    .await?;
    blocked::unblock(tx, group.as_str(), event).await
}
