//! Reports never make anyone wait: a full queue drops them, a sink that fails, panics or hangs harms itself alone, and
//! all of it can be seen in the metrics.
#![allow(clippy::unwrap_used, reason = "a test")]

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use goplt_core::{
    BoxError, Clock,
    report::{
        Category, ErrorReport, ErrorSink, Incident, Occurrence, ReportSettings, Reporter, Reporting,
    },
    telemetry::Metrics,
};
use tokio::{sync::mpsc, time::Instant};

/// What a sink does with each incident.
#[derive(Debug, Clone, Copy)]
enum Manner {
    Takes,
    Fails,
    Panics,
    Hangs,
}

#[derive(Debug)]
struct Sink {
    name: &'static str,
    manner: Manner,
    told: mpsc::UnboundedSender<Incident>,
    calls: Arc<AtomicUsize>,
}

#[async_trait]
impl ErrorSink for Sink {
    fn name(&self) -> &str {
        self.name
    }

    async fn tell(&self, incident: &Incident) -> Result<(), BoxError> {
        self.calls.fetch_add(1, Ordering::Relaxed);
        match self.manner {
            Manner::Takes => {
                self.told.send(incident.clone())?;
                Ok(())
            }
            Manner::Fails => Err("no".into()),
            Manner::Panics => panic!("the sink burns"),
            Manner::Hangs => std::future::pending().await,
        }
    }
}

fn sink(
    name: &'static str,
    manner: Manner,
) -> (
    Arc<Sink>,
    mpsc::UnboundedReceiver<Incident>,
    Arc<AtomicUsize>,
) {
    let (told, incidents) = mpsc::unbounded_channel();
    let calls = Arc::new(AtomicUsize::new(0));
    let sink = Sink {
        name,
        manner,
        told,
        calls: calls.clone(),
    };
    (Arc::new(sink), incidents, calls)
}

fn start(settings: ReportSettings) -> (Reporter, Reporting, Metrics) {
    let metrics = Metrics::new();
    let (reporter, reporting) = Reporter::start(settings, &Clock::system(), &metrics);
    (reporter, reporting, metrics)
}

fn bug(text: &str) -> ErrorReport {
    ErrorReport::message(Category::Bug, text)
}

fn holds(metrics: &Metrics, line: &str) -> bool {
    metrics.render().lines().any(|known| known == line)
}

const SOON: Duration = Duration::from_secs(5);

#[tokio::test]
async fn a_full_queue_drops_and_counts_and_nobody_waits() {
    let (reporter, _reporting, metrics) = start(ReportSettings::new().with_capacity(2));
    // The task has had no turn yet.
    for _ in 0..5 {
        reporter.report(bug("burns"));
    }
    assert!(holds(
        &metrics,
        "goplt_error_reports_total{category=\"bug\"} 2"
    ));
    assert!(holds(
        &metrics,
        "goplt_error_reports_dropped_total{at=\"queue\"} 3"
    ));
    assert!(holds(&metrics, "goplt_error_queue_depth 2"));
}

#[tokio::test]
async fn a_report_without_a_place_is_not_even_made() {
    let (reporter, _reporting, _metrics) = start(ReportSettings::new().with_capacity(1));
    reporter.report(bug("burns"));
    reporter.report_with(|| panic!("made"));
    Reporter::default().report_with(|| panic!("made"));
}

#[tokio::test(start_paused = true)]
async fn repeats_are_a_number_for_each_interval() {
    let (sink, mut incidents, _) = sink("told", Manner::Takes);
    let interval = Duration::from_secs(60);
    let settings = ReportSettings::new()
        .with_interval(interval)
        .with_sink(sink);
    let (reporter, _reporting, _metrics) = start(settings);
    let began = Instant::now();
    for id in 0..4 {
        reporter.report(bug(&format!("post {id} burns")));
    }
    let first = incidents.recv().await.unwrap();
    assert_eq!(first.occurrence, Occurrence::First);
    assert_eq!(first.report.chain(), ["post 0 burns"]);
    assert_eq!(began.elapsed(), Duration::ZERO);

    let again = incidents.recv().await.unwrap();
    assert_eq!(again.fingerprint, first.fingerprint);
    let occurrence = Occurrence::Repeated {
        count: 3,
        within: interval,
    };
    assert_eq!(again.occurrence, occurrence);
    assert_eq!(again.report.chain(), ["post 3 burns"]);
    assert!(began.elapsed() >= interval);
}

