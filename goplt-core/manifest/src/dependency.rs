use std::fmt;

use crate::{ModuleName, ModuleNameError, VersionError, VersionRange, yaml::Mark};

/// A module that another one needs, and the versions that do: `core >= 1.0.0`, `identity ^1`.
///
/// A name alone takes every version.
///
/// ```
/// use goplt_manifest::Dependency;
///
/// let dependency: Dependency = "identity ^1".parse()?;
/// assert_eq!(dependency.name(), &"identity");
/// assert_eq!(dependency.range().to_string(), "^1");
/// # Ok::<(), goplt_manifest::DependencyError>(())
/// ```
#[derive(Debug, Clone)]
pub struct Dependency {
    name: ModuleName,
    range: VersionRange,
    mark: Mark,
}

/// The text is not a dependency.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DependencyError {
    /// What stands first is not a module name.
    #[error("a dependency begins with a module name, as in `identity ^1`")]
    Name(#[source] ModuleNameError),
    /// What follows the name is not a range.
    #[error("a dependency is a module name and a range of versions, as in `identity ^1`")]
    Range(#[source] VersionError),
}

impl Dependency {
    /// Parses a name and a range, with or without space between them.
    ///
    /// # Errors
    ///
    /// Returns [`DependencyError`] when either of them is malformed.
    pub fn parse(text: &str) -> Result<Self, DependencyError> {
        let text = text.trim();
        let end = text
            .find(|character: char| {
                character.is_whitespace() || matches!(character, '<' | '>' | '=' | '^' | '~' | '*')
            })
            .unwrap_or(text.len());
        let (name, range) = text.split_at(end);
        let range = match range.trim() {
            "" => "*",
            range => range,
        };
        Ok(Self {
            name: ModuleName::parse(name).map_err(DependencyError::Name)?,
            range: VersionRange::parse(range).map_err(DependencyError::Range)?,
            mark: Mark::START,
        })
    }

    pub(crate) fn at(mut self, mark: Mark) -> Self {
        self.mark = mark;
        self
    }

    /// The module that is needed.
    pub fn name(&self) -> &ModuleName {
        &self.name
    }

    /// The versions that do.
    pub fn range(&self) -> &VersionRange {
        &self.range
    }

    /// Where the dependency stands in the manifest.
    pub fn mark(&self) -> Mark {
        self.mark
    }
}

impl fmt::Display for Dependency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.name, self.range)
    }
}

impl std::str::FromStr for Dependency {
    type Err = DependencyError;

    fn from_str(text: &str) -> Result<Self, DependencyError> {
        Self::parse(text)
    }
}
