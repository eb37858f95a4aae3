use std::{
    collections::{HashMap, HashSet},
    error::Error,
    sync::Arc,
};

use crate::{
    ManifestError,
    yaml::{Mark, YamlError},
};

/// Collects the problems of one manifest.
pub(super) struct Report {
    source: Arc<str>,
    errors: Vec<ManifestError>,
    /// Whether the text was read to its end; if not, nothing is called missing.
    complete: bool,
    /// Where values stand that YAML's reader refused: that they do not fit says nothing more.
    refused: HashSet<Mark>,
}

/// Remembers where names stood, to find those that stand twice.
#[derive(Default)]
pub(super) struct Seen {
    marks: HashMap<String, Mark>,
}

// === impl Report ===

impl Report {
    pub(super) fn new(source: Arc<str>, complete: bool) -> Self {
        Self {
            source,
            errors: Vec::new(),
            complete,
            refused: HashSet::new(),
        }
    }

    pub(super) fn yaml(&mut self, error: YamlError) {
        self.push(error.mark, error.message, error.help);
        self.refused.insert(error.mark);
    }

    pub(super) fn is_complete(&self) -> bool {
        self.complete
    }

    pub(super) fn error(&mut self, mark: Mark, message: impl Into<String>) {
        self.push(mark, message.into(), None);
    }

    pub(super) fn mend(&mut self, mark: Mark, message: impl Into<String>, help: impl Into<String>) {
        self.push(mark, message.into(), Some(help.into()));
    }

    /// Reports an error with its causes, as one sentence.
    pub(super) fn refuse(&mut self, mark: Mark, error: &dyn Error) {
        let mut message = error.to_string();
        let mut cause = error.source();
        while let Some(error) = cause {
            message = format!("{message}: {error}");
            cause = error.source();
        }
        self.error(mark, message);
    }

    pub(super) fn push(&mut self, mark: Mark, message: String, help: Option<String>) {
        if self.refused.contains(&mark) {
            return;
        }
        let source = Arc::clone(&self.source);
        self.errors
            .push(ManifestError::new(source, mark, message, help));
    }

    /// The problems in the order of the file.
    pub(super) fn finish(mut self) -> Vec<ManifestError> {
        self.errors.sort_by_key(ManifestError::mark);
        self.errors
    }
}

// === impl Seen ===

impl Seen {
    /// Whether the name stands for the first time; reports it if not. `what` is what the name names: `table`.
    pub(super) fn first(
        &mut self,
        report: &mut Report,
        what: &str,
        name: &str,
        mark: Mark,
    ) -> bool {
        if let Some(first) = self.marks.get(name) {
            let line = first.line;
            report.mend(
                mark,
                format!("{what} `{name}` stands twice, first at line {line}"),
                "remove or rename one of them",
            );
            return false;
        }
        self.marks.insert(name.to_owned(), mark);
        true
    }
}
