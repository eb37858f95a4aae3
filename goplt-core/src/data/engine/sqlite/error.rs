//! SQLite's result codes (<https://www.sqlite.org/rescode.html>) as our errors.

use std::time::Duration;

use sqlx::error::{DatabaseError, ErrorKind};

use crate::data::{ConstraintKind, DbError};

const BUSY: i32 = 5;
const LOCKED: i32 = 6;
const READONLY: i32 = 8;
const INTERRUPT: i32 = 9;
const IOERR: i32 = 10;
const CORRUPT: i32 = 11;
const FULL: i32 = 13;
const CANTOPEN: i32 = 14;
const NOTADB: i32 = 26;
const IOERR_WRITE: i32 = IOERR | (3 << 8);
const IOERR_FSYNC: i32 = IOERR | (4 << 8);

pub(super) fn from_sqlx(error: sqlx::Error) -> DbError {
    match error {
        sqlx::Error::Database(error) => from_database(error),
        error @ (sqlx::Error::WorkerCrashed | sqlx::Error::Io(_)) => {
            DbError::Unavailable(error.into())
        }
        error => DbError::Statement(error.into()),
    }
}

pub(super) fn is_busy(error: &sqlx::Error) -> bool {
    let code = error.as_database_error().map(primary_code);
    matches!(code, Some(BUSY | LOCKED))
}

fn from_database(error: Box<dyn DatabaseError>) -> DbError {
    if let Some(kind) = constraint(&error.kind()) {
        let name = error
            .message()
            .split_once("failed: ")
            .map(|(_, name)| name.into());
        let source = error.into_error();
        return DbError::Constraint { kind, name, source };
    }
    let (code, extended) = (primary_code(&*error), extended_code(&*error));
    let source = error.into_error();
    match code {
        // SQLite itself has waited by then, for as long as the settings say.
        BUSY | LOCKED => DbError::Busy {
            waited: Duration::ZERO,
            own_write: false,
        },
        READONLY | FULL => DbError::NotWritable(source),
        IOERR if matches!(extended, IOERR_WRITE | IOERR_FSYNC) => DbError::NotWritable(source),
        IOERR | CANTOPEN => DbError::Unavailable(source),
        INTERRUPT => DbError::Deadline,
        CORRUPT | NOTADB => DbError::Damaged(source),
        _ => DbError::Statement(source),
    }
}

/// The low byte of the extended code; 0 if there is none.
fn primary_code(error: &(dyn DatabaseError + 'static)) -> i32 {
    extended_code(error) & 0xff
}

fn extended_code(error: &(dyn DatabaseError + 'static)) -> i32 {
    let code = error.code().and_then(|code| code.parse::<i32>().ok());
    code.unwrap_or(0)
}

const fn constraint(kind: &ErrorKind) -> Option<ConstraintKind> {
    match kind {
        ErrorKind::UniqueViolation => Some(ConstraintKind::Unique),
        ErrorKind::ForeignKeyViolation => Some(ConstraintKind::ForeignKey),
        ErrorKind::NotNullViolation => Some(ConstraintKind::NotNull),
        ErrorKind::CheckViolation => Some(ConstraintKind::Check),
        _ => None,
    }
}
