use std::fmt::Write as _;

use goplt_core::{Code, Problem};
use serde::de::DeserializeOwned;
use serde_path_to_error::{Path, Segment};

pub use super::scan::MAX_DEPTH;
use super::scan::{Found, scan};

/// A document that is not what was expected, told so that its sender can mend it.
///
/// The text names members and places and repeats no value, which may be a secret, unless the type
/// that refused it does so itself, as ids do. It is cut after 500 characters.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct JsonError {
    message: String,
}

/// Reads a JSON object as [`Json`](super::Json) does.
///
/// # Errors
///
/// [`JsonError`], for the reasons that [`Json`](super::Json) lists for 400.
///
/// # Examples
///
/// ```
/// use std::collections::BTreeMap;
/// use goplt_module::http::json;
///
/// let read = |text: &str| json::from_slice::<BTreeMap<String, u8>>(text.as_bytes());
/// assert_eq!(read(r#"{"a": 1}"#).unwrap()["a"], 1);
/// assert_eq!(read(r#"{"a": 1, "a": 2}"#).unwrap_err().to_string(), "`a`: comes twice");
/// assert_eq!(read(r#"{"a": -1}"#).unwrap_err().to_string(), "`a`: expected u8");
/// ```
pub fn from_slice<T: DeserializeOwned>(body: &[u8]) -> Result<T, JsonError> {
    let text = std::str::from_utf8(body)
        .map_err(|error| JsonError::new(format!("byte {} is not UTF-8", error.valid_up_to())))?;
    // Limits before parsing: the parser recurses.
    scan(text).map_err(JsonError::from)?;
    // serde reads an array as the fields of a struct in order; a body is an object.
    if text
        .trim_start()
        .bytes()
        .next()
        .is_some_and(|first| first != b'{')
    {
        return Err(not_an_object(text));
    }
    let mut parser = serde_json::Deserializer::from_str(text);
    let value = serde_path_to_error::deserialize(&mut parser)
        .map_err(|error| mistake(error.path(), error.inner()))?;
    parser.end().map_err(|error| syntax(&error))?;
    Ok(value)
}

/// Whether it is JSON at all comes first.
fn not_an_object(text: &str) -> JsonError {
    match serde_json::from_str::<serde::de::IgnoredAny>(text) {
        Ok(_) => JsonError::new("the body is not a JSON object"),
        Err(error) => syntax(&error),
    }
}

fn mistake(path: &Path, error: &serde_json::Error) -> JsonError {
    if !error.is_data() {
        return syntax(error);
    }
    let message = without_place(error);
    let mut path = written(path);
    let told = if let Some(rest) = message.strip_prefix("missing field `") {
        push(&mut path, rest.trim_end_matches('`'));
        "is missing".to_owned()
    } else if let Some((field, expected)) = unknown_field(&message) {
        if !ends_with(&path, field) {
            push(&mut path, field);
        }
        format!("is not known; {expected}")
    } else if message.starts_with("invalid type: ") || message.starts_with("invalid value: ") {
        // `invalid type: string "hunter2", expected u8`: what came may be a secret.
        match message.rsplit_once(", expected ") {
            Some((_, expected)) => format!("expected {expected}"),
            None => "has the wrong type".to_owned(),
        }
    } else if let Some(expected) = unknown_variant(&message) {
        format!("expected {expected}")
    } else {
        message
    };
    if path.is_empty() {
        return JsonError::new(told);
    }
    JsonError::new(format!("`{path}`: {told}"))
}

/// The place by line and column is only of use for syntax; elsewhere the path tells.
fn without_place(error: &serde_json::Error) -> String {
    let message = error.to_string();
    match message.rsplit_once(" at line ") {
        Some((message, _)) => message.to_owned(),
        None => message,
    }
}

fn unknown_field(message: &str) -> Option<(&str, &str)> {
    message.strip_prefix("unknown field `")?.split_once("`, ")
}

/// ``unknown variant `gold`, expected `free` or `team` ``: what is expected. The value may hold
/// anything, what is expected holds no comma and space but between names.
fn unknown_variant(message: &str) -> Option<&str> {
    let rest = message.strip_prefix("unknown variant `")?;
    rest.rsplit_once("`, expected ")
        .map(|(_, expected)| expected)
}

fn ends_with(path: &str, field: &str) -> bool {
    path.strip_suffix(field)
        .is_some_and(|before| before.is_empty() || before.ends_with('.'))
}

fn push(path: &mut String, field: &str) {
    let separator = if path.is_empty() { "" } else { "." };
    let _ = write!(path, "{separator}{field}");
}

