//! From columns to our values.

use sqlx::{
    Column, Row, ValueRef,
    postgres::{PgRow, PgTypeInfo, PgValueRef},
};

use super::{numeric, oid};
use crate::{
    Timestamp, Uuid,
    data::{DbType, Value, ValueError, row::RawRow},
};

impl RawRow for PgRow {
    fn len(&self) -> usize {
        self.columns().len()
    }

    fn name(&self, column: usize) -> &str {
        self.columns()[column].name()
    }

    fn value(&self, column: usize, ty: DbType) -> Result<Value, ValueError> {
        let raw = self.try_get_raw(column).map_err(ValueError::refused)?;
        value(&raw, self.columns()[column].type_info(), ty)
    }
}

fn value(raw: &PgValueRef<'_>, column: &PgTypeInfo, ty: DbType) -> Result<Value, ValueError> {
    if raw.is_null() {
        return Ok(Value::Null(ty));
    }
    let bytes = raw.as_bytes().map_err(ValueError::refused)?;
    let found = column.oid().map_or(oid::UNKNOWN, |oid| oid.0);
    Ok(match (ty, found) {
        (DbType::Bool, oid::BOOL) => Value::Bool(bytes != [0]),
        (DbType::I16 | DbType::I32 | DbType::I64, oid::INT8 | oid::INT2 | oid::INT4) => {
            Value::I64(integer(bytes)?)
        }
        // A sum of BIGINT is NUMERIC.
        (DbType::I16 | DbType::I32 | DbType::I64, oid::NUMERIC) => {
            Value::I64(numeric::integer(bytes)?)
        }
        (DbType::F64, oid::FLOAT8) => Value::F64(f64::from_be_bytes(fixed(bytes)?)),
        (DbType::F64, oid::FLOAT4) => Value::F64(f32::from_be_bytes(fixed(bytes)?).into()),
        #[expect(
            clippy::cast_precision_loss,
            reason = "asked for as a floating point number"
        )]
        (DbType::F64, oid::INT8 | oid::INT2 | oid::INT4) => Value::F64(integer(bytes)? as f64),
        (DbType::F64, oid::NUMERIC) => Value::F64(numeric::float(bytes)?),
        (DbType::Text, oid::TEXT | oid::VARCHAR | oid::BPCHAR | oid::NAME | oid::UNKNOWN) => {
            Value::Text(text(bytes)?)
        }
        (DbType::Bytes, oid::BYTEA) => Value::Bytes(bytes.to_vec()),
        (DbType::Uuid, oid::UUID) => Value::Uuid(Uuid::from_bytes(fixed(bytes)?)),
        (DbType::Timestamp, oid::TIMESTAMPTZ) => Value::Timestamp(time(bytes)?),
        (DbType::Json, oid::JSONB) => match bytes.split_first() {
            Some((&super::JSONB_VERSION, json)) => Value::Json(text(json)?),
            _ => return Err(ValueError::Unstorable("holds JSONB of an unknown version")),
        },
        (DbType::Json, oid::JSON | oid::TEXT) => Value::Json(text(bytes)?),
        (wanted, _) => {
            return Err(ValueError::Type {
                wanted,
                found: name(found),
            });
        }
    })
}

fn integer(bytes: &[u8]) -> Result<i64, ValueError> {
    Ok(match bytes.len() {
        2 => i16::from_be_bytes(fixed(bytes)?).into(),
        4 => i32::from_be_bytes(fixed(bytes)?).into(),
        _ => i64::from_be_bytes(fixed(bytes)?),
    })
}

fn time(bytes: &[u8]) -> Result<Timestamp, ValueError> {
    const INFINITY: &str = "is `infinity`, which no time is";
    match i64::from_be_bytes(fixed(bytes)?) {
        i64::MAX | i64::MIN => Err(ValueError::Unstorable(INFINITY)),
        since => match since.checked_add(super::EPOCH) {
            Some(micros) => Ok(Timestamp::from_micros(micros)),
            None => Err(ValueError::Unstorable(INFINITY)),
        },
    }
}

fn text(bytes: &[u8]) -> Result<String, ValueError> {
    std::str::from_utf8(bytes)
        .map(ToOwned::to_owned)
        .map_err(ValueError::refused)
}

fn fixed<const N: usize>(bytes: &[u8]) -> Result<[u8; N], ValueError> {
    bytes
        .try_into()
        .map_err(|_| ValueError::Unstorable("has another length than its type"))
}

/// The column's type as an error tells it.
const fn name(found: u32) -> &'static str {
    match found {
        oid::BOOL => "BOOLEAN",
        oid::BYTEA => "bytes",
        oid::INT8 | oid::INT2 | oid::INT4 => "an integer",
        oid::TEXT | oid::VARCHAR | oid::BPCHAR | oid::NAME | oid::UNKNOWN => "text",
        oid::JSON | oid::JSONB => "JSON",
        oid::FLOAT4 | oid::FLOAT8 => "a floating point number",
        oid::NUMERIC => "NUMERIC",
        oid::TIMESTAMPTZ => "TIMESTAMPTZ",
        oid::UUID => "UUID",
        _ => "a type that goplt does not read",
    }
}
