//! The layers together: ids, problems, panics, load, time, cancellation, CORS, compression.

use std::time::Duration;

use axum::{body::Body, extract::Request};
use goplt_core::{RequestContext, health::Criticality};
use http_body_util::BodyExt as _;
use tokio::time::Instant;
use tower::ServiceExt as _;

use crate::app::{Answer, App, get, settings};

fn request(method: &str, path: &str, headers: &[(&str, &str)]) -> Request {
    let request = Request::builder().method(method).uri(path);
    let request = headers.iter().fold(request, |request, (name, value)| {
        request.header(*name, *value)
    });
    request.body(Body::empty()).unwrap()
}

#[tokio::test]
async fn every_answer_carries_a_request_id() {
    let app = App::new();
    for path in [
        "/items", "/nothing", "/boom", "/healthz", "/ready", "/metrics", "/me",
    ] {
        let answer = app.call(get(path)).await;
        assert_eq!(answer.header("x-request-id").len(), 36, "{path}");
    }
    let answer = app
        .call(request("GET", "/items", &[("x-request-id", "mine-1")]))
        .await;
    assert_eq!(answer.header("x-request-id"), "mine-1");
    let answer = app
        .call(request("GET", "/items", &[("x-request-id", "not mine")]))
        .await;
    assert_ne!(answer.header("x-request-id"), "not mine");
}

#[tokio::test]
async fn a_method_that_a_path_does_not_have_is_told_those_that_it_has() {
    let app = App::new();
    let answer = app.call(request("DELETE", "/items", &[])).await;
    assert_eq!(answer.status, 405);
    assert_eq!(answer.header("allow"), "POST,GET,HEAD");
    let answer = app.call(request("OPTIONS", "/items", &[])).await;
    assert_eq!(
        (answer.status, answer.header("allow")),
        (204, "POST,GET,HEAD")
    );
}

#[tokio::test]
async fn head_is_get_without_a_body_also_for_problems() {
    let app = App::new();
    for path in ["/items", "/nothing", "/healthz"] {
        let (head, get) = (
            app.call(request("HEAD", path, &[])).await,
            app.call(get(path)).await,
        );
        assert_eq!(head.status, get.status, "{path}");
        assert_eq!(
            head.header("content-type"),
            get.header("content-type"),
            "{path}"
        );
        assert_eq!(
            head.header("content-length"),
            get.body.len().to_string(),
            "{path}"
        );
        assert!(head.body.is_empty(), "{path}");
    }
}

#[tokio::test]
async fn a_panic_is_500_and_the_next_request_is_answered() {
    let app = App::new();
    let answer = app.call(get("/boom")).await;
    assert_eq!(answer.status, 500);
    assert!(!String::from_utf8_lossy(&answer.body).contains("burns"));
    assert_eq!(app.call(get("/items")).await.status, 200);
}

#[tokio::test]
async fn beyond_its_load_a_server_refuses_at_once_and_probes_still_answer() {
    let mut app = App::with(settings(|settings| settings.max_in_flight = 1));
    let first = tokio::spawn(app.router.clone().oneshot(get("/wait")));
    app.waiting.recv().await.unwrap();
    let refused = app.call(get("/items")).await;
    assert_eq!((refused.status, refused.header("retry-after")), (503, "1"));
    assert_eq!(refused.json()["code"], "overloaded");
    assert_eq!(app.call(get("/healthz")).await.status, 200);
    app.go_on();
    assert_eq!(first.await.unwrap().unwrap().status(), 200);
    assert_eq!(app.call(get("/items")).await.status, 200);
}

#[tokio::test(start_paused = true)]
async fn a_request_has_a_deadline_and_is_cancelled_when_it_is_over() {
    let mut app = App::with(settings(|settings| {
        settings.timeout = Duration::from_secs(7)
    }));
    let deadline = Instant::now() + Duration::from_secs(7);
    let answer = app.call(get("/wait")).await;
    assert_eq!(
        (answer.status, &answer.json()["code"]),
        (504, &"deadline_exceeded".into())
    );
    let cx: RequestContext = app.waiting.recv().await.unwrap();
    assert_eq!(cx.deadline(), Some(deadline));
    assert!(cx.is_cancelled());
}

#[tokio::test]
async fn a_client_that_leaves_cancels_its_request() {
    let mut app = App::new();
    let mut call = tokio_test::task::spawn(app.router.clone().oneshot(get("/wait")));
    assert!(call.poll().is_pending());
    let cx = app.waiting.recv().await.unwrap();
    assert!(!cx.is_cancelled());
    drop(call);
    assert!(cx.is_cancelled());
}

