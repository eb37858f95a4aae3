//! [`RpcError`]: how a call across a contract fails.

use std::{borrow::Cow, error::Error, fmt};

use http::StatusCode;

use crate::{
    BoxError, Code, Problem,
    data::{NoTenant, TenantMismatch},
    problem::Violation,
};

/// Why a call across a contract failed, alike for local and remote providers.
///
/// Code, reason, message and violations cross the network; the source stays in the process
/// that made it, for its log.
///
/// # Examples
///
/// ```
/// use goplt_core::{Code, contract::RpcError};
///
/// let taken = RpcError::new(Code::AlreadyExists, "this email is taken").with_reason("email_taken");
/// assert_eq!(taken.code(), Code::AlreadyExists);
/// assert_eq!(taken.reason(), Some("email_taken"));
/// ```
pub struct RpcError {
    // One pointer wide, so that results of calls stay small.
    inner: Box<Inner>,
}

struct Inner {
    code: Code,
    message: Cow<'static, str>,
    reason: Option<Cow<'static, str>>,
    violations: Vec<Violation>,
    source: Option<BoxError>,
}

impl RpcError {
    /// With a message for the caller: no secrets, no internals.
    pub fn new(code: Code, message: impl Into<Cow<'static, str>>) -> Self {
        let inner = Inner {
            code,
            message: message.into(),
            reason: None,
            violations: Vec::new(),
            source: None,
        };
        Self {
            inner: Box::new(inner),
        }
    }

    /// [`Code::NotFound`].
    pub fn not_found(message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(Code::NotFound, message)
    }

    /// [`Code::Internal`] with its cause, which only the log sees.
    pub fn internal(source: impl Into<BoxError>) -> Self {
        Self::new(Code::Internal, Code::Internal.title()).with_source(source)
    }

    /// [`Code::InvalidArgument`] with the rules that the request breaks.
    #[must_use]
    pub fn invalid(violations: Vec<Violation>) -> Self {
        let mut error = Self::new(Code::InvalidArgument, "the request breaks a rule");
        error.inner.violations = violations;
        error
    }

    /// A more exact word than the code's, in `snake_case`.
    #[must_use]
    pub fn with_reason(mut self, reason: impl Into<Cow<'static, str>>) -> Self {
        self.inner.reason = Some(reason.into());
        self
    }

    /// The cause, for the log of this process.
    #[must_use]
    pub fn with_source(mut self, source: impl Into<BoxError>) -> Self {
        self.inner.source = Some(source.into());
        self
    }

    /// The code.
    #[must_use]
    pub fn code(&self) -> Code {
        self.inner.code
    }

    /// The message for the caller.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.inner.message
    }

    /// A more exact word than the code's.
    #[must_use]
    pub fn reason(&self) -> Option<&str> {
        self.inner.reason.as_deref()
    }

    /// The rules that the request breaks.
    #[must_use]
    pub fn violations(&self) -> &[Violation] {
        &self.inner.violations
    }

    /// As an answer over HTTP. Broken rules are a 422; a server fault shows no message of ours.
    pub(crate) fn into_problem(self) -> Problem {
        let Inner {
            code,
            message,
            reason,
            violations,
            source,
        } = *self.inner;
        let mut problem = match code {
            Code::Unauthenticated => Problem::unauthenticated(),
            Code::InvalidArgument if !violations.is_empty() => Problem::unprocessable(violations),
            _ => Problem::new(code),
        };
        if !code.is_server_fault() && problem.status() != StatusCode::UNPROCESSABLE_ENTITY {
            problem = problem.with_detail(message);
        }
        if code == Code::Unavailable {
            problem = problem.with_retry_after(1);
        }
        if let Some(reason) = reason {
            problem = problem.with_reason(reason);
        }
        match source {
            Some(source) => problem.with_source(source),
            None => problem,
        }
    }
}

impl From<NoTenant> for RpcError {
    fn from(error: NoTenant) -> Self {
        Self::new(error.code(), error.to_string()).with_reason("tenant_required")
    }
}

impl From<TenantMismatch> for RpcError {
    fn from(error: TenantMismatch) -> Self {
        Self::new(error.code(), error.to_string()).with_reason("tenant_mismatch")
    }
}

impl fmt::Display for RpcError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.inner.code, self.inner.message)?;
        let mut separator = " (";
        for violation in &self.inner.violations {
            write!(
                f,
                "{separator}`{}` {}",
                violation.field(),
                violation.message()
            )?;
            separator = ", ";
        }
        if self.inner.violations.is_empty() {
            Ok(())
        } else {
            f.write_str(")")
        }
    }
}

impl fmt::Debug for RpcError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RpcError")
            .field("code", &self.inner.code)
            .field("message", &self.inner.message)
            .field("reason", &self.inner.reason)
            .field("violations", &self.inner.violations)
            .field("source", &self.inner.source)
            .finish()
    }
}

impl Error for RpcError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.inner
            .source
            .as_deref()
            .map(|source| source as &(dyn Error + 'static))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_fault_shows_no_message() {
        let problem = Problem::from(RpcError::new(Code::Internal, "table users is missing"));
        assert_eq!(problem.detail(), None);
    }

    #[test]
    fn broken_rules_are_422_and_other_bad_arguments_400() {
        let rules = RpcError::invalid(vec![Violation::new("title", "is too long")]);
        assert_eq!(
            rules.to_string(),
            "invalid_argument: the request breaks a rule (`title` is too long)"
        );
        assert_eq!(Problem::from(rules).status(), 422);
        assert_eq!(
            Problem::from(RpcError::new(Code::InvalidArgument, "bad cursor")).status(),
            400
        );
    }
}
