//! Values as SQLite keeps them: a UUID as 16 bytes, a timestamp as microseconds, JSON as text.
//!
//! Columns declared `UUID`, `TIMESTAMPTZ`, `BOOLEAN`, `BYTEA` or `JSONB` have NUMERIC affinity:
//! SQLite turns *text* that looks like a number into one when it is stored. Blobs and numbers stay
//! what they are.

use sqlx::{
    Arguments, Column, Decode, Row, Sqlite, TypeInfo, ValueRef,
    sqlite::{SqliteArguments, SqliteRow, SqliteValueRef},
};

use crate::{
    Timestamp, Uuid,
    data::{DbError, DbType, Value, ValueError, row::RawRow},
};

/// The values in the driver's form.
pub(super) fn arguments(values: Vec<Value>) -> Result<SqliteArguments, DbError> {
    let mut arguments = SqliteArguments::default();
    arguments.reserve(values.len(), 0);
    for (index, value) in values.into_iter().enumerate() {
        add(&mut arguments, value).map_err(|source| DbError::Bind {
            index: index + 1,
            source,
        })?;
    }
    Ok(arguments)
}

fn add(arguments: &mut SqliteArguments, value: Value) -> Result<(), ValueError> {
    let added = match value {
        Value::Null(_) => arguments.add(None::<i64>),
        Value::Bool(value) => arguments.add(value),
        Value::I16(value) => arguments.add(value),
        Value::I32(value) => arguments.add(value),
        Value::I64(value) => arguments.add(value),
        Value::F64(value) => arguments.add(value),
        Value::Text(value) => arguments.add(value),
        // A JSON number at the top would be taken for a number by the column's affinity, and
        // `1.0` come back as `1`. As a blob it stays text, and SQLite's JSON functions read both.
        Value::Json(value) if is_number(&value) => arguments.add(value.into_bytes()),
        Value::Json(value) => arguments.add(value),
        Value::Bytes(value) => arguments.add(value),
        Value::Uuid(value) => arguments.add(value.as_bytes().to_vec()),
        Value::Timestamp(value) => arguments.add(value.as_micros()),
        Value::Invalid(error) => return Err(error),
    };
    added.map_err(ValueError::refused)
}

fn is_number(json: &str) -> bool {
    json.starts_with(|first: char| first == '-' || first.is_ascii_digit())
}

impl RawRow for SqliteRow {
    fn len(&self) -> usize {
        self.columns().len()
    }

    fn name(&self, column: usize) -> &str {
        self.columns()[column].name()
    }

    fn value(&self, column: usize, ty: DbType) -> Result<Value, ValueError> {
        let raw = self.try_get_raw(column).map_err(ValueError::refused)?;
        if raw.is_null() {
            return Ok(Value::Null(ty));
        }
        let class = Class::of(&raw);
        Ok(match (ty, class) {
            (DbType::Bool, Class::Integer) => match integer(raw)? {
                0 => Value::Bool(false),
                1 => Value::Bool(true),
                found => {
                    return Err(ValueError::Range {
                        found,
                        wanted: "bool",
                    });
                }
            },
            (DbType::I16 | DbType::I32 | DbType::I64, Class::Integer) => Value::I64(integer(raw)?),
            (DbType::F64, Class::Integer | Class::Real) => Value::F64(decode(raw)?),
            (DbType::Text, Class::Text) => Value::Text(decode(raw)?),
            (DbType::Bytes, Class::Blob) => Value::Bytes(decode(raw)?),
            (DbType::Uuid, Class::Blob) => {
                let bytes = decode::<&[u8]>(raw)?.try_into();
                let bytes = bytes.map_err(|_| ValueError::Unstorable("a UUID has 16 bytes"))?;
                Value::Uuid(Uuid::from_bytes(bytes))
            }
            (DbType::Timestamp, Class::Integer) => {
                Value::Timestamp(Timestamp::from_micros(integer(raw)?))
            }
            // Not only as we write it: a literal in the SQL, or a number that a JSON path picked.
            (DbType::Json, Class::Text) => Value::Json(decode(raw)?),
            (DbType::Json, Class::Blob) => {
                Value::Json(String::from_utf8(decode(raw)?).map_err(ValueError::refused)?)
            }
            (DbType::Json, Class::Integer) => Value::Json(integer(raw)?.to_string()),
            (DbType::Json, Class::Real) => Value::Json(decode::<f64>(raw)?.to_string()),
            (wanted, class) => {
                return Err(ValueError::Type {
                    wanted,
                    found: class.name(),
                });
            }
        })
    }
}

/// How SQLite keeps a value.
#[derive(Clone, Copy)]
enum Class {
    Integer,
    Real,
    Text,
    Blob,
}

impl Class {
    fn of(raw: &SqliteValueRef<'_>) -> Self {
        match raw.type_info().name() {
            "REAL" => Self::Real,
            "TEXT" => Self::Text,
            "BLOB" => Self::Blob,
            _ => Self::Integer,
        }
    }

    const fn name(self) -> &'static str {
        match self {
            Self::Integer => "an integer",
            Self::Real => "a floating point number",
            Self::Text => "text",
            Self::Blob => "bytes",
        }
    }
}

fn integer(raw: SqliteValueRef<'_>) -> Result<i64, ValueError> {
    decode(raw)
}

fn decode<'r, T: Decode<'r, Sqlite>>(raw: SqliteValueRef<'r>) -> Result<T, ValueError> {
    T::decode(raw).map_err(ValueError::refused)
}
