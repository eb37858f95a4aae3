//! [`DbValue`] and [`IntoValue`], and the types of the standard library and of goplt that have them.

use std::borrow::Cow;

use super::{DbType, Value, ValueError};
use crate::{RequestId, TenantId, Timestamp, Uuid};

/// A type that a column can be read as.
///
/// `#[derive(DbValue)]` gives it (and [`IntoValue`]) to a newtype over another one.
///
/// # Examples
///
/// ```
/// use goplt_core::data::{DbType, DbValue, IntoValue, Value, ValueError};
///
/// #[derive(Debug, PartialEq, DbValue)]
/// struct Slug(String);
///
/// assert_eq!(Slug::TYPE, DbType::Text);
/// assert_eq!(Slug::from_value(Slug("a".into()).into_value())?, Slug("a".into()));
/// assert_eq!(Slug::from_value(Value::Null(DbType::Text)), Err(ValueError::Null));
/// # Ok::<_, ValueError>(())
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be read from a column",
    note = "derive `DbValue` for a newtype, wrap what is kept as JSON in `Json`, or derive `FromRow` for a whole row"
)]
pub trait DbValue: Sized {
    /// The type of the column.
    const TYPE: DbType;

    /// From a value of that type.
    ///
    /// # Errors
    ///
    /// A [`ValueError`] if it is NULL, of another type or out of range.
    fn from_value(value: Value) -> Result<Self, ValueError>;
}

/// What can be bound to a statement: every [`DbValue`], references to one, `&str`, `&[u8]`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be bound to a statement",
    note = "derive `DbValue` for a newtype, or wrap what is kept as JSON in `Json`"
)]
pub trait IntoValue {
    /// The value. What cannot be kept becomes [`Value::Invalid`], and the statement fails.
    fn into_value(self) -> Value;
}

macro_rules! values {
    ($($ty:ty, $db:ident, $variant:ident;)*) => {$(
        impl DbValue for $ty {
            const TYPE: DbType = DbType::$db;

            #[inline]
            fn from_value(value: Value) -> Result<Self, ValueError> {
                match value {
                    Value::$variant(value) => Ok(value),
                    other => Err(ValueError::of(Self::TYPE, &other)),
                }
            }
        }
    )*};
}

macro_rules! bound {
    ($($ty:ty, $value:ident => $into:expr;)*) => {$(
        impl IntoValue for $ty {
            #[inline]
            fn into_value(self) -> Value {
                let $value = self;
                $into
            }
        }
    )*};
}

macro_rules! integers {
    ($($ty:ident, $db:ident;)*) => {$(
        impl DbValue for $ty {
            const TYPE: DbType = DbType::$db;

            #[inline]
            fn from_value(value: Value) -> Result<Self, ValueError> {
                let number = match value {
                    Value::I64(number) => number,
                    Value::I32(number) => number.into(),
                    Value::I16(number) => number.into(),
                    other => return Err(ValueError::of(Self::TYPE, &other)),
                };
                let wanted = stringify!($ty);
                Self::try_from(number).map_err(|_| ValueError::Range { found: number, wanted })
            }
        }
    )*};
}

values! {
    bool, Bool, Bool;
    f64, F64, F64;
    String, Text, Text;
    Vec<u8>, Bytes, Bytes;
    Uuid, Uuid, Uuid;
    Timestamp, Timestamp, Timestamp;
}

integers! {
    i16, I16;
    i32, I32;
    i64, I64;
    u32, I64;
}

bound! {
    bool, value => Value::Bool(value);
    i16, value => Value::I16(value);
    i32, value => Value::I32(value);
    i64, value => Value::I64(value);
    u32, value => Value::I64(value.into());
    f64, value => float(value);
    String, value => text(value);
    &str, value => text(value.to_owned());
    Cow<'_, str>, value => text(value.into_owned());
    Vec<u8>, value => Value::Bytes(value);
    &[u8], value => Value::Bytes(value.to_vec());
    Uuid, value => Value::Uuid(value);
    Timestamp, value => Value::Timestamp(value);
    TenantId, value => Value::Text(value.as_str().to_owned());
    RequestId, value => Value::Text(value.as_str().to_owned());
    Value, value => value;
}

impl<const N: usize> IntoValue for &[u8; N] {
    fn into_value(self) -> Value {
        Value::Bytes(self.to_vec())
    }
}

impl DbValue for TenantId {
    const TYPE: DbType = DbType::Text;

    fn from_value(value: Value) -> Result<Self, ValueError> {
        String::from_value(value)?
            .parse()
            .map_err(ValueError::refused)
    }
}

impl DbValue for RequestId {
    const TYPE: DbType = DbType::Text;

    fn from_value(value: Value) -> Result<Self, ValueError> {
        String::from_value(value)?
            .parse()
            .map_err(ValueError::refused)
    }
}

impl<T: DbValue> DbValue for Option<T> {
    const TYPE: DbType = T::TYPE;

    #[inline]
    fn from_value(value: Value) -> Result<Self, ValueError> {
        match value {
            Value::Null(_) => Ok(None),
            value => T::from_value(value).map(Some),
        }
    }
}

impl<T: DbValue + IntoValue> IntoValue for Option<T> {
    #[inline]
    fn into_value(self) -> Value {
        self.map_or(Value::Null(T::TYPE), T::into_value)
    }
}

impl IntoValue for Option<&str> {
    fn into_value(self) -> Value {
        self.map_or(Value::Null(DbType::Text), IntoValue::into_value)
    }
}

impl IntoValue for Option<&[u8]> {
    fn into_value(self) -> Value {
        self.map_or(Value::Null(DbType::Bytes), IntoValue::into_value)
    }
}

impl<T: IntoValue + Clone> IntoValue for &T {
    fn into_value(self) -> Value {
        self.clone().into_value()
    }
}

/// NaN is NULL to SQLite, and a negative zero loses its sign there.
fn float(value: f64) -> Value {
    if value.is_nan() {
        return Value::Invalid(ValueError::Unstorable("NaN cannot be stored"));
    }
    Value::F64(if value == 0.0 { 0.0 } else { value })
}

fn text(value: String) -> Value {
    if value.as_bytes().contains(&0) {
        return Value::Invalid(ValueError::Unstorable(
            "text with a NUL character cannot be stored",
        ));
    }
    Value::Text(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn integers_widen_and_do_not_wrap() {
        assert_eq!(i64::from_value(Value::I16(-3)), Ok(-3));
        assert_eq!(u32::from_value(Value::I64(u32::MAX.into())), Ok(u32::MAX));
        let error = u32::from_value(Value::I64(-1)).unwrap_err();
        assert_eq!(error.to_string(), "holds -1, which is out of range for u32");
    }

    #[test]
    fn none_keeps_its_type() {
        assert_eq!(None::<Uuid>.into_value(), Value::Null(DbType::Uuid));
        assert_eq!(
            Option::<Uuid>::from_value(Value::Null(DbType::Uuid)),
            Ok(None)
        );
    }

    #[test]
    fn what_one_of_the_databases_refuses_is_refused_everywhere() {
        assert_eq!(f64::NAN.into_value().db_type(), None);
        assert_eq!("a\0b".into_value().db_type(), None);
        let Value::F64(zero) = (-0.0).into_value() else {
            panic!("a number")
        };
        assert!(zero.is_sign_positive());
    }

    #[test]
    fn a_reference_binds_like_its_value() {
        let name = String::from("ada");
        assert_eq!((&name).into_value(), Value::Text("ada".into()));
        assert_eq!((&&name).into_value(), Value::Text("ada".into()));
    }
}