#[tokio::test(start_paused = true)]
async fn sinks_that_fail_panic_or_hang_harm_themselves_alone() {
    let (well, mut incidents, _) = sink("well", Manner::Takes);
    let (fails, ..) = sink("fails", Manner::Fails);
    let (panics, _, panicked) = sink("panics", Manner::Panics);
    let (hangs, ..) = sink("hangs", Manner::Hangs);
    let settings = ReportSettings::new()
        .with_capacity(4)
        .with_sink(hangs)
        .with_sink(panics)
        .with_sink(fails)
        .with_sink(well);
    let (reporter, _reporting, metrics) = start(settings);
    // Letters, since numbers do not tell kinds apart.
    for kind in 1..=20 {
        reporter.report(bug(&"x".repeat(kind)));
        assert_eq!(
            incidents.recv().await.unwrap().report.chain()[0].len(),
            kind
        );
    }
    // Longer than the one that hangs may take.
    tokio::time::sleep(Duration::from_secs(15)).await;
    assert_eq!(panicked.load(Ordering::Relaxed), 20);
    for line in [
        "goplt_error_sink_failures_total{sink=\"fails\"} 20",
        "goplt_error_sink_failures_total{sink=\"panics\"} 20",
        "goplt_error_sink_failures_total{sink=\"hangs\"} 1",
        // One is being told, four wait.
        "goplt_error_reports_dropped_total{at=\"hangs\"} 15",
        "goplt_error_reports_dropped_total{at=\"queue\"} 0",
    ] {
        assert!(holds(&metrics, line), "{line}\n{}", metrics.render());
    }
}

#[tokio::test]
async fn what_waits_is_handed_on_at_the_end_numbers_too() {
    let (sink, mut incidents, _) = sink("told", Manner::Takes);
    let (reporter, reporting, metrics) = start(ReportSettings::new().with_sink(sink));
    for _ in 0..3 {
        reporter.report(bug("burns"));
    }
    reporting.drain(SOON).await;
    assert_eq!(incidents.recv().await.unwrap().count(), 1);
    assert_eq!(incidents.recv().await.unwrap().count(), 2);
    assert!(incidents.recv().await.is_none(), "the sink is gone");

    reporter.report(bug("too late"));
    assert!(holds(
        &metrics,
        "goplt_error_reports_dropped_total{at=\"queue\"} 1"
    ));
    reporting.drain(SOON).await;
}

#[tokio::test(start_paused = true)]
async fn the_end_does_not_wait_for_a_sink_that_hangs() {
    let (sink, _, calls) = sink("hangs", Manner::Hangs);
    let kept = Arc::downgrade(&sink);
    let (reporter, reporting, _metrics) = start(ReportSettings::new().with_sink(sink));
    reporter.report(bug("burns"));
    let began = Instant::now();
    reporting.drain(SOON).await;
    assert!(began.elapsed() <= SOON + Duration::from_millis(1));
    assert_eq!(calls.load(Ordering::Relaxed), 1);
    tokio::task::yield_now().await;
    assert!(kept.upgrade().is_none(), "its task is gone");
}

#[tokio::test]
async fn dropping_the_running_half_ends_its_tasks() {
    let (sink, mut incidents, _) = sink("told", Manner::Takes);
    let (_reporter, reporting, _metrics) = start(ReportSettings::new().with_sink(sink));
    drop(reporting);
    assert!(incidents.recv().await.is_none());
}
