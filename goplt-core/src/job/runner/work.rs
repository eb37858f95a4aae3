//! One attempt at a job.

use tokio::time::Instant;
use tracing::{
    Instrument, Span,
    field::{Empty, display},
};

use super::{
    super::{
        JobContext,
        context::{Finished, JobRows},
        handler::Registered,
    },
    claim::Claimed,
    finish::{End, Ended},
    numbers::Numbers,
};
use crate::{
    BoxError, Clock, Principal, Random, RequestContext,
    data::ScopeMint,
    error::{chain, fenced},
    event::{Permanent, cut},
    failpoint,
    report::{Category, ErrorReport, Reporter},
    telemetry::{self, TraceContext},
};

/// What every attempt needs.
#[derive(Debug, Clone)]
pub(super) struct Tools {
    pub(super) mint: ScopeMint,
    pub(super) rows: JobRows,
    pub(super) clock: Clock,
    pub(super) random: Random,
    pub(super) reporter: Reporter,
    /// `None` if nobody counts.
    pub(super) numbers: Option<Numbers>,
}

impl Tools {
    /// The span of an attempt, which continues the trace of what enqueued the job, and its own
    /// place in it.
    pub(super) fn span(&self, job: &Claimed) -> (Span, TraceContext) {
        let exported = telemetry::is_exported();
        let span = tracing::info_span!(
            "job.run",
            otel.name = exported.then(|| display(format!("job {}", job.name))),
            otel.kind = exported.then_some("consumer"),
            otel.status_code = Empty,
            module = job.module,
            job = job.name,
            job_id = %job.id,
            tenant_id = job.tenant,
            request_id = job.request_id,
            trace_id = Empty,
            attempt = job.attempts,
            error.type = Empty,
        );
        let parent = job.trace.as_ref().and_then(|trace| trace.parse().ok());
        let trace = telemetry::continue_trace(&span, parent.unwrap_or_default(), &self.random);
        if !span.is_disabled() {
            let id = format_args!("{:032x}", trace.trace_id());
            span.record("trace_id", display(id));
        }
        (span, trace)
    }

    /// What the handler gets to know.
    pub(super) fn context(
        &self,
        registered: &Registered,
        job: &Claimed,
        trace: TraceContext,
    ) -> Result<JobContext, BoxError> {
        let mut request = RequestContext::new(job.request_id.parse()?)
            .with_principal(Principal::service(job.module.as_str()))
            .with_trace(trace)
            .with_timeout(registered.policy.timeout());
        if !job.tenant.is_empty() {
            request = self.mint.enter(request, job.tenant.parse()?)?;
        }
        Ok(JobContext {
            id: job.id,
            request,
            payload: job.payload.as_str().into(),
            due_at: job.due_at,
            attempt: job.attempts,
            token: job.token,
            clock: self.clock.clone(),
            rows: self.rows.clone(),
            finished: Finished::default(),
        })
    }

    /// Runs the handler, in time and behind a fence.
    pub(super) async fn attempt(
        self,
        registered: Registered,
        job: Claimed,
        span: Span,
        cx: Result<JobContext, BoxError>,
    ) -> Ended {
        failpoint::point("job.after_claim");
        let request = cx.as_ref().ok().map(|cx| cx.request().clone());
        let started = Instant::now();
        let (result, finished) = match cx {
            Ok(cx) => {
                let timeout = registered.policy.timeout();
                let run = fenced(registered.handler.call(&cx)).instrument(span.clone());
                let result = match tokio::time::timeout(timeout, run).await {
                    Ok(result) => result,
                    Err(_) => Err(format!("the job took longer than {timeout:?}").into()),
                };
                (result, cx.finished)
            }
            Err(error) => (Err(Permanent::new(error).into()), Finished::default()),
        };
        failpoint::point("job.before_complete");
        if let Some(numbers) = &self.numbers {
            let error = result.as_ref().err().filter(|_| !finished.is_committed());
            let error = error.map(|error| Category::of(&**error).as_str());
            numbers.attempted(&job, error, started.elapsed());
        }
        if let Err(error) = &result {
            span.record("error.type", Category::of(&**error).as_str());
            span.record("otel.status_code", "ERROR");
        }
        let end = match result {
            _ if finished.is_written() => End::Written,
            _ if finished.is_committed() => End::Done,
            Ok(()) => End::Done,
            Err(error) => self.failure(&registered, &job, request.as_ref(), &*error),
        };
        Ended {
            id: job.id,
            token: job.token,
            end,
        }
    }

    fn failure(
        &self,
        registered: &Registered,
        job: &Claimed,
        request: Option<&RequestContext>,
        error: &(dyn std::error::Error + Send + Sync + 'static),
    ) -> End {
        let retry = registered.policy.retry();
        let text = chain(error).to_string();
        let over = job.attempts >= retry.attempts() || error.is::<Permanent>();
        tracing::warn!(
            module = job.module,
            job = job.name,
            job_id = %job.id,
            tenant_id = job.tenant,
            attempts = job.attempts,
            over,
            error = text,
            "a job failed"
        );
        // What is only tried again is for the log: it may well be over by then.
        if over || Category::of(error) == Category::Panic {
            self.report(job, request, error);
        }
        let text = cut(&text).to_owned();
        if over {
            return End::Failed(text);
        }
        let pause = retry.pause(job.attempts, &self.random);
        End::Retry(self.clock.now().plus(pause), text)
    }
    fn report(
        &self,
        job: &Claimed,
        request: Option<&RequestContext>,
        error: &(dyn std::error::Error + Send + Sync + 'static),
    ) {
        self.reporter.report_with(|| {
            let mut report = ErrorReport::new(error).with_place(format!("job {}", job.name));
            if let Ok(module) = job.module.parse() {
                report = report.with_module(module);
            }
            match request {
                Some(request) => report.with_context(request),
                None => report,
            }
        });
    }
}
