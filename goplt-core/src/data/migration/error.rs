//! [`MigrationError`]: why a schema was left as it was.

use std::fmt;

use goplt_manifest::ModuleName;

use crate::data::DbError;

/// Why nothing was migrated. The database is as it was before.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum MigrationError {
    /// What was applied and what this binary has do not fit.
    #[error("the migrations do not fit the database:{}", Listed(.0))]
    Drift(Vec<MigrationProblem>),
    /// The schema that came out breaks a rule that tenants or modules rely on.
    #[error("the schema breaks rules:{}", Listed(.0))]
    Schema(Vec<MigrationProblem>),
    /// A statement failed.
    #[error("{file} of module `{module}` failed in line {line}: `{statement}`")]
    Statement {
        /// Whose migration it is.
        module: ModuleName,
        /// The file name.
        file: String,
        /// The line where the statement begins.
        line: usize,
        /// The statement, cut after 200 characters.
        statement: String,
        /// Why.
        source: Box<DbError>,
    },
    /// The database could not be used.
    #[error("the database cannot be migrated")]
    Database(#[from] DbError),
}

/// One thing that is wrong, with its place and the mend.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MigrationProblem {
    module: ModuleName,
    message: String,
    help: String,
}

struct Listed<'a>(&'a [MigrationProblem]);

impl MigrationError {
    /// The problems, all of them; none if the database or a statement failed.
    #[must_use]
    pub fn problems(&self) -> &[MigrationProblem] {
        match self {
            Self::Drift(problems) | Self::Schema(problems) => problems,
            Self::Statement { .. } | Self::Database(_) => &[],
        }
    }
}

impl MigrationProblem {
    pub(super) fn new(
        module: &ModuleName,
        message: impl Into<String>,
        help: impl Into<String>,
    ) -> Self {
        Self {
            module: module.clone(),
            message: message.into(),
            help: help.into(),
        }
    }

    /// Whose migrations or tables it is about.
    #[must_use]
    pub fn module(&self) -> &ModuleName {
        &self.module
    }

    /// What is wrong.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.message
    }

    /// What to do.
    #[must_use]
    pub fn help(&self) -> &str {
        &self.help
    }
}

impl fmt::Display for MigrationProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            module,
            message,
            help,
        } = self;
        write!(f, "module `{module}`: {message}; {help}")
    }
}

impl fmt::Display for Listed<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0
            .iter()
            .try_for_each(|problem| write!(f, "\n- {problem}"))
    }
}
