//! Errors of events that handlers and generated code make.

use crate::BoxError;

/// A payload that is no message of the type asked for.
#[derive(Debug, thiserror::Error)]
#[error("the payload is no `{name}`")]
pub struct DecodeError {
    name: &'static str,
    #[source]
    source: BoxError,
}

/// A failure that trying again cannot mend: the event or job becomes a dead letter at once.
///
/// # Examples
///
/// ```
/// use goplt_core::{BoxError, event::Permanent};
///
/// fn check(amount: i64) -> Result<(), BoxError> {
///     if amount < 0 {
///         return Err(Permanent::new("the amount is negative").into());
///     }
///     Ok(())
/// }
/// assert!(check(-1).unwrap_err().is::<Permanent>());
/// ```
#[derive(Debug, thiserror::Error)]
#[error("trying again will not help")]
pub struct Permanent {
    #[source]
    source: BoxError,
}

impl DecodeError {
    /// That the payload is none of the event of this name, because of `source`.
    pub fn new(name: &'static str, source: impl Into<BoxError>) -> Self {
        Self {
            name,
            source: source.into(),
        }
    }
}

impl Permanent {
    /// For this reason.
    pub fn new(source: impl Into<BoxError>) -> Self {
        Self {
            source: source.into(),
        }
    }
}
