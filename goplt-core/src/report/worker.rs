//! The task between the queue and the sinks.

use std::{
    fmt,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use tokio::{
    sync::mpsc,
    task::{JoinHandle, JoinSet},
    time::{Instant, sleep_until, timeout},
};
use tokio_util::sync::CancellationToken;

use super::{
    ErrorReport, ErrorSink, Incident, ReportSettings, groups::Groups, log, numbers::Numbers, sink,
};

/// The running half of a reporter: whoever has it decides when it ends. Dropping it ends it at
/// once, with what waits.
pub struct Reporting {
    stop: CancellationToken,
    task: Mutex<Option<JoinHandle<()>>>,
}

struct Worker {
    reports: mpsc::Receiver<ErrorReport>,
    groups: Groups,
    interval: Duration,
    /// When the present interval began.
    since: Instant,
    feeds: Vec<Feed>,
    tasks: JoinSet<()>,
    numbers: Numbers,
}

/// The way to one sink.
struct Feed {
    sink: Arc<dyn ErrorSink>,
    queue: mpsc::Sender<Arc<Incident>>,
}

// === impl Reporting ===

impl Reporting {
    pub(super) fn spawn(
        settings: ReportSettings,
        reports: mpsc::Receiver<ErrorReport>,
        numbers: Numbers,
    ) -> Self {
        let stop = CancellationToken::new();
        let worker = Worker::new(settings, reports, numbers);
        let task = tokio::spawn(worker.run(stop.clone()));
        Self {
            stop,
            task: Mutex::new(Some(task)),
        }
    }

    /// Takes no more reports, hands on those that wait, and ends; at the latest `within` this
    /// time, with a line in the log about what was left. A second call finds nothing to do.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future ends the task at once.
    pub async fn drain(&self, within: Duration) {
        let task = self.lock().take();
        let Some(task) = task else { return };
        self.stop.cancel();
        let mut task = AbortOnDrop(task);
        if timeout(within, &mut task.0).await.is_err() {
            tracing::warn!(?within, "error reports were not handed on in time");
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Option<JoinHandle<()>>> {
        self.task.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Reporting {
    fn drop(&mut self) {
        if let Some(task) = self.lock().take() {
            task.abort();
        }
    }
}

struct AbortOnDrop(JoinHandle<()>);

impl Drop for AbortOnDrop {
    fn drop(&mut self) {
        self.0.abort();
    }
}

impl fmt::Debug for Reporting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reporting").finish_non_exhaustive()
    }
}

// === impl Worker ===

impl Worker {
    fn new(
        settings: ReportSettings,
        reports: mpsc::Receiver<ErrorReport>,
        numbers: Numbers,
    ) -> Self {
        let mut tasks = JoinSet::new();
        let feed = |sink: Arc<dyn ErrorSink>| {
            let (queue, incidents) = mpsc::channel(settings.capacity);
            let feeding = sink::feed(
                sink.clone(),
                incidents,
                settings.sink_timeout,
                numbers.clone(),
            );
            tasks.spawn(feeding);
            Feed { sink, queue }
        };
        let feeds = settings.sinks.into_iter().map(feed).collect();
        Self {
            reports,
            groups: Groups::default(),
            interval: settings.interval,
            since: Instant::now(),
            feeds,
            tasks,
            numbers,
        }
    }

    async fn run(mut self, stop: CancellationToken) {
        loop {
            let turn_at = self.since + self.interval;
            tokio::select! {
                biased;
                () = stop.cancelled() => break,
                report = self.reports.recv() => match report {
                    Some(report) => self.note(report),
                    None => break,
                },
                () = sleep_until(turn_at), if !self.groups.is_empty() => self.turn(),
            }
        }
        self.reports.close();
        while let Some(report) = self.reports.recv().await {
            self.note(report);
        }
        self.turn();
        self.feeds.clear();
        while self.tasks.join_next().await.is_some() {}
    }

    fn note(&mut self, report: ErrorReport) {
        if self.groups.is_empty() {
            self.since = Instant::now();
        }
        if let Some(incident) = self.groups.note(report) {
            self.tell(incident);
        }
    }

    fn turn(&mut self) {
        let now = Instant::now();
        for incident in self.groups.turn(now - self.since) {
            self.tell(incident);
        }
        self.since = now;
    }

    fn tell(&self, incident: Incident) {
        log::write(&incident);
        let incident = Arc::new(incident);
        for feed in &self.feeds {
            if feed.queue.try_send(incident.clone()).is_err() {
                self.numbers.dropped(feed.sink.name());
            }
        }
    }
}
