//! How far a group has come: deliveries that were handled are removed, in batches.

use super::{
    super::{blocked, event_row::EventRow},
    list,
};
use crate::{
    ModuleName,
    data::{
        DbError, HostTx,
        kernel::{kernel_sql, kernel_sql_by_dialect},
    },
};

/// Removes deliveries of a group. A crash before this brings them again, and the inbox knows them.
pub(super) async fn remove(
    tx: &mut HostTx,
    group: &ModuleName,
    seqs: &[i64],
) -> Result<(), DbError> {
    if seqs.is_empty() {
        return Ok(());
    }
    tx.execute(kernel_sql_by_dialect!(
        sqlite: "DELETE FROM goplt_delivery WHERE group_name = ?1 AND seq IN (SELECT value FROM json_each(?2))",
        postgres: "DELETE FROM goplt_delivery WHERE group_name = $1 \
                   AND seq = ANY (translate($2, '[]', '{}')::bigint[])",
        group.as_str(),
        list::numbers(seqs.iter().copied())
    ))
    .await?;
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
