//! What the relay tells of itself in metrics: how long events wait, how long handlers take, and
//! what lies about.

use std::time::Duration;

use crate::{
    ModuleName, Timestamp,
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

#[derive(Debug)]
pub(super) struct Numbers {
    process: Histogram<3>,
    delay: Histogram<1>,
    unpublished: Gauge<1>,
    pending: Gauge<2>,
    dead: Gauge<3>,
    /// Which database is measured; empty for the home.
    placement: String,
}

/// From half a millisecond, as on an idle machine, to the minutes of an outage.
const BOUNDS: &[f64] = &[
    0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0,
    60.0, 300.0,
];

impl Numbers {
    /// `None` if nobody counts.
    pub(super) fn new(
        metrics: Option<&Metrics>,
        placement: Option<&PlacementName>,
    ) -> Option<Self> {
        let placement = placement.map_or_else(String::new, ToString::to_string);
        let made = Self::made(metrics?, placement);
        made.inspect_err(
            |error| tracing::warn!(error = %chain(error), "metrics of events are not counted"),
        )
        .ok()
    }

    fn made(metrics: &Metrics, placement: String) -> Result<Self, MetricError> {
        Ok(Self {
            process: metrics.histogram(
                "messaging_process_duration_seconds",
                "Duration of handling an event",
                [
                    "messaging_consumer_group_name",
                    "messaging_destination_name",
                    "error_type",
                ],
                BOUNDS,
            )?,
            delay: metrics.histogram(
                "goplt_event_delay_seconds",
                "Time from publishing an event until it was handled",
                ["messaging_consumer_group_name"],
                BOUNDS,
            )?,
            unpublished: metrics.gauge(
                "goplt_event_oldest_unpublished_seconds",
                "Age of the oldest event that no group has been given",
                ["placement"],
            )?,
            pending: metrics.gauge(
                "goplt_event_oldest_pending_seconds",
                "Age of the oldest event that a group has still to handle",
                ["messaging_consumer_group_name", "placement"],
            )?,
            dead: metrics.gauge(
                "goplt_event_dead_letters",
                "Events that a group gave up, by what became of their keys",
                ["messaging_consumer_group_name", "state", "placement"],
            )?,
            placement,
        })
    }

    /// An attempt has ended; `error` is why it failed, a word of a small set.
    pub(super) fn attempted(
        &self,
        group: &ModuleName,
        event: &str,
        error: Option<&'static str>,
        took: Duration,
    ) {
        let labels = [group.as_str(), event, error.unwrap_or_default()];
        self.process.record(labels, took.as_secs_f64());
    }

    /// An event was handled, so long after it was published.
    pub(super) fn handled(&self, group: &ModuleName, after: Duration) {
        self.delay.record([group.as_str()], after.as_secs_f64());
    }

    pub(super) async fn measure<'a>(
        &self,
        tx: &mut HostTx,
        groups: impl Iterator<Item = &'a ModuleName>,
        now: Timestamp,
    ) -> Result<(), DbError> {
        let age = |at: Option<Timestamp>| at.map_or(0.0, |at| now.since(at).as_secs_f64());
        let first = tx
            .fetch_optional(kernel_sql!(
                "SELECT occurred_at FROM goplt_outbox WHERE batch IS NULL ORDER BY seq LIMIT 1"
            ))
            .await?;
        let placement = self.placement.as_str();
        self.unpublished.set([placement], age(first));
        for group in groups {
            let group = group.as_str();
            // The states stand in the texts: each has its index.
            let pending: Option<Timestamp> = tx
                .fetch_optional(kernel_sql!(
                    "SELECT o.occurred_at FROM goplt_delivery d JOIN goplt_outbox o ON o.seq = d.seq \
                     WHERE d.group_name = ? AND d.state = 'pending' ORDER BY d.seq LIMIT 1",
                    group
                ))
                .await?;
            let retried: Option<Timestamp> = tx
                .fetch_optional(kernel_sql!(
                    "SELECT o.occurred_at FROM goplt_delivery d JOIN goplt_outbox o ON o.seq = d.seq \
                     WHERE d.group_name = ? AND d.state = 'retry' ORDER BY d.seq LIMIT 1",
                    group
                ))
                .await?;
            let oldest = pending.into_iter().chain(retried).min();
            self.pending.set([group, placement], age(oldest));
            let parked: i64 = tx
                .fetch_one(kernel_sql!(
                    "SELECT count(*) FROM goplt_delivery WHERE group_name = ? AND state = 'parked'",
                    group
                ))
                .await?;
            let skipped: i64 = tx
                .fetch_one(kernel_sql!(
                    "SELECT count(*) FROM goplt_delivery WHERE group_name = ? AND state = 'skipped'",
                    group
                ))
                .await?;
            for (state, dead) in [("parked", parked), ("skipped", skipped)] {
                let dead = f64::from(u32::try_from(dead).unwrap_or(u32::MAX));
                self.dead.set([group, state, placement], dead);
            }
        }
        Ok(())
    }
}
