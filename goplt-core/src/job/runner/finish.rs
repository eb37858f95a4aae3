//! The end of a job's attempt, as its row remembers it. Fenced: a job whose lease was lost writes
//! nothing.

use crate::{
    Timestamp, Uuid,
    data::{DbError, HostTx, kernel::kernel_sql},
};

/// How an attempt ended.
#[derive(Debug)]
pub(super) struct Ended {
    pub(super) id: Uuid,
    pub(super) token: i64,
    pub(super) end: End,
}

#[derive(Debug)]
pub(super) enum End {
    Done,
    /// To be tried again then.
    Retry(Timestamp, String),
    Failed(String),
    /// Written by the handler's own transaction.
    Written,
}

/// Writes the end down; `false` if the lease was lost.
pub(super) async fn write(tx: &mut HostTx, ended: &Ended, now: Timestamp) -> Result<bool, DbError> {
    let Ended { id, token, end } = ended;
    let written = match end {
        End::Written => return Ok(true),
        End::Done => {
            tx.execute(kernel_sql!(
                "UPDATE goplt_job SET state = 'done', finished_at = ?, owner = NULL, unique_slot = NULL, error = NULL \
                 WHERE id = ? AND token = ? AND state = 'running'",
                now,
                id,
                token
            ))
            .await?
        }
        End::Retry(at, error) => {
            tx.execute(kernel_sql!(
                "UPDATE goplt_job SET state = 'scheduled', run_at = ?, owner = NULL, error = ? \
                 WHERE id = ? AND token = ? AND state = 'running'",
                at,
                error,
                id,
                token
            ))
            .await?
        }
        End::Failed(error) => {
            tx.execute(kernel_sql!(
                "UPDATE goplt_job SET state = 'failed', finished_at = ?, owner = NULL, unique_slot = NULL, error = ? \
                 WHERE id = ? AND token = ? AND state = 'running'",
                now,
                error,
                id,
                token
            ))
            .await?
        }
    };
    Ok(written > 0)
}

/// Renews what this runner holds, and returns it.
pub(super) async fn heartbeat(
    tx: &mut HostTx,
    owner: Uuid,
    until: Timestamp,
) -> Result<Vec<(Uuid, i64)>, DbError> {
    tx.fetch_all(kernel_sql!(
        "UPDATE goplt_job SET leased_until = ? WHERE owner = ? AND state = 'running' RETURNING id, token",
        until,
        owner
    ))
    .await
}

/// Gives back a job that nobody runs.
pub(super) async fn forget(tx: &mut HostTx, id: Uuid, token: i64) -> Result<(), DbError> {
    tx.execute(kernel_sql!(
        "UPDATE goplt_job SET state = 'ready', owner = NULL WHERE id = ? AND token = ? AND state = 'running'",
        id,
        token
    ))
    .await?;
    Ok(())
}

/// Gives back what this runner still holds, without counting the attempt.
pub(super) async fn release(tx: &mut HostTx, owner: Uuid) -> Result<(), DbError> {
    tx.execute(kernel_sql!(
        "UPDATE goplt_job SET state = 'ready', owner = NULL, attempts = attempts - 1 \
         WHERE owner = ? AND state = 'running'",
        owner
    ))
    .await?;
    Ok(())
}

/// Removes some jobs that were done before; whether there may be more.
pub(super) async fn clean(tx: &mut HostTx, before: Timestamp) -> Result<bool, DbError> {
    const BATCH: u32 = 500;
    let removed = tx
        .execute(kernel_sql!(
            "DELETE FROM goplt_job WHERE id IN (SELECT j.id FROM goplt_job j WHERE j.state = 'done' \
             AND j.run_at < ? AND j.finished_at < ? LIMIT ?)",
            before,
            before,
            BATCH
        ))
        .await?;
    Ok(removed >= u64::from(BATCH))
}
