//! Log output: one line per event on standard error, JSON or readable.
//!
//! goplt logs through `tracing`. The host opens one span per request with the fields
//! `request_id`, `trace_id`, `tenant_id` and `user_id`; every line written within it carries
//! them. Standard output is left to what the program answers, such as the ready line.
//!
//! A JSON line is flat, as collectors like it. The fields of the event and of the spans around
//! it lie beside `timestamp`, `level`, `target` and `message`; of two of the same name the inner
//! one counts:
//!
//! ```json
//! {"timestamp":"2026-03-01T12:00:00.5Z","level":"INFO","target":"blog","message":"post created","post_id":"7","request_id":"req-1","tenant_id":"acme"}
//! ```
//!
//! # Examples
//!
//! ```
//! use goplt_core::{config::{self, Sources}, telemetry::logs::{self, LogSettings}};
//!
//! let config = config::load(&Sources::new("/nowhere"), &[])?;
//! let _logs = logs::init(&config.get::<LogSettings>())?;
//! tracing::info!(answer = 42, "started");
//! # Ok::<_, Box<dyn std::error::Error>>(())
//! ```

mod fields;
mod json;
mod settings;

use std::io::{self, IsTerminal};

use tracing_subscriber::{Layer, Registry, fmt::MakeWriter, layer::SubscriberExt};

#[cfg(feature = "otel")]
pub(in crate::telemetry) use self::fields::Fields;
use self::json::JsonLayer;
pub use self::settings::{LogError, LogFormat, LogSettings};

/// What hears of spans and lines beside the log.
pub(in crate::telemetry) type MoreLayers = Vec<Box<dyn Layer<Registry> + Send + Sync>>;

/// Says whether this process's logs are these. Dropping it changes nothing.
#[derive(Debug)]
#[must_use = "it says whether these settings hold"]
pub struct LogGuard {
    installed: bool,
}

/// Writes the logs of this process to standard error from now on.
///
/// The first call of a process counts. A later one, as in tests that share a process, changes
/// nothing: see [`LogGuard::is_installed`].
///
/// # Errors
///
/// [`LogError`] if a level or target is not written as it must be.
pub fn init(settings: &LogSettings) -> Result<LogGuard, LogError> {
    init_with(settings, Vec::new())
}

/// As [`init`], with these layers too.
pub(in crate::telemetry) fn init_with(
    settings: &LogSettings,
    mut layers: MoreLayers,
) -> Result<LogGuard, LogError> {
    let ansi = io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none();
    layers.push(layer(settings, io::stderr, ansi)?);
    let subscriber = Registry::default().with(layers);
    let installed = tracing::subscriber::set_global_default(subscriber).is_ok();
    Ok(LogGuard { installed })
}

fn layer<W>(
    settings: &LogSettings,
    writer: W,
    ansi: bool,
) -> Result<Box<dyn Layer<Registry> + Send + Sync>, LogError>
where
    W: for<'a> MakeWriter<'a> + Send + Sync + 'static,
{
    let filter = settings.filter()?;
    Ok(match settings.format {
        LogFormat::Json => JsonLayer::new(writer).with_filter(filter).boxed(),
        LogFormat::Pretty => tracing_subscriber::fmt::layer()
            .with_ansi(ansi)
            .with_writer(writer)
            .with_filter(filter)
            .boxed(),
    })
}

impl LogGuard {
    /// Whether this call of [`init`] was the first of the process.
    #[must_use]
    pub fn is_installed(&self) -> bool {
        self.installed
    }
}

#[cfg(test)]
mod tests;
