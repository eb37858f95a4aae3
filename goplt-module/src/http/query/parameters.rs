//! All parameters, read as a struct.

use std::vec::IntoIter;

use serde::{
    Deserializer,
    de::{DeserializeSeed, IntoDeserializer, MapAccess, Visitor},
    forward_to_deserialize_any,
};

use super::{
    cut,
    value::{Mistake, Value},
};

pub(super) struct Parameters {
    rest: IntoIter<(String, String)>,
    /// The one whose name has been read and whose value has not.
    open: Option<(String, String)>,
}

impl Parameters {
    pub(super) fn new(pairs: Vec<(String, String)>) -> Self {
        Self {
            rest: pairs.into_iter(),
            open: None,
        }
    }
}

impl<'de> Deserializer<'de> for Parameters {
    type Error = Mistake;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Mistake> {
        visitor.visit_map(self)
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option
        unit unit_struct newtype_struct seq tuple tuple_struct map struct enum identifier ignored_any
    }
}

impl<'de> MapAccess<'de> for Parameters {
    type Error = Mistake;

    fn next_key_seed<K: DeserializeSeed<'de>>(
        &mut self,
        seed: K,
    ) -> Result<Option<K::Value>, Mistake> {
        self.open = self.rest.next();
        let name = self.open.as_ref().map(|(name, _)| name.as_str());
        name.map(|name| seed.deserialize(name.into_deserializer()))
            .transpose()
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Mistake> {
        let (name, value) = self.open.take().unwrap_or_default();
        let read = seed.deserialize(Value(value));
        read.map_err(|Mistake(told)| Mistake(format!("`{}`: {told}", cut(&name))))
    }
}
