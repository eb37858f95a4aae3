//! One parameter, read as whatever the field is.

use std::{any::type_name, fmt, str::FromStr};

use serde::{
    Deserializer,
    de::{self, IntoDeserializer, Visitor, value::StringDeserializer},
    forward_to_deserialize_any,
};

use super::cut;

pub(super) struct Value(pub(super) String);

/// What is told of a parameter that cannot be read.
#[derive(Debug)]
pub(super) struct Mistake(pub(super) String);

impl Value {
    fn parse<T: FromStr>(&self) -> Result<T, Mistake> {
        self.0
            .parse()
            .map_err(|_| Mistake(format!("expected {}", type_name::<T>())))
    }
}

macro_rules! parsed {
    ($($method:ident: $visit:ident,)*) => {$(
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Mistake> {
            visitor.$visit(self.parse()?)
        }
    )*};
}

impl<'de> Deserializer<'de> for Value {
    type Error = Mistake;

    parsed! {
        deserialize_bool: visit_bool,
        deserialize_i8: visit_i8,
        deserialize_i16: visit_i16,
        deserialize_i32: visit_i32,
        deserialize_i64: visit_i64,
        deserialize_i128: visit_i128,
        deserialize_u8: visit_u8,
        deserialize_u16: visit_u16,
        deserialize_u32: visit_u32,
        deserialize_u64: visit_u64,
        deserialize_u128: visit_u128,
        deserialize_f32: visit_f32,
        deserialize_f64: visit_f64,
        deserialize_char: visit_char,
    }

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Mistake> {
        visitor.visit_string(self.0)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Mistake> {
        visitor.visit_some(self)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Mistake> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Mistake> {
        let value: StringDeserializer<Mistake> = self.0.into_deserializer();
        value.deserialize_enum(name, variants, visitor)
    }

    /// Asked for the value of a parameter that the struct does not have.
    fn deserialize_ignored_any<V: Visitor<'de>>(self, _: V) -> Result<V::Value, Mistake> {
        Err(Mistake("is not known".to_owned()))
    }

    forward_to_deserialize_any! {
        str string bytes byte_buf unit unit_struct seq tuple tuple_struct map struct identifier
    }
}

impl fmt::Display for Mistake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Mistake {}

impl de::Error for Mistake {
    fn custom<T: fmt::Display>(told: T) -> Self {
        Self(told.to_string())
    }

    fn missing_field(field: &'static str) -> Self {
        Self(format!("`{field}`: is missing"))
    }

    fn unknown_field(field: &str, _: &'static [&'static str]) -> Self {
        Self(format!("`{}`: is not known", cut(field)))
    }
}
