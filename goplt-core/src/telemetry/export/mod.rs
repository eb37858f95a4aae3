//! [`Telemetry`]: what a process tells of itself, its log and what is exported, from start to end.
//!
//! Without an endpoint there is the log. With `telemetry.otlp.endpoint` and the feature `otel`,
//! spans, metrics and log lines go there too, by OTLP over gRPC, in batches and in the
//! background. An endpoint that is away costs requests nothing: batches wait in bounded queues,
//! what exceeds them is dropped, the reason is one line in the log and a number in
//! `goplt_telemetry_export_failures_total`, and [`Telemetry::flush`] ends in time.

#[cfg(not(feature = "otel"))]
mod disabled;
#[cfg(feature = "otel")]
mod enabled;

use std::{fmt, time::Duration};

#[cfg(not(feature = "otel"))]
use self::disabled::Export;
#[cfg(feature = "otel")]
use self::enabled::Export;
use super::{
    Metrics, TelemetrySettings,
    logs::{self, LogError, LogSettings},
};
use crate::{BoxError, Code};

/// What a process tells of itself. The default one exports nothing.
#[derive(Default)]
pub struct Telemetry {
    export: Option<Export>,
}

/// Which process it is that tells: the resource of everything that is exported.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Service {
    /// What it is called: `service.name`.
    pub name: String,
    /// In which version: `service.version`.
    pub version: String,
    /// Where it runs: `deployment.environment.name`.
    pub environment: String,
}

/// Telemetry cannot begin.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TelemetryError {
    /// The settings of logs are not written as they must be.
    #[error(transparent)]
    Logs(#[from] LogError),
    /// The endpoint is none.
    #[error("`telemetry.otlp.endpoint` is `{endpoint}`, and must be like `http://127.0.0.1:4317`")]
    Endpoint {
        /// What is set.
        endpoint: String,
        /// What is wrong with it.
        #[source]
        source: BoxError,
    },
    /// The binary cannot export.
    #[error(
        "`telemetry.otlp.endpoint` is set, and this binary was built without the feature `otel`"
    )]
    NotCompiledIn,
}

// === impl Service ===

impl Service {
    /// Of this name and version, somewhere.
    pub fn new(name: impl Into<String>, version: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            version: version.into(),
            environment: String::new(),
        }
    }

    /// In this environment.
    #[must_use]
    pub fn with_environment(mut self, environment: impl Into<String>) -> Self {
        self.environment = environment.into();
        self
    }
}

// === impl Telemetry ===

impl Telemetry {
    /// Writes logs from now on, and exports if an endpoint is set.
    ///
    /// The first call of a process counts, as for [`logs::init`]: a later one exports nothing.
    ///
    /// # Errors
    ///
    /// [`TelemetryError`]. That the endpoint is away is none.
    ///
    /// # Panics
    ///
    /// Outside of a tokio runtime, if an endpoint is set.
    pub fn start(
        logs: &LogSettings,
        settings: &TelemetrySettings,
        service: &Service,
    ) -> Result<Self, TelemetryError> {
        let Some(endpoint) = &settings.endpoint else {
            let _ = logs::init(logs)?;
            return Ok(Self::default());
        };
        let (export, layers) = Export::open(endpoint, settings, logs, service)?;
        let installed = logs::init_with(logs, layers)?.is_installed();
        Ok(Self {
            export: installed.then(|| export.switched_on()),
        })
    }

    /// Exports these numbers too, and counts in them what cannot be exported.
    ///
    /// # Panics
    ///
    /// Outside of a tokio runtime, if anything is exported.
    pub fn watch(&self, metrics: &Metrics) {
        if let Some(export) = &self.export {
            export.watch(metrics);
        }
    }

    /// Sends what waits, and ends; at the latest `within` this time, with a line in the log about
    /// what was left. A second call finds nothing to do.
    ///
    /// # Cancel safety
    ///
    /// A dropped future leaves the rest to a thread that ends by itself.
    pub async fn flush(&self, within: Duration) {
        if let Some(export) = &self.export {
            export.flush(within).await;
        }
    }
}

impl TelemetryError {
    /// [`Code::Unimplemented`] for what is not compiled in, else [`Code::InvalidArgument`].
    #[must_use]
    pub const fn code(&self) -> Code {
        match self {
            Self::Logs(_) | Self::Endpoint { .. } => Code::InvalidArgument,
            Self::NotCompiledIn => Code::Unimplemented,
        }
    }
}

impl fmt::Debug for Telemetry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Telemetry")
            .field("exports", &self.export.is_some())
            .finish()
    }
}
