//! Several events of one key in one transaction, for handlers whose policy lets them share one.
//!
//! It is a short cut and never the only way: whatever goes wrong, nothing was committed, and each
//! event is handled alone as if nothing had been tried.

use tokio::time::{Instant, timeout};
use tracing::{Instrument, Span};

use super::{
    super::{EventContext, handler::Registered},
    deliver::Delivery,
    load::Due,
    span,
};
use crate::{
    ModuleName, TenantId, Uuid,
    data::{HostSql, kernel::kernel_sql_by_dialect},
    error::fenced,
    failpoint,
};

/// How many events share a transaction at most: as many as the statement below has places.
const MOST: usize = 16;

/// An event that is to be handled, with what is needed for it.
struct Ready<'a> {
    due: &'a Due,
    registered: &'a Registered,
    cx: EventContext,
    span: Span,
}

impl Delivery {
    /// How many of the events at the beginning may share a transaction.
    pub(super) fn may_share(&self, group: &ModuleName, due: &[Due]) -> usize {
        let shares = |due: &&Due| {
            let registered = self.handlers.get(group, &due.event.name);
            let shares = registered.is_some_and(|known| known.policy.shares_transactions());
            shares && !due.retried && !due.seen && self.is_here(due)
        };
        due.iter().take(MOST).take_while(shares).count()
    }

    /// Whether the event's tenant is in the database that it was published in.
    fn is_here(&self, due: &Due) -> bool {
        let tenant = TenantId::stored(&due.event.tenant);
        tenant.is_ok_and(|tenant| self.db.holds(&tenant))
    }

    /// Handles all of these in one transaction; `false` if that did not work, and nothing of it
    /// has happened.
    pub(super) async fn several(&self, group: &ModuleName, due: &[Due]) -> bool {
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

    /// As for one event: fails if one is there already, writes nothing if the lane has another
    /// owner. What the statement has places for too many is `NULL`.
    fn received(&self, group: &ModuleName, ready: &[Ready<'_>]) -> HostSql {
        let id = |index: usize| -> Option<Uuid> { ready.get(index).map(|ready| ready.cx.id()) };
        let first = &ready[0];
        kernel_sql_by_dialect!(
            sqlite: "INSERT INTO goplt_inbox (tenant_id, group_name, event_id, received_at) \
                     SELECT ?1, ?2, e.column1, ?3 FROM goplt_lane l JOIN (VALUES (?6), (?7), (?8), (?9), (?10), (?11), \
                     (?12), (?13), (?14), (?15), (?16), (?17), (?18), (?19), (?20), (?21)) e \
                     WHERE l.group_name = ?2 AND l.lane = ?4 AND l.token = ?5 AND e.column1 IS NOT NULL",
            postgres: "INSERT INTO goplt_inbox (tenant_id, group_name, event_id, received_at) \
                       SELECT $1, $2, e.id, $3 FROM goplt_lane l CROSS JOIN (VALUES ($6::uuid), ($7), ($8), ($9), \
                       ($10), ($11), ($12), ($13), ($14), ($15), ($16), ($17), ($18), ($19), ($20), ($21)) e(id) \
                       WHERE l.group_name = $2 AND l.lane = $4 AND l.token = $5 AND e.id IS NOT NULL \
                       FOR KEY SHARE OF l",
            first.cx.tenant().as_str(),
            group.as_str(),
            self.db.seams().clock.now(),
            first.due.lane,
            first.due.token,
            id(0),
            id(1),
            id(2),
            id(3),
            id(4),
            id(5),
            id(6),
            id(7),
            id(8),
            id(9),
            id(10),
            id(11),
            id(12),
            id(13),
            id(14),
            id(15)
        )
    }
}
