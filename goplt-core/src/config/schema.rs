use std::collections::{BTreeMap, BTreeSet, HashMap};

use goplt_manifest::{ConfigDecl, ConfigKind, suggest};

/// The settings under one name: of a module, or of a part of the kernel.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Section {
    /// The module's name. Empty for settings that lie at the top.
    pub name: String,
    /// What may be set; a name with dots (`cors.origins`) lies deeper, and one with a `*` for one
    /// of its parts (`placements.*.url`) under every name that is found there.
    pub entries: Vec<ConfigDecl>,
}

impl Section {
    /// A section of this name.
    pub fn new(name: impl Into<String>, entries: Vec<ConfigDecl>) -> Self {
        Self {
            name: name.into(),
            entries,
        }
    }
}

/// Every setting that exists, found by its key or by its variable.
#[derive(Debug)]
pub(super) struct Schema {
    pub(super) entries: Vec<Entry>,
    by_key: HashMap<String, usize>,
    by_variable: HashMap<String, usize>,
    /// Keys that others lie under: `server`, `server.cors`.
    parents: BTreeSet<String>,
    /// Those of free names: `database.placements`, and what is under each name.
    named: BTreeMap<String, Vec<ConfigDecl>>,
}

#[derive(Debug)]
pub(super) struct Entry {
    /// With its section: `server.cors.origins`.
    pub(super) key: String,
    pub(super) decl: ConfigDecl,
}

/// What a key stands for.
pub(super) enum Known {
    Setting(usize),
    Parent,
    Nothing,
}

pub(super) const VARIABLE_PREFIX: &str = "GOPLT__";

impl Schema {
    pub(super) fn new<'a>(sections: impl Iterator<Item = &'a Section>) -> Self {
        let mut schema = Self {
            entries: Vec::new(),
            by_key: HashMap::new(),
            by_variable: HashMap::new(),
            parents: BTreeSet::new(),
            named: BTreeMap::new(),
        };
        for section in sections {
            if !section.name.is_empty() {
                schema.parents.insert(section.name.clone());
            }
            for decl in &section.entries {
                let key = join(&section.name, &decl.name);
                match key.split_once(".*.") {
                    Some((parent, name)) => schema.add_named(parent, name, decl),
                    None => schema.add(key, decl),
                }
            }
        }
        schema
    }

    fn add_named(&mut self, parent: &str, name: &str, decl: &ConfigDecl) {
        self.parents.insert(parent.to_owned());
        let mut decl = decl.clone();
        decl.name = name.to_owned();
        self.named.entry(parent.to_owned()).or_default().push(decl);
    }

    /// The keys under which names are free.
    pub(super) fn named(&self) -> impl Iterator<Item = &str> {
        self.named.keys().map(String::as_str)
    }

    /// With what may be set under this name.
    pub(super) fn add_name(&mut self, parent: &str, name: &str) {
        let key = join(parent, name);
        if self.parents.contains(&key) {
            return;
        }
        for decl in self.named.get(parent).cloned().unwrap_or_default() {
            self.add(join(&key, &decl.name), &decl);
        }
    }

    fn add(&mut self, key: String, decl: &ConfigDecl) {
        let index = self.entries.len();
        for (dot, _) in key.match_indices('.') {
            self.parents.insert(key[..dot].to_owned());
        }
        self.by_variable.insert(variable(&key), index);
        self.by_key.insert(key.clone(), index);
        self.entries.push(Entry {
            key,
            decl: decl.clone(),
        });
    }

    pub(super) fn find(&self, key: &str) -> Known {
        match self.by_key.get(key) {
            Some(index) => Known::Setting(*index),
            None if self.parents.contains(key) => Known::Parent,
            None => Known::Nothing,
        }
    }

    /// By the name of an environment variable. A `-` in a module's name is `_` there.
    pub(super) fn find_variable(&self, name: &str) -> Option<usize> {
        self.by_variable.get(name).copied()
    }

    /// The variable that differs from `name` in nothing but underscores.
    pub(super) fn variable_spelt_like(&self, name: &str) -> Option<String> {
        let bare = |name: &str| name.replace('_', "");
        let wanted = bare(name);
        self.entries
            .iter()
            .map(|entry| variable(&entry.key))
            .find(|known| bare(known) == wanted)
    }

    /// The key that an unknown one was probably meant to be.
    pub(super) fn nearest(&self, key: &str) -> Option<&str> {
        let all = || {
            self.by_key_sorted()
                .chain(self.parents.iter().map(String::as_str))
        };
        let last = |key: &str| key.rsplit('.').next().unwrap_or_default().to_owned();
        if let Some(near) = suggest(key, all()) {
            return Some(near);
        }
        let parent = key.rsplit_once('.').map_or("", |(parent, _)| parent);
        let siblings: Vec<&str> = all().filter(|known| parent_of(known) == parent).collect();
        let names: Vec<String> = siblings.iter().map(|known| last(known)).collect();
        if let Some(near) = suggest(&last(key), names.iter().map(String::as_str)) {
            let index = names.iter().position(|name| name == near)?;
            return Some(siblings[index]);
        }
        // The right name in a wrong place.
        let wanted = format!(".{}", last(key));
        self.by_key_sorted().find(|known| known.ends_with(&wanted))
    }

    /// What lies directly under a key.
    pub(super) fn children(&self, parent: &str) -> Vec<&str> {
        let names = self
            .by_key_sorted()
            .chain(self.parents.iter().map(String::as_str));
        let children: BTreeSet<&str> = names
            .filter(|known| !known.is_empty() && parent_of(known) == parent)
            .collect();
        children.into_iter().collect()
    }

    pub(super) fn is_parent(&self, key: &str) -> bool {
        self.parents.contains(key)
    }

    /// Whether a line of a file may hold a secret.
    pub(super) fn names_secret(&self, line: &str) -> bool {
        let secrets = self
            .entries
            .iter()
            .filter(|entry| entry.decl.kind == ConfigKind::Secret);
        secrets
            .map(|entry| entry.key.rsplit('.').next().unwrap_or_default())
            .any(|name| line.contains(name))
    }

    fn by_key_sorted(&self) -> impl Iterator<Item = &str> {
        self.entries.iter().map(|entry| entry.key.as_str())
    }
}

/// The variable of a key: `GOPLT__SERVER__CORS__ORIGINS`.
pub(super) fn variable(key: &str) -> String {
    let name = key
        .to_ascii_uppercase()
        .replace('-', "_")
        .replace('.', "__");
    format!("{VARIABLE_PREFIX}{name}")
}

pub(super) fn join(parent: &str, name: &str) -> String {
    if parent.is_empty() {
        name.to_owned()
    } else {
        format!("{parent}.{name}")
    }
}

fn parent_of(key: &str) -> &str {
    key.rsplit_once('.').map_or("", |(parent, _)| parent)
}
