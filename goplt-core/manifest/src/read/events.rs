//! `events`.

use super::{Fields, Reader, Seen, fields, keys::EVENT_KEYS};
use crate::{EventDecl, Events, ModuleName};

impl Reader<'_> {
    pub(super) fn events(&mut self, fields: &Fields<'_>) -> Events {
        let Some(node) = fields.get("events") else {
            return Events::default();
        };
        let Some(fields) = Fields::open(self.report, node, "`events`", EVENT_KEYS) else {
            return Events::default();
        };
        Events {
            publishes: self.event_list(&fields, "publishes", true),
            subscribes: self.event_list(&fields, "subscribes", false),
        }
    }

    fn event_list(&mut self, fields: &Fields<'_>, key: &str, own: bool) -> Vec<EventDecl> {
        let mut seen = Seen::default();
        let mut events = Vec::new();
        for node in fields.list(self.report, key) {
            let Some(text) = fields::item(self.report, node, "an event") else {
                continue;
            };
            let Some(module) = module_of(text) else {
                let text = crate::error::shorten(text);
                self.report.mend(
                    node.mark,
                    format!("`{text}` is not an event: `module.entity.verb`"),
                    "write three parts of `[a-z0-9_-]+`, such as `blog.post.created`",
                );
                continue;
            };
            if let Some(name) = self
                .module
                .as_ref()
                .filter(|name| own && name.as_str() != module)
            {
                let rest = &text[module.len()..];
                self.report.mend(
                    node.mark,
                    format!("event `{text}` does not begin with the module's name"),
                    format!("write `{name}{rest}`: a module publishes only its own events"),
                );
                continue;
            }
            if seen.first(self.report, "event", text, node.mark) {
                events.push(EventDecl {
                    name: text.to_owned(),
                    mark: node.mark,
                });
            }
        }
        events
    }
}

/// The first of the three parts, if the text is an event's name.
fn module_of(text: &str) -> Option<&str> {
    let mut parts = text.split('.');
    let (module, entity, verb) = (parts.next()?, parts.next()?, parts.next()?);
    let holds = |part: &str| {
        !part.is_empty()
            && part
                .bytes()
                .all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'_' | b'-'))
    };
    let whole = parts.next().is_none() && text.len() <= 255;
    (whole && ModuleName::parse(module).is_ok() && holds(entity) && holds(verb)).then_some(module)
}
