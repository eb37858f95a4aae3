//! Whether the endpoint takes what it is sent, for the log and the metrics.

use std::{
    fmt,
    sync::{
        OnceLock,
        atomic::{AtomicI64, Ordering},
    },
};

use crate::telemetry::{Metrics, metrics::Counter};

/// How the last attempts of all signals went.
#[derive(Debug)]
pub(super) struct Attempts {
    failures: OnceLock<Counter<1>>,
    /// When a failure was last told of, in seconds since the beginning; negative while all is well.
    told_at: AtomicI64,
    began: tokio::time::Instant,
}

/// How often an endpoint that stays away is told of.
const AGAIN: i64 = 300;
const WELL: i64 = -1;

impl Default for Attempts {
    fn default() -> Self {
        Self {
            failures: OnceLock::new(),
            told_at: AtomicI64::new(WELL),
            began: tokio::time::Instant::now(),
        }
    }
}

impl Attempts {
    pub(super) fn count_in(&self, metrics: &Metrics) {
        let failures = metrics.counter(
            "goplt_telemetry_export_failures_total",
            "Batches that the OTLP endpoint did not take",
            ["signal"],
        );
        if let Ok(failures) = failures {
            let failures = self.failures.get_or_init(|| failures);
            for signal in ["traces", "logs", "metrics"] {
                failures.add([signal], 0);
            }
        }
    }

    /// A batch was sent, or not.
    pub(super) fn note<E: fmt::Display>(&self, signal: &'static str, sent: &Result<(), E>) {
        match sent {
            Ok(()) => {
                if self.told_at.swap(WELL, Ordering::Relaxed) != WELL {
                    tracing::info!(target: "goplt::telemetry", "telemetry is sent again");
                }
            }
            Err(error) => self.failed(signal, error),
        }
    }

    #[cold]
    fn failed(&self, signal: &'static str, error: &dyn fmt::Display) {
        if let Some(failures) = self.failures.get() {
            failures.add([signal], 1);
        }
        let now = i64::try_from(self.began.elapsed().as_secs()).unwrap_or(i64::MAX);
        let told_at = self.told_at.load(Ordering::Relaxed);
        let is_due = told_at == WELL || now - told_at >= AGAIN;
        let mine = is_due
            && self
                .told_at
                .compare_exchange(told_at, now, Ordering::Relaxed, Ordering::Relaxed)
                .is_ok();
        if mine {
            tracing::warn!(
                target: "goplt::telemetry",
                signal,
                %error,
                "telemetry is not sent; requests go on"
            );
        }
    }
}
