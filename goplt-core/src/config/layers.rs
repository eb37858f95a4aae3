//! Values found so far, the highest layer's on top.

use goplt_manifest::{
    ConfigKind,
    yaml::{Mark, Node},
};

use super::{
    ConfigError, ConfigErrorKind, Origin,
    convert::{Raw, Typed, convert},
    schema::{Known, Schema, VARIABLE_PREFIX, variable},
    sources::{Flag, Sources},
};

pub(super) struct Layers<'a> {
    schema: &'a Schema,
    pub(super) found: Vec<Option<Found>>,
    pub(super) errors: Vec<ConfigError>,
}

#[derive(Debug, Clone)]
pub(super) struct Found {
    pub(super) value: Typed,
    pub(super) origin: Origin,
}

impl<'a> Layers<'a> {
    pub(super) fn new(schema: &'a Schema) -> Self {
        Self {
            schema,
            found: vec![None; schema.entries.len()],
            errors: Vec::new(),
        }
    }

    /// The same errors, with a schema that knows more.
    pub(super) fn over(self, schema: &Schema) -> Layers<'_> {
        Layers {
            errors: self.errors,
            ..Layers::new(schema)
        }
    }

    pub(super) fn schema(&self) -> &'a Schema {
        self.schema
    }

    /// The declared defaults.
    pub(super) fn defaults(&mut self, environment: &str) {
        for (index, entry) in self.schema.entries.iter().enumerate() {
            if let Some(value) = entry.decl.default_in(environment) {
                let node = Node::new(Mark::START, value.clone());
                self.offer(index, Raw::Node(&node), Origin::Default);
            }
        }
    }

    /// The environment variables, by name.
    pub(super) fn variables(&mut self, sources: &Sources) {
        for name in sources
            .broken_env
            .iter()
            .filter(|name| name.starts_with("GOPLT_"))
        {
            self.syntax(name, "the value is not UTF-8".to_owned(), None);
        }
        let mut variables: Vec<_> = sources
            .env
            .iter()
            .filter(|(name, _)| name.starts_with("GOPLT_"))
            .collect();
        variables.sort();
        for (name, value) in variables {
            match self.schema.find_variable(name) {
                Some(index) => {
                    self.offer(index, Raw::Text(value), Origin::Env(name.as_str().into()))
                }
                None => self.refuse_variable(name),
            }
        }
    }

    fn refuse_variable(&mut self, name: &str) {
        let Some(path) = name.strip_prefix(VARIABLE_PREFIX) else {
            // Other names of this form are not ours, unless an underscore was forgotten.
            if let Some(meant) = self.schema.variable_spelt_like(&name.to_ascii_uppercase()) {
                let help = format!("did you mean `{meant}`?");
                self.syntax(
                    name,
                    "names no setting: levels are parted by `__`".into(),
                    Some(help),
                );
            }
            return;
        };
        let allowed = |b: u8| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'_';
        if path.is_empty() || !path.bytes().all(allowed) {
            let upper = name.to_ascii_uppercase();
            let help = self
                .schema
                .find_variable(&upper)
                .map(|_| format!("did you mean `{upper}`?"));
            let message = "a variable of the configuration is `A-Z`, `0-9` and `_`".to_owned();
            return self.syntax(name, message, help);
        }
        let key = path.to_ascii_lowercase().replace("__", ".");
        self.unknown(&Origin::Env(name.into()), &key, variable);
    }

    /// `--set` and its kin, in their order.
    pub(super) fn flags(&mut self, flags: &[Flag]) {
        for flag in flags {
            match flag {
                Flag::Named { flag, key, value } => self.flag(flag.clone(), key, value),
                Flag::Set(argument) => match argument.split_once('=') {
                    Some((key, value)) if !key.trim().is_empty() => {
                        let key = key.trim();
                        self.flag(format!("--set {}", key_like(key)), key, value);
                    }
                    _ => {
                        let message = "an argument of `--set` is a key, `=` and a value";
                        let help = "write `--set server.port=8080`".to_owned();
                        let origin = format!("--set {}", key_like(argument));
                        self.syntax(&origin, message.to_owned(), Some(help));
                    }
                },
            }
        }
    }

    fn flag(&mut self, name: String, key: &str, value: &str) {
        let origin = Origin::Flag(name.into());
        match self.schema.find(key) {
            Known::Setting(index) => self.offer(index, Raw::Text(value), origin),
            _ => self.unknown(&origin, key, str::to_owned),
        }
    }

    /// A value from the next layer up.
    pub(super) fn offer(&mut self, index: usize, raw: Raw<'_>, origin: Origin) {
        let entry = &self.schema.entries[index];
        match convert(&entry.decl, &entry.key, raw) {
            Ok(Some(value)) => self.found[index] = Some(Found { value, origin }),
            Ok(None) => {}
            Err(refusal) => {
                let error = ConfigError::of(refusal.kind, &origin, &entry.key, refusal.message);
                self.errors.push(error.with_help_if(refusal.help));
            }
        }
    }

    /// A key that nobody declares; `spell` writes the suggestion as the source would.
    pub(super) fn unknown(&mut self, origin: &Origin, key: &str, spell: fn(&str) -> String) {
        let shown = key_like(key);
        let children = self.schema.children(key);
        let (kind, message) = if self.schema.is_parent(key) {
            (
                ConfigErrorKind::WrongType,
                format!("`{shown}` is a section, not a setting"),
            )
        } else {
            (
                ConfigErrorKind::UnknownKey,
                format!("unknown key `{shown}`"),
            )
        };
        let parent = key.rsplit_once('.').map_or("", |(parent, _)| parent);
        let help = if self.schema.is_parent(key) {
            listed("set", &children, spell)
        } else if let Some(near) = self.schema.nearest(key) {
            Some(format!("did you mean `{}`?", spell(near)))
        } else if parent.is_empty() || self.schema.is_parent(parent) {
            listed("known are", &self.schema.children(parent), spell)
        } else {
            let section = key.split('.').next().unwrap_or_default();
            let known = self.schema.is_parent(section);
            (!known).then(|| format!("there is no module `{}` here", key_like(section)))
        };
        self.errors
            .push(ConfigError::of(kind, origin, &shown, message).with_help_if(help));
    }

    fn syntax(&mut self, origin: &str, message: String, help: Option<String>) {
        let error = ConfigError::new(ConfigErrorKind::Syntax, origin, message);
        self.errors.push(error.with_help_if(help));
    }

    /// The settings of kind `secret` that are set.
    pub(super) fn secrets(&mut self) -> impl Iterator<Item = (&'a str, &mut Found)> {
        let entries = self.schema.entries.iter();
        entries.zip(&mut self.found).filter_map(|(entry, found)| {
            let found = found
                .as_mut()
                .filter(|_| entry.decl.kind == ConfigKind::Secret)?;
            Some((entry.key.as_str(), found))
        })
    }
}

fn listed(word: &str, keys: &[&str], spell: fn(&str) -> String) -> Option<String> {
    const MOST: usize = 8;
    if keys.is_empty() {
        return None;
    }
    let shown: Vec<String> = keys.iter().take(MOST).map(|key| spell(key)).collect();
    let more = if keys.len() > MOST { ", …" } else { "" };
    Some(format!("{word} `{}`{more}", shown.join("`, `")))
}

/// The beginning that looks like a key. What follows may be a secret: `api_key:hunter2`, where a
/// blank is missing, is a key to YAML.
fn key_like(argument: &str) -> String {
    let allowed = |c: char| c.is_ascii_alphanumeric() || "._-".contains(c);
    let key: String = argument
        .chars()
        .take(64)
        .take_while(|c| allowed(*c))
        .collect();
    if key.len() == argument.len() {
        key
    } else {
        format!("{key}…")
    }
}
