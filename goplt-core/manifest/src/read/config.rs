//! `config`.

use super::{Fields, Reader, fields, keys::CONFIG_KEYS, routes::is_snake_case};
use crate::{
    ConfigDecl, ConfigKind, parse_duration, suggest,
    yaml::{Key, Node, Value},
};

/// No field of a struct can have these names, not even as raw identifiers.
const UNUSABLE: [&str; 3] = ["crate", "self", "super"];

impl Reader<'_> {
    pub(super) fn config(&mut self, fields: &Fields<'_>) -> Vec<ConfigDecl> {
        fields
            .map(self.report, "config")
            .iter()
            .filter_map(|(key, node)| self.setting(key, node))
            .collect()
    }

    fn setting(&mut self, key: &Key, node: &Node) -> Option<ConfigDecl> {
        let name = self.setting_name(key);
        let fields = Fields::open(self.report, node, "a setting", CONFIG_KEYS)?;
        let kind = self.kind(&fields);
        let description = fields.description(self.report);
        let mut setting = ConfigDecl {
            name: name?,
            kind: kind?,
            default: None,
            development: None,
            values: Vec::new(),
            min: None,
            max: None,
            description,
            mark: key.mark,
        };
        self.limits(&fields, &mut setting);
        setting.default = self.default(&fields, "default", &setting);
        setting.development = self.default(&fields, "development", &setting);
        if let (ConfigKind::Secret, Some(node)) = (setting.kind, fields.get("default")) {
            self.report.mend(
                node.mark,
                "a secret has no default",
                "remove it; `development: …` gives one for development alone",
            );
            setting.default = None;
        }
        Some(setting)
    }

    fn setting_name(&mut self, key: &Key) -> Option<String> {
        if is_snake_case(&key.name) && !UNUSABLE.contains(&key.name.as_str()) {
            return Some(key.name.clone());
        }
        let name = crate::error::shorten(&key.name);
        let message = match is_snake_case(&key.name) {
            true => {
                format!("a setting cannot be called `{name}`: the word belongs to the language")
            }
            false => {
                format!(
                    "`{name}` is not the name of a setting: `[a-z][a-z0-9_]*`, at most 63 characters"
                )
            }
        };
        self.report.error(key.mark, message);
        None
    }

    fn kind(&mut self, fields: &Fields<'_>) -> Option<ConfigKind> {
        let names = ConfigKind::ALL.map(ConfigKind::as_str);
        let help = format!("add one of {}", names.join(", "));
        let (text, mark) = fields.required(self.report, "type", &help)?;
        let kind = ConfigKind::parse(text);
        if kind.is_none() {
            let message = format!("unknown type `{}`", crate::error::shorten(text));
            match suggest(text, names.into_iter()) {
                Some(near) => self
                    .report
                    .error(mark, format!("{message}; did you mean `{near}`?")),
                None => {
                    let help = format!("write one of {}", names.join(", "));
                    self.report.mend(mark, message, help);
                }
            }
        }
        kind
    }

    /// `values`, `min` and `max`, each where it has a meaning.
    fn limits(&mut self, fields: &Fields<'_>, setting: &mut ConfigDecl) {
        let textual = matches!(setting.kind, ConfigKind::String | ConfigKind::StringList);
        if let Some(node) = fields.get("values") {
            if textual {
                setting.values = fields::list(self.report, node, "values")
                    .iter()
                    .filter_map(|item| fields::item(self.report, item, "an allowed value"))
                    .map(str::to_owned)
                    .collect();
            } else {
                let message = format!(
                    "`values` belongs to strings, not to type `{}`",
                    setting.kind
                );
                self.report.mend(node.mark, message, "remove it");
            }
        }
        setting.min = self.bound(fields, "min", setting.kind);
        setting.max = self.bound(fields, "max", setting.kind);
        if let (Some(min), Some(max), Some(node)) = (setting.min, setting.max, fields.get("max"))
            && min > max
        {
            let message = format!("`max` {max} is less than `min` {min}");
            self.report.mend(node.mark, message, "swap them");
        }
    }

    fn bound(&mut self, fields: &Fields<'_>, key: &str, kind: ConfigKind) -> Option<f64> {
        let node = fields.get(key)?;
        if !matches!(kind, ConfigKind::Integer | ConfigKind::Number) {
            let message = format!("`{key}` belongs to numbers, not to type `{kind}`");
            self.report.mend(node.mark, message, "remove it");
            return None;
        }
        let bound = number(&node.value).filter(|bound| bound.is_finite());
        if bound.is_none() {
            let found = node.value.kind();
            self.report
                .error(node.mark, format!("`{key}` is a number, found {found}"));
        }
        bound
    }

    /// The default under a key, if it is there and fits the type, the values and the bounds.
    fn default(&mut self, fields: &Fields<'_>, key: &str, setting: &ConfigDecl) -> Option<Value> {
        let node = fields.get(key)?;
        match setting.check(node) {
            Ok(value) => Some(value),
            Err((message, help)) => {
                self.report
                    .push(node.mark, format!("`{key}`: {message}"), help);
                None
            }
        }
    }
}

