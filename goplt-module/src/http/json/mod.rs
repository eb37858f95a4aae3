//! [`Json`]: bodies in JSON, in and out.

mod read;
mod scan;

use std::error::Error;

use axum::{
    body::Body,
    extract::{FromRequest, Request},
    response::{IntoResponse, Response},
};
use bytes::Bytes;
use goplt_core::{BoxError, Code, Problem};
use http::{
    HeaderMap, HeaderValue, StatusCode,
    header::{CONTENT_ENCODING, CONTENT_TYPE},
};
use http_body_util::{BodyExt as _, LengthLimitError};
use serde::{Serialize, de::DeserializeOwned};

pub use self::read::{JsonError, MAX_DEPTH, from_slice};
use super::stack::body_limit::too_large;

/// A JSON object in the body of a request; any JSON in an answer.
///
/// A request is refused with 415 unless it is `application/json` without `content-encoding`, with 413 if it is larger than
/// the limit, and with 400 for anything else that is wrong: bytes that are no UTF-8, broken
/// syntax, something that is no object, values nested deeper than [`MAX_DEPTH`], a doubled,
/// missing or mistyped member. The detail names the member as a path, `items[2].title`.
///
/// Write `#[serde(deny_unknown_fields)]` on the types of requests, also on those nested in them:
/// with it, a member that nobody reads is 400 as well, and a typing error of a client is seen.
/// (It does not go with `#[serde(flatten)]`.) Rules on values are no matter of the type: check
/// them in the handler and answer [`Problem::unprocessable`].
///
/// # Examples
///
/// ```
/// use goplt_core::{Problem, problem::Violation};
/// use goplt_module::http::Json;
///
/// #[derive(serde::Deserialize)]
/// #[serde(deny_unknown_fields)]
/// struct NewPost { title: String }
///
/// async fn create(Json(post): Json<NewPost>) -> Result<Json<String>, Problem> {
///     if post.title.is_empty() {
///         return Err(Problem::unprocessable(vec![Violation::new("title", "must not be empty")]));
///     }
///     Ok(Json(post.title))
/// }
/// # let _: axum::routing::MethodRouter = axum::routing::post(create);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Json<T>(pub T);

impl<T: DeserializeOwned, S: Sync> FromRequest<S> for Json<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, _: &S) -> Result<Self, Problem> {
        if !is_json(request.headers()) {
            return Err(unsupported(
                "send the body as `content-type: application/json`",
            ));
        }
        if is_encoded(request.headers()) {
            return Err(unsupported(
                "send the body as it is, without `content-encoding`",
            ));
        }
        let body = collect(request.into_body()).await?;
        Ok(Self(from_slice(&body)?))
    }
}

impl<T: Serialize> IntoResponse for Json<T> {
    fn into_response(self) -> Response {
        match serde_json::to_vec(&self.0) {
            Ok(body) => {
                let mut response = Response::new(Body::from(body));
                response
                    .headers_mut()
                    .insert(CONTENT_TYPE, APPLICATION_JSON);
                response
            }
            // A map whose keys are no strings, or a `Serialize` that gives up: a defect of ours.
            Err(error) => Problem::new(Code::Internal)
                .with_source(error)
                .into_response(),
        }
    }
}

const APPLICATION_JSON: HeaderValue = HeaderValue::from_static("application/json");

/// `application/json`, with parameters or without: JSON has one encoding (RFC 8259 §8.1), so
/// `charset` changes nothing unless it names another.
fn is_json(headers: &HeaderMap) -> bool {
    let mut values = headers.get_all(CONTENT_TYPE).iter();
    let (Some(value), None) = (values.next(), values.next()) else {
        return false;
    };
    let Ok(value) = value.to_str() else {
        return false;
    };
    let mut parts = value.split(';').map(str::trim);
    let is_json = parts
        .next()
        .is_some_and(|kind| kind.eq_ignore_ascii_case("application/json"));
    is_json && parts.all(parameter_fits)
}

fn parameter_fits(parameter: &str) -> bool {
    let Some((name, value)) = parameter.split_once('=') else {
        // An empty parameter: `application/json;`.
        return parameter.is_empty();
    };
    let value = value.trim_matches('"');
    let is_utf8 = value.eq_ignore_ascii_case("utf-8") || value.eq_ignore_ascii_case("utf8");
    is_utf8 || !name.trim_end().eq_ignore_ascii_case("charset")
}

/// Compressed, for example: nobody decodes it here.
fn is_encoded(headers: &HeaderMap) -> bool {
    let mut values = headers.get_all(CONTENT_ENCODING).iter();
    values.any(|value| !value.as_bytes().eq_ignore_ascii_case(b"identity"))
}

fn unsupported(mend: &'static str) -> Problem {
    Problem::new(Code::InvalidArgument)
        .with_status(StatusCode::UNSUPPORTED_MEDIA_TYPE)
        .with_reason("unsupported_media_type")
        .with_title("Unsupported media type")
        .with_detail(mend)
}

/// The whole body. Its size is bounded by the layer of the stack.
async fn collect(body: Body) -> Result<Bytes, Problem> {
    match body.collect().await {
        Ok(body) => Ok(body.to_bytes()),
        Err(error) => Err(unreadable(error.into())),
    }
}

fn unreadable(error: BoxError) -> Problem {
    if is_length_limit(&*error) {
        return too_large(None);
    }
    Problem::new(Code::InvalidArgument)
        .with_detail("the body ended before it was complete")
        .with_source(error)
}

fn is_length_limit(error: &(dyn Error + 'static)) -> bool {
    error.is::<LengthLimitError>() || error.source().is_some_and(is_length_limit)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn accepts(content_type: &str) -> bool {
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_TYPE, content_type.parse().unwrap());
        is_json(&headers)
    }

    #[test]
    fn json_is_told_by_its_content_type() {
        for good in [
            "application/json",
            "Application/JSON",
            "application/json;",
            "application/json; charset=utf-8",
            "application/json;charset=\"UTF-8\"",
            "application/json; profile=x",
        ] {
            assert!(accepts(good), "{good}");
        }
        for bad in [
            "text/json",
            "application/jsonx",
            "application/json; charset=latin1",
            "*/*",
            "",
        ] {
            assert!(!accepts(bad), "{bad}");
        }
        assert!(!is_json(&HeaderMap::new()));
    }
}
