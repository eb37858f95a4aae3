//! Names that the configuration gives itself, such as those of placements.

use goplt_manifest::yaml::Node;

use super::{
    ConfigError, ConfigErrorKind, Origin, Sources,
    file::File,
    schema::{Schema, variable},
    sources::Flag,
};
use crate::id::PlacementName;

/// A name under a key whose names are free.
pub(super) struct Named {
    /// The key: `database.placements`.
    pub(super) parent: String,
    pub(super) name: String,
    origin: Origin,
}

/// Every name that a source has, under each of those keys.
pub(super) fn find<'f>(
    schema: &Schema,
    sources: &Sources,
    files: &(impl Iterator<Item = &'f File> + Clone),
) -> Vec<Named> {
    let mut all = Vec::new();
    for parent in schema.named() {
        let mut add = |name: String, origin: Origin| {
            let parent = parent.to_owned();
            all.push(Named {
                parent,
                name,
                origin,
            });
        };
        for file in files.clone() {
            let node = parent
                .split('.')
                .try_fold(&file.root, |node, part| node.get(part));
            for (key, _) in node.and_then(Node::entries).unwrap_or_default() {
                let origin = Origin::File {
                    path: file.name.clone(),
                    mark: key.mark,
                };
                add(key.name.clone(), origin);
            }
        }
        let prefix = format!("{}__", variable(parent));
        for (variable, _) in &sources.env {
            let rest = variable.strip_prefix(&prefix);
            // A `-` in a name is `_` there, as in a module's.
            if let Some((name, _)) = rest.and_then(|rest| rest.split_once("__")) {
                let name = name.to_ascii_lowercase().replace('_', "-");
                add(name, Origin::Env(variable.as_str().into()));
            }
        }
        for flag in &sources.flags {
            let (shown, key) = match flag {
                Flag::Named { flag, key, .. } => (flag.clone(), key.as_str()),
                Flag::Set(argument) => {
                    let key = argument.split('=').next().unwrap_or_default().trim();
                    (format!("--set {key}"), key)
                }
            };
            let rest = key.strip_prefix(parent);
            let rest = rest.and_then(|rest| rest.strip_prefix('.'));
            if let Some((name, _)) = rest.and_then(|rest| rest.split_once('.')) {
                add(name.to_owned(), Origin::Flag(shown.into()));
            }
        }
    }
    all
}

impl Named {
    /// A name that is none.
    pub(super) fn problem(&self) -> Option<ConfigError> {
        let error = self.name.parse::<PlacementName>().err()?;
        let key = format!("{}.{}", self.parent, self.name);
        let message = format!("under `{}`: {error}", self.parent);
        Some(ConfigError::of(
            ConfigErrorKind::NotAllowed,
            &self.origin,
            &key,
            message,
        ))
    }
}
