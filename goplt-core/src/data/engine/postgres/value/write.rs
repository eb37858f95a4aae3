//! From our values to bound parameters. Each says its type, so that NULL has one too.

use sqlx::{
    Arguments, Encode, Postgres, Type,
    encode::IsNull,
    error::BoxDynError,
    postgres::{PgArgumentBuffer, PgArguments, PgTypeInfo, types::Oid},
};

use super::oid;
use crate::data::{DbError, DbType, Value, ValueError};

/// The values in the driver's form.
pub(in super::super) fn arguments(values: Vec<Value>) -> Result<PgArguments, DbError> {
    let mut arguments = PgArguments::default();
    arguments.reserve(values.len(), values.len() * 16);
    for (index, value) in values.into_iter().enumerate() {
        add(&mut arguments, value).map_err(|source| DbError::Bind {
            index: index + 1,
            source,
        })?;
    }
    Ok(arguments)
}

fn add(arguments: &mut PgArguments, value: Value) -> Result<(), ValueError> {
    if let Value::Invalid(error) = value {
        return Err(error);
    }
    arguments.add(Param(value)).map_err(ValueError::refused)
}

/// A value that is no [`Value::Invalid`].
struct Param(Value);

impl Type<Postgres> for Param {
    fn type_info() -> PgTypeInfo {
        PgTypeInfo::with_oid(Oid(oid::TEXT))
    }
}

impl Encode<'_, Postgres> for Param {
    fn encode_by_ref(&self, buffer: &mut PgArgumentBuffer) -> Result<IsNull, BoxDynError> {
        match &self.0 {
            Value::Null(_) => return Ok(IsNull::Yes),
            Value::Bool(value) => buffer.push(u8::from(*value)),
            Value::I16(value) => buffer.extend_from_slice(&value.to_be_bytes()),
            Value::I32(value) => buffer.extend_from_slice(&value.to_be_bytes()),
            Value::I64(value) => buffer.extend_from_slice(&value.to_be_bytes()),
            Value::F64(value) => buffer.extend_from_slice(&value.to_be_bytes()),
            Value::Text(value) => buffer.extend_from_slice(value.as_bytes()),
            Value::Bytes(value) => buffer.extend_from_slice(value),
            Value::Uuid(value) => buffer.extend_from_slice(value.as_bytes()),
            Value::Timestamp(value) => {
                let since = value.as_micros().checked_sub(super::EPOCH);
                let since = since.ok_or("the time lies before all that PostgreSQL keeps")?;
                buffer.extend_from_slice(&since.to_be_bytes());
            }
            Value::Json(value) => {
                buffer.push(super::JSONB_VERSION);
                buffer.extend_from_slice(value.as_bytes());
            }
            Value::Invalid(error) => return Err(error.clone().into()),
        }
        Ok(IsNull::No)
    }

    fn produces(&self) -> Option<PgTypeInfo> {
        let oid = match self.0.db_type()? {
            DbType::Bool => oid::BOOL,
            DbType::I16 => oid::INT2,
            DbType::I32 => oid::INT4,
            DbType::I64 => oid::INT8,
            DbType::F64 => oid::FLOAT8,
            DbType::Text => oid::TEXT,
            DbType::Bytes => oid::BYTEA,
            DbType::Uuid => oid::UUID,
            DbType::Timestamp => oid::TIMESTAMPTZ,
            DbType::Json => oid::JSONB,
        };
        Some(PgTypeInfo::with_oid(Oid(oid)))
    }
}
