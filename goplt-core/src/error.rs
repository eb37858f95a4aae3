//! Errors that cross crate boundaries, and reading a chain of causes.

use std::{
    any::Any,
    error::Error,
    fmt,
    future::poll_fn,
    panic::{AssertUnwindSafe, catch_unwind},
    pin::pin,
    task::Poll,
};

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
        causes(self.error)
            .skip(1)
            .try_for_each(|cause| write!(f, ": {cause}"))
    }
}

/// The error itself, then its causes.
pub(crate) fn causes<'a>(
    error: &'a (dyn Error + 'static),
) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    let source = |error: &&'a (dyn Error + 'static)| {
        let error: &'a (dyn Error + 'static) = *error;
        error.source()
    };
    std::iter::successors(Some(error), source)
}

/// Code panicked, behind a fence.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{text}")]
pub struct Panicked {
    text: String,
}

impl Panicked {
    /// With what the panic said.
    #[must_use]
    pub fn new(panic: &(dyn Any + Send)) -> Self {
        let text = format!("panicked: {}", said(panic));
        Self { text }
    }

    /// As [`new`](Self::new), with the name of what panicked.
    pub(crate) fn within(place: &str, panic: &(dyn Any + Send)) -> Self {
        let text = format!("{place} panicked: {}", said(panic));
        Self { text }
    }
}

fn said(panic: &(dyn Any + Send)) -> &str {
    let text = panic.downcast_ref::<&str>().copied();
    text.or_else(|| panic.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("no message")
}

/// Turns a panic into an error. What the future held is dropped, so nobody sees its broken state.
pub(crate) async fn fenced<F>(work: F) -> Result<(), BoxError>
where
    F: Future<Output = Result<(), BoxError>>,
{
    let mut work = pin!(work);
    poll_fn(
        |cx| match catch_unwind(AssertUnwindSafe(|| work.as_mut().poll(cx))) {
            Ok(polled) => polled,
            Err(panic) => Poll::Ready(Err(Panicked::new(&*panic).into())),
        },
    )
    .await
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
