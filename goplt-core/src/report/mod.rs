//! Error reports: what went wrong, told to those who must know, without making anyone wait.
//!
//! [`Reporter::report`] puts a report into a bounded queue and returns; when the queue is full the
//! report is dropped and counted. One task takes reports out, groups those that are alike, and
//! hands *incidents* to the log and to every [`ErrorSink`]: the first of a group at once, the
//! others as a number per interval. A storm of one error is then two lines a minute, and the error
//! that hides behind it is still seen.
//!
//! A report carries what the request knew: request id, user, tenant and trace, and with it the
//! module, the place and a [`Category`]. What the error says of itself stays within the process
//! and its sinks; callers never see it.
//!
//! The host makes the reporter, reports panics and server faults of requests, dead letters, failed
//! jobs and failed hooks by itself, and drains it when it stops. Modules report what else they
//! find.
//!
//! | metric | what it counts |
//! |---|---|
//! | `goplt_error_reports_total` | reports taken, by `category` |
//! | `goplt_error_reports_dropped_total` | reports that found a queue full or closed: `at="queue"`, or the name of a sink |
//! | `goplt_error_sink_failures_total` | incidents that a `sink` refused, by panicking, failing or taking too long |
//! | `goplt_error_queue_depth` | reports that wait now |
//!
//! # Examples
//!
//! ```
//! # tokio::runtime::Runtime::new().unwrap().block_on(async {
//! use std::{io, time::Duration};
//! use goplt_core::{Clock, report::{ErrorReport, ReportSettings, Reporter}, telemetry::Metrics};
//!
//! let metrics = Metrics::new();
//! let (reporter, reporting) = Reporter::start(ReportSettings::new(), &Clock::system(), &metrics);
//! reporter.report(ErrorReport::new(&io::Error::other("disk full")).with_place("nightly export"));
//! reporting.drain(Duration::from_secs(1)).await;
//! assert!(metrics.render().contains("goplt_error_reports_total"));
//! # });
//! ```

mod category;
mod error_report;
mod fingerprint;
mod groups;
mod incident;
mod log;
mod numbers;
mod settings;
mod sink;
mod worker;

use std::{fmt, sync::Arc};

use tokio::sync::mpsc;

use self::numbers::Numbers;
use crate::{Clock, telemetry::Metrics};

pub use self::{
    category::Category,
    error_report::ErrorReport,
    fingerprint::Fingerprint,
    incident::{Incident, Occurrence},
    settings::ReportSettings,
    sink::ErrorSink,
    worker::Reporting,
};

/// Takes reports. Clones share one queue; the default one forgets what it is told.
#[derive(Clone, Default)]
pub struct Reporter {
    queue: Option<Arc<Queue>>,
}

struct Queue {
    sender: mpsc::Sender<ErrorReport>,
    clock: Clock,
    numbers: Numbers,
}

impl Reporter {
    /// Starts the task that hands reports on, in the current runtime; it lives until the
    /// [`Reporting`] is drained or dropped.
    ///
    /// # Panics
    ///
    /// Outside of a tokio runtime, or if `metrics` has other metrics of these names.
    #[must_use]
    pub fn start(settings: ReportSettings, clock: &Clock, metrics: &Metrics) -> (Self, Reporting) {
        let (sender, receiver) = mpsc::channel(settings.capacity);
        let numbers = Numbers::new(metrics, &sender);
        let reporting = Reporting::spawn(settings, receiver, numbers.clone());
        let queue = Queue {
            sender,
            clock: clock.clone(),
            numbers,
        };
        let queue = Some(Arc::new(queue));
        (Self { queue }, reporting)
    }

    /// Reports. Never waits: a full queue drops the report and counts it.
    pub fn report(&self, report: ErrorReport) {
        self.report_with(|| report);
    }

    /// As [`report`](Self::report), for a report that is not made when there is no place for it.
    pub fn report_with(&self, make: impl FnOnce() -> ErrorReport) {
        let Some(queue) = &self.queue else { return };
        match queue.sender.try_reserve() {
            Ok(place) => {
                let report = make();
                queue.numbers.taken(report.category());
                place.send(report.at(queue.clock.now()));
            }
            Err(_) => queue.numbers.dropped(numbers::QUEUE),
        }
    }
}

impl fmt::Debug for Reporter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reporter")
            .field("connected", &self.queue.is_some())
            .finish_non_exhaustive()
    }
}
