use tokio::sync::mpsc;

use super::{Category, ErrorReport};
use crate::telemetry::{Metrics, metrics::Counter};

/// What the reporter counts of itself.
#[derive(Debug, Clone)]
pub(super) struct Numbers {
    taken: Counter<1>,
    dropped: Counter<1>,
    failed: Counter<1>,
}

/// Where a report was dropped that no sink had seen.
pub(super) const QUEUE: &str = "queue";

impl Numbers {
    pub(super) fn new(metrics: &Metrics, queue: &mpsc::Sender<ErrorReport>) -> Self {
        const OURS: &str = "the metrics of the reporter are of these kinds and labels";
        let taken = metrics.counter(
            "goplt_error_reports_total",
            "Error reports taken",
            ["category"],
        );
        let dropped = metrics.counter(
            "goplt_error_reports_dropped_total",
            "Error reports that found a queue full",
            ["at"],
        );
        let failed = metrics.counter(
            "goplt_error_sink_failures_total",
            "Incidents that a sink refused",
            ["sink"],
        );
        // Weak: numbers that outlive the reporter do not keep its queue.
        let queue = queue.downgrade();
        let depth = move || {
            let queue = queue.upgrade();
            let waiting = queue.map_or(0, |queue| queue.max_capacity() - queue.capacity());
            f64::from(u32::try_from(waiting).unwrap_or(u32::MAX))
        };
        metrics
            .observe(
                "goplt_error_queue_depth",
                "Error reports that wait now",
                depth,
            )
            .expect(OURS);
        let numbers = Self {
            taken: taken.expect(OURS),
            dropped: dropped.expect(OURS),
            failed: failed.expect(OURS),
        };
        // There from the start, so that an alert can see it rise from zero.
        numbers.dropped.add([QUEUE], 0);
        numbers
    }

    pub(super) fn taken(&self, category: Category) {
        self.taken.add([category.as_str()], 1);
    }

    pub(super) fn dropped(&self, at: &str) {
        self.dropped.add([at], 1);
    }

    pub(super) fn failed(&self, sink: &str) {
        self.failed.add([sink], 1);
    }
}
