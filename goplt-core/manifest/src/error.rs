use std::{fmt, sync::Arc};

use crate::yaml::Mark;

/// One problem of a manifest: where, what, and the mend where it is known.
///
/// Displayed as `module.yaml:12:5: unknown key …`, with the mend on a second line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ManifestError {
    source_name: Arc<str>,
    mark: Mark,
    message: String,
    help: Option<String>,
}

/// Every problem of a manifest, in the order of the file; at least one.
///
/// Displayed one after the other, a problem per paragraph.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ManifestErrors {
    errors: Vec<ManifestError>,
}

// === impl ManifestError ===

impl ManifestError {
    pub(crate) fn new(
        source_name: Arc<str>,
        mark: Mark,
        message: String,
        help: Option<String>,
    ) -> Self {
        Self {
            source_name,
            mark,
            message,
            help,
        }
    }

    /// The manifest's file, as it was given.
    pub fn source_name(&self) -> &str {
        &self.source_name
    }

    /// Where the problem stands.
    pub fn mark(&self) -> Mark {
        self.mark
    }

    /// The problem, without its place.
    pub fn message(&self) -> &str {
        &self.message
    }

    /// What to write instead.
    pub fn help(&self) -> Option<&str> {
        self.help.as_deref()
    }
}

impl fmt::Display for ManifestError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}", self.source_name, self.mark, self.message)?;
        match &self.help {
            Some(help) => write!(f, "\n    mend: {help}"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for ManifestError {}

// === impl ManifestErrors ===

impl ManifestErrors {
    /// `None` when there is no error.
    pub(crate) fn new(errors: Vec<ManifestError>) -> Option<Self> {
        (!errors.is_empty()).then_some(Self { errors })
    }

    /// The problems.
    pub fn as_slice(&self) -> &[ManifestError] {
        &self.errors
    }

    /// The problems, one by one.
    pub fn iter(&self) -> std::slice::Iter<'_, ManifestError> {
        self.errors.iter()
    }
}

impl fmt::Display for ManifestErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, error) in self.errors.iter().enumerate() {
            if index > 0 {
                f.write_str("\n")?;
            }
            write!(f, "{error}")?;
        }
        Ok(())
    }
}

impl std::error::Error for ManifestErrors {}

impl IntoIterator for ManifestErrors {
    type Item = ManifestError;
    type IntoIter = std::vec::IntoIter<ManifestError>;

    fn into_iter(self) -> Self::IntoIter {
        self.errors.into_iter()
    }
}

impl<'a> IntoIterator for &'a ManifestErrors {
    type Item = &'a ManifestError;
    type IntoIter = std::slice::Iter<'a, ManifestError>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

/// Input for a message: a text of a megabyte would bury it.
pub(crate) fn shorten(text: &str) -> String {
    const LONGEST: usize = 80;
    match text.char_indices().nth(LONGEST) {
        None => text.escape_debug().to_string(),
        Some((end, _)) => format!("{}…", text[..end].escape_debug()),
    }
}
