use std::{error::Error, fmt};

use crate::{
    Code,
    contract::RpcError,
    error::{Panicked, causes},
};

/// What kind of thing went wrong, and so who looks at it first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Category {
    /// A rule of the business was not met, or what it is about is not there.
    Domain,
    /// The input has not the form that it must have.
    Validation,
    /// Something that we depend on is away, slow or full.
    Infrastructure,
    /// A defect of ours that was noticed.
    Bug,
    /// A defect of ours that was not: code panicked.
    Panic,
}

impl Category {
    /// What an error of this code is.
    #[must_use]
    pub const fn of_code(code: Code) -> Self {
        match code {
            Code::InvalidArgument | Code::OutOfRange => Self::Validation,
            Code::Ok
            | Code::NotFound
            | Code::AlreadyExists
            | Code::PermissionDenied
            | Code::Unauthenticated
            | Code::FailedPrecondition
            | Code::Aborted => Self::Domain,
            Code::Cancelled
            | Code::DeadlineExceeded
            | Code::ResourceExhausted
            | Code::Unavailable => Self::Infrastructure,
            Code::Unknown | Code::Unimplemented | Code::Internal | Code::DataLoss => Self::Bug,
        }
    }

    /// What the chain of causes of `error` says: a panic anywhere in it is a panic; the first
    /// error with a code decides the rest; an error of a module's own is of its domain.
    #[must_use]
    pub fn of(error: &(dyn Error + 'static)) -> Self {
        if causes(error).any(|cause| cause.is::<Panicked>()) {
            return Self::Panic;
        }
        causes(error)
            .find_map(code_of)
            .map_or(Self::Domain, Self::of_code)
    }

    /// A word for logs and metrics.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Domain => "domain",
            Self::Validation => "validation",
            Self::Infrastructure => "infrastructure",
            Self::Bug => "bug",
            Self::Panic => "panic",
        }
    }
}

fn code_of(error: &(dyn Error + 'static)) -> Option<Code> {
    let rpc = error.downcast_ref::<RpcError>().map(RpcError::code);
    rpc.or_else(|| code_of_database(error))
}

#[cfg(feature = "data")]
fn code_of_database(error: &(dyn Error + 'static)) -> Option<Code> {
    use crate::data::DbError;
    error.downcast_ref::<DbError>().map(DbError::code)
}

#[cfg(not(feature = "data"))]
fn code_of_database(_: &(dyn Error + 'static)) -> Option<Code> {
    None
}

impl fmt::Display for Category {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_anywhere_in_the_chain_is_a_panic() {
        let panic = RpcError::internal(Panicked::new(&"burnt"));
        assert_eq!(Category::of(&panic), Category::Panic);
    }

    #[test]
    fn the_outermost_code_decides() {
        let inner = RpcError::new(Code::InvalidArgument, "no such plan");
        let outer = RpcError::new(Code::Unavailable, "billing is away").with_source(inner);
        assert_eq!(Category::of(&outer), Category::Infrastructure);
    }

    #[test]
    fn an_error_without_a_code_is_of_the_domain() {
        assert_eq!(Category::of(&std::fmt::Error), Category::Domain);
    }

    #[test]
    fn every_code_that_is_answered_with_5xx_is_ours() {
        for code in Code::ALL {
            let ours = !matches!(
                Category::of_code(code),
                Category::Domain | Category::Validation
            );
            if code.http_status().is_server_error() {
                assert!(ours, "{code}");
            }
        }
    }
}
