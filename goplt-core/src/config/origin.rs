use std::{fmt, sync::Arc};

use goplt_manifest::yaml::Mark;

/// Where a value comes from.
///
/// # Examples
///
/// ```
/// use goplt_core::config::{self, Sources};
///
/// let env = ("GOPLT__LOGGING__LEVEL".to_owned(), "debug".to_owned());
/// let config = config::load(&Sources::new("/nowhere").with_env([env]), &[])?;
/// assert_eq!(config.origin("logging.level").unwrap().to_string(), "GOPLT__LOGGING__LEVEL");
/// assert_eq!(config.origin("server.port").unwrap().to_string(), "default");
/// # Ok::<_, config::ConfigErrors>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Origin {
    /// The declared default.
    Default,
    /// A configuration file.
    File {
        /// The file, as it was named.
        path: Arc<str>,
        /// The place of the value.
        mark: Mark,
    },
    /// An environment variable, by name.
    Env(Arc<str>),
    /// A flag: `--set server.port`, `--data-dir`.
    Flag(Arc<str>),
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => f.write_str("default"),
            Self::File { path, mark } => write!(f, "{path}:{mark}"),
            Self::Env(name) | Self::Flag(name) => f.write_str(name),
        }
    }
}
