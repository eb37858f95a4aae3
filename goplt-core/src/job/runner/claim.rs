//! Leasing jobs: those that are due, modules and tenants in turn.

use std::{collections::HashMap, time::Duration};

use super::super::{JobHandlers, Overlap};
use crate::{
    Timestamp, Uuid,
    data::{DbError, FromRow, HostTx, Row, kernel::kernel_sql},
};

/// A job as its row holds it.
#[derive(Debug, Clone)]
pub(super) struct Claimed {
    pub(super) id: Uuid,
    pub(super) tenant: String,
    pub(super) module: String,
    pub(super) name: String,
    pub(super) payload: String,
    pub(super) due_at: Option<Timestamp>,
    /// This one included.
    pub(super) attempts: u32,
    pub(super) token: i64,
    pub(super) trace: Option<String>,
    pub(super) request_id: String,
}

/// Whose turn it is.
#[derive(Debug, Default)]
pub(super) struct Turns {
    /// The tenant of each module that was served last.
    tenants: HashMap<&'static str, String>,
    module: usize,
}

/// How long a run waits for the one before it.
const WAIT: Duration = Duration::from_secs(1);
/// How long a job rests whose handler is not in this process: another one may have it.
const ELSEWHERE: Duration = Duration::from_secs(5);

/// Makes what is due ready: jobs whose time has come, and those whose lease ran out. What another
/// process has at hand is left to it.
pub(super) async fn promote(tx: &mut HostTx, now: Timestamp) -> Result<(), DbError> {
    tx.execute(kernel_sql!(
        "UPDATE goplt_job SET state = 'ready' WHERE id IN (SELECT j.id FROM goplt_job j \
         WHERE j.state = 'scheduled' AND j.run_at <= ? FOR UPDATE SKIP LOCKED)",
        now
    ))
    .await?;
    tx.execute(kernel_sql!(
        "UPDATE goplt_job SET state = 'ready', owner = NULL WHERE id IN (SELECT j.id FROM goplt_job j \
         WHERE j.state = 'running' AND j.leased_until < ? FOR UPDATE SKIP LOCKED)",
        now
    ))
    .await?;
    Ok(())
}

/// Makes every job ready that a process which died was running.
pub(super) async fn take_over(tx: &mut HostTx) -> Result<(), DbError> {
    tx.execute(kernel_sql!(
        "UPDATE goplt_job SET state = 'ready', owner = NULL WHERE state = 'running'"
    ))
    .await?;
    Ok(())
}

impl Turns {
    /// Leases up to `most` jobs.
    pub(super) async fn claim(
        &mut self,
        tx: &mut HostTx,
        handlers: &JobHandlers,
        owner: Uuid,
        most: usize,
        (now, until): (Timestamp, Timestamp),
    ) -> Result<Vec<Claimed>, DbError> {
        let modules = handlers.modules();
        let mut claimed = Vec::new();
        let mut empty = 0;
        while claimed.len() < most && empty < modules.len() {
            let module = modules[self.module % modules.len()];
            self.module = (self.module + 1) % modules.len();
            let Some(next) = self.next(tx, module).await? else {
                empty += 1;
                continue;
            };
            empty = 0;
            if let Some(rest) = self.rest(tx, handlers, &next).await? {
                postpone(tx, next.id, now.plus(rest)).await?;
                continue;
            }
            let Some(registered) = handlers.get(&next.module, &next.name) else {
                continue;
            };
            if next.attempts > registered.policy.retry().attempts() {
                give_up(tx, next.id, now).await?;
                continue;
            }
            tx.execute(kernel_sql!(
                "UPDATE goplt_job SET state = 'running', owner = ?, token = token + 1, attempts = attempts + 1, \
                 leased_until = ?, started_at = ? WHERE id = ?",
                owner,
                until,
                now,
                next.id
            ))
            .await?;
            claimed.push(Claimed {
                token: next.token + 1,
                ..next
            });
        }
        Ok(claimed)
    }

