//! OTLP over gRPC: spans by `tracing-opentelemetry`, log lines and metrics by our own bridges.

mod attempt;
mod log_layer;
mod metrics;
mod names;
mod sampler;
mod watched;

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use opentelemetry::{KeyValue, logs::LoggerProvider as _, trace::TracerProvider as _};
use opentelemetry_otlp::{LogExporter, SpanExporter, WithExportConfig, WithTonicConfig};
use opentelemetry_sdk::{Resource, logs::SdkLoggerProvider, trace::SdkTracerProvider};
use tokio::{
    task::{JoinHandle, spawn_blocking},
    time::{Instant, timeout},
};
use tokio_util::sync::CancellationToken;
use tonic::transport::{Channel, Endpoint};
use tracing::Metadata;
use tracing_subscriber::{Layer, filter::filter_fn};

use self::{
    attempt::Attempts, log_layer::LogLayer, metrics::MetricPush, sampler::Requests,
    watched::Watched,
};
use super::{
    Metrics, TelemetrySettings,
    export::{Service, TelemetryError},
    logs::{LogSettings, MoreLayers},
    spans,
};

/// The running exporters of a process.
pub(super) struct Export {
    channel: Channel,
    service: Service,
    interval: Duration,
    tracers: SdkTracerProvider,
    loggers: SdkLoggerProvider,
    attempts: Arc<Attempts>,
    stop: CancellationToken,
    push: Mutex<Option<JoinHandle<()>>>,
}

/// The name of the instrumentation in everything that is exported.
const SCOPE: &str = "goplt";

/// How long the endpoint has to take a connection, and to answer a batch.
const CONNECT: Duration = Duration::from_secs(5);
const ANSWER: Duration = Duration::from_secs(10);

/// Where lines and spans about exporting come from: to export them would make more of them.
const OWN: [&str; 8] = [
    "goplt::telemetry",
    "h2",
    "hyper",
    "hyper_util",
    "mio",
    "opentelemetry",
    "tonic",
    "tower",
];

impl Export {
    pub(super) fn open(
        endpoint: &str,
        settings: &TelemetrySettings,
        logs: &LogSettings,
        service: &Service,
    ) -> Result<(Self, MoreLayers), TelemetryError> {
        let channel = connect(endpoint)?;
        let attempts = Arc::new(Attempts::default());
        let resource = resource(service);
        let spans = SpanExporter::builder()
            .with_tonic()
            .with_channel(channel.clone())
            .with_timeout(ANSWER)
            .build();
        let lines = LogExporter::builder()
            .with_tonic()
            .with_channel(channel.clone())
            .with_timeout(ANSWER)
            .build();
        let refused = |source| TelemetryError::Endpoint {
            endpoint: endpoint.to_owned(),
            source,
        };
        let spans = spans.map_err(|error| refused(error.into()))?;
        let lines = lines.map_err(|error| refused(error.into()))?;
        let tracers = SdkTracerProvider::builder()
            .with_resource(resource.clone())
            .with_sampler(Requests::sampled(settings.sample_ratio))
            .with_batch_exporter(Watched::new(spans, attempts.clone()))
            .build();
        let loggers = SdkLoggerProvider::builder()
            .with_resource(resource)
            .with_batch_exporter(Watched::new(lines, attempts.clone()))
            .build();

        let span_layer = tracing_opentelemetry::layer()
            .with_tracer(tracers.tracer(SCOPE))
            .with_location(false)
            .with_threads(false)
            .with_level(false)
            .with_target(false)
            .with_tracked_inactivity(false)
            .with_context_activation(false)
            .with_filter(filter_fn(is_exported_span));
        let log_layer = LogLayer::new(loggers.logger(SCOPE))
            .with_filter(logs.filter()?)
            .with_filter(filter_fn(|metadata| !is_own(metadata)));
        let layers: MoreLayers = vec![span_layer.boxed(), log_layer.boxed()];
        let export = Self {
            channel,
            service: service.clone(),
            interval: settings.interval,
            tracers,
            loggers,
            attempts,
            stop: CancellationToken::new(),
            push: Mutex::default(),
        };
        Ok((export, layers))
    }