#[tokio::test]
async fn a_client_that_leaves_a_stream_cancels_its_request() {
    let mut app = App::new();
    let response = app.router.clone().oneshot(get("/stream")).await.unwrap();
    let cx = app.waiting.recv().await.unwrap();
    let mut body = response.into_body();
    assert_eq!(
        body.frame().await.unwrap().unwrap().into_data().unwrap(),
        "first"
    );
    assert!(!cx.is_cancelled());
    drop(body);
    assert!(cx.is_cancelled());
}

#[tokio::test]
async fn an_answered_request_is_not_cancelled() {
    let mut app = App::new();
    app.go_on();
    assert_eq!(app.call(get("/wait")).await.body, "done");
    assert!(!app.waiting.recv().await.unwrap().is_cancelled());
}

#[tokio::test]
async fn the_trace_of_the_caller_goes_on() {
    let mut app = App::new();
    app.go_on();
    let header = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    app.call(request("GET", "/wait", &[("traceparent", header)]))
        .await;
    let trace = app.waiting.recv().await.unwrap().trace();
    assert_eq!(trace.trace_id(), 0x0af7_6519_16cd_43dd_8448_eb21_1c80_319c);
    assert_ne!(trace.span_id(), 0xb7ad_6b71_6920_3331);
}

#[tokio::test]
async fn large_answers_are_compressed_for_who_takes_it_and_problems_never() {
    let app = App::new();
    let gzip = [("accept-encoding", "gzip")];
    let answer = app.call(request("GET", "/large", &gzip)).await;
    assert_eq!(answer.header("content-encoding"), "gzip");
    assert!(answer.body.len() < 1_000);
    assert_eq!(app.call(get("/large")).await.body.len(), 4_002);
    let problem = app.call(request("GET", "/nothing", &gzip)).await;
    assert_eq!(
        (problem.status, problem.header("content-encoding")),
        (404, "")
    );
    assert_eq!(problem.json()["code"], "not_found");
}

#[tokio::test]
async fn pages_of_named_origins_may_call() {
    let app = App::with(settings(|settings| {
        settings.cors.origins = vec!["https://app.example".to_owned()];
    }));
    let ask = |origin: &'static str| {
        let headers = [("origin", origin), ("access-control-request-method", "PUT")];
        request("OPTIONS", "/items/x", &headers)
    };
    let allowed = app.call(ask("https://app.example")).await;
    assert_eq!(
        allowed.header("access-control-allow-origin"),
        "https://app.example"
    );
    assert!(
        allowed
            .header("access-control-allow-methods")
            .contains("PUT")
    );
    assert!(
        allowed
            .header("access-control-allow-headers")
            .contains("authorization")
    );
    let denied = app.call(ask("https://evil.example")).await;
    assert_eq!(denied.header("access-control-allow-origin"), "");
    // A refusal is readable for the page too.
    let problem = app
        .call(request("GET", "/me", &[("origin", "https://app.example")]))
        .await;
    assert_eq!(problem.status, 401);
    assert_eq!(
        problem.header("access-control-allow-origin"),
        "https://app.example"
    );
    assert!(
        problem
            .header("access-control-expose-headers")
            .contains("x-request-id")
    );
}

#[tokio::test]
async fn readiness_tells_each_check() {
    let app = App::new();
    assert_eq!(app.call(get("/ready")).await.status, 503, "not started yet");
    app.health
        .register("database", Criticality::Critical, async || Ok(()));
    app.health.set_ready(true);
    let answer = poll_ready(&app).await;
    assert_eq!(
        (
            answer.status,
            &answer.json()["checks"]["database"]["status"]
        ),
        (200, &"ok".into())
    );
    assert_eq!(answer.header("cache-control"), "no-store");
}

/// The report before this one is kept for a second, which passes without waiting.
async fn poll_ready(app: &App) -> Answer {
    tokio::time::pause();
    tokio::time::advance(Duration::from_secs(2)).await;
    app.call(get("/ready")).await
}

#[tokio::test]
async fn requests_are_counted_by_route() {
    let app = App::new();
    app.call(get("/items/7")).await;
    app.call(get("/nothing")).await;
    let text = app.metrics.render();
    assert!(text.contains(r#"http_route="/items/{id}""#), "{text}");
    assert!(!text.contains("/nothing"), "{text}");
    let answer = app.call(get("/metrics")).await;
    assert!(answer.header("content-type").starts_with("text/plain"));
}
