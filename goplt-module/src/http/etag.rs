//! [`ETag`] and [`IfMatch`]: changes that lose no other change (RFC 9110 §8.8.3, §13.1.1).

use std::{convert::Infallible, fmt, str::FromStr};

use axum::{
    extract::FromRequestParts,
    response::{IntoResponseParts, ResponseParts},
};
use goplt_core::{Code, Problem};
use http::{
    HeaderMap, HeaderValue, StatusCode,
    header::{ETAG, IF_MATCH},
    request::Parts,
};

/// A strong entity tag: it changes whenever the resource does. Part of an answer: `(etag, Json(post))`.
///
/// # Examples
///
/// ```
/// use goplt_module::http::{ETag, Json};
///
/// async fn post() -> (ETag, Json<&'static str>) {
///     (ETag::of_version(3), Json("…"))
/// }
/// # let _: axum::routing::MethodRouter = axum::routing::get(post);
/// assert_eq!(ETag::of_version(3).to_string(), "\"3\"");
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ETag(String);

/// The header `If-Match`: do it only if the resource is still what the caller has seen.
///
/// Without the header everything matches. A malformed one is 400: to ignore it would lose the
/// change that it was to protect.
///
/// # Examples
///
/// ```
/// use goplt_core::Problem;
/// use goplt_module::http::{ETag, IfMatch, NoContent};
///
/// async fn delete(if_match: IfMatch) -> Result<NoContent, Problem> {
///     let version = 3;
///     if_match.check(&ETag::of_version(version))?;
///     // `DELETE … WHERE id = ? AND version = ?`, so that what came between is seen too.
///     Ok(NoContent)
/// }
/// # let _: axum::routing::MethodRouter = axum::routing::delete(delete);
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct IfMatch {
    condition: Condition,
}

#[derive(Debug, Clone, PartialEq, Eq, Default)]
enum Condition {
    #[default]
    Absent,
    Exists,
    /// The strong tags; weak ones never match here (RFC 9110 §13.1.1).
    OneOf(Vec<ETag>),
}

/// The header is no `If-Match`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("`If-Match` is `*` or a list of entity tags in quotes, such as `\"3\"`")]
pub struct IfMatchError;

// === impl ETag ===

impl ETag {
    /// Of a resource that counts its changes.
    #[must_use]
    pub fn of_version(version: i64) -> Self {
        Self(version.to_string())
    }

    /// With this text between the quotes; `None` if a tag cannot hold it.
    #[must_use]
    pub fn new(text: impl Into<String>) -> Option<Self> {
        let text = text.into();
        text.bytes().all(is_tag_byte).then_some(Self(text))
    }
}

/// RFC 9110 §8.8.3 `etagc`, without obsolete non-ASCII text.
fn is_tag_byte(byte: u8) -> bool {
    byte == 0x21 || (0x23..=0x7e).contains(&byte)
}

impl fmt::Display for ETag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\"{}\"", self.0)
    }
}

impl IntoResponseParts for ETag {
    type Error = Infallible;

    fn into_response_parts(self, mut parts: ResponseParts) -> Result<ResponseParts, Infallible> {
        // INVARIANT: `etagc` is visible ASCII.
        if let Ok(value) = HeaderValue::try_from(self.to_string()) {
            parts.headers_mut().insert(ETAG, value);
        }
        Ok(parts)
    }
}

// === impl IfMatch ===

impl IfMatch {
    /// From the headers of a request.
    ///
    /// # Errors
    ///
    /// [`IfMatchError`] (400) if the header is malformed.
    pub fn from_headers(headers: &HeaderMap) -> Result<Self, IfMatchError> {
        let mut values = headers.get_all(IF_MATCH).iter().peekable();
        if values.peek().is_none() {
            return Ok(Self::default());
        }
        // A list may be spread over several headers (RFC 9110 §5.3).
        let values = values
            .map(HeaderValue::to_str)
            .collect::<Result<Vec<_>, _>>();
        values.map_err(|_| IfMatchError)?.join(",").parse()
    }

    /// Whether the caller set a condition.
    #[must_use]
    pub fn is_present(&self) -> bool {
        self.condition != Condition::Absent
    }

