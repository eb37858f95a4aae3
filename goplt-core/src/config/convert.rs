//! From what is written to what is declared.

use std::{fmt, time::Duration};

use goplt_manifest::{
    ConfigDecl, ConfigKind, parse_duration, suggest,
    yaml::{self, Mark, Node, Value},
};
use secrecy::SecretString;

use super::{ConfigErrorKind, error::shorten};

/// A value of the declared type.
#[derive(Debug, Clone)]
pub(super) enum Typed {
    String(String),
    Integer(i64),
    Number(f64),
    Boolean(bool),
    Duration(Duration),
    List(Vec<String>),
    Secret(SecretString),
}

/// A value as a source has it.
#[derive(Clone, Copy)]
pub(super) enum Raw<'a> {
    /// From a file, or a declared default.
    Node(&'a Node),
    /// From a variable or a flag.
    Text(&'a str),
}

/// Why a value does not fit.
#[derive(Debug)]
pub(super) struct Refusal {
    pub(super) kind: ConfigErrorKind,
    pub(super) message: String,
    pub(super) help: Option<String>,
}

/// `None` if the source says "nothing" (YAML's null): the layer below decides.
pub(super) fn convert(
    decl: &ConfigDecl,
    key: &str,
    raw: Raw<'_>,
) -> Result<Option<Typed>, Refusal> {
    let parsed;
    let node = match raw {
        Raw::Node(node) if node.value == Value::Null => return Ok(None),
        Raw::Node(node) => node,
        Raw::Text(text) => {
            parsed = read_text(decl.kind, text);
            &parsed
        }
    };
    let typed = typed(decl.kind, key, node)?;
    check_bounds(decl, key, &typed)?;
    check_values(decl, key, &typed)?;
    Ok(Some(typed))
}

/// A variable or flag as the node that a file would have.
fn read_text(kind: ConfigKind, text: &str) -> Node {
    let string = |text: &str| Node::new(Mark::START, Value::String(text.to_owned()));
    match kind {
        ConfigKind::String | ConfigKind::Secret => string(text),
        ConfigKind::StringList if text.trim_start().starts_with('[') => {
            yaml::parse(text).unwrap_or_else(|_| string(text))
        }
        ConfigKind::StringList => {
            let items = text
                .split(',')
                .map(str::trim)
                .filter(|item| !item.is_empty());
            Node::new(Mark::START, Value::List(items.map(string).collect()))
        }
        _ => Node::plain(Mark::START, text.trim()),
    }
}

fn typed(kind: ConfigKind, key: &str, node: &Node) -> Result<Typed, Refusal> {
    let wrong = || wrong_type(kind, key, node);
    match (kind, &node.value) {
        (ConfigKind::String, _) => text(node).map(Typed::String).ok_or_else(wrong),
        (ConfigKind::Secret, _) => text(node)
            .map(|text| Typed::Secret(text.into()))
            .ok_or_else(wrong),
        (ConfigKind::Integer, Value::Int(number)) => Ok(Typed::Integer(*number)),
        #[expect(clippy::cast_precision_loss, reason = "a float is what is declared")]
        (ConfigKind::Number, Value::Int(number)) => Ok(Typed::Number(*number as f64)),
        (ConfigKind::Number, Value::Float(number)) if number.is_finite() => {
            Ok(Typed::Number(*number))
        }
        (ConfigKind::Boolean, Value::Bool(value)) => Ok(Typed::Boolean(*value)),
        (ConfigKind::Duration, Value::String(text)) => parse_duration(text)
            .map(Typed::Duration)
            .map_err(|_| wrong()),
        (ConfigKind::StringList, Value::List(items)) => {
            let items: Option<Vec<String>> = items.iter().map(text).collect();
            items.map(Typed::List).ok_or_else(wrong)
        }
        _ => Err(wrong()),
    }
}

fn text(node: &Node) -> Option<String> {
    match &node.value {
        Value::Null | Value::List(_) | Value::Map(_) => None,
        value => Some(node.text().map_or_else(|| value.to_string(), str::to_owned)),
    }
}

fn wrong_type(kind: ConfigKind, key: &str, node: &Node) -> Refusal {
    let found = match (&node.value, node.text()) {
        // Secrets never convert from text wrongly, so this is a list or a map.
        _ if kind == ConfigKind::Secret => node.value.kind().to_owned(),
        (Value::String(text), _) if text.is_empty() => "an empty text".to_owned(),
        (Value::String(text), _) => format!("the text `{}`", shorten(text)),
        (Value::Null, _) => "nothing".to_owned(),
        (_, Some(text)) => format!("`{}`", shorten(text)),
        (value, None) => value.kind().to_owned(),
    };
    let help = match (kind, &node.value) {
        (ConfigKind::Duration, Value::Int(number)) if *number >= 0 => Some(format!(
            "add a unit: `{number}s` for seconds, `{number}ms` for milliseconds"
        )),
        (ConfigKind::StringList, Value::String(text)) => {
            Some(format!("write a list: `[{}]`", shorten(text)))
        }
        (ConfigKind::Integer | ConfigKind::Number, Value::String(text))
            if matches!(yaml::scalar(text), Value::Int(_) | Value::Float(_)) =>
        {
            Some("write it without quotes".to_owned())
        }
        (ConfigKind::Boolean, Value::String(text))
            if matches!(yaml::scalar(text), Value::Bool(_)) =>
        {
            Some("write it without quotes".to_owned())
        }
        _ => None,
    };
    let message = format!("`{key}` is {}, found {found}", expected(kind));
    Refusal {
        kind: ConfigErrorKind::WrongType,
        message,
        help,
    }
}

fn expected(kind: ConfigKind) -> &'static str {
    match kind {
        ConfigKind::Integer => "a whole number",
        ConfigKind::Number => "a number",
        ConfigKind::Boolean => "`true` or `false`",
        ConfigKind::Duration => "a length of time such as `30s`, `5m` or `1h30m`",
        ConfigKind::StringList => "a list of texts",
        _ => "text",
    }
}

