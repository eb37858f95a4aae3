//! Many events of one tenant in one transaction, for handlers whose policy lets them share one.
//!
//! It is a short cut and never the only way: whatever goes wrong, nothing was committed, and each
//! event is handled alone as if nothing had been tried.

use std::collections::BTreeSet;

use tokio::time::{Instant, timeout};
use tracing::{Instrument, Span};

use super::{
    super::{EventContext, handler::Registered},
    deliver::Delivery,
    held::Ending,
    list,
    load::Due,
    span,
};
use crate::{
    ModuleName, TenantId,
    data::{HostSql, kernel::kernel_sql_by_dialect},
    error::fenced,
    failpoint,
};

/// How many events share a transaction at most. More would hold rows and lanes longer, and save
/// little: one commit is already spread over so many.
const MOST: usize = 64;

/// An event that is to be handled, with what is needed for it.
struct Ready<'a> {
    due: &'a Due,
    registered: &'a Registered,
    cx: EventContext,
    span: Span,
}

impl Delivery {
    /// Whether the event may be handled in a transaction with others.
    pub(super) fn shares(&self, group: &ModuleName, due: &Due) -> bool {
        let registered = self.handlers.get(group, &due.event.name);
        let shares = registered.is_some_and(|known| known.policy.shares_transactions());
        shares && !due.retried && !due.seen && self.is_here(due)
    }

    /// Handles events of one tenant, in order, as many as may to a transaction.
    pub(super) async fn together(
        &self,
        group: &ModuleName,
        mut due: Vec<Due>,
        done: impl Fn(Vec<i64>) + Send,
    ) -> Ending {
        while !due.is_empty() {
            let Some(_permit) = self.permit().await else {
                return Ending::Stopped;
            };
            let rest = due.split_off(due.len().min(MOST));
            if !self.several(group, &due).await {
                return Ending::Apart { alone: due, rest };
            }
            done(due.iter().map(|due| due.seq).collect());
            due = rest;
        }
        Ending::Through
    }

    /// Whether the event's tenant is in the database that it was published in.
    fn is_here(&self, due: &Due) -> bool {
        let tenant = TenantId::stored(&due.event.tenant);
        tenant.is_ok_and(|tenant| self.db.holds(&tenant))
    }

    /// Handles all of these in one transaction; `false` if that did not work, and nothing of it
    /// has happened.
    async fn several(&self, group: &ModuleName, due: &[Due]) -> bool {
        let started = Instant::now();
        let Some(ready) = self.ready(group, due) else {
            return false;
        };
        let Some(first) = ready.first() else {
            return false;
        };
        let Ok(scope) = first.cx.request.scope() else {
            return false;
        };
        let (mut tx, _) = self.db.begin_lazily(scope, self.received(group, &ready));
        for Ready {
            registered,
            cx,
            span,
            ..
        } in &ready
        {
            let Ok(scope) = cx.request.scope() else {
                return false;
            };
            // What it publishes is its own: of its request, caused by its event.
            tx.act_in(scope);
            tx.caused_by(cx.id());
            // The transaction may be open already: then it must not call a contract either.
            let open = scope.open_write();
            let handled = fenced(registered.handler.call(cx, &mut tx)).instrument(span.clone());
            let handled = timeout(registered.policy.timeout(), handled).await;
            drop(open);
            if !matches!(handled, Ok(Ok(()))) {
                span.record("otel.status_code", "ERROR");
                return false;
            }
        }
        failpoint::point("handler.before_commit");
        let committed = tx.commit().await;
        failpoint::point("handler.after_commit");
        if committed.is_err() {
            return false;
        }
        let share = u32::try_from(ready.len()).unwrap_or(1);
        for Ready { due, .. } in &ready {
            self.count(group, due, None, started.elapsed() / share);
        }
        true
    }

    fn ready<'a>(&'a self, group: &ModuleName, due: &'a [Due]) -> Option<Vec<Ready<'a>>> {
        let ready = due.iter().map(|due| {
            let registered = self.handlers.get(group, &due.event.name)?;
            let (span, trace) = span::of(group, due, &self.random);
            let timeout = registered.policy.timeout();
            let cx = self.context(group, due, timeout, trace).ok()?;
            Some(Ready {
                due,
                registered,
                cx,
                span,
            })
        });
        ready.collect()
    }

    /// As for one event: fails if one is there already, writes nothing if any of the lanes has
    /// another owner, and keeps another from taking them until the transaction ends.
    fn received(&self, group: &ModuleName, ready: &[Ready<'_>]) -> HostSql {
        let lanes: BTreeSet<(i64, i64)> = ready
            .iter()
            .map(|ready| (ready.due.lane, ready.due.token))
            .collect();
        kernel_sql_by_dialect!(
            sqlite: "INSERT INTO goplt_inbox (tenant_id, group_name, event_id, received_at) \
                     SELECT ?1, ?2, unhex(e.value, '-'), ?3 FROM json_each(?6) e WHERE \
                     (SELECT count(*) FROM goplt_lane l WHERE l.group_name = ?2 \
                     AND l.lane || ':' || l.token IN (SELECT value FROM json_each(?4))) = ?5",
            postgres: "WITH held AS (SELECT l.lane FROM goplt_lane l WHERE l.group_name = $2 \
                       AND l.lane || ':' || l.token = ANY (translate($4, '[]', '{}')::text[]) FOR KEY SHARE) \
                       INSERT INTO goplt_inbox (tenant_id, group_name, event_id, received_at) \
                       SELECT $1, $2, e.id, $3 FROM unnest(translate($6, '[]', '{}')::uuid[]) e(id) \
                       WHERE (SELECT count(*) FROM held) = $5",
            ready[0].cx.tenant().as_str(),
            group.as_str(),
            self.db.seams().clock.now(),
            list::words(lanes.iter().map(|(lane, token)| format!("{lane}:{token}"))),
            i64::try_from(lanes.len()).unwrap_or(i64::MAX),
            list::words(ready.iter().map(|ready| ready.cx.id()))
        )
    }
}
