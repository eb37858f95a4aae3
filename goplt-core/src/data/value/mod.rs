//! Values on their way into and out of a database, without a type of any driver.

mod convert;
mod json;

use std::{fmt, sync::Arc};

use crate::{BoxError, Timestamp, Uuid};

pub use self::{
    convert::{DbValue, IntoValue},
    json::Json,
};

/// A value as it is bound to a statement or read from a column.
///
/// A NULL carries its type: PostgreSQL takes a bound NULL only when it knows the type.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Value {
    /// NULL, of a type.
    Null(DbType),
    /// `BOOLEAN`.
    Bool(bool),
    /// `SMALLINT`.
    I16(i16),
    /// `INTEGER`.
    I32(i32),
    /// `BIGINT`.
    I64(i64),
    /// `DOUBLE PRECISION`. Never NaN, and zero has no sign: SQLite keeps neither.
    F64(f64),
    /// `TEXT`. Without a NUL character, which PostgreSQL does not take.
    Text(String),
    /// `BYTEA`.
    Bytes(Vec<u8>),
    /// `UUID`: 16 bytes on SQLite.
    Uuid(Uuid),
    /// `TIMESTAMPTZ`: microseconds since 1970 on SQLite.
    Timestamp(Timestamp),
    /// `JSONB`, as JSON text.
    Json(String),
    /// What could not be made into a value; the statement that binds it fails with this error.
    Invalid(ValueError),
}

/// The types that a column can have, by the names of one DDL that runs on every database.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum DbType {
    /// `BOOLEAN`.
    Bool,
    /// `SMALLINT`.
    I16,
    /// `INTEGER`.
    I32,
    /// `BIGINT`.
    I64,
    /// `DOUBLE PRECISION`.
    F64,
    /// `TEXT`.
    Text,
    /// `BYTEA`.
    Bytes,
    /// `UUID`.
    Uuid,
    /// `TIMESTAMPTZ`.
    Timestamp,
    /// `JSONB`.
    Json,
}

/// Why a value cannot be bound, or a column not be read as the type asked for.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum ValueError {
    /// NULL where the type has no place for it.
    #[error("is NULL; read it as an `Option`")]
    Null,
    /// A value of another type.
    #[error("holds {found}, not {wanted}")]
    Type {
        /// What was asked for.
        wanted: DbType,
        /// What is there.
        found: &'static str,
    },
    /// A number that the type cannot hold.
    #[error("holds {found}, which is out of range for {wanted}")]
    Range {
        /// What is there.
        found: i64,
        /// What was asked for, as a Rust type.
        wanted: &'static str,
    },
    /// A value that not every database can keep.
    #[error("{0}")]
    Unstorable(&'static str),
    /// A value that the type refuses.
    #[error("is refused by its type")]
    Refused(#[source] Arc<BoxError>),
}

impl Value {
    /// The type; `None` for [`Invalid`](Self::Invalid).
    #[must_use]
    pub const fn db_type(&self) -> Option<DbType> {
        Some(match self {
            Self::Null(ty) => *ty,
            Self::Bool(_) => DbType::Bool,
            Self::I16(_) => DbType::I16,
            Self::I32(_) => DbType::I32,
            Self::I64(_) => DbType::I64,
            Self::F64(_) => DbType::F64,
            Self::Text(_) => DbType::Text,
            Self::Bytes(_) => DbType::Bytes,
            Self::Uuid(_) => DbType::Uuid,
            Self::Timestamp(_) => DbType::Timestamp,
            Self::Json(_) => DbType::Json,
            Self::Invalid(_) => return None,
        })
    }

    /// What an error says is there: never the value itself, which may be a secret.
    const fn found(&self) -> &'static str {
        match self.db_type() {
            Some(ty) => ty.name(),
            None => "no value",
        }
    }
}

impl DbType {
    /// Its name in DDL.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Bool => "BOOLEAN",
            Self::I16 => "SMALLINT",
            Self::I32 => "INTEGER",
            Self::I64 => "BIGINT",
            Self::F64 => "DOUBLE PRECISION",
            Self::Text => "TEXT",
            Self::Bytes => "BYTEA",
            Self::Uuid => "UUID",
            Self::Timestamp => "TIMESTAMPTZ",
            Self::Json => "JSONB",
        }
    }
}

impl fmt::Display for DbType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl ValueError {
    /// The type refuses the value, for this reason: what a newtype's own check returns.
    pub fn refused(source: impl Into<BoxError>) -> Self {
        Self::Refused(Arc::new(source.into()))
    }

    pub(crate) const fn of(wanted: DbType, found: &Value) -> Self {
        match found {
            Value::Null(_) => Self::Null,
            other => Self::Type {
                wanted,
                found: other.found(),
            },
        }
    }
}

// Errors compare by what they say: the cause behind them need not be comparable.
impl PartialEq for ValueError {
    fn eq(&self, other: &Self) -> bool {
        self.to_string() == other.to_string()
    }
}
