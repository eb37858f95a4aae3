use std::{fmt, str::FromStr, sync::Arc};

/// Where the process runs: `development` (the default), `production`, or a name of the operator's.
///
/// It chooses the file `config/{environment}.yaml` and the defaults that are declared for
/// development. Every name but `development` has the strict defaults of production.
///
/// # Examples
///
/// ```
/// use goplt_core::config::Environment;
///
/// let staging: Environment = "staging".parse()?;
/// assert_eq!(staging.as_str(), "staging");
/// assert!(!staging.is_development() && !staging.is_production());
/// assert!(Environment::default().is_development());
/// # Ok::<_, goplt_core::config::EnvironmentError>(())
/// ```
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Environment(Arc<str>);

/// The text is no name of an environment.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{input}` is not the name of an environment: 1 to 63 of `a-z`, `0-9` and `-`, beginning with a letter"
)]
pub struct EnvironmentError {
    input: String,
}

const DEVELOPMENT: &str = "development";
const PRODUCTION: &str = "production";

impl Environment {
    /// On a developer's machine.
    #[must_use]
    pub fn development() -> Self {
        Self(DEVELOPMENT.into())
    }

    /// With real data.
    #[must_use]
    pub fn production() -> Self {
        Self(PRODUCTION.into())
    }

    /// Whether it is `development`.
    #[must_use]
    pub fn is_development(&self) -> bool {
        &*self.0 == DEVELOPMENT
    }

    /// Whether it is `production`.
    #[must_use]
    pub fn is_production(&self) -> bool {
        &*self.0 == PRODUCTION
    }

    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The well-known name that this one was probably meant to be: `prod`, `prodution`.
    pub(super) fn probably(&self) -> Option<&'static str> {
        let known = [DEVELOPMENT, PRODUCTION];
        if known.contains(&self.as_str()) {
            return None;
        }
        let short = |name: &&str| self.0.len() >= 3 && name.starts_with(&*self.0);
        let near = || goplt_manifest::suggest(&self.0, known.into_iter());
        known.into_iter().find(short).or_else(near)
    }
}

impl Default for Environment {
    fn default() -> Self {
        Self::development()
    }
}

impl FromStr for Environment {
    type Err = EnvironmentError;

    fn from_str(input: &str) -> Result<Self, Self::Err> {
        let allowed = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
        let lettered = input.starts_with(|first: char| first.is_ascii_lowercase());
        if lettered && input.len() <= 63 && input.bytes().all(allowed) {
            return Ok(Self(input.into()));
        }
        Err(EnvironmentError {
            input: super::error::shorten(input),
        })
    }
}

impl fmt::Display for Environment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl fmt::Debug for Environment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Environment").field(&self.0).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_cannot_leave_the_folder_of_configuration() {
        for bad in ["", "../production", "a/b", "Production", "-x", "1a"] {
            assert!(bad.parse::<Environment>().is_err(), "{bad}");
        }
    }

    #[test]
    fn short_and_misspelt_names_are_recognised() {
        let probably = |name: &str| name.parse::<Environment>().unwrap().probably();
        assert_eq!(probably("prod"), Some("production"));
        assert_eq!(probably("dev"), Some("development"));
        assert_eq!(probably("prodution"), Some("production"));
        assert_eq!(probably("staging"), None);
        assert_eq!(probably("production"), None);
    }
}
