use std::fmt;

use goplt_core::{
    ModuleName,
    manifest::{Manifest, Version, yaml::Mark},
};

use super::ProblemCode;
use crate::Place;

/// One thing that keeps a host from starting: what, whose, where, and the mend.
///
/// Ordered by code, subject, place and message.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct StartupProblem {
    code: ProblemCode,
    subject: Subject,
    place: Option<Place>,
    message: String,
    notes: Vec<String>,
    mend: Option<String>,
}

/// Whose problem it is.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Subject {
    /// The assembly's: the list of modules and bindings in `main`.
    Assembly,
    /// A setting's: the place in a file, the variable, or the flag.
    Origin(String),
    /// A module's.
    Module {
        /// Its name.
        name: ModuleName,
        /// Its version.
        version: Version,
    },
}

impl StartupProblem {
    pub(crate) fn new(code: ProblemCode, subject: Subject, message: impl Into<String>) -> Self {
        let message = message.into();
        Self {
            code,
            subject,
            place: None,
            message,
            notes: Vec::new(),
            mend: None,
        }
    }

    pub(crate) fn of(code: ProblemCode, manifest: &Manifest, message: impl Into<String>) -> Self {
        Self::new(code, Subject::of(manifest), message)
    }

    pub(crate) fn at(mut self, place: Place) -> Self {
        self.place = Some(place);
        self
    }

    /// A further line, such as where the other side stands.
    pub(crate) fn with_note(mut self, note: impl Into<String>) -> Self {
        self.notes.push(note.into());
        self
    }

    pub(crate) fn with_mend(mut self, mend: impl Into<String>) -> Self {
        self.mend = Some(mend.into());
        self
    }

    /// What kind of problem it is.
    #[must_use]
    pub const fn code(&self) -> ProblemCode {
        self.code
    }

    /// Whose it is.
    #[must_use]
    pub const fn subject(&self) -> &Subject {
        &self.subject
    }

    /// Where it stands, if it stands in a file.
    #[must_use]
    pub const fn place(&self) -> Option<&Place> {
        self.place.as_ref()
    }

    /// What is wrong, without the rest.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.message
    }

    /// What else belongs to it, a line each.
    #[must_use]
    pub fn notes(&self) -> &[String] {
        &self.notes
    }

    /// What to do about it.
    #[must_use]
    pub fn mend(&self) -> Option<&str> {
        self.mend.as_deref()
    }
}

impl fmt::Display for StartupProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}: {}", self.code, self.subject, self.message)?;
        if let Some(place) = &self.place {
            write!(f, "\n     at {place}")?;
        }
        for note in &self.notes {
            write!(f, "\n     {note}")?;
        }
        match &self.mend {
            Some(mend) => write!(f, "\n     mend: {mend}"),
            None => Ok(()),
        }
    }
}

// === impl Subject ===

impl Subject {
    pub(crate) fn of(manifest: &Manifest) -> Self {
        Self::Module {
            name: manifest.name().clone(),
            version: manifest.version().clone(),
        }
    }
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Assembly => f.write_str("assembly"),
            Self::Origin(origin) => f.write_str(origin),
            Self::Module { name, version } => write!(f, "module {name} {version}"),
        }
    }
}

// === impl Place ===

impl Place {
    /// A mark in a manifest.
    pub(crate) fn in_manifest(manifest: &Manifest, mark: Mark) -> Self {
        Self::in_file(manifest.source().to_owned(), mark.line, mark.column)
    }
}
