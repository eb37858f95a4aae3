//! Metrics pushed as they are read for `/metrics`: the same atomics, the same moment.
//!
//! The SDK has no public way to hand finished histograms to its exporter (ADR 2), so the messages
//! of OTLP are made here.

use std::{
    sync::Arc,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use opentelemetry_proto::tonic::{
    collector::metrics::v1::{
        ExportMetricsServiceRequest, metrics_service_client::MetricsServiceClient,
    },
    common::v1::{AnyValue, InstrumentationScope, KeyValue, any_value},
    metrics::v1::{
        AggregationTemporality, Gauge, Histogram, HistogramDataPoint, Metric, NumberDataPoint,
        ResourceMetrics, ScopeMetrics, Sum, metric, number_data_point,
    },
    resource::v1::Resource,
};
use tokio::time::{MissedTickBehavior, interval};
use tokio_util::sync::CancellationToken;
use tonic::transport::Channel;

use super::{SCOPE, attempt::Attempts, attributes, names};
use crate::telemetry::{
    Metrics,
    export::Service,
    metrics::{Reading, ReadingKind, Value},
};

/// Sends the numbers of a process again and again.
pub(super) struct MetricPush {
    client: MetricsServiceClient<Channel>,
    resource: Resource,
    metrics: Metrics,
    attempts: Arc<Attempts>,
    started: u64,
}

impl MetricPush {
    pub(super) fn new(
        channel: Channel,
        service: &Service,
        metrics: Metrics,
        attempts: Arc<Attempts>,
    ) -> Self {
        let attributes = attributes(service).map(|(name, value)| pair(name, value));
        let resource = Resource {
            attributes: attributes.collect(),
            ..Resource::default()
        };
        Self {
            client: MetricsServiceClient::new(channel),
            resource,
            metrics,
            attempts,
            started: now(),
        }
    }

    /// Every `every`, and once more at the end.
    pub(super) async fn run(mut self, every: Duration, stop: CancellationToken) {
        let mut ticks = interval(every.max(Duration::from_millis(100)));
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                () = stop.cancelled() => break,
                _ = ticks.tick() => self.push().await,
            }
        }
        self.push().await;
    }

    async fn push(&mut self) {
        let request = self.request();
        let sent = self.client.export(request).await.map(drop);
        self.attempts.note("metrics", &sent);
    }

    fn request(&self) -> ExportMetricsServiceRequest {
        let at = now();
        let readings = self.metrics.readings();
        let metrics = readings
            .iter()
            .map(|reading| self.metric(reading, at))
            .collect();
        let scope = ScopeMetrics {
            scope: Some(InstrumentationScope {
                name: SCOPE.to_owned(),
                ..InstrumentationScope::default()
            }),
            metrics,
            ..ScopeMetrics::default()
        };
        ExportMetricsServiceRequest {
            resource_metrics: vec![ResourceMetrics {
                resource: Some(self.resource.clone()),
                scope_metrics: vec![scope],
                ..ResourceMetrics::default()
            }],
        }
    }

    fn metric(&self, reading: &Reading, at: u64) -> Metric {
        let cumulative = AggregationTemporality::Cumulative.into();
        let data = match reading.kind {
            ReadingKind::Counter => metric::Data::Sum(Sum {
                data_points: self.numbers(reading, at),
                aggregation_temporality: cumulative,
                is_monotonic: true,
            }),
            ReadingKind::Gauge => metric::Data::Gauge(Gauge {
                data_points: self.numbers(reading, at),
            }),
            ReadingKind::Histogram => metric::Data::Histogram(Histogram {
                data_points: self.distributions(reading, at),
                aggregation_temporality: cumulative,
            }),
        };
        Metric {
            name: names::of(reading.name).to_owned(),
            description: reading.help.to_owned(),
            unit: names::unit(reading.name).to_owned(),
            data: Some(data),
            ..Metric::default()
        }
    }

    fn numbers(&self, reading: &Reading, at: u64) -> Vec<NumberDataPoint> {
        let point = |(labels, value): &(Vec<(&'static str, Box<str>)>, Value)| {
            let value = match value {
                Value::Count(count) => {
                    number_data_point::Value::AsInt(i64::try_from(*count).unwrap_or(i64::MAX))
                }
                Value::Number(number) => number_data_point::Value::AsDouble(*number),
                Value::Distribution { .. } => return None,
            };
            Some(NumberDataPoint {
                attributes: pairs(labels),
                start_time_unix_nano: self.started,
                time_unix_nano: at,
                value: Some(value),
                ..NumberDataPoint::default()
            })
        };
        reading.series.iter().filter_map(point).collect()
    }

    fn distributions(&self, reading: &Reading, at: u64) -> Vec<HistogramDataPoint> {
        let point = |(labels, value): &(Vec<(&'static str, Box<str>)>, Value)| {
            let Value::Distribution {
                bounds,
                counts,
                sum,
            } = value
            else {
                return None;
            };
            Some(HistogramDataPoint {
                attributes: pairs(labels),
                start_time_unix_nano: self.started,
                time_unix_nano: at,
                count: counts.iter().sum(),
                sum: Some(*sum),
                bucket_counts: counts.clone(),
                explicit_bounds: bounds.to_vec(),
                ..HistogramDataPoint::default()
            })
        };
        reading.series.iter().filter_map(point).collect()
    }
}

/// A label without value is left out, as in the text of Prometheus.
fn pairs(labels: &[(&'static str, Box<str>)]) -> Vec<KeyValue> {
    let set = labels.iter().filter(|(_, value)| !value.is_empty());
    set.map(|(name, value)| pair(names::of(name), value.to_string()))
        .collect()
}

fn pair(name: &str, value: String) -> KeyValue {
    KeyValue {
        key: name.to_owned(),
        value: Some(AnyValue {
            value: Some(any_value::Value::StringValue(value)),
        }),
        ..KeyValue::default()
    }
}

fn now() -> u64 {
    let since = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    u64::try_from(since.as_nanos()).unwrap_or(u64::MAX)
}
