//! What is looked at before a document is parsed: how deep it is, and whether a key comes twice.

use std::{borrow::Cow, collections::HashSet, fmt::Write as _};

/// The most objects and arrays within one another.
pub const MAX_DEPTH: usize = 64;

/// What the scan found; places are paths, `items[2].title`.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Found {
    TooDeep,
    DoubledKey(String),
}

/// Finds excess depth and doubled keys.
///
/// It is no parser: it stops silently at text that is no JSON, since the parser says where that is.
/// It uses a stack of its own, of at most [`MAX_DEPTH`] entries.
pub(super) fn scan(text: &str) -> Result<(), Found> {
    Scan {
        text,
        at: 0,
        stack: Vec::new(),
        keys: HashSet::new(),
        objects: 0,
    }
    .run()
}

struct Scan<'a> {
    text: &'a str,
    at: usize,
    stack: Vec<Level<'a>>,
    /// Keys with the number of their object: one set, so that many small objects cost one allocation.
    keys: HashSet<(u32, Cow<'a, str>)>,
    objects: u32,
}

enum Level<'a> {
    /// Its number, and the key that it is at.
    Object(u32, Option<Cow<'a, str>>),
    Array(usize),
}

impl<'a> Scan<'a> {
    fn run(mut self) -> Result<(), Found> {
        while let Some(byte) = self.text.as_bytes().get(self.at) {
            self.at += 1;
            match byte {
                b'{' => {
                    let number = self.objects;
                    self.objects += 1;
                    self.open(Level::Object(number, None))?;
                }
                b'[' => self.open(Level::Array(0))?,
                b'}' | b']' => {
                    self.stack.pop();
                }
                b',' => self.next_element(),
                b'"' => {
                    let Some(text) = self.string() else {
                        return Ok(());
                    };
                    self.key(text)?;
                }
                _ => {}
            }
        }
        Ok(())
    }

    fn open(&mut self, level: Level<'a>) -> Result<(), Found> {
        if self.stack.len() == MAX_DEPTH {
            return Err(Found::TooDeep);
        }
        self.stack.push(level);
        Ok(())
    }

    fn next_element(&mut self) {
        match self.stack.last_mut() {
            Some(Level::Object(_, key)) => *key = None,
            Some(Level::Array(index)) => *index += 1,
            None => {}
        }
    }

    /// The rest of a string whose opening quote is behind; without its quotes, escapes as they are.
    fn string(&mut self) -> Option<&'a str> {
        let start = self.at;
        let bytes = self.text.as_bytes();
        loop {
            match bytes.get(self.at)? {
                b'"' => break,
                b'\\' => self.at += 2,
                _ => self.at += 1,
            }
        }
        self.at += 1;
        self.text.get(start..self.at - 1)
    }

    /// A string in an object is a key unless it follows one.
    fn key(&mut self, text: &'a str) -> Result<(), Found> {
        let Some(Level::Object(number, key @ None)) = self.stack.last_mut() else {
            return Ok(());
        };
        let name = unescape(text);
        *key = Some(name.clone());
        if self.keys.insert((*number, name)) {
            return Ok(());
        }
        Err(Found::DoubledKey(self.path()))
    }

    fn path(&self) -> String {
        let mut path = String::new();
        for level in &self.stack {
            match level {
                Level::Object(_, key) => {
                    let separator = if path.is_empty() { "" } else { "." };
                    let _ = write!(path, "{separator}{}", key.as_deref().unwrap_or_default());
                }
                Level::Array(index) => {
                    let _ = write!(path, "[{index}]");
                }
            }
        }
        path
    }
}

/// Two spellings of one key are one key.
fn unescape(text: &str) -> Cow<'_, str> {
    if !text.contains('\\') {
        return Cow::Borrowed(text);
    }
    // A broken escape is the parser's to report.
    serde_json::from_str(&format!("\"{text}\"")).map_or(Cow::Borrowed(text), Cow::Owned)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_doubled_key_is_found_whatever_its_spelling() {
        let doubled = |path: &str| Err(Found::DoubledKey(path.to_owned()));
        assert_eq!(scan(r#"{"a":1,"a":2}"#), doubled("a"));
        assert_eq!(scan(r#"{"a":1,"\u0061":2}"#), doubled("a"));
        assert_eq!(
            scan(r#"{"items":[{"x":1},{"t":"t","t":0}]}"#),
            doubled("items[1].t")
        );
        assert_eq!(scan(r#"{"a":{"a":"a"},"b":["a","a"],"c":"a\"a"}"#), Ok(()));
    }

    #[test]
    fn depth_is_counted_outside_of_strings() {
        let nested = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
        assert_eq!(scan(&nested(MAX_DEPTH)), Ok(()));
        assert_eq!(scan(&nested(MAX_DEPTH + 1)), Err(Found::TooDeep));
        assert_eq!(scan(&format!("[\"{}\"]", "[".repeat(999))), Ok(()));
        assert_eq!(scan(&"[]".repeat(999)), Ok(()));
    }

    proptest! {
        #[test]
        fn it_never_panics(text in r#"([{}\[\],:"\\aé0 ]|\\u00)*"#) {
            let _ = scan(&text);
        }
    }
}
