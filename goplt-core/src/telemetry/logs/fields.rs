//! Fields of spans and events as JSON values.

use std::{error::Error, fmt};

use serde::{Serialize, Serializer};
use serde_json::Value;
use tracing::field::{Field, Visit};

/// Fields in their order, each once: of a span, kept beside it, or of a line.
#[derive(Debug, Clone, Default)]
pub(in crate::telemetry) struct Fields(Vec<(&'static str, Value)>);

impl Fields {
    /// Sets a field; one of the same name is replaced. What is meant for exporters of spans alone
    /// is left out.
    pub(super) fn set(&mut self, name: &'static str, value: impl Into<Value>) {
        if name.starts_with("otel.") {
            return;
        }
        let value = value.into();
        match self.0.iter_mut().find(|(known, _)| *known == name) {
            Some((_, known)) => *known = value,
            None => self.0.push((name, value)),
        }
    }

    /// Adds those whose names are new.
    pub(in crate::telemetry) fn add(&mut self, others: Self) {
        for (name, value) in others.0 {
            if !self.0.iter().any(|(known, _)| *known == name) {
                self.0.push((name, value));
            }
        }
    }

    /// Takes a field out.
    pub(in crate::telemetry) fn take(&mut self, name: &str) -> Option<Value> {
        let index = self.0.iter().position(|(known, _)| *known == name)?;
        Some(self.0.remove(index).1)
    }
}

impl IntoIterator for Fields {
    type Item = (&'static str, Value);
    type IntoIter = std::vec::IntoIter<Self::Item>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

impl Visit for Fields {
    fn record_f64(&mut self, field: &Field, value: f64) {
        self.set(field.name(), value);
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.set(field.name(), value);
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.set(field.name(), value);
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.set(field.name(), value);
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.set(field.name(), value);
    }

    fn record_error(&mut self, field: &Field, value: &(dyn Error + 'static)) {
        self.set(field.name(), crate::error::chain(value).to_string());
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.set(field.name(), format!("{value:?}"));
    }
}

impl Serialize for Fields {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(name, value)| (name, value)))
    }
}
