//! Errors that cross crate boundaries, and reading a chain of causes.

use std::{error::Error, fmt};

/// A cause from another crate, as it enters our error enums.
pub type BoxError = Box<dyn Error + Send + Sync + 'static>;

/// Shows an error and all its causes on one line, for logs.
///
/// `Display` of goplt's errors tells one level only; this walks the chain.
///
/// # Examples
///
/// ```
/// use goplt_core::error::chain;
///
/// let error = std::io::Error::other("disk full");
/// assert_eq!(chain(&error).to_string(), "disk full");
/// ```
pub fn chain<'a>(error: &'a (dyn Error + 'static)) -> Chain<'a> {
    Chain { error }
}

/// The display form made by [`chain`].
#[derive(Debug, Clone, Copy)]
pub struct Chain<'a> {
    error: &'a (dyn Error + 'static),
}

impl fmt::Display for Chain<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.error)?;
        let mut cause = self.error.source();
        while let Some(error) = cause {
            write!(f, ": {error}")?;
            cause = error.source();
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, thiserror::Error)]
    #[error("outer")]
    struct Outer(#[source] std::io::Error);

    #[test]
    fn every_level_is_shown_once() {
        let error = Outer(std::io::Error::other("inner"));
        assert_eq!(chain(&error).to_string(), "outer: inner");
    }
}
