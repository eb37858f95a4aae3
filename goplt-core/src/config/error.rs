use std::fmt;

use super::Origin;
use crate::Code;

/// One problem of the configuration: where, what, and the mend where it is known.
///
/// Displayed as `config/default.yaml:3:5: unknown key …`, with the mend on a second line. No
/// secret is ever part of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfigError {
    kind: ConfigErrorKind,
    origin: String,
    key: Option<String>,
    message: String,
    help: Option<String>,
}

/// What kind of problem it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ConfigErrorKind {
    /// Nobody declares this key.
    UnknownKey,
    /// The value has not the type that is declared.
    WrongType,
    /// The value has the right type, but is not allowed.
    NotAllowed,
    /// A value that the others make necessary is missing.
    Missing,
    /// A file cannot be read, or is not YAML.
    File,
    /// A flag or environment variable is not written as it must be.
    Syntax,
    /// What a secret refers to cannot be read.
    Secret,
    /// A section has a name that belongs to the kernel.
    Reserved,
}

/// Every problem of the configuration, lowest layer first; at least one.
///
/// Displayed one after the other.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfigErrors {
    errors: Vec<ConfigError>,
}

// === impl ConfigError ===

impl ConfigError {
    pub(super) fn new(
        kind: ConfigErrorKind,
        origin: impl fmt::Display,
        message: impl Into<String>,
    ) -> Self {
        let (origin, message) = (origin.to_string(), message.into());
        Self {
            kind,
            origin,
            key: None,
            message,
            help: None,
        }
    }

    /// One from the declared default reads better with its key in front.
    pub(super) fn of(
        kind: ConfigErrorKind,
        origin: &Origin,
        key: &str,
        message: impl Into<String>,
    ) -> Self {
        Self::new(kind, origin, message).with_key(key)
    }

    pub(super) fn with_key(mut self, key: impl Into<String>) -> Self {
        self.key = Some(key.into());
        self
    }

    pub(super) fn with_help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    pub(super) fn with_help_if(mut self, help: Option<String>) -> Self {
        self.help = help;
        self
    }

    /// What kind of problem it is.
    #[must_use]
    pub fn kind(&self) -> ConfigErrorKind {
        self.kind
    }

    /// The place: `config/default.yaml:3:5`, the name of a variable, or a flag.
    #[must_use]
    pub fn origin(&self) -> &str {
        &self.origin
    }

    /// The key with its section, where the problem has one.
    #[must_use]
    pub fn key(&self) -> Option<&str> {
        self.key.as_deref()
    }

    /// The problem, without its place.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.message
    }

    /// What to write instead.
    #[must_use]
    pub fn help(&self) -> Option<&str> {
        self.help.as_deref()
    }
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.origin, self.message)?;
        match &self.help {
            Some(help) => write!(f, "\n    mend: {help}"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for ConfigError {}

// === impl ConfigErrors ===

impl ConfigErrors {
    /// `Err` if there is an error.
    pub(super) fn check(errors: Vec<ConfigError>) -> Result<(), Self> {
        if errors.is_empty() {
            Ok(())
        } else {
            Err(Self { errors })
        }
    }

    /// The problems.
    #[must_use]
    pub fn as_slice(&self) -> &[ConfigError] {
        &self.errors
    }

    /// The problems, one by one.
    pub fn iter(&self) -> std::slice::Iter<'_, ConfigError> {
        self.errors.iter()
    }

    /// [`Code::FailedPrecondition`].
    #[must_use]
    pub fn code(&self) -> Code {
        Code::FailedPrecondition
    }
}

impl fmt::Display for ConfigErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, error) in self.errors.iter().enumerate() {
            let separator = if index == 0 { "" } else { "\n" };
            write!(f, "{separator}{error}")?;
        }
        Ok(())
    }
}

impl std::error::Error for ConfigErrors {}

impl IntoIterator for ConfigErrors {
    type Item = ConfigError;
    type IntoIter = std::vec::IntoIter<ConfigError>;

    fn into_iter(self) -> Self::IntoIter {
        self.errors.into_iter()
    }
}

impl<'a> IntoIterator for &'a ConfigErrors {
    type Item = &'a ConfigError;
    type IntoIter = std::slice::Iter<'a, ConfigError>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

/// Input for a message: escaped, and cut, since a text of a megabyte would bury the message.
pub(super) fn shorten(text: &str) -> String {
    const LONGEST: usize = 80;
    match text.char_indices().nth(LONGEST) {
        None => text.escape_debug().to_string(),
        Some((end, _)) => format!("{}…", text[..end].escape_debug()),
    }
}
