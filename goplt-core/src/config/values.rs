use std::{
    collections::BTreeMap,
    fmt,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use secrecy::SecretString;

use super::{Environment, ModuleConfig, Origin, convert::Typed, layers::Found};

/// The checked configuration. Clones share it.
///
/// `Debug` and [`iter`](Self::iter) hide secrets.
#[derive(Clone)]
pub struct Config {
    environment: Environment,
    data_dir: PathBuf,
    slots: Arc<BTreeMap<String, Slot>>,
}

/// The values of one section. Clones share them.
///
/// Every getter returns `None` for a key that is not declared, has another type, or has neither
/// value nor default.
#[derive(Clone)]
pub struct Values {
    section: Arc<str>,
    slots: Arc<BTreeMap<String, Slot>>,
}

/// One line of a listing of the configuration.
///
/// Displayed as `server.port = 8080 (config/default.yaml:2:9)`; a secret is shown as `[secret]`.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Setting<'a> {
    /// The key with its section.
    pub key: &'a str,
    /// The value as text, `[secret]` for a secret, `None` if there is none.
    pub value: Option<String>,
    /// Where it comes from.
    pub origin: &'a Origin,
}

/// What became of one declared setting.
#[derive(Debug)]
pub(super) struct Slot {
    value: Option<Typed>,
    origin: Origin,
}

// === impl Slot ===

impl Slot {
    pub(super) fn new(found: Option<Found>) -> Self {
        match found {
            Some(Found { value, origin }) => Self {
                value: Some(value),
                origin,
            },
            None => Self {
                value: None,
                origin: Origin::Default,
            },
        }
    }
}

// === impl Config ===

impl Config {
    pub(super) fn new(
        environment: Environment,
        working_dir: &Path,
        slots: BTreeMap<String, Slot>,
    ) -> Self {
        let mut config = Self {
            environment,
            data_dir: PathBuf::new(),
            slots: Arc::new(slots),
        };
        let written = PathBuf::from(config.section("").string("data_dir").unwrap_or_default());
        let written = written.strip_prefix(".").unwrap_or(&written);
        config.data_dir = working_dir.join(written);
        config
    }

    /// Where the process runs.
    #[must_use]
    pub fn environment(&self) -> &Environment {
        &self.environment
    }

    /// The folder of files that the process keeps: `data_dir`, relative to the working directory.
    #[must_use]
    pub fn data_dir(&self) -> &Path {
        &self.data_dir
    }

    /// The values of a section: a module's name, a kernel section, or `""` for the top.
    #[must_use]
    pub fn section(&self, name: &str) -> Values {
        Values {
            section: name.into(),
            slots: self.slots.clone(),
        }
    }

    /// The settings of a type that knows its section.
    #[must_use]
    pub fn get<C: ModuleConfig>(&self) -> C {
        C::from_values(&self.section(C::SECTION))
    }

    /// Where the value of a key with its section (`server.port`) comes from; `None` if nobody
    /// declares the key.
    #[must_use]
    pub fn origin(&self, key: &str) -> Option<&Origin> {
        self.slots.get(key).map(|slot| &slot.origin)
    }

    /// Every declared setting, by key, for a listing.
    pub fn iter(&self) -> impl Iterator<Item = Setting<'_>> {
        self.slots.iter().map(|(key, slot)| Setting {
            key,
            value: slot.value.as_ref().map(Typed::to_string),
            origin: &slot.origin,
        })
    }
}

impl fmt::Debug for Config {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list()
            .entries(self.iter().map(|setting| setting.to_string()))
            .finish()
    }
}

// === impl Values ===

impl Values {
    /// A value of type `string`.
    #[must_use]
    pub fn string(&self, key: &str) -> Option<String> {
        match self.find(key)? {
            Typed::String(text) => Some(text.clone()),
            _ => None,
        }
    }

    /// A value of type `integer`.
    #[must_use]
    pub fn integer(&self, key: &str) -> Option<i64> {
        match self.find(key)? {
            Typed::Integer(number) => Some(*number),
            _ => None,
        }
    }

    /// A value of type `number`.
    #[must_use]
    pub fn number(&self, key: &str) -> Option<f64> {
        match self.find(key)? {
            Typed::Number(number) => Some(*number),
            _ => None,
        }
    }

    /// A value of type `boolean`.
    #[must_use]
    pub fn boolean(&self, key: &str) -> Option<bool> {
        match self.find(key)? {
            Typed::Boolean(value) => Some(*value),
            _ => None,
        }
    }

    /// A value of type `duration`.
    #[must_use]
    pub fn duration(&self, key: &str) -> Option<Duration> {
        match self.find(key)? {
            Typed::Duration(duration) => Some(*duration),
            _ => None,
        }
    }

    /// A value of type `string_list`.
    #[must_use]
    pub fn strings(&self, key: &str) -> Option<Vec<String>> {
        match self.find(key)? {
            Typed::List(items) => Some(items.clone()),
            _ => None,
        }
    }

    /// A value of type `secret`, with its reference resolved.
    #[must_use]
    pub fn secret(&self, key: &str) -> Option<SecretString> {
        match self.find(key)? {
            Typed::Secret(secret) => Some(secret.clone()),
            _ => None,
        }
    }

    /// The names under a key whose names are free, in their order: those of `placements`.
    #[must_use]
    pub fn names(&self, key: &str) -> Vec<String> {
        let prefix = super::schema::join(&self.section, key) + ".";
        let below = self.slots.range(prefix.clone()..);
        let below = below.map_while(|(key, _)| key.strip_prefix(&prefix));
        let mut names: Vec<_> = below
            .filter_map(|rest| Some(rest.split_once('.')?.0.to_owned()))
            .collect();
        names.dedup();
        names
    }

    fn find(&self, key: &str) -> Option<&Typed> {
        self.slots
            .get(&super::schema::join(&self.section, key))?
            .value
            .as_ref()
    }
}

impl fmt::Debug for Values {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Values")
            .field("section", &self.section)
            .finish_non_exhaustive()
    }
}

// === impl Setting ===

impl fmt::Display for Setting<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.value {
            Some(value) => write!(f, "{} = {value} ({})", self.key, self.origin),
            None => write!(f, "{} is not set", self.key),
        }
    }
}
