use axum::response::{IntoResponse, Response};
use goplt_core::{Code, Problem};
use http::{HeaderValue, StatusCode, header::LOCATION};
use serde::Serialize;

use super::Json;

/// 201 with `Location` and the new resource as JSON.
///
/// # Examples
///
/// ```
/// use goplt_module::http::Created;
///
/// async fn create() -> Created<serde_json::Value> {
///     Created::at("/api/v1/blog/posts/7", serde_json::json!({ "id": "7" }))
/// }
/// # let _: axum::routing::MethodRouter = axum::routing::post(create);
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Created<T> {
    location: String,
    resource: T,
}

/// 204: done, and nothing to say.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct NoContent;

impl<T> Created<T> {
    /// `resource`, which is found at the path `location` from now on.
    pub fn at(location: impl Into<String>, resource: T) -> Self {
        Self {
            location: location.into(),
            resource,
        }
    }
}

impl<T: Serialize> IntoResponse for Created<T> {
    fn into_response(self) -> Response {
        match HeaderValue::try_from(self.location) {
            Ok(location) => (
                StatusCode::CREATED,
                [(LOCATION, location)],
                Json(self.resource),
            )
                .into_response(),
            Err(error) => Problem::new(Code::Internal)
                .with_source(error)
                .into_response(),
        }
    }
}

impl IntoResponse for NoContent {
    fn into_response(self) -> Response {
        StatusCode::NO_CONTENT.into_response()
    }
}