    /// The next job of a module: of the tenant after the one served last.
    async fn next(
        &mut self,
        tx: &mut HostTx,
        module: &'static str,
    ) -> Result<Option<Claimed>, DbError> {
        let last = self.tenants.get(module).cloned();
        let mut next = None;
        if let Some(last) = &last {
            next = tx
                .fetch_optional(kernel_sql!(
                    "SELECT id, tenant_id, module, name, payload, due_at, attempts, token, trace, correlation_id \
                     FROM goplt_job WHERE module = ? AND state = 'ready' AND tenant_id > ? \
                     ORDER BY tenant_id, run_at, id LIMIT 1 FOR UPDATE SKIP LOCKED",
                    module,
                    last
                ))
                .await?;
        }
        if next.is_none() {
            next = tx
                .fetch_optional(kernel_sql!(
                    "SELECT id, tenant_id, module, name, payload, due_at, attempts, token, trace, correlation_id \
                     FROM goplt_job WHERE module = ? AND state = 'ready' ORDER BY tenant_id, run_at, id LIMIT 1 \
                     FOR UPDATE SKIP LOCKED",
                    module
                ))
                .await?;
        }
        let next: Option<Claimed> = next;
        if let Some(next) = &next {
            self.tenants.insert(module, next.tenant.clone());
        }
        Ok(next)
    }

    /// How long a job that is ready must wait all the same.
    async fn rest(
        &self,
        tx: &mut HostTx,
        handlers: &JobHandlers,
        next: &Claimed,
    ) -> Result<Option<Duration>, DbError> {
        let Some(registered) = handlers.get(&next.module, &next.name) else {
            return Ok(Some(ELSEWHERE));
        };
        if next.due_at.is_none() || registered.policy.overlap() == Overlap::Allow {
            return Ok(None);
        }
        // Another process may be about to lease the run before this one.
        let schedule: Option<Timestamp> = tx
            .fetch_optional(kernel_sql!(
                "SELECT seen_until FROM goplt_cron WHERE module = ? AND name = ? FOR UPDATE SKIP LOCKED",
                &next.module,
                &next.name
            ))
            .await?;
        if schedule.is_none() {
            return Ok(Some(WAIT));
        }
        let running: Option<Uuid> = tx
            .fetch_optional(kernel_sql!(
                "SELECT id FROM goplt_job WHERE module = ? AND name = ? AND state = 'running' \
                 AND due_at IS NOT NULL LIMIT 1",
                &next.module,
                &next.name
            ))
            .await?;
        Ok(running.map(|_| WAIT))
    }
}

async fn postpone(tx: &mut HostTx, id: Uuid, at: Timestamp) -> Result<(), DbError> {
    tx.execute(kernel_sql!(
        "UPDATE goplt_job SET state = 'scheduled', run_at = ? WHERE id = ?",
        at,
        id
    ))
    .await?;
    Ok(())
}

async fn give_up(tx: &mut HostTx, id: Uuid, now: Timestamp) -> Result<(), DbError> {
    tx.execute(kernel_sql!(
        "UPDATE goplt_job SET state = 'failed', unique_slot = NULL, finished_at = ?, \
         error = COALESCE(error, 'the process ended during the last attempt') WHERE id = ?",
        now,
        id
    ))
    .await?;
    Ok(())
}

impl FromRow for Claimed {
    fn from_row(row: &Row<'_>) -> Result<Self, DbError> {
        let attempts: u32 = row.get_at(6)?;
        Ok(Self {
            id: row.get_at(0)?,
            tenant: row.get_at(1)?,
            module: row.get_at(2)?,
            name: row.get_at(3)?,
            payload: row.get_at(4)?,
            due_at: row.get_at(5)?,
            attempts: attempts + 1,
            token: row.get_at(7)?,
            trace: row.get_at(8)?,
            request_id: row.get_at(9)?,
        })
    }
}
