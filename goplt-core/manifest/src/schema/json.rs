use std::fmt::{self, Write as _};

/// As much of JSON as a schema needs, written with its members in order.
#[derive(Debug, Clone)]
pub(super) enum Json {
    Bool(bool),
    Text(String),
    List(Vec<Self>),
    Map(Vec<(String, Self)>),
}

impl Json {
    pub(super) fn texts(texts: &[&str]) -> Self {
        Self::List(texts.iter().map(|text| (*text).into()).collect())
    }

    /// A map with the members of another map after its own.
    pub(super) fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::Map(mut members), Self::Map(more)) => {
                members.extend(more);
                Self::Map(members)
            }
            (this, _) => this,
        }
    }

    fn write(&self, f: &mut fmt::Formatter<'_>, depth: usize) -> fmt::Result {
        match self {
            Self::Bool(value) => write!(f, "{value}"),
            Self::Text(text) => quote(f, text),
            // Lists of words stay on one line.
            Self::List(items) if items.iter().all(|item| matches!(item, Self::Text(_))) => {
                f.write_char('[')?;
                for (index, item) in items.iter().enumerate() {
                    f.write_str(if index == 0 { "" } else { ", " })?;
                    item.write(f, depth)?;
                }
                f.write_char(']')
            }
            Self::List(items) => block(f, depth, '[', ']', items, |f, item| {
                item.write(f, depth + 1)
            }),
            Self::Map(members) => block(f, depth, '{', '}', members, |f, (name, value)| {
                quote(f, name)?;
                f.write_str(": ")?;
                value.write(f, depth + 1)
            }),
        }
    }
}

impl fmt::Display for Json {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.write(f, 0)
    }
}

impl From<&str> for Json {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl<const N: usize> From<[(&str, Self); N]> for Json {
    fn from(members: [(&str, Self); N]) -> Self {
        Self::Map(
            members
                .into_iter()
                .map(|(name, value)| (name.to_owned(), value))
                .collect(),
        )
    }
}

fn block<T>(
    f: &mut fmt::Formatter<'_>,
    depth: usize,
    open: char,
    close: char,
    items: &[T],
    mut write_item: impl FnMut(&mut fmt::Formatter<'_>, &T) -> fmt::Result,
) -> fmt::Result {
    f.write_char(open)?;
    for (index, item) in items.iter().enumerate() {
        f.write_str(if index == 0 { "\n" } else { ",\n" })?;
        write!(f, "{:indent$}", "", indent = (depth + 1) * 2)?;
        write_item(f, item)?;
    }
    if !items.is_empty() {
        write!(f, "\n{:indent$}", "", indent = depth * 2)?;
    }
    f.write_char(close)
}

fn quote(f: &mut fmt::Formatter<'_>, text: &str) -> fmt::Result {
    f.write_char('"')?;
    for character in text.chars() {
        match character {
            '"' => f.write_str("\\\"")?,
            '\\' => f.write_str("\\\\")?,
            control if control < ' ' => write!(f, "\\u{:04x}", u32::from(control))?,
            other => f.write_char(other)?,
        }
    }
    f.write_char('"')
}
