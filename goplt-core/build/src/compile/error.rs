//! What can go wrong between a `.proto` and its Rust code.

use std::{fmt, io, path::PathBuf};

/// Why no code was written, or why the committed code is not the one that the protos ask for.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BuildError {
    /// The protos have faults: all that were found, each with its place.
    #[error("{}", list(.0))]
    Protos(Vec<Problem>),
    /// The committed file is older than its protos.
    #[error(
        "`{}` is not what its protos say (first difference at line {line}): run the test again with `GOPLT_BLESS=1` \
         and commit the file",
        path.display()
    )]
    Stale {
        /// The committed file.
        path: PathBuf,
        /// The first line that differs, from 1.
        line: usize,
    },
    /// A file could not be read or written.
    #[error("cannot {action} `{}`", path.display())]
    Io {
        /// What was tried: `read` or `write`.
        action: &'static str,
        /// The file.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// The generator wrote something that is not Rust: a fault of goplt-build, not of the protos.
    #[error("the generated code does not parse: please report the proto")]
    Generator(#[source] Box<dyn std::error::Error + Send + Sync>),
}

/// One fault in a proto, with its place and the mend.
///
/// It prints as `proto/blog.proto:12:3: …`, which editors and terminals turn into a link.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Problem {
    file: String,
    place: Option<(usize, usize)>,
    message: String,
}

impl Problem {
    pub(super) fn new(file: String, place: Option<(usize, usize)>, message: String) -> Self {
        Self {
            file,
            place,
            message,
        }
    }

    /// The proto, as its path was given.
    pub fn file(&self) -> &str {
        &self.file
    }

    /// The line, from 1, if the fault has a place.
    pub fn line(&self) -> Option<usize> {
        self.place.map(|(line, _)| line)
    }

    /// The column, from 1, if the fault has a place.
    pub fn column(&self) -> Option<usize> {
        self.place.map(|(_, column)| column)
    }

    /// What is wrong, and how to mend it.
    pub fn message(&self) -> &str {
        &self.message
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.file)?;
        if let Some((line, column)) = self.place {
            write!(f, ":{line}:{column}")?;
        }
        write!(f, ": {}", self.message)
    }
}

fn list(problems: &[Problem]) -> String {
    let lines: Vec<String> = problems.iter().map(Problem::to_string).collect();
    lines.join("\n")
}
