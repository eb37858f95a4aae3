//! [`AuditEntry`]: what was done, to what.

use std::borrow::Cow;

use serde::Serialize;
use serde_json::{Map, Value};

use crate::event::Actor;

/// What was done, to what. The rest is known to the transaction that records it.
///
/// # Examples
///
/// ```
/// use goplt_core::audit::AuditEntry;
///
/// let entry = AuditEntry::new("blog.post.hidden", "blog.post")
///     .with_resource_id("p1")
///     .with_detail("reports", 3);
/// assert_eq!(entry.metadata(), r#"{"reports":3}"#);
/// ```
#[derive(Debug, Clone, PartialEq)]
#[must_use = "it is written down when it is given to `record`"]
pub struct AuditEntry {
    pub(super) action: Cow<'static, str>,
    pub(super) resource: Cow<'static, str>,
    pub(super) resource_id: Option<String>,
    pub(super) actor: Option<Actor>,
    details: Map<String, Value>,
}

/// The most characters of one text; the rest is cut off.
const TEXT: usize = 255;

/// The most bytes of all details together.
const METADATA: usize = 16 * 1_024;

impl AuditEntry {
    /// An action such as `authz.role.assigned`, on a kind of thing such as `authz.role`.
    pub fn new(
        action: impl Into<Cow<'static, str>>,
        resource: impl Into<Cow<'static, str>>,
    ) -> Self {
        Self {
            action: clean(action.into()),
            resource: clean(resource.into()),
            resource_id: None,
            actor: None,
            details: Map::new(),
        }
    }

    /// Which one of its kind.
    pub fn with_resource_id(mut self, id: impl Into<String>) -> Self {
        self.resource_id = Some(clean(Cow::Owned(id.into())).into_owned());
        self
    }

    /// Who acted, where the request does not say: whoever logs in is anonymous until then.
    pub fn with_actor(mut self, actor: Actor) -> Self {
        self.actor = Some(match actor {
            Actor::User(subject) => Actor::User(clean(subject.into()).into_owned()),
            Actor::Service(subject) => Actor::Service(clean(subject.into()).into_owned()),
        });
        self
    }

    /// Something else worth knowing. No secrets: entries are read by people, and never deleted.
    ///
    /// A text is cut to 255 characters; what cannot be JSON becomes `null`.
    pub fn with_detail(mut self, name: &str, value: impl Serialize) -> Self {
        let value = match serde_json::to_value(value) {
            Ok(Value::String(text)) => Value::String(clean(text.into()).into_owned()),
            Ok(value) => value,
            Err(_) => Value::Null,
        };
        self.details.insert(name.to_owned(), value);
        self
    }

    /// What was done.
    #[must_use]
    pub fn action(&self) -> &str {
        &self.action
    }

    /// The details as a JSON object. Beyond 16 KiB they are replaced by a note of their size.
    #[must_use]
    pub fn metadata(&self) -> String {
        let text = Value::Object(self.details.clone()).to_string();
        if text.len() <= METADATA {
            return text;
        }
        format!(r#"{{"dropped_bytes":{}}}"#, text.len())
    }
}

/// Without the one character that no database stores, and not longer than [`TEXT`].
fn clean(text: Cow<'static, str>) -> Cow<'static, str> {
    let fits = text.len() <= TEXT || text.chars().count() <= TEXT;
    if fits && !text.contains('\0') {
        return text;
    }
    let kept = text.chars().filter(|c| *c != '\0').take(TEXT);
    Cow::Owned(kept.collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_comes_from_outside_is_cut() {
        let long = "ä".repeat(4_000);
        let entry = AuditEntry::new("a.b.c", "r")
            .with_resource_id(format!("\0{long}"))
            .with_detail("email", long);
        assert_eq!(entry.resource_id.as_deref().unwrap().chars().count(), TEXT);
        assert!(entry.metadata().len() < 600);
    }

    #[test]
    fn details_without_measure_are_replaced_by_their_size() {
        let entry = AuditEntry::new("a.b.c", "r").with_detail("all", vec!["x"; 10_000]);
        assert_eq!(entry.metadata(), r#"{"dropped_bytes":40009}"#);
    }

    #[test]
    fn what_is_no_json_is_null() {
        let map = std::collections::HashMap::from([((1, 2), 3)]);
        let entry = AuditEntry::new("a.b.c", "r").with_detail("map", map);
        assert_eq!(entry.metadata(), r#"{"map":null}"#);
    }
}