fn written(path: &Path) -> String {
    let mut text = String::new();
    for segment in path {
        match segment {
            Segment::Seq { index } => {
                let _ = write!(text, "[{index}]");
            }
            Segment::Map { key } => push(&mut text, key),
            Segment::Enum { variant } => push(&mut text, variant),
            Segment::Unknown => {}
        }
    }
    text
}

const LONGEST: usize = 500;

fn syntax(error: &serde_json::Error) -> JsonError {
    JsonError::new(format!("the body is not JSON: {error}"))
}

// === impl JsonError ===

impl JsonError {
    fn new(message: impl Into<String>) -> Self {
        let mut message = message.into();
        // Names of members come from outside, and are as long as somebody likes.
        if let Some((end, _)) = message.char_indices().nth(LONGEST) {
            message.truncate(end);
            message.push('…');
        }
        Self { message }
    }

    /// [`Code::InvalidArgument`].
    #[must_use]
    pub const fn code(&self) -> Code {
        Code::InvalidArgument
    }
}

impl From<Found> for JsonError {
    fn from(found: Found) -> Self {
        match found {
            Found::TooDeep => {
                Self::new(format!("values are nested deeper than {MAX_DEPTH} levels"))
            }
            Found::DoubledKey(path) => Self::new(format!("`{path}`: comes twice")),
        }
    }
}

impl From<JsonError> for Problem {
    fn from(error: JsonError) -> Self {
        Self::new(error.code()).with_detail(error.message)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde::Deserialize;

    use super::*;

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    #[expect(dead_code, reason = "only read into")]
    struct Order {
        name: String,
        items: Vec<Item>,
    }

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    #[expect(dead_code, reason = "only read into")]
    struct Item {
        title: String,
        count: Option<u8>,
        size: Option<Size>,
    }

    #[derive(Debug, Deserialize)]
    #[serde(rename_all = "snake_case")]
    enum Size {
        Small,
        Large,
    }

    fn refused(text: &str) -> String {
        from_slice::<Order>(text.as_bytes())
            .unwrap_err()
            .to_string()
    }

    #[test]
    fn members_are_named_by_their_path() {
        let item = |item: &str| {
            refused(&format!(
                r#"{{"name":"n","items":[{{"title":"t"}},{item}]}}"#
            ))
        };
        assert_eq!(
            item(r#"{"title":7}"#),
            "`items[1].title`: expected a string"
        );
        assert_eq!(item("{}"), "`items[1].title`: is missing");
        assert_eq!(
            item(r#"{"title":"t","count":"hunter2"}"#),
            "`items[1].count`: expected u8"
        );
        assert_eq!(
            item(r#"{"title":"t","titel":"t"}"#),
            "`items[1].titel`: is not known; expected one of `title`, `count`, `size`"
        );
        assert_eq!(
            item(r#"{"title":"t","size":"hunter2`, expected 2"}"#),
            "`items[1].size`: expected `small` or `large`"
        );
        assert_eq!(refused(r#"{"name":"n"}"#), "`items`: is missing");
        assert_eq!(
            refused(r#"{"name":"n","items":[],"name":"m"}"#),
            "`name`: comes twice"
        );
    }

    #[test]
    fn a_long_name_is_cut_before_it_is_repeated() {
        let name = "ä".repeat(100_000);
        for text in [
            format!(r#"{{"{name}":1}}"#),
            format!(r#"{{"{name}":1,"{name}":1}}"#),
        ] {
            let message = refused(&text);
            assert!(message.starts_with("`ää"), "{message:.20}");
            assert_eq!(message.chars().count(), LONGEST + 1);
        }
    }

    #[test]
    fn what_is_no_object_is_refused_as_such() {
        for text in ["[]", "1", "null", r#""x""#, r#"["n",[]]"#] {
            assert_eq!(refused(text), "the body is not a JSON object", "{text}");
        }
    }

    #[test]
    fn broken_syntax_has_a_place() {
        for text in [
            "",
            " ",
            "{",
            "{]",
            r#"{"name":"n","items":[]} x"#,
            "nul",
            r#"{"name":"\q"}"#,
        ] {
            let message = refused(text);
            assert!(
                message.starts_with("the body is not JSON: "),
                "{text}: {message}"
            );
            assert!(message.contains(" line "), "{text}: {message}");
        }
        let message = from_slice::<Order>(b"{\"name\":\"\xff\"}")
            .unwrap_err()
            .to_string();
        assert_eq!(message, "byte 9 is not UTF-8");
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic(body: Vec<u8>) {
            let _ = from_slice::<Order>(&body);
        }

        #[test]
        fn no_document_makes_it_panic(body in r#"\{("(name|items|title|x)":[0-9"\[\]{}a,\\]{0,6},?){0,4}\}"#) {
            let _ = from_slice::<Order>(body.as_bytes());
        }
    }
}
