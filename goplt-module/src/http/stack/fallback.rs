//! Answers to what no route takes.

use axum::response::{IntoResponse, Response};
use goplt_core::{Code, Problem, RequestContext};
use http::{Extensions, Method, StatusCode};

use super::log::record_identity;

/// 404.
pub(super) async fn not_found(extensions: Extensions) -> Problem {
    record(&extensions);
    Problem::new(Code::NotFound).with_detail("there is nothing at this path")
}

/// 405, or 204 for OPTIONS; the router adds `Allow` to both.
pub(super) async fn method_not_allowed(method: Method, extensions: Extensions) -> Response {
    record(&extensions);
    if method == Method::OPTIONS {
        return StatusCode::NO_CONTENT.into_response();
    }
    Problem::new(Code::Unimplemented)
        .with_status(StatusCode::METHOD_NOT_ALLOWED)
        .with_reason("method_not_allowed")
        .with_title("Method not allowed")
        .into_response()
}

fn record(extensions: &Extensions) {
    if let Some(cx) = extensions.get::<RequestContext>() {
        record_identity(cx);
    }
}
