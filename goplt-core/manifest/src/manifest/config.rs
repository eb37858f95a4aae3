use std::fmt;

use crate::yaml::{Mark, Value};

/// A setting of the module; it lies under the module's name in the configuration.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct ConfigDecl {
    /// Its key, `[a-z][a-z0-9_]*`.
    pub name: String,
    /// What it holds.
    pub kind: ConfigKind,
    /// Its value when none is configured; without one (see also `development`) it must be configured.
    pub default: Option<Value>,
    /// Its value when none is configured in the environment `development`; takes precedence over `default` there.
    pub development: Option<Value>,
    /// For strings, the values allowed; empty if all are.
    pub values: Vec<String>,
    /// For numbers the least value allowed.
    pub min: Option<f64>,
    /// For numbers the greatest value allowed.
    pub max: Option<f64>,
    /// What it does; may be empty.
    pub description: String,
    /// Where it stands.
    pub mark: Mark,
}

/// What a setting holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum ConfigKind {
    /// Text.
    String,
    /// A whole number, signed, 64 bits.
    Integer,
    /// A number.
    Number,
    /// `true` or `false`.
    Boolean,
    /// A length of time: `500ms`, `30s`, `5m`, `12h`, `7d`, or several of them together: `1h30m`.
    Duration,
    /// A list of texts.
    StringList,
    /// Text that is never shown.
    Secret,
}

// === impl ConfigDecl ===

impl ConfigDecl {
    /// A setting without default, limits and description; set the fields to add them.
    pub fn new(name: impl Into<String>, kind: ConfigKind) -> Self {
        Self {
            name: name.into(),
            kind,
            default: None,
            development: None,
            values: Vec::new(),
            min: None,
            max: None,
            description: String::new(),
            mark: Mark::START,
        }
    }

    /// The value when none is configured in this environment.
    pub fn default_in(&self, environment: &str) -> Option<&Value> {
        let development = (environment == "development")
            .then_some(self.development.as_ref())
            .flatten();
        development.or(self.default.as_ref())
    }
}

// === impl ConfigKind ===

impl ConfigKind {
    /// All of them.
    pub const ALL: [Self; 7] = [
        Self::String,
        Self::Integer,
        Self::Number,
        Self::Boolean,
        Self::Duration,
        Self::StringList,
        Self::Secret,
    ];

    /// Its name in a manifest: `string_list`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::String => "string",
            Self::Integer => "integer",
            Self::Number => "number",
            Self::Boolean => "boolean",
            Self::Duration => "duration",
            Self::StringList => "string_list",
            Self::Secret => "secret",
        }
    }

    pub(crate) fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == text)
    }
}

impl fmt::Display for ConfigKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}