/// What is wrong with a value, and the mend.
type Refusal = (String, Option<String>);

impl ConfigDecl {
    /// The node's value if it fits this setting. A whole number fits `number`, and becomes one.
    fn check(&self, node: &Node) -> Result<Value, Refusal> {
        let value = self.convert(node)?;
        self.check_bounds(&value)?;
        self.check_values(&value)?;
        Ok(value)
    }

    fn convert(&self, node: &Node) -> Result<Value, Refusal> {
        let value = &node.value;
        match (self.kind, value) {
            (ConfigKind::String | ConfigKind::Secret, Value::String(_))
            | (ConfigKind::Integer, Value::Int(_))
            | (ConfigKind::Boolean, Value::Bool(_)) => Ok(value.clone()),
            (ConfigKind::Number, Value::Int(_) | Value::Float(_)) => number(value)
                .filter(|number| number.is_finite())
                .map(Value::Float)
                .ok_or_else(|| ("the number is not finite".to_owned(), None)),
            (ConfigKind::Duration, Value::String(text)) => match parse_duration(text) {
                Ok(_) => Ok(value.clone()),
                Err(error) => Err((error.to_string(), None)),
            },
            (ConfigKind::Duration, Value::Int(number)) => Err((
                format!("`{number}` has no unit"),
                Some(format!(
                    "write `{number}s` for seconds or `{number}ms` for milliseconds"
                )),
            )),
            (ConfigKind::StringList, Value::List(items)) => {
                match items
                    .iter()
                    .find(|item| !matches!(item.value, Value::String(_)))
                {
                    None => Ok(value.clone()),
                    Some(item) => Err(mismatch("a list of strings holds", "text", item)),
                }
            }
            (ConfigKind::Boolean, Value::String(text)) => {
                let (message, _) = mismatch("type `boolean` is", expected(self.kind), node);
                let help = match text.to_ascii_lowercase().as_str() {
                    "yes" | "on" => Some("write true".to_owned()),
                    "no" | "off" => Some("write false".to_owned()),
                    _ => None,
                };
                Err((message, help))
            }
            _ => Err(mismatch(
                &format!("type `{}` is", self.kind),
                expected(self.kind),
                node,
            )),
        }
    }

    fn check_bounds(&self, value: &Value) -> Result<(), Refusal> {
        let Some(number) = number(value) else {
            return Ok(());
        };
        if let Some(min) = self.min.filter(|min| number < *min) {
            return Err((format!("{value} is less than `min` {min}"), None));
        }
        if let Some(max) = self.max.filter(|max| number > *max) {
            return Err((format!("{value} is more than `max` {max}"), None));
        }
        Ok(())
    }

    fn check_values(&self, value: &Value) -> Result<(), Refusal> {
        if self.values.is_empty() {
            return Ok(());
        }
        let texts: Vec<&str> = match value {
            Value::String(text) => vec![text],
            Value::List(items) => items.iter().filter_map(Node::text).collect(),
            _ => return Ok(()),
        };
        for text in texts {
            if !self.values.iter().any(|allowed| allowed == text) {
                let allowed = self.values.join("`, `");
                let message = format!("`{text}` is not among the allowed values");
                return Err((message, Some(format!("allowed are `{allowed}`"))));
            }
        }
        Ok(())
    }
}

fn mismatch(rule: &str, expected: &str, node: &Node) -> Refusal {
    let message = format!("{rule} {expected}, found {}", node.value.kind());
    let quoted = node
        .text()
        .filter(|text| expected == "text" && !text.is_empty() && node.value != Value::Null)
        .map(|text| format!("write {text:?}"));
    (message, quoted)
}

fn expected(kind: ConfigKind) -> &'static str {
    match kind {
        ConfigKind::String | ConfigKind::Secret => "text",
        ConfigKind::Integer => "a whole number",
        ConfigKind::Number => "a number",
        ConfigKind::Boolean => "`true` or `false`",
        ConfigKind::Duration => "a number with a unit, such as `30s`",
        ConfigKind::StringList => "a list",
    }
}

fn number(value: &Value) -> Option<f64> {
    match value {
        // Bounds beyond 2^53 are rounded, which no setting notices.
        Value::Int(number) => Some(*number as f64),
        Value::Float(number) => Some(*number),
        _ => None,
    }
}
