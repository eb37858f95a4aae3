use std::str::FromStr;

use tracing_subscriber::filter::{LevelFilter, Targets};

use crate::{
    Code,
    config::{ModuleConfig, Values},
};

/// What is logged, and how it looks: the section `logging`.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct LogSettings {
    /// `level`, info: the least level that is written: `error`, `warn`, `info`, `debug`, `trace`.
    pub level: String,
    /// `format`, JSON, but pretty in development.
    pub format: LogFormat,
    /// `targets`, none: levels of parts, such as `sqlx=warn`, over the one of all; `off` is one.
    pub targets: Vec<String>,
}

/// How a line looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum LogFormat {
    /// For machines.
    Json,
    /// For people.
    Pretty,
}

/// The settings of logs are not written as they must be.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum LogError {
    /// The word is no level.
    #[error("`{input}` is not a level: `off`, `error`, `warn`, `info`, `debug` or `trace`")]
    Level {
        /// The word.
        input: String,
    },
    /// The text is not `target=level`.
    #[error("`{input}` is not written as `target=level`")]
    Target {
        /// The text.
        input: String,
    },
}

impl LogError {
    /// [`Code::InvalidArgument`].
    #[must_use]
    pub fn code(&self) -> Code {
        Code::InvalidArgument
    }
}

/// Parts that say at `debug` and `trace` more than anybody reads; a target of the settings wins.
const TALKATIVE: [&str; 6] = ["h2", "hyper", "hyper_util", "mio", "sqlx", "tower"];

impl LogSettings {
    /// Of this format, from level info on.
    #[must_use]
    pub fn new(format: LogFormat) -> Self {
        Self {
            level: "info".to_owned(),
            format,
            targets: Vec::new(),
        }
    }

    pub(in crate::telemetry) fn filter(&self) -> Result<Targets, LogError> {
        let level = level(&self.level)?;
        let mut filter = Targets::new().with_default(level);
        for target in TALKATIVE {
            filter = filter.with_target(target, level.min(LevelFilter::INFO));
        }
        for text in &self.targets {
            let parts = text
                .split_once('=')
                .filter(|(target, _)| !target.trim().is_empty());
            let Some((target, word)) = parts else {
                return Err(LogError::Target {
                    input: text.clone(),
                });
            };
            filter = filter.with_target(target.trim(), self::level(word.trim())?);
        }
        Ok(filter)
    }
}

impl ModuleConfig for LogSettings {
    const SECTION: &'static str = "logging";

    fn from_values(values: &Values) -> Self {
        let pretty = values
            .string("format")
            .is_some_and(|format| format == "pretty");
        Self {
            level: values.string("level").unwrap_or_else(|| "info".to_owned()),
            format: if pretty {
                LogFormat::Pretty
            } else {
                LogFormat::Json
            },
            targets: values.strings("targets").unwrap_or_default(),
        }
    }
}

fn level(word: &str) -> Result<LevelFilter, LogError> {
    LevelFilter::from_str(word).map_err(|_| LogError::Level {
        input: word.to_owned(),
    })
}
