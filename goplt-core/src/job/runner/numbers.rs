//! What the runner tells of itself in metrics.

use std::{sync::Arc, time::Duration};

use super::claim::Claimed;
use crate::{
    Timestamp,
    data::{DbError, HostTx, kernel::kernel_sql},
    error::chain,
    id::PlacementName,
    telemetry::{
        Metrics,
        metrics::{Gauge, Histogram, MetricError},
    },
};

/// How often what lies about is counted.
pub(super) const EVERY: Duration = Duration::from_secs(10);

#[derive(Debug, Clone)]
pub(super) struct Numbers {
    run: Histogram<3>,
    ready: Gauge<1>,
    failed: Gauge<1>,
    /// Which database is measured; empty for the home.
    placement: Arc<str>,
}

/// A job may take minutes.
const BOUNDS: &[f64] = &[
    0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1.0, 5.0, 10.0, 30.0, 60.0, 300.0, 900.0, 3_600.0,
];

impl Numbers {
    /// `None` if nobody counts.
    pub(super) fn new(
        metrics: Option<&Metrics>,
        placement: Option<&PlacementName>,
    ) -> Option<Self> {
        let placement = placement.map_or("", PlacementName::as_str).into();
        let made = Self::made(metrics?, placement);
        made.inspect_err(
            |error| tracing::warn!(error = %chain(error), "metrics of jobs are not counted"),
        )
        .ok()
    }

    fn made(metrics: &Metrics, placement: Arc<str>) -> Result<Self, MetricError> {
        Ok(Self {
            run: metrics.histogram(
                "goplt_job_duration_seconds",
                "Duration of one attempt at a job",
                ["goplt_module", "job", "error_type"],
                BOUNDS,
            )?,
            ready: metrics.gauge(
                "goplt_job_oldest_ready_seconds",
                "How long the job has waited that is due the longest",
                ["placement"],
            )?,
            failed: metrics.gauge(
                "goplt_jobs_failed",
                "Jobs that were given up",
                ["placement"],
            )?,
            placement,
        })
    }

    /// An attempt has ended; `error` is why it failed, a word of a small set.
    pub(super) fn attempted(&self, job: &Claimed, error: Option<&'static str>, took: Duration) {
        let labels = [&*job.module, &*job.name, error.unwrap_or_default()];
        self.run.record(labels, took.as_secs_f64());
    }

    pub(super) async fn measure(&self, tx: &mut HostTx, now: Timestamp) -> Result<(), DbError> {
        let first: Option<Timestamp> = tx
            .fetch_optional(kernel_sql!(
                "SELECT run_at FROM goplt_job WHERE state = 'ready' ORDER BY run_at LIMIT 1"
            ))
            .await?;
        let age = first.map_or(0.0, |at| now.since(at).as_secs_f64());
        self.ready.set([&*self.placement], age);
        let failed: i64 = tx
            .fetch_one(kernel_sql!(
                "SELECT count(*) FROM goplt_job WHERE state = 'failed'"
            ))
            .await?;
        let failed = f64::from(u32::try_from(failed).unwrap_or(u32::MAX));
        self.failed.set([&*self.placement], failed);
        Ok(())
    }
}
