use std::fmt;

/// A place in a text. Lines and columns begin at 1; columns count characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Mark {
    /// The line.
    pub line: usize,
    /// The column, in characters.
    pub column: usize,
}

/// A value and where it stands.
#[derive(Debug, Clone, PartialEq)]
pub struct Node {
    /// Where the value begins.
    pub mark: Mark,
    /// The value.
    pub value: Value,
    /// A plain scalar as it was written, before it became a number, a truth value or null.
    raw: Option<Box<str>>,
}

/// What a node holds.
#[derive(Debug, Clone, PartialEq)]
#[expect(
    clippy::exhaustive_enums,
    reason = "the kinds of the YAML 1.2 core schema; readers should match all of them"
)]
pub enum Value {
    /// Nothing: `null`, `~`, or no text at all.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A whole number.
    Int(i64),
    /// A number with a point or an exponent, `.inf` or `.nan`.
    Float(f64),
    /// Text; quoted scalars are always text.
    String(String),
    /// A list.
    List(Vec<Node>),
    /// A map, in the order of the file; keys are distinct.
    Map(Vec<(Key, Node)>),
}

/// The key of a map and where it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Key {
    /// The key as it was written.
    pub name: String,
    /// Where it begins.
    pub mark: Mark,
}

// === impl Mark ===

impl Mark {
    /// The first place of a text.
    pub const START: Self = Self { line: 1, column: 1 };
}

impl fmt::Display for Mark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.line, self.column)
    }
}

// === impl Node ===

impl Node {
    /// A node whose value was not written as a plain scalar.
    pub fn new(mark: Mark, value: Value) -> Self {
        Self {
            mark,
            value,
            raw: None,
        }
    }

    /// A node from plain text, resolved as in a file; the text stays retrievable through [`text`](Self::text).
    ///
    /// A number too large for 64 bits stays text.
    pub fn plain(mark: Mark, text: &str) -> Self {
        let value = super::scalar(text);
        let raw = match value {
            Value::String(_) => None,
            _ => Some(text.into()),
        };
        Self { mark, value, raw }
    }

    /// The text of a scalar as it was written: `1.20` stays `1.20` though its value is the number 1.2.
    ///
    /// `None` for lists, for maps, and for values that were not written (see [`new`](Self::new)) unless they are text.
    pub fn text(&self) -> Option<&str> {
        match &self.value {
            Value::String(text) => Some(text),
            _ => self.raw.as_deref(),
        }
    }

    /// The value under a key, when this is a map that has it.
    pub fn get(&self, key: &str) -> Option<&Self> {
        self.entries()
            .and_then(|entries| entries.iter().find(|(name, _)| name.name == key))
            .map(|(_, node)| node)
    }

    /// The entries, when this is a map.
    pub fn entries(&self) -> Option<&[(Key, Self)]> {
        match &self.value {
            Value::Map(entries) => Some(entries),
            _ => None,
        }
    }

    /// The items, when this is a list.
    pub fn items(&self) -> Option<&[Self]> {
        match &self.value {
            Value::List(items) => Some(items),
            _ => None,
        }
    }
}

// === impl Value ===

impl Value {
    /// What the value is, in words for messages: `a whole number`, `a list`.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Null => "nothing",
            Self::Bool(_) => "a truth value",
            Self::Int(_) => "a whole number",
            Self::Float(_) => "a number",
            Self::String(_) => "text",
            Self::List(_) => "a list",
            Self::Map(_) => "a map",
        }
    }
}

/// YAML's flow style, on one line; text is quoted.
impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Null => f.write_str("null"),
            Self::Bool(value) => write!(f, "{value}"),
            Self::Int(value) => write!(f, "{value}"),
            Self::Float(value) if value.is_nan() => f.write_str(".nan"),
            Self::Float(value) if value.is_infinite() => {
                f.write_str(if *value > 0.0 { ".inf" } else { "-.inf" })
            }
            Self::Float(value) => write!(f, "{value:?}"),
            Self::String(value) => write!(f, "{value:?}"),
            Self::List(items) => {
                f.write_str("[")?;
                for (index, item) in items.iter().enumerate() {
                    let comma = if index == 0 { "" } else { ", " };
                    write!(f, "{comma}{}", item.value)?;
                }
                f.write_str("]")
            }
            Self::Map(entries) => {
                f.write_str("{")?;
                for (index, (key, item)) in entries.iter().enumerate() {
                    let comma = if index == 0 { " " } else { ", " };
                    write!(f, "{comma}{}: {}", key.name, item.value)?;
                }
                f.write_str(" }")
            }
        }
    }
}