    /// Passes if the resource, which exists with the tag `current`, is what the caller wants.
    ///
    /// # Errors
    ///
    /// 412 if it is not.
    pub fn check(&self, current: &ETag) -> Result<(), Problem> {
        match &self.condition {
            Condition::Absent | Condition::Exists => Ok(()),
            Condition::OneOf(tags) if tags.contains(current) => Ok(()),
            Condition::OneOf(_) => Err(Self::failed()),
        }
    }

    /// 412: what a handler answers when the resource changed between check and write.
    #[must_use]
    pub fn failed() -> Problem {
        Problem::new(Code::FailedPrecondition)
            .with_status(StatusCode::PRECONDITION_FAILED)
            .with_title("The resource has changed")
            .with_detail("it is not the one that `If-Match` names; read it again")
    }
}

impl FromStr for IfMatch {
    type Err = IfMatchError;

    fn from_str(header: &str) -> Result<Self, IfMatchError> {
        if header.trim() == "*" {
            return Ok(Self {
                condition: Condition::Exists,
            });
        }
        let mut strong = Vec::new();
        let mut found = false;
        // A comma may stand inside of a tag, so this is no `split(',')`.
        let mut rest = header.trim_start_matches(is_separator);
        while !rest.is_empty() {
            let (tag, after) = tag(rest).ok_or(IfMatchError)?;
            found = true;
            strong.extend(tag);
            let next = after.trim_start_matches([' ', '\t']);
            if !next.is_empty() && !next.starts_with(',') {
                return Err(IfMatchError);
            }
            rest = next.trim_start_matches(is_separator);
        }
        if !found {
            return Err(IfMatchError);
        }
        Ok(Self {
            condition: Condition::OneOf(strong),
        })
    }
}

fn is_separator(c: char) -> bool {
    matches!(c, ',' | ' ' | '\t')
}

/// One tag at the beginning (`None` for a weak one), and what follows.
fn tag(text: &str) -> Option<(Option<ETag>, &str)> {
    let strong = text.strip_prefix("W/");
    let quoted = strong.unwrap_or(text).strip_prefix('"')?;
    let (inner, after) = quoted.split_once('"')?;
    let tag = ETag::new(inner)?;
    Some((strong.is_none().then_some(tag), after))
}

impl IfMatchError {
    /// [`Code::InvalidArgument`].
    #[must_use]
    pub const fn code(self) -> Code {
        Code::InvalidArgument
    }
}

impl From<IfMatchError> for Problem {
    fn from(error: IfMatchError) -> Self {
        Self::new(error.code()).with_detail(error.to_string())
    }
}

impl<S: Sync> FromRequestParts<S> for IfMatch {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        Ok(Self::from_headers(&parts.headers)?)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn passes(header: &str, version: i64) -> bool {
        let if_match: IfMatch = header.parse().unwrap();
        if_match.check(&ETag::of_version(version)).is_ok()
    }

    #[test]
    fn tags_are_compared_strongly() {
        assert!(passes("\"3\"", 3));
        assert!(!passes("\"3\"", 4));
        assert!(passes("\"1\", \"3\"", 3));
        assert!(passes("\"a,b\",,\"3\" ", 3));
        assert!(passes("*", 3));
        assert!(!passes("W/\"3\"", 3));
    }

    #[test]
    fn a_failed_condition_is_412() {
        let if_match: IfMatch = "\"1\"".parse().unwrap();
        assert_eq!(
            if_match.check(&ETag::of_version(2)).unwrap_err().status(),
            412
        );
    }

    #[test]
    fn a_malformed_condition_is_refused() {
        for bad in [
            "",
            "3",
            "\"3",
            "3\"",
            "\"3\" \"4\"",
            "*, \"3\"",
            "w/\"3\"",
            "\"a b\"",
            ",",
        ] {
            assert_eq!(bad.parse::<IfMatch>(), Err(IfMatchError), "{bad}");
        }
        assert!(
            !IfMatch::from_headers(&HeaderMap::new())
                .unwrap()
                .is_present()
        );
    }

    proptest! {
        #[test]
        fn no_header_makes_it_panic(header in "([W/\", a*é]|\"[0-9]\"){0,20}") {
            let _ = header.parse::<IfMatch>();
        }
    }
}