fn check_bounds(decl: &ConfigDecl, key: &str, typed: &Typed) -> Result<(), Refusal> {
    let number = match typed {
        #[expect(
            clippy::cast_precision_loss,
            reason = "bounds beyond 2^53 may be rounded"
        )]
        Typed::Integer(number) => *number as f64,
        Typed::Number(number) => *number,
        _ => return Ok(()),
    };
    let (word, bound) = match (decl.min, decl.max) {
        (Some(min), _) if number < min => ("least", min),
        (_, Some(max)) if number > max => ("most", max),
        _ => return Ok(()),
    };
    let message = format!("`{key}` is {typed}, at {word} {bound} is allowed");
    Err(Refusal {
        kind: ConfigErrorKind::NotAllowed,
        message,
        help: None,
    })
}

fn check_values(decl: &ConfigDecl, key: &str, typed: &Typed) -> Result<(), Refusal> {
    let texts = match typed {
        Typed::String(text) => std::slice::from_ref(text),
        Typed::List(texts) => texts,
        _ => return Ok(()),
    };
    let bad = texts.iter().find(|text| !decl.values.contains(text));
    let Some(bad) = bad.filter(|_| !decl.values.is_empty()) else {
        return Ok(());
    };
    let message = format!(
        "`{key}` is `{}`, allowed are `{}`",
        shorten(bad),
        decl.values.join("`, `")
    );
    let help = suggest(bad, decl.values.iter().map(String::as_str))
        .map(|near| format!("did you mean `{near}`?"));
    Err(Refusal {
        kind: ConfigErrorKind::NotAllowed,
        message,
        help,
    })
}

/// As a file would have it; a secret is hidden.
impl fmt::Display for Typed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::String(text) => f.write_str(text),
            Self::Integer(number) => write!(f, "{number}"),
            Self::Number(number) => write!(f, "{number}"),
            Self::Boolean(value) => write!(f, "{value}"),
            Self::Duration(duration) => write_duration(*duration, f),
            Self::List(items) => write!(f, "[{}]", items.join(", ")),
            Self::Secret(_) => f.write_str("[secret]"),
        }
    }
}

fn write_duration(duration: Duration, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let mut rest = duration.as_millis();
    if rest == 0 {
        return f.write_str("0s");
    }
    for (unit, millis) in [
        ("d", 86_400_000),
        ("h", 3_600_000),
        ("m", 60_000),
        ("s", 1_000),
        ("ms", 1),
    ] {
        if rest >= millis {
            write!(f, "{}{unit}", rest / millis)?;
            rest %= millis;
        }
    }
    Ok(())
}
