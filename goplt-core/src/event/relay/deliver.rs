//! Handling: a task's events, one after the other.

use std::{
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
    time::Duration,
};

use tokio::{
    sync::{Semaphore, SemaphorePermit, mpsc},
    time::Instant,
};
use tracing::Instrument;

use super::{
    super::{
        AfterLastAttempt, EventContext, EventHandlers, EventPolicy, Permanent, blocked,
        handler::Registered,
    },
    held::{Ending, Lot, Manner},
    load::Due,
    numbers::Numbers,
    progress, span,
};
use crate::{
    BoxError, ModuleName, Principal, RequestContext, Timestamp,
    data::{
        DbError, HostScope, HostSql, Refused, ScopeMint, TenantDb, kernel::kernel_sql_by_dialect,
    },
    error::{chain, fenced},
    failpoint,
    report::{Category, ErrorReport, Reporter},
    shutdown::ShutdownToken,
    telemetry::TraceContext,
};

/// What all tasks share.
#[derive(Debug)]
pub(super) struct Delivery {
    pub(super) db: TenantDb,
    pub(super) mint: ScopeMint,
    pub(super) host: HostScope,
    pub(super) random: crate::Random,
    pub(super) handlers: EventHandlers,
    /// How many handlers may run at once.
    pub(super) permits: Semaphore,
    /// Until when the leases hold, in µs: past it, nothing new begins.
    pub(super) leased_until: AtomicI64,
    pub(super) shutdown: ShutdownToken,
    pub(super) reporter: Reporter,
    /// `None` if nobody counts.
    pub(super) numbers: Option<Numbers>,
}

/// What a task tells the runner while it works.
#[derive(Debug)]
pub(super) enum Report {
    /// These events were handled; their deliveries can be removed.
    Done { group: usize, seqs: Vec<i64> },
    /// The event is tried again then.
    RetryAt(Timestamp),
}

/// How handling one event ended.
enum Outcome {
    Done,
    /// Another runner has the lane.
    Fenced,
    Failed(BoxError),
}

/// Errors that are kept are cut to this length.
const LONGEST_ERROR: usize = 2_000;

/// How long a key rests when the failure itself could not be written.
const REST: Duration = Duration::from_millis(500);

impl Delivery {
    /// Handles what it is given, until an event fails or the lease may be over.
    pub(super) async fn lot(
        self: Arc<Self>,
        group: (usize, ModuleName),
        lot: Lot,
        reports: mpsc::UnboundedSender<Report>,
    ) -> Ending {
        let (index, group) = group;
        // The runner outlives its tasks, or nobody needs the report.
        let tell = |report| drop(reports.send(report));
        let done = |seqs| tell(Report::Done { group: index, seqs });
        match lot.manner {
            Manner::Together => self.together(&group, lot.due, done).await,
            Manner::Alone => {
                let retry = |at| tell(Report::RetryAt(at));
                self.key(&group, &lot.due, done, retry).await
            }
        }
    }

    /// Handles events of one key in order, each alone.
    async fn key(
        &self,
        group: &ModuleName,
        due: &[Due],
        done: impl Fn(Vec<i64>) + Send,
        retry: impl Fn(Timestamp) + Send,
    ) -> Ending {
        for due in due {
            let Some(_permit) = self.permit().await else {
                return Ending::Stopped;
            };
            match self.one(group, due).await {
                Outcome::Done if due.retried => {
                    if let Err(error) = self.resolve(group, due).await {
                        self.rest(&error).await;
                    }
                    // What waited behind it is read anew.
                    return Ending::Stopped;
                }
                Outcome::Done => done(vec![due.seq]),
                Outcome::Fenced => return Ending::Stopped,
                Outcome::Failed(error) => {
                    match self.failed(group, due, &*error).await {
                        Ok(Some(at)) => retry(at),
                        Ok(None) => {}
                        Err(error) => self.rest(&error).await,
                    }
                    return Ending::Stopped;
                }
            }
        }
        Ending::Through
    }

