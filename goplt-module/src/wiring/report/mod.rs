//! [`StartupReport`]: everything that keeps a host from starting, at once.

mod code;
mod problem;

use std::fmt;

use goplt_core::{Code, config::ConfigErrors};

pub use self::{
    code::ProblemCode,
    problem::{StartupProblem, Subject},
};
use crate::lifecycle::{ModuleState, Step};

/// Every problem of a composition, in an order that depends on nothing but the problems; at least one.
///
/// Nothing has been done when it is made: no file, no socket, no hook. Problems that show only after `init`
/// ([`ProblemCode::NotSupplied`] and those of mounting) come in a report of their own.
///
/// Displayed as a list for people: each problem with its code, module, place and mend.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StartupReport {
    problems: Vec<StartupProblem>,
}

impl StartupReport {
    /// `Err` if there is a problem.
    pub(crate) fn check(mut problems: Vec<StartupProblem>) -> Result<(), Self> {
        if problems.is_empty() {
            return Ok(());
        }
        problems.sort();
        problems.dedup();
        Err(Self { problems })
    }

    /// The problems.
    #[must_use]
    pub fn problems(&self) -> &[StartupProblem] {
        &self.problems
    }

    /// Whether a problem of this kind is among them.
    #[must_use]
    pub fn has(&self, code: ProblemCode) -> bool {
        self.problems.iter().any(|problem| problem.code() == code)
    }

    /// What became of a module: rejected if a problem is its own, otherwise discovered and no more.
    #[must_use]
    pub fn state(&self, module: &str) -> ModuleState {
        let is_own = |problem: &StartupProblem| matches!(problem.subject(), Subject::Module { name, .. } if name.as_str() == module);
        if self.problems.iter().any(is_own) {
            return ModuleState::Discovered
                .after(Step::Reject)
                .unwrap_or(ModuleState::Rejected);
        }
        ModuleState::Discovered
    }

    /// [`Code::FailedPrecondition`].
    #[must_use]
    pub const fn code(&self) -> Code {
        Code::FailedPrecondition
    }
}

impl fmt::Display for StartupReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.problems.len() {
            1 => write!(f, "one problem keeps the host from starting:")?,
            count => write!(f, "{count} problems keep the host from starting:")?,
        }
        for problem in &self.problems {
            write!(f, "\n\n{problem}")?;
        }
        Ok(())
    }
}

impl std::error::Error for StartupReport {}

/// The problems of a configuration, as problems of the start.
pub(crate) fn configuration(errors: &ConfigErrors) -> impl Iterator<Item = StartupProblem> {
    errors.iter().map(|error| {
        let subject = Subject::Origin(error.origin().to_owned());
        let problem = StartupProblem::new(ProblemCode::Configuration, subject, error.message());
        match error.help() {
            Some(help) => problem.with_mend(help),
            None => problem,
        }
    })
}
