//! What watches a process asks: `/healthz`, `/ready` and `/metrics`.

use axum::{
    Router,
    extract::State,
    response::{IntoResponse, Response},
    routing::get,
};
use goplt_core::{
    health::{Health, HealthReport},
    telemetry::{Metrics, metrics},
};
use http::{
    HeaderValue,
    header::{CACHE_CONTROL, CONTENT_TYPE},
};
use serde::Serialize;

use super::Json;

/// What no module's route may be.
pub(crate) const PROBE_PATHS: [&str; 3] = ["/healthz", "/ready", "/metrics"];

/// The routes `/healthz`, `/ready` and `/metrics`, for the second router of [`stack`](super::stack()).
///
/// `/healthz` is 200 as long as the process answers. `/ready` runs the checks of `health`: 200, or
/// 503 when a critical one fails, when the process has not started, or when it is draining.
/// `/metrics` is the text of Prometheus. None of them asks for credentials.
///
/// # Examples
///
/// ```
/// use goplt_core::{health::Health, telemetry::Metrics};
/// use goplt_module::http::probes;
///
/// let router: axum::Router = probes(Health::new(), Metrics::new());
/// ```
pub fn probes(health: Health, metrics: Metrics) -> Router {
    Router::new()
        .route(
            "/healthz",
            get(async || fresh(Json(Alive { status: "ok" }))),
        )
        .route("/ready", get(ready).with_state(health))
        .route("/metrics", get(text).with_state(metrics))
}

#[derive(Serialize)]
struct Alive {
    status: &'static str,
}

async fn ready(State(health): State<Health>) -> Response {
    let report: HealthReport = health.report().await;
    (report.http_status(), fresh(Json(report))).into_response()
}

async fn text(State(metrics): State<Metrics>) -> Response {
    let content_type = HeaderValue::from_static(metrics::CONTENT_TYPE);
    fresh(([(CONTENT_TYPE, content_type)], metrics.render()))
}

/// An old answer is a wrong one.
fn fresh(answer: impl IntoResponse) -> Response {
    (
        [(CACHE_CONTROL, HeaderValue::from_static("no-store"))],
        answer,
    )
        .into_response()
}