    /// Once its layers are this process's.
    pub(super) fn switched_on(self) -> Self {
        spans::switch_on();
        self
    }

    pub(super) fn watch(&self, metrics: &Metrics) {
        self.attempts.count_in(metrics);
        let push = MetricPush::new(
            self.channel.clone(),
            &self.service,
            metrics.clone(),
            self.attempts.clone(),
        );
        let pushing = push.run(self.interval, self.stop.clone());
        let before = self.lock().replace(tokio::spawn(pushing));
        if let Some(before) = before {
            before.abort();
        }
    }

    pub(super) async fn flush(&self, within: Duration) {
        let until = Instant::now() + within;
        self.stop.cancel();
        let push = self.lock().take();
        let (tracers, loggers) = (self.tracers.clone(), self.loggers.clone());
        // Their threads are waited for on one that may block.
        let spans = spawn_blocking(move || tracers.shutdown_with_timeout(within));
        let lines = spawn_blocking(move || loggers.shutdown_with_timeout(within));
        let metrics = async {
            if let Some(mut push) = push
                && tokio::time::timeout_at(until, &mut push).await.is_err()
            {
                push.abort();
            }
        };
        let all = async { tokio::join!(spans, lines, metrics) };
        if timeout(within, all).await.is_err() {
            tracing::warn!(target: "goplt::telemetry", ?within, "telemetry was not sent in time");
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Option<JoinHandle<()>>> {
        self.push.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Export {
    fn drop(&mut self) {
        if let Some(push) = self.lock().take() {
            push.abort();
        }
    }
}

/// Connects when first needed, and again whenever the connection is lost.
fn connect(endpoint: &str) -> Result<Channel, TelemetryError> {
    let refused = |source| TelemetryError::Endpoint {
        endpoint: endpoint.to_owned(),
        source,
    };
    if !endpoint.starts_with("http://") {
        let why = "only `http://` is spoken: TLS is the business of a collector beside the process";
        return Err(refused(why.into()));
    }
    let endpoint = Endpoint::from_shared(endpoint.to_owned());
    let endpoint = endpoint.map_err(|error| refused(error.into()))?;
    Ok(endpoint
        .connect_timeout(CONNECT)
        .timeout(ANSWER)
        .connect_lazy())
}

fn resource(service: &Service) -> Resource {
    Resource::builder()
        .with_attributes(attributes(service).map(|(name, value)| KeyValue::new(name, value)))
        .build()
}

/// What every signal says of the process.
fn attributes(service: &Service) -> impl Iterator<Item = (&'static str, String)> {
    [
        ("service.name", service.name.clone()),
        ("service.version", service.version.clone()),
        ("deployment.environment.name", service.environment.clone()),
    ]
    .into_iter()
    .filter(|(_, value)| !value.is_empty())
}

/// Ours down to `debug`, where statements and calls are; others' from `info` on. The span of a
/// background task lasts as long as the process, so it is none that anybody would see end.
fn is_exported_span(metadata: &Metadata<'_>) -> bool {
    let is_ours = metadata.target().starts_with("goplt");
    let level = if is_ours {
        tracing::Level::DEBUG
    } else {
        tracing::Level::INFO
    };
    metadata.is_span()
        && *metadata.level() <= level
        && metadata.target() != "goplt::task"
        && !is_own(metadata)
}

fn is_own(metadata: &Metadata<'_>) -> bool {
    let target = metadata.target();
    let first = target.split("::").next().unwrap_or(target);
    // `opentelemetry_sdk`, `opentelemetry-otlp` and whatever else they are called.
    OWN.iter().any(|own| *own == target || *own == first) || first.starts_with("opentelemetry")
}
