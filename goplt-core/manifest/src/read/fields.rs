use super::report::Report;
use crate::{
    suggest,
    yaml::{Key, Mark, Node, Value},
};

/// A map whose keys are known.
pub(super) struct Fields<'n> {
    mark: Mark,
    entries: &'n [(Key, Node)],
    /// Keys that a misspelt one was probably meant to be: calling them missing would say the same twice.
    guessed: Vec<&'static str>,
}

impl<'n> Fields<'n> {
    /// The node as a map; reports another shape and unknown keys. `what` reads like `a route`.
    pub(super) fn open(
        report: &mut Report,
        node: &'n Node,
        what: &str,
        known: &'static [&'static str],
    ) -> Option<Self> {
        let Some(entries) = node.entries() else {
            report.mend(
                node.mark,
                format!("{what} is a map, found {}", node.value.kind()),
                format!("keys of {what}: {}", known.join(", ")),
            );
            return None;
        };
        let mut guessed = Vec::new();
        for (key, _) in entries {
            if known.contains(&key.name.as_str()) {
                continue;
            }
            let name = crate::error::shorten(&key.name);
            match suggest(&key.name, known.iter().copied()) {
                Some(near) => {
                    let message = format!("unknown key `{name}`; did you mean `{near}`?");
                    report.error(key.mark, message);
                    guessed.extend(known.iter().copied().find(|key| *key == near));
                }
                None => report.mend(
                    key.mark,
                    format!("unknown key `{name}`"),
                    format!("keys of {what}: {}", known.join(", ")),
                ),
            }
        }
        Some(Self {
            mark: node.mark,
            entries,
            guessed,
        })
    }

    /// A map without entries.
    pub(super) fn empty(mark: Mark) -> Self {
        Self {
            mark,
            entries: &[],
            guessed: Vec::new(),
        }
    }

    pub(super) fn mark(&self) -> Mark {
        self.mark
    }

    pub(super) fn get(&self, key: &str) -> Option<&'n Node> {
        self.entries
            .iter()
            .find(|(name, _)| name.name == key)
            .map(|(_, node)| node)
    }

    /// Whether a key is there, or a misspelt one that was meant to be it.
    pub(super) fn has(&self, key: &str) -> bool {
        self.get(key).is_some() || self.guessed.contains(&key)
    }

    /// Whether a misspelt key was meant to be this one.
    pub(super) fn guessed(&self, key: &str) -> bool {
        self.guessed.contains(&key)
    }

    /// The text under a key, without a report about another kind of value.
    pub(super) fn text_quietly(&self, key: &str) -> Option<&'n str> {
        self.get(key).and_then(text)
    }

    /// Reports that a key is missing, unless that is plain from another report.
    pub(super) fn missing(&self, report: &mut Report, key: &str, help: &str) {
        if report.is_complete() && !self.has(key) {
            report.mend(self.mark, format!("`{key}` is missing"), help);
        }
    }

    /// The text under a key; reports another kind of value.
    pub(super) fn text(&self, report: &mut Report, key: &str) -> Option<(&'n str, Mark)> {
        let node = self.get(key)?;
        match text(node) {
            Some(text) => Some((text, node.mark)),
            None => {
                let found = node.value.kind();
                report.error(node.mark, format!("`{key}` is text, found {found}"));
                None
            }
        }
    }

    /// The text under a key; reports another kind of value and its absence.
    pub(super) fn required(
        &self,
        report: &mut Report,
        key: &str,
        help: &str,
    ) -> Option<(&'n str, Mark)> {
        self.missing(report, key, help);
        self.text(report, key)
    }

    /// The text under `description`, empty if there is none.
    pub(super) fn description(&self, report: &mut Report) -> String {
        self.text(report, "description")
            .map(|(text, _)| text.to_owned())
            .unwrap_or_default()
    }

    /// The items of the list under a key, none if it is absent; reports another kind of value.
    pub(super) fn list(&self, report: &mut Report, key: &str) -> &'n [Node] {
        let Some(node) = self.get(key) else {
            return &[];
        };
        list(report, node, key)
    }

    /// The entries of the map under a key, none if it is absent; reports another kind of value.
    pub(super) fn map(&self, report: &mut Report, key: &str) -> &'n [(Key, Node)] {
        let Some(node) = self.get(key) else {
            return &[];
        };
        node.entries().unwrap_or_else(|| {
            let found = node.value.kind();
            report.error(node.mark, format!("`{key}` is a map, found {found}"));
            &[]
        })
    }
}

/// The items of a list; reports another kind of value.
pub(super) fn list<'n>(report: &mut Report, node: &'n Node, what: &str) -> &'n [Node] {
    node.items().unwrap_or_else(|| {
        let message = format!("`{what}` is a list, found {}", node.value.kind());
        match text(node) {
            Some(text) => report.mend(node.mark, message, format!("write [{text:?}]")),
            None => report.error(node.mark, message),
        }
        &[]
    })
}

/// The text of an item; reports another kind of value. `what` reads like `a table`.
pub(super) fn item<'n>(report: &mut Report, node: &'n Node, what: &str) -> Option<&'n str> {
    let found = text(node);
    if found.is_none() {
        let message = format!("{what} is text, found {}", node.value.kind());
        match &node.value {
            Value::List(_) | Value::Map(_) => {
                report.mend(
                    node.mark,
                    message,
                    "quote a text that holds `{`, `[` or `: `",
                );
            }
            _ => report.error(node.mark, message),
        }
    }
    found
}

/// A scalar as it was written, so that `version: 1.20` keeps its zero; nothing is not text.
fn text(node: &Node) -> Option<&str> {
    match node.value {
        Value::Null => None,
        _ => node.text(),
    }
}
