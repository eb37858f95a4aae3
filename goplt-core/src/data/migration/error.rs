//! [`MigrationError`]: why a schema was left as it was.

use std::{fmt, time::Duration};

use goplt_manifest::ModuleName;

use super::{HeldMigration, MigrationPlan};
use crate::{data::DbError, id::PlacementName};

/// Why the schema is not what this binary needs.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum MigrationError {
    /// What was applied and what this binary has do not fit.
    #[error("the migrations do not fit the database:{}", Listed(.0))]
    Drift(Vec<MigrationProblem>),
    /// The schema that came out breaks a rule that tenants or modules rely on.
    #[error("the schema breaks rules:{}", Listed(.0))]
    Schema(Vec<MigrationProblem>),
    /// Migrations are pending, and this process may not apply them.
    #[error(
        "the database lacks migrations that this binary needs; apply them with `migrate`, which prints the same with `--plan`:\n{0}"
    )]
    Pending(MigrationPlan),
    /// Another process migrates the database, and does not end.
    #[error(
        "another process has migrated this database for {waited:?}: {holder}; wait for it, or end it"
    )]
    Locked {
        /// Who it is.
        holder: String,
        /// How long it was waited for.
        waited: Duration,
    },
    /// Older instances live that would not work on what has to be applied before this binary can start.
    #[error(
        "{held}\n{file} comes after it and cannot wait, since this version needs it: end those instances first, or \
         release the contract in a later version than what comes after it"
    )]
    Older {
        /// The migration that this binary needs.
        file: String,
        /// The one before it, and who is in its way.
        held: HeldMigration,
    },
    /// The connection goes to a pooler that gives each transaction another session.
    #[error(
        "the URL leads to a pooler in transaction mode, where locks and settings of a migration would be lost: \
             give the server's own address as `database.owner_url`"
    )]
    Pooler,
    /// A statement failed.
    #[error("{file} of module `{module}` failed in line {line}: `{statement}`{}", again(*.is_begun))]
    Statement {
        /// Whose migration it is.
        module: ModuleName,
        /// The file name.
        file: String,
        /// The line where the statement begins.
        line: usize,
        /// The statement, cut after 200 characters.
        statement: String,
        /// It has no transaction, and what it did before stays.
        is_begun: bool,
        /// Why.
        source: Box<DbError>,
    },
    /// The same, of a database that tenants are placed in. Those before it are migrated.
    #[error("the database of the placement `{name}`")]
    Placed {
        /// Which one.
        name: PlacementName,
        /// What of it.
        source: Box<Self>,
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
    detail: Option<String>,
}

const fn again(is_begun: bool) -> &'static str {
    if is_begun {
        "; it has no transaction, so what stands before it is done. Mend the cause and run it again: it begins anew"
    } else {
        ""
    }
}

struct Listed<'a>(&'a [MigrationProblem]);

impl MigrationError {
    pub(super) fn of(self, placement: Option<&PlacementName>) -> Self {
        match placement {
            None => self,
            Some(name) => Self::Placed {
                name: name.clone(),
                source: Box::new(self),
            },
        }
    }

    /// The problems, all of them; none if the database or a statement failed.
    #[must_use]
    pub fn problems(&self) -> &[MigrationProblem] {
        match self {
            Self::Drift(problems) | Self::Schema(problems) => problems,
            Self::Placed { source, .. } => source.problems(),
            Self::Pending(_)
            | Self::Locked { .. }
            | Self::Older { .. }
            | Self::Pooler
            | Self::Statement { .. }
            | Self::Database(_) => &[],
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
            detail: None,
        }
    }

    pub(super) fn with_detail(mut self, detail: String) -> Self {
        self.detail = Some(detail);
        self
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

    /// More of it, in lines: how a file differs from what was applied.
    #[must_use]
    pub fn detail(&self) -> Option<&str> {
        self.detail.as_deref()
    }
}

impl fmt::Display for MigrationProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            module,
            message,
            help,
            detail,
        } = self;
        write!(f, "module `{module}`: {message}; {help}")?;
        let lines = detail.iter().flat_map(|detail| detail.lines());
        lines
            .into_iter()
            .try_for_each(|line| write!(f, "\n    {line}"))
    }
}

impl fmt::Display for Listed<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0
            .iter()
            .try_for_each(|problem| write!(f, "\n- {problem}"))
    }
}
