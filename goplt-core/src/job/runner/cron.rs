//! Schedules: a row for each time that a job is due, whatever the number of processes.

use super::super::{JobHandlers, JobKey, JobPolicy, Overlap, schedule::Schedule};
use crate::{
    Timestamp,
    data::{DbError, HostTx, kernel::kernel_sql},
    id::Ids,
};

/// Makes the rows that are due, and returns when the next one is.
pub(super) async fn tick(
    tx: &mut HostTx,
    handlers: &JobHandlers,
    ids: &Ids,
    now: Timestamp,
) -> Result<Option<Timestamp>, DbError> {
    let mut first = None;
    for (key, policy, schedule) in handlers.schedules() {
        one(tx, *key, policy, schedule, ids, now).await?;
        let next = schedule.next(now);
        first = match (first, next) {
            (Some(first), Some(next)) => Some(std::cmp::min::<Timestamp>(first, next)),
            (first, next) => first.or(next),
        };
    }
    Ok(first)
}

async fn one(
    tx: &mut HostTx,
    key: JobKey,
    policy: &JobPolicy,
    schedule: &Schedule,
    ids: &Ids,
    now: Timestamp,
) -> Result<(), DbError> {
    // A schedule begins when it is first seen: what lies before was never promised.
    tx.execute(kernel_sql!(
        "INSERT INTO goplt_cron (module, name, seen_until) VALUES (?, ?, ?) ON CONFLICT (module, name) DO NOTHING",
        key.module(),
        key.name(),
        now
    ))
    .await?;
    // One process after the other: the second finds nothing left to make.
    let seen: Timestamp = tx
        .fetch_one(kernel_sql!(
            "SELECT seen_until FROM goplt_cron WHERE module = ? AND name = ? FOR UPDATE",
            key.module(),
            key.name()
        ))
        .await?;
    for due in schedule.due(seen, now, policy.missed_runs()) {
        if policy.overlap() == Overlap::Skip && is_unfinished(tx, key).await? {
            tracing::warn!(
                module = key.module(),
                job = key.name(),
                due = %due,
                "a run is left out: the one before is not over"
            );
            continue;
        }
        make(tx, key, ids, due, now).await?;
    }
    tx.execute(kernel_sql!(
        "UPDATE goplt_cron SET seen_until = ? WHERE module = ? AND name = ? AND seen_until < ?",
        now,
        key.module(),
        key.name(),
        now
    ))
    .await?;
    Ok(())
}

async fn is_unfinished(tx: &mut HostTx, key: JobKey) -> Result<bool, DbError> {
    let unfinished: i64 = tx
        .fetch_one(kernel_sql!(
            "SELECT count(*) FROM goplt_job WHERE module = ? AND name = ? AND due_at IS NOT NULL \
             AND state IN ('scheduled', 'ready', 'running')",
            key.module(),
            key.name()
        ))
        .await?;
    Ok(unfinished > 0)
}

/// Another process may have made the row: then there is one already.
async fn make(
    tx: &mut HostTx,
    key: JobKey,
    ids: &Ids,
    due: Timestamp,
    now: Timestamp,
) -> Result<(), DbError> {
    tx.execute(kernel_sql!(
        "INSERT INTO goplt_job (id, tenant_id, module, name, payload, due_at, state, run_at, attempts, token, \
         correlation_id, created_at) VALUES (?, '', ?, ?, 'null', ?, 'ready', ?, 0, 0, ?, ?) \
         ON CONFLICT (module, name, due_at) DO NOTHING",
        ids.next(),
        key.module(),
        key.name(),
        due,
        due,
        ids.request_id().as_str(),
        now
    ))
    .await?;
    Ok(())
}
