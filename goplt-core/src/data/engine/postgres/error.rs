//! PostgreSQL's error codes (<https://www.postgresql.org/docs/current/errcodes-appendix.html>) as
//! our errors, without the values that a message may quote.

use std::{fmt, time::Duration};

use sqlx::postgres::{PgDatabaseError, PgSeverity};

use crate::{
    BoxError,
    data::{ConstraintKind, DbError},
};

/// What the server said, as far as it may stand in a log.
#[derive(Debug)]
struct Said {
    code: Box<str>,
    message: Box<str>,
    table: Option<Box<str>>,
}

pub(super) fn from_sqlx(error: sqlx::Error) -> DbError {
    match error {
        sqlx::Error::Database(error) => match error.try_downcast::<PgDatabaseError>() {
            Ok(error) => from_server(&error),
            Err(error) => DbError::Statement(error.to_string().into()),
        },
        error @ (sqlx::Error::Io(_)
        | sqlx::Error::Tls(_)
        | sqlx::Error::Protocol(_)
        | sqlx::Error::WorkerCrashed) => DbError::Unavailable(error.into()),
        error => DbError::Statement(error.into()),
    }
}

/// What went wrong before there was a session.
pub(super) fn from_connecting(error: sqlx::Error, place: &str) -> DbError {
    let reason = match error.as_database_error().and_then(|error| error.code()) {
        Some(code) if code.starts_with("28") => {
            "the server refuses the role or its password; correct the URL, or run `db setup`"
        }
        Some(code) if code == "3D000" => "there is no such database; run `db setup`, or create it",
        Some(code) if code == "42501" => "the role may not connect to it; run `db setup`",
        _ if matches!(error, sqlx::Error::Tls(_)) => "the connection could not be encrypted",
        _ => return from_sqlx(error),
    };
    let source = match error {
        sqlx::Error::Database(error) => error.to_string().into(),
        other => other.into(),
    };
    DbError::Open {
        place: place.into(),
        reason: reason.into(),
        source,
    }
}

/// Whether the connection can go on after it.
pub(super) fn is_survived(error: &sqlx::Error) -> bool {
    let error = match error {
        sqlx::Error::Database(error) => error,
        // The driver refused before it sent anything.
        sqlx::Error::Encode(_) | sqlx::Error::TypeNotFound { .. } => return true,
        _ => return false,
    };
    error
        .try_downcast_ref::<PgDatabaseError>()
        .is_some_and(|error| error.severity() == PgSeverity::Error && !is_stale_plan(error))
}

fn from_server(error: &PgDatabaseError) -> DbError {
    let source: BoxError = Box::new(Said::new(error));
    if let Some(kind) = constraint(error.code()) {
        return DbError::Constraint {
            kind,
            name: name(error),
            source,
        };
    }
    match error.code() {
        "40001" | "40P01" => DbError::Conflict(source),
        "57014" => DbError::Deadline,
        "55P03" => DbError::Busy {
            waited: Duration::ZERO,
            own_write: false,
        },
        "25006" => DbError::ReadOnly,
        "25P02" => DbError::Aborted,
        "42501" => DbError::Denied(source),
        "XX001" | "XX002" => DbError::Damaged(source),
        // Connections, resources, the operator, a transaction that was idle for too long.
        "53100" => DbError::NotWritable(source),
        "25P03" | "57P01" | "57P02" | "57P03" | "57P05" => DbError::Unavailable(source),
        code if code.starts_with("08") || code.starts_with("53") || code.starts_with("58") => {
            DbError::Unavailable(source)
        }
        // A server that only follows another takes no writes until it leads.
        "0A000" if is_refused_setting(error.routine()) => DbError::Unavailable(source),
        // The next connection prepares it anew.
        _ if is_stale_plan(error) => DbError::Unavailable(source),
        _ => DbError::Statement(source),
    }
}

/// "cached plan must not change result type": a migration changed a column beneath a statement
/// that this connection had prepared.
fn is_stale_plan(error: &PgDatabaseError) -> bool {
    error.code() == "0A000" && error.routine() == Some("RevalidateCachedQuery")
}

/// "cannot set transaction read-write mode during recovery": nothing that we set is refused for another reason.
fn is_refused_setting(routine: Option<&str>) -> bool {
    routine.is_some_and(|name| name.starts_with("call_") && name.ends_with("_check_hook"))
}

fn constraint(code: &str) -> Option<ConstraintKind> {
    Some(match code {
        "23505" => ConstraintKind::Unique,
        "23503" => ConstraintKind::ForeignKey,
        "23502" => ConstraintKind::NotNull,
        "23514" => ConstraintKind::Check,
        "23P01" => ConstraintKind::Exclusion,
        _ => return None,
    })
}

/// The constraint's name; for NOT NULL, which has none, the column as SQLite tells it.
fn name(error: &PgDatabaseError) -> Option<Box<str>> {
    match (error.constraint(), error.table(), error.column()) {
        (Some(name), _, _) => Some(name.into()),
        (None, Some(table), Some(column)) => Some(format!("{table}.{column}").into()),
        _ => None,
    }
}

// === impl Said ===

impl Said {
    fn new(error: &PgDatabaseError) -> Self {
        Self {
            code: error.code().into(),
            message: if quotes_values(error.code()) {
                "a value does not fit its type".into()
            } else {
                error.message().into()
            },
            table: error.table().map(Into::into),
        }
    }
}

/// Errors about data say which: `invalid input syntax for type uuid: "…"`. Division by zero and
/// text that is too long do not.
fn quotes_values(code: &str) -> bool {
    code.starts_with("22") && !matches!(code, "22012" | "22001")
}

impl fmt::Display for Said {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} (SQLSTATE {}", self.message, self.code)?;
        if let Some(table) = &self.table {
            write!(f, ", table `{table}`")?;
        }
        f.write_str(")")
    }
}

impl std::error::Error for Said {}

#[cfg(test)]
mod tests {
    use super::*;

    /// As PostgreSQL 15 says it: `BEGIN … READ WRITE` on a server that only follows another.
    #[test]
    fn a_server_that_takes_no_writes_yet_is_told_from_a_statement_that_is_wrong() {
        assert!(is_refused_setting(Some("call_bool_check_hook")));
        assert!(!is_refused_setting(Some("RevalidateCachedQuery")));
        assert!(!is_refused_setting(None));
    }
}
