//! [`DbError`]: why a transaction or a statement failed.

use std::time::Duration;

use super::{CursorError, RowVersion, ValueError};
use crate::{BoxError, Code, Problem, contract::RpcError, id::PlacementName};

/// Why a database, a transaction or a statement failed.
///
/// `Display` and the causes are for the log. A caller sees the code and a fixed message: the
/// conversions into [`RpcError`] and [`Problem`] carry no text of the database.
///
/// # Examples
///
/// ```
/// use goplt_core::{Code, Problem, data::DbError};
///
/// let gone = DbError::NoRow;
/// assert_eq!(gone.code(), Code::NotFound);
/// assert_eq!(Problem::from(gone).status(), 404);
/// ```
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DbError {
    /// The URL does not name a database.
    #[error("`database.url` is not usable: {0}")]
    Url(String),
    /// The URL names an engine that this binary was built without.
    #[error(
        "`database.url` names {engine}, but this binary was built without it: enable the feature `{feature}` of `goplt-core`"
    )]
    NoEngine {
        /// The engine.
        engine: &'static str,
        /// The feature that adds it.
        feature: &'static str,
    },
    /// PostgreSQL is asked to act in a role whose URL is not known.
    #[error(
        "the database was opened without the URL of its role `{role}`, which {purpose}: run `db setup`, or set it with `DatabaseSettings::with_{role}_url`"
    )]
    NoRole {
        /// `host` or `owner`.
        role: &'static str,
        /// What the role is for.
        purpose: &'static str,
    },
    /// The database could not be opened.
    #[error("the database {place} cannot be opened: {reason}")]
    Open {
        /// Which one, without credentials.
        place: Box<str>,
        /// Why, and what to do.
        reason: Box<str>,
        /// What the system or the driver said.
        #[source]
        source: BoxError,
    },
    /// A placement contradicts the others, or the home database.
    #[error("the placement `{name}` cannot be used: {reason}")]
    Placement {
        /// Which one.
        name: PlacementName,
        /// Why.
        reason: Box<str>,
    },
    /// The failure of a database that tenants are placed in.
    #[error("the database of the placement `{name}` failed")]
    Placed {
        /// Which one.
        name: PlacementName,
        /// How.
        source: Box<Self>,
    },
    /// A statement on rows of all tenants, without a word on which database.
    #[error(
        "a statement across tenants on one of several databases would pass over the rows of tenants that are placed \
         elsewhere: begin it on each, `for db in db.databases() {{ db.begin_host(&scope) … }}`"
    )]
    SomeTenants,
    /// [`close`](super::TenantDb::close) was called.
    #[error("the database is closed")]
    Closed,
    /// No connection became free, or another process holds the write lock.
    #[error("no connection to the database became free within {waited:?}{}", hint(*.own_write))]
    Busy {
        /// How long it waited.
        waited: Duration,
        /// The request itself has a write transaction open, so it may be waiting for itself.
        own_write: bool,
    },
    /// The database cannot be reached or has no room; it may work later.
    #[error("the database is not available")]
    Unavailable(#[source] BoxError),
    /// The database can be read and not written: its disk is full, or its file may only be read. It may work later.
    #[error("the database cannot be written; its disk may be full")]
    NotWritable(#[source] BoxError),
    /// The request's deadline passed. The statement was interrupted.
    #[error("the deadline passed while the database worked")]
    Deadline,
    /// Two transactions stood in each other's way, and this one was ended. Run again, it may
    /// succeed: see [`TenantDb::retrying`](super::TenantDb::retrying).
    #[error("another transaction stood in the way")]
    Conflict(#[source] BoxError),
    /// The rules of the database itself refused the statement: a row of another tenant, or a table
    /// that the role has no right to. Either a rule is missing or the statement lock failed.
    #[error("the role that the statement ran in may not do this")]
    Denied(#[source] BoxError),
    /// The scope was minted for another database.
    #[error("the scope comes from another mint than the one this database was opened with")]
    ForeignScope,
    /// A statement that writes, in a transaction that only reads.
    #[error("a transaction from `begin_read` cannot run a statement that writes")]
    ReadOnly,
    /// An earlier statement of the transaction failed or was cancelled; it can only roll back.
    #[error("an earlier statement of this transaction failed or was cancelled: begin a new one")]
    Aborted,
    /// `fetch_one` found nothing.
    #[error("the statement yielded no row")]
    NoRow,
    /// A rule of the schema was broken.
    #[error("a {kind} constraint was violated")]
    Constraint {
        /// Which kind of rule.
        kind: ConstraintKind,
        /// Its name, or on SQLite its columns (`blog_posts.tenant_id, blog_posts.slug`).
        name: Option<Box<str>>,
        /// What the database said.
        #[source]
        source: BoxError,
    },
    /// A value cannot be bound.
    #[error("bind {index} of the statement cannot be stored")]
    Bind {
        /// Which one, from 1.
        index: usize,
        /// Why.
        source: ValueError,
    },
    /// A column does not hold what was asked for.
    #[error("the column `{column}` cannot be read")]
    Column {
        /// Its name.
        column: Box<str>,
        /// Why.
        source: ValueError,
    },
    /// The result lacks a column.
    #[error("the result has no column `{column}`; it has `{present}`")]
    NoColumn {
        /// The name that was looked for.
        column: Box<str>,
        /// The names that are there.
        present: Box<str>,
    },
    /// The result has more or fewer columns than the tuple.
    #[error("the result has {found} columns, and {wanted} are read from it")]
    Width {
        /// Those of the tuple.
        wanted: usize,
        /// Those of the result.
        found: usize,
    },
    /// The SQL given at run time was refused, with its place and the mend.
    #[error("the statement was refused\n{0}")]
    Sql(Box<str>),
    /// A statement got another number of values than it has places for.
    #[error("the statement has places for {wanted} values and got {found}")]
    Binds {
        /// The places.
        wanted: usize,
        /// The values.
        found: usize,
    },
    /// The row was changed since it was read.
    #[error("the row was changed since it was read: it has version {present} now")]
    Changed {
        /// The version that it has now.
        present: RowVersion,
    },
    /// A page was asked for that no list has.
    #[error("{0}")]
    Page(&'static str),
    /// Stored data is damaged, or the file is no database.
    #[error("the database is damaged")]
    Damaged(#[source] BoxError),
    /// The database refused or failed a statement.
    #[error("the database failed the statement")]
    Statement(#[source] BoxError),
}

/// The kinds of rules that a schema can hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ConstraintKind {
    /// A primary key or a unique index.
    Unique,
    /// A reference to a row that is not there, or is still referred to.
    ForeignKey,
    /// `NOT NULL`.
    NotNull,
    /// `CHECK`.
    Check,
    /// `EXCLUDE`, which only PostgreSQL has.
    Exclusion,
}

impl DbError {
    /// The code of the answer.
    #[must_use]
    pub const fn code(&self) -> Code {
        match self {
            Self::Busy { .. }
            | Self::Unavailable(_)
            | Self::NotWritable(_)
            | Self::Open { .. }
            | Self::Closed => Code::Unavailable,
            Self::Conflict(_) | Self::Changed { .. } => Code::Aborted,
            Self::Deadline => Code::DeadlineExceeded,
            Self::NoRow => Code::NotFound,
            Self::Constraint { kind, .. } => match kind {
                ConstraintKind::Unique => Code::AlreadyExists,
                _ => Code::FailedPrecondition,
            },
            Self::Bind { .. } | Self::Page(_) => Code::InvalidArgument,
            Self::Damaged(_) => Code::DataLoss,
            Self::Placed { source, .. } => source.code(),
            _ => Code::Internal,
        }
    }

    /// Whether the same transaction may succeed when it is run again.
    #[must_use]
    pub const fn is_retryable(&self) -> bool {
        match self {
            Self::Busy { .. } | Self::Unavailable(_) | Self::NotWritable(_) | Self::Conflict(_) => {
                true
            }
            Self::Placed { source, .. } => source.is_retryable(),
            _ => false,
        }
    }

    /// Whether the database was away or busy: that says nothing about what was asked of it.
    pub(crate) const fn is_outage(&self) -> bool {
        match self {
            Self::Busy { .. } | Self::Unavailable(_) | Self::NotWritable(_) => true,
            Self::Placed { source, .. } => source.is_outage(),
            _ => false,
        }
    }

    /// Whether a primary key or unique index was violated.
    #[must_use]
    pub const fn is_unique_violation(&self) -> bool {
        matches!(
            self,
            Self::Constraint {
                kind: ConstraintKind::Unique,
                ..
            }
        )
    }

    /// The violated constraint: its name, or on SQLite its columns
    /// (`blog_posts.tenant_id, blog_posts.slug`).
    #[must_use]
    pub fn constraint(&self) -> Option<&str> {
        match self {
            Self::Constraint { name, .. } => name.as_deref(),
            _ => None,
        }
    }

    /// What a caller is told: fixed texts, nothing of the database.
    const fn message(&self) -> &'static str {
        if let Self::Page(reason) = self {
            return reason;
        }
        match self.code() {
            Code::AlreadyExists => "it exists already",
            Code::NotFound => "there is no such thing",
            Code::FailedPrecondition => "other data does not allow it",
            Code::InvalidArgument => "a value in the request cannot be stored",
            other => other.title(),
        }
    }
}

impl std::fmt::Display for ConstraintKind {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Unique => "unique",
            Self::ForeignKey => "foreign key",
            Self::NotNull => "not null",
            Self::Check => "check",
            Self::Exclusion => "exclusion",
        })
    }
}

impl From<CursorError> for DbError {
    fn from(_: CursorError) -> Self {
        Self::Page("`cursor` is not one that this list gave out")
    }
}

impl From<DbError> for RpcError {
    fn from(error: DbError) -> Self {
        Self::new(error.code(), error.message()).with_source(error)
    }
}

impl From<DbError> for Problem {
    fn from(error: DbError) -> Self {
        RpcError::from(error).into()
    }
}

const fn hint(own_write: bool) -> &'static str {
    if own_write {
        "; the request has a write transaction open and may be waiting for itself"
    } else {
        ""
    }
}