    /// The right to run one transaction; `None` when nothing new may begin.
    pub(super) async fn permit(&self) -> Option<SemaphorePermit<'_>> {
        let permit = self.permits.acquire().await.ok()?;
        let begins = !self.shutdown.is_draining() && self.holds_leases();
        begins.then_some(permit)
    }

    fn holds_leases(&self) -> bool {
        self.db.seams().clock.now().as_micros() < self.leased_until.load(Ordering::Acquire)
    }

    /// Handles one event in its own transaction.
    async fn one(&self, group: &ModuleName, due: &Due) -> Outcome {
        if due.seen {
            return Outcome::Done;
        }
        let Some(registered) = self.handlers.get(group, &due.event.name) else {
            // Subscribed once, and no longer.
            return Outcome::Done;
        };
        let (span, trace) = span::of(group, due, &self.random);
        let cx = match self.context(group, due, registered.policy.timeout(), trace) {
            Ok(cx) => cx,
            Err(error) => return Outcome::Failed(Permanent::new(error).into()),
        };
        let started = Instant::now();
        let outcome = self
            .handle(group, due, registered, &cx)
            .instrument(span.clone())
            .await;
        self.note(group, due, started, &outcome);
        if let Outcome::Failed(error) = &outcome {
            span.record("error.type", Category::of(&**error).as_str());
            span.record("otel.status_code", "ERROR");
        }
        outcome
    }

    fn note(&self, group: &ModuleName, due: &Due, started: Instant, outcome: &Outcome) {
        let error = match outcome {
            Outcome::Fenced => return,
            Outcome::Done => None,
            Outcome::Failed(error) => Some(Category::of(&**error).as_str()),
        };
        self.count(group, due, error, started.elapsed());
    }

    pub(super) fn count(
        &self,
        group: &ModuleName,
        due: &Due,
        error: Option<&'static str>,
        took: Duration,
    ) {
        let Some(numbers) = &self.numbers else { return };
        numbers.attempted(group, &due.event.name, error, took);
        if error.is_none() {
            let now = self.db.seams().clock.now();
            numbers.handled(group, now.since(due.event.time));
        }
    }

    async fn handle(
        &self,
        group: &ModuleName,
        due: &Due,
        registered: &Registered,
        cx: &EventContext,
    ) -> Outcome {
        let scope = match cx.request.scope() {
            Ok(scope) => scope,
            Err(error) => return Outcome::Failed(error.into()),
        };
        // Fails if it is there already, writes nothing if the lane has another owner, and keeps
        // another from taking it until the transaction ends.
        let received = kernel_sql_by_dialect!(
            sqlite: "INSERT INTO goplt_inbox (tenant_id, group_name, event_id, received_at) \
                     SELECT ?1, ?2, ?3, ?4 FROM goplt_lane WHERE group_name = ?2 AND lane = ?5 AND token = ?6",
            postgres: "INSERT INTO goplt_inbox (tenant_id, group_name, event_id, received_at) \
                       SELECT $1, $2, $3, $4 FROM goplt_lane WHERE group_name = $2 AND lane = $5 AND token = $6 \
                       FOR KEY SHARE",
            cx.tenant().as_str(),
            group.as_str(),
            cx.id(),
            self.db.seams().clock.now(),
            due.lane,
            due.token
        );
        let received = if self.db.holds(scope.tenant()) {
            received
        } else {
            self.received_elsewhere(group, cx)
        };
        let (mut tx, prelude) = self.db.begin_lazily(scope, received);
        tx.caused_by(cx.id());
        let timeout = registered.policy.timeout();
        let handled = fenced(registered.handler.call(cx, &mut tx));
        let result = match tokio::time::timeout(timeout, handled).await {
            Ok(Ok(())) => {
                failpoint::point("handler.before_commit");
                let committed = tx.commit().await.map_err(BoxError::from);
                failpoint::point("handler.after_commit");
                committed
            }
            Ok(Err(error)) => Err(error),
            Err(_) => Err(format!("the handler took longer than {timeout:?}").into()),
        };
        match (result, prelude.refused()) {
            (Ok(()), _) | (Err(_), Some(Refused::Duplicate)) => Outcome::Done,
            (Err(_), Some(Refused::Fenced)) => Outcome::Fenced,
            (Err(error), None) => Outcome::Failed(error),
        }
    }

    /// Of an event whose tenant is placed in another database: from a transaction across tenants, or
    /// from before the tenant was moved. Effect and inbox commit there, so that it is handled once;
    /// the lane is here, and keeps nobody out.
    fn received_elsewhere(&self, group: &ModuleName, cx: &EventContext) -> HostSql {
        kernel_sql_by_dialect!(
            sqlite: "INSERT INTO goplt_inbox (tenant_id, group_name, event_id, received_at) VALUES (?1, ?2, ?3, ?4)",
            postgres: "INSERT INTO goplt_inbox (tenant_id, group_name, event_id, received_at) VALUES ($1, $2, $3, $4)",
            cx.tenant().as_str(),
            group.as_str(),
            cx.id(),
            self.db.seams().clock.now()
        )
    }

    pub(super) fn context(
        &self,
        group: &ModuleName,
        due: &Due,
        timeout: Duration,
        trace: TraceContext,
    ) -> Result<EventContext, BoxError> {
        let envelope = due.event.clone().into_envelope()?;
        let request = RequestContext::new(envelope.request_id().clone())
            .with_principal(Principal::service(group.as_str()))
            .with_trace(trace)
            .with_timeout(timeout);
        let request = self.mint.enter(request, envelope.tenant().clone())?;
        Ok(EventContext {
            envelope,
            request,
            attempt: due.attempts + 1,
        })
    }

    async fn resolve(&self, group: &ModuleName, due: &Due) -> Result<(), DbError> {
        let mut tx = self.db.begin_host(&self.host).await?;
        progress::resolve(&mut tx, group, due.seq, &due.event).await?;
        tx.commit().await
    }

    /// Writes the failure down: the key rests, is parked, or goes on without the event.
    async fn failed(
        &self,
        group: &ModuleName,
        due: &Due,
        error: &(dyn std::error::Error + Send + Sync + 'static),
    ) -> Result<Option<Timestamp>, DbError> {
        let policy = self
            .handlers
            .get(group, &due.event.name)
            .map_or_else(EventPolicy::default, |registered| registered.policy);
        // A database that is away says nothing about the event.
        let attempts = due.attempts + u32::from(!is_outage(error));
        let over = attempts >= policy.retry().attempts() || error.is::<Permanent>();
        let state = match policy.after_last_attempt() {
            _ if !over => "retry",
            AfterLastAttempt::ParkKey => "parked",
            AfterLastAttempt::Skip => "skipped",
        };
        let now = self.db.seams().clock.now();
        let at = now.plus(policy.retry().pause(attempts.max(1), &self.random));
        let text = chain(error).to_string();
        tracing::warn!(
            group = group.as_str(),
            event = due.event.name,
            event_id = %due.event.id,
            tenant_id = due.event.tenant,
            attempts,
            state,
            error = text,
            "an event was not handled"
        );
        // What is only tried again is for the log: it may well be over by then.
        if over || Category::of(error) == Category::Panic {
            self.report(group, due, error);
        }

        failpoint::point("relay.before_failure");
        let mut tx = self.db.begin_host(&self.host).await?;
        blocked::alone(&mut tx).await?;
        let written = tx
            .execute(kernel_sql_by_dialect!(
                sqlite: "UPDATE goplt_delivery SET attempts = ?1, state = ?2, next_at = ?3, error = ?4, \
                         first_failed_at = COALESCE(first_failed_at, ?5), last_failed_at = ?5 \
                         WHERE group_name = ?6 AND seq = ?7 AND EXISTS (SELECT 1 FROM goplt_lane l \
                         WHERE l.group_name = ?6 AND l.lane = ?8 AND l.token = ?9)",
                postgres: "UPDATE goplt_delivery SET attempts = $1, state = $2, next_at = $3, error = $4, \
                           first_failed_at = COALESCE(first_failed_at, $5), last_failed_at = $5 \
                           WHERE group_name = $6 AND seq = $7 AND EXISTS (SELECT 1 FROM goplt_lane l \
                           WHERE l.group_name = $6 AND l.lane = $8 AND l.token = $9 FOR KEY SHARE)",
                attempts,
                state,
                at,
                cut(&text),
                now,
                group.as_str(),
                due.seq,
                due.lane,
                due.token
            ))
            .await?;
        if written == 0 {
            return Ok(None);
        }
        if state != "skipped" {
            blocked::block(&mut tx, group.as_str(), &due.event).await?;
        } else if due.retried {
            blocked::unblock(&mut tx, group.as_str(), &due.event).await?;
        }
        tx.commit().await?;
        failpoint::point("relay.after_failure");
        Ok((!over).then_some(at))
    }

    fn report(
        &self,
        group: &ModuleName,
        due: &Due,
        error: &(dyn std::error::Error + Send + Sync + 'static),
    ) {
        self.reporter.report_with(|| {
            let report = ErrorReport::new(error)
                .with_module(group.clone())
                .with_place(format!("event {}", due.event.name));
            match self.context(group, due, Duration::ZERO, due.event.trace()) {
                Ok(cx) => report.with_context(cx.request()),
                Err(_) => report,
            }
        });
    }

    async fn rest(&self, error: &DbError) {
        tracing::warn!(error = %chain(error), "progress of an event was not written");
        tokio::time::sleep(REST).await;
    }
}

/// Whether the database was away or busy.
fn is_outage(error: &(dyn std::error::Error + Send + Sync + 'static)) -> bool {
    error
        .downcast_ref::<DbError>()
        .is_some_and(DbError::is_outage)
}

/// Up to the longest that is kept, at the border of a character.
pub(crate) fn cut(text: &str) -> &str {
    &text[..text.floor_char_boundary(LONGEST_ERROR)]
}
