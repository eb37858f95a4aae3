//! One parameter, read as whatever the field is.

use std::{any::type_name, fmt, str::FromStr};

use serde::{
    Deserializer,
    de::{self, IntoDeserializer, Visitor, value::StringDeserializer},
    forward_to_deserialize_any,
};

use super::cut;

pub(super) struct Parameter {
    pub(super) name: String,
    pub(super) value: String,
}

/// What is told of a parameter that cannot be read.
#[derive(Debug)]
pub(super) struct Expected(pub(super) String);

impl Parameter {
    fn parse<T: FromStr>(&self) -> Result<T, Expected> {
        self.value.parse().map_err(|_| self.wrong(type_name::<T>()))
    }

    fn wrong(&self, expected: &str) -> Expected {
        Expected(format!(
            "the parameter `{}` is not a {expected}",
            cut(&self.name)
        ))
    }

    /// Puts the parameter's name before what its type says of it.
    fn named<T>(name: &str, read: Result<T, Expected>) -> Result<T, Expected> {
        read.map_err(|Expected(told)| {
            if told.starts_with("the parameter `") {
                return Expected(told);
            }
            Expected(format!("the parameter `{}`: {told}", cut(name)))
        })
    }
}

macro_rules! parsed {
    ($($method:ident: $visit:ident,)*) => {$(
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Expected> {
            visitor.$visit(self.parse()?)
        }
    )*};
}

impl<'de> Deserializer<'de> for Parameter {
    type Error = Expected;

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

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Expected> {
        Self::named(&self.name, visitor.visit_string(self.value))
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Expected> {
        visitor.visit_some(self)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Expected> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Expected> {
        let value: StringDeserializer<Expected> = self.value.into_deserializer();
        Self::named(&self.name, value.deserialize_enum(name, variants, visitor))
    }

    /// Asked for the value of a parameter that the struct does not have.
    fn deserialize_ignored_any<V: Visitor<'de>>(self, _: V) -> Result<V::Value, Expected> {
        Err(Expected(format!(
            "the parameter `{}` is not known",
            cut(&self.name)
        )))
    }

    forward_to_deserialize_any! {
        str string bytes byte_buf unit unit_struct seq tuple tuple_struct map struct identifier
    }
}

impl<'de> IntoDeserializer<'de, Expected> for Parameter {
    type Deserializer = Self;

    fn into_deserializer(self) -> Self {
        self
    }
}

impl fmt::Display for Expected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Expected {}

impl de::Error for Expected {
    fn custom<T: fmt::Display>(told: T) -> Self {
        Self(told.to_string())
    }

    fn missing_field(field: &'static str) -> Self {
        Self(format!("the parameter `{field}` is missing"))
    }

    fn unknown_field(field: &str, _: &'static [&'static str]) -> Self {
        Self(format!("the parameter `{}` is not known", cut(field)))
    }
}
