//! Metrics: the text that Prometheus reads, what is counted for a call, and a bound on series.
#![expect(clippy::unwrap_used, reason = "a test ends where it fails")]

use std::{sync::Arc, time::Duration};

use goplt_core::{
    Authorizer, Code, Decision, Permission, Principal, RequestContext, TenantId,
    contract::{Access, GuardSettings, Idempotency, LocalGuard, MethodMeta, RpcError, Streaming},
    telemetry::{
        Metrics,
        metrics::{MAX_SERIES, MetricError},
    },
};
use http::{Method, StatusCode};
use proptest::prelude::*;

fn lines_with<'a>(text: &'a str, part: &str) -> Vec<&'a str> {
    text.lines().filter(|line| line.contains(part)).collect()
}

#[test]
fn the_text_is_what_prometheus_reads() {
    let metrics = Metrics::new();
    let millis = Duration::from_millis;
    metrics.http_request(&Method::GET, "/posts/{id}", StatusCode::OK, millis(5));
    metrics.http_request(&Method::GET, "/posts/{id}", StatusCode::OK, millis(60_000));
    let purge = Method::from_bytes(b"PURGE").unwrap();
    metrics.http_request(&purge, "", StatusCode::NOT_FOUND, millis(1));
    metrics.error("panic");
    let words = metrics
        .counter("words_total", "Words\nby \\ \"language\"", ["language"])
        .unwrap();
    words.add(["de\\\"\n"], 3);
    words.add(["en"], 0);
    let size = metrics.gauge("queue_size", "Waiting", []).unwrap();
    size.set([], 2.5);
    size.add([], -5.0);
    metrics
        .observe("pool_idle", "Idle connections", || 4.0)
        .unwrap();
    let sizes = metrics
        .histogram("size_bytes", "Sizes", ["kind"], &[1.0, 1_000.0])
        .unwrap();
    sizes.record(["a"], 1.0);
    sizes.record(["a"], 1.5);
    sizes.record(["a"], 1e6);
    insta::assert_snapshot!(metrics.render(), @r#"
        # HELP goplt_errors_total Faults of ours
        # TYPE goplt_errors_total counter
        goplt_errors_total{error_type="panic"} 1
        # HELP http_server_request_duration_seconds Duration of HTTP requests
        # TYPE http_server_request_duration_seconds histogram
        http_server_request_duration_seconds_bucket{http_request_method="GET",http_route="/posts/{id}",http_response_status_code="200",le="0.005"} 1
        http_server_request_duration_seconds_bucket{http_request_method="GET",http_route="/posts/{id}",http_response_status_code="200",le="0.01"} 1
        http_server_request_duration_seconds_bucket{http_request_method="GET",http_route="/posts/{id}",http_response_status_code="200",le="0.025"} 1
        http_server_request_duration_seconds_bucket{http_request_method="GET",http_route="/posts/{id}",http_response_status_code="200",le="0.05"} 1
        http_server_request_duration_seconds_bucket{http_request_method="GET",http_route="/posts/{id}",http_response_status_code="200",le="0.075"} 1
        http_server_request_duration_seconds_bucket{http_request_method="GET",http_route="/posts/{id}",http_response_status_code="200",le="0.1"} 1
        http_server_request_duration_seconds_bucket{http_request_method="GET",http_route="/posts/{id}",http_response_status_code="200",le="0.25"} 1
        http_server_request_duration_seconds_bucket{http_request_method="GET",http_route="/posts/{id}",http_response_status_code="200",le="0.5"} 1
        http_server_request_duration_seconds_bucket{http_request_method="GET",http_route="/posts/{id}",http_response_status_code="200",le="0.75"} 1
        http_server_request_duration_seconds_bucket{http_request_method="GET",http_route="/posts/{id}",http_response_status_code="200",le="1"} 1
        http_server_request_duration_seconds_bucket{http_request_method="GET",http_route="/posts/{id}",http_response_status_code="200",le="2.5"} 1
        http_server_request_duration_seconds_bucket{http_request_method="GET",http_route="/posts/{id}",http_response_status_code="200",le="5"} 1
        http_server_request_duration_seconds_bucket{http_request_method="GET",http_route="/posts/{id}",http_response_status_code="200",le="7.5"} 1
        http_server_request_duration_seconds_bucket{http_request_method="GET",http_route="/posts/{id}",http_response_status_code="200",le="10"} 1
        http_server_request_duration_seconds_bucket{http_request_method="GET",http_route="/posts/{id}",http_response_status_code="200",le="+Inf"} 2
        http_server_request_duration_seconds_sum{http_request_method="GET",http_route="/posts/{id}",http_response_status_code="200"} 60.005
        http_server_request_duration_seconds_count{http_request_method="GET",http_route="/posts/{id}",http_response_status_code="200"} 2
        http_server_request_duration_seconds_bucket{http_request_method="_OTHER",http_response_status_code="404",le="0.005"} 1
        http_server_request_duration_seconds_bucket{http_request_method="_OTHER",http_response_status_code="404",le="0.01"} 1
        http_server_request_duration_seconds_bucket{http_request_method="_OTHER",http_response_status_code="404",le="0.025"} 1
        http_server_request_duration_seconds_bucket{http_request_method="_OTHER",http_response_status_code="404",le="0.05"} 1
        http_server_request_duration_seconds_bucket{http_request_method="_OTHER",http_response_status_code="404",le="0.075"} 1
        http_server_request_duration_seconds_bucket{http_request_method="_OTHER",http_response_status_code="404",le="0.1"} 1
        http_server_request_duration_seconds_bucket{http_request_method="_OTHER",http_response_status_code="404",le="0.25"} 1
        http_server_request_duration_seconds_bucket{http_request_method="_OTHER",http_response_status_code="404",le="0.5"} 1
        http_server_request_duration_seconds_bucket{http_request_method="_OTHER",http_response_status_code="404",le="0.75"} 1
        http_server_request_duration_seconds_bucket{http_request_method="_OTHER",http_response_status_code="404",le="1"} 1
        http_server_request_duration_seconds_bucket{http_request_method="_OTHER",http_response_status_code="404",le="2.5"} 1
        http_server_request_duration_seconds_bucket{http_request_method="_OTHER",http_response_status_code="404",le="5"} 1
        http_server_request_duration_seconds_bucket{http_request_method="_OTHER",http_response_status_code="404",le="7.5"} 1
        http_server_request_duration_seconds_bucket{http_request_method="_OTHER",http_response_status_code="404",le="10"} 1
        http_server_request_duration_seconds_bucket{http_request_method="_OTHER",http_response_status_code="404",le="+Inf"} 1
        http_server_request_duration_seconds_sum{http_request_method="_OTHER",http_response_status_code="404"} 0.001
        http_server_request_duration_seconds_count{http_request_method="_OTHER",http_response_status_code="404"} 1
        # HELP pool_idle Idle connections
        # TYPE pool_idle gauge
        pool_idle 4
        # HELP queue_size Waiting
        # TYPE queue_size gauge
        queue_size -2.5
        # HELP size_bytes Sizes
        # TYPE size_bytes histogram
        size_bytes_bucket{kind="a",le="1"} 1
        size_bytes_bucket{kind="a",le="1000"} 2
        size_bytes_bucket{kind="a",le="+Inf"} 3
        size_bytes_sum{kind="a"} 1000002.5
        size_bytes_count{kind="a"} 3
        # HELP words_total Words\nby \\ "language"
        # TYPE words_total counter
        words_total{language="de\\\"\n"} 3
        words_total{language="en"} 0
        "#);
}

#[test]
fn nothing_counted_is_nothing_written() {
    assert_eq!(Metrics::new().render(), "");
}

#[test]
fn queries_and_remote_calls_have_their_series() {
    let metrics = Metrics::new();
    metrics.db_query("sqlite", "SELECT", None, Duration::from_micros(70));
    metrics.db_query("sqlite", "COMMIT", Some("busy"), Duration::from_secs(3));
    metrics.call(
        "blog.v1.BlogService",
        "GetPost",
        Code::NotFound,
        Duration::from_micros(3),
    );
    let text = metrics.render();
    insta::assert_snapshot!(lines_with(&text, "_count").join("\n"), @r#"
        db_client_operation_duration_seconds_count{db_system_name="sqlite",db_operation_name="COMMIT",error_type="busy"} 1
        db_client_operation_duration_seconds_count{db_system_name="sqlite",db_operation_name="SELECT"} 1
        rpc_server_call_duration_seconds_count{rpc_service="blog.v1.BlogService",rpc_method="GetPost",rpc_response_status_code="not_found"} 1
        "#);
}

#[test]
fn a_name_means_one_metric() {
    let metrics = Metrics::new();
    let first = metrics.counter("a_total", "A", ["kind"]).unwrap();
    let second = metrics.counter("a_total", "A", ["kind"]).unwrap();
    first.add(["x"], 1);
    second.add(["x"], 1);
    assert!(metrics.render().contains("a_total{kind=\"x\"} 2"));
    let taken = Err(MetricError::Taken { name: "a_total" });
    assert_eq!(
        metrics.counter("a_total", "A", ["other"]).map(|_| ()),
        taken
    );
    assert_eq!(metrics.gauge("a_total", "A", ["kind"]).map(|_| ()), taken);
    assert_eq!(
        metrics
            .gauge("http_server_request_duration_seconds", "", [])
            .map(|_| ())
            .unwrap_err()
            .code(),
        Code::AlreadyExists
    );
    for name in ["", "A_total", "1_total", "a b_total", "a-total"] {
        assert!(metrics.counter(name, "A", []).is_err(), "{name}");
    }
    assert!(metrics.counter("a", "A", []).is_err());
    assert!(metrics.gauge("b", "B", ["le"]).is_err());
    for bounds in [&[1.0, 1.0][..], &[2.0, 1.0], &[f64::NAN], &[f64::INFINITY]] {
        assert_eq!(
            metrics.histogram("c", "C", [], bounds).map(|_| ()),
            Err(MetricError::Bounds { name: "c" })
        );
    }
}

#[test]
fn what_exceeds_the_bound_is_counted_together() {
    let metrics = Metrics::new();
    let users = metrics
        .counter("users_total", "By user: a mistake", ["user"])
        .unwrap();
    for user in 0..MAX_SERIES + 500 {
        users.add([&user.to_string()], 1);
    }
    users.add(["0"], 1);
    let text = metrics.render();
    assert_eq!(text.lines().count(), MAX_SERIES + 1 + 2);
    assert!(text.contains("users_total{otel_metric_overflow=\"true\"} 500\n"));
    assert!(text.contains("users_total{user=\"0\"} 2\n"));
}

#[test]
fn threads_lose_no_count() {
    let metrics = Metrics::new();
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                let took = Duration::from_secs(1);
                for index in 0..1_000 {
                    let route = ["/a", "/b", "/c"][index % 3];
                    metrics.http_request(&Method::GET, route, StatusCode::OK, took);
                }
            });
        }
    });
    let text = metrics.render();
    let total = |suffix: &str| -> f64 {
        let lines = lines_with(&text, suffix);
        lines
            .iter()
            .map(|line| line.rsplit(' ').next().unwrap().parse::<f64>().unwrap())
            .sum()
    };
    assert_eq!(total("_count"), 4_000.0);
    assert_eq!(total("_sum"), 4_000.0);
}

/// Undoes the escaping of a label value, as a reader would.
fn unescape(text: &str) -> String {
    let mut plain = String::new();
    let mut characters = text.chars();
    while let Some(character) = characters.next() {
        plain.push(match character {
            '\\' => match characters.next().unwrap() {
                'n' => '\n',
                other => other,
            },
            other => other,
        });
    }
    plain
}

proptest! {
    #[test]
    fn any_label_value_is_one_line_and_is_read_back(value in "(\\PC|\n|\"|\\\\|\r|\u{2028}){1,40}") {
        let metrics = Metrics::new();
        metrics.counter("a_total", "A", ["kind"]).unwrap().add([&value], 1);
        let text = metrics.render();
        let lines: Vec<&str> = text.split('\n').collect();
        prop_assert_eq!(lines.len(), 4, "help, type, series, and the end");
        let shown = lines[2].strip_prefix("a_total{kind=\"").unwrap().strip_suffix("\"} 1").unwrap();
        let bare = shown.replace("\\\\", "").replace("\\\"", "");
        prop_assert!(!bare.contains('"'));
        prop_assert_eq!(unescape(shown), value);
    }

    #[test]
    fn buckets_rise_to_the_count(values in proptest::collection::vec(-1e9_f64..1e9, 0..50)) {
        let metrics = Metrics::new();
        let sizes = metrics.histogram("a", "A", [], &[-5.0, 0.0, 5.0, 1e6]).unwrap();
        for value in &values {
            sizes.record([], *value);
        }
        let text = metrics.render();
        let counts: Vec<usize> = lines_with(&text, "a_bucket")
            .iter()
            .map(|line| line.rsplit(' ').next().unwrap().parse().unwrap())
            .collect();
        prop_assert!(counts.is_sorted());
        let below = [-5.0, 0.0, 5.0, 1e6, f64::INFINITY].map(|bound| {
            values.iter().filter(|value| **value <= bound).count()
        });
        if !values.is_empty() {
            prop_assert_eq!(counts, below.to_vec());
        }
    }
}

// What the guard counts.

const METHODS: [MethodMeta; 2] = [
    MethodMeta {
        name: "GetPost",
        idempotency: Idempotency::NoSideEffects,
        streaming: Streaming::Unary,
        timeout: Some(Duration::from_secs(5)),
        access: Access::Public,
    },
    MethodMeta {
        name: "DeletePost",
        idempotency: Idempotency::None,
        streaming: Streaming::Unary,
        timeout: None,
        access: Access::Authenticated,
    },
];
static TABLE: [MethodMeta; 2] = METHODS;

fn guard(metrics: &Metrics) -> LocalGuard {
    let nobody = |_: &Principal, _: &TenantId, _: &Permission| Decision::Deny;
    let authorizer: Arc<dyn Authorizer> = Arc::new(nobody);
    LocalGuard::new(
        "blog.v1.BlogService",
        GuardSettings::new(authorizer).with_metrics(metrics.clone()),
    )
}

fn anonymous() -> RequestContext {
    RequestContext::new("req-1".parse().unwrap())
}

fn counted(metrics: &Metrics) -> String {
    lines_with(&metrics.render(), "_count").join("\n")
}

#[tokio::test(start_paused = true)]
async fn every_end_of_a_call_is_counted_by_its_code() {
    let metrics = Metrics::new();
    let guard = guard(&metrics);
    let cx = anonymous();
    let call = || guard.enter(&TABLE[0], &cx).unwrap();
    for _ in 0..2 {
        call().run(async { Ok(()) }).await.unwrap();
    }
    let missing = async { Err::<(), _>(RpcError::not_found("no such post")) };
    call().run(missing).await.unwrap_err();
    let panics = async { panic!("boom") };
    let result: Result<(), RpcError> = call().run(panics).await;
    assert_eq!(result.unwrap_err().code(), Code::Internal);
    let late: Result<(), RpcError> = call().run(std::future::pending()).await;
    assert_eq!(late.unwrap_err().code(), Code::DeadlineExceeded);
    drop(call().run(async { Ok(()) }));
    guard.enter(&TABLE[1], &anonymous()).unwrap_err();
    insta::assert_snapshot!(counted(&metrics), @r#"
        rpc_server_call_duration_seconds_count{rpc_service="blog.v1.BlogService",rpc_method="DeletePost",rpc_response_status_code="unauthenticated"} 1
        rpc_server_call_duration_seconds_count{rpc_service="blog.v1.BlogService",rpc_method="GetPost",rpc_response_status_code="cancelled"} 1
        rpc_server_call_duration_seconds_count{rpc_service="blog.v1.BlogService",rpc_method="GetPost",rpc_response_status_code="deadline_exceeded"} 1
        rpc_server_call_duration_seconds_count{rpc_service="blog.v1.BlogService",rpc_method="GetPost",rpc_response_status_code="internal"} 1
        rpc_server_call_duration_seconds_count{rpc_service="blog.v1.BlogService",rpc_method="GetPost",rpc_response_status_code="not_found"} 1
        rpc_server_call_duration_seconds_count{rpc_service="blog.v1.BlogService",rpc_method="GetPost",rpc_response_status_code="ok"} 2
        "#);
}

#[tokio::test(start_paused = true)]
async fn a_call_is_as_long_as_it_takes() {
    let metrics = Metrics::new();
    let guard = guard(&metrics);
    let cx = anonymous();
    let call = guard.enter(&TABLE[0], &cx).unwrap();
    let work = async {
        tokio::time::sleep(Duration::from_secs(2)).await;
        Ok(())
    };
    call.run(work).await.unwrap();
    assert!(
        metrics
            .render()
            .contains("_sum{rpc_service=\"blog.v1.BlogService\",rpc_method=\"GetPost\",rpc_response_status_code=\"ok\"} 2\n"),
        "{}",
        metrics.render()
    );
}

#[tokio::test]
async fn guards_of_one_host_count_together_and_without_metrics_not_at_all() {
    let metrics = Metrics::new();
    let cx = anonymous();
    for guard in [guard(&metrics), guard(&metrics).clone()] {
        let call = guard.enter(&TABLE[0], &cx).unwrap();
        call.run(async { Ok(()) }).await.unwrap();
    }
    assert!(counted(&metrics).ends_with("\"ok\"} 2"));
    let nobody = |_: &Principal, _: &TenantId, _: &Permission| Decision::Deny;
    let silent = LocalGuard::new("x", GuardSettings::new(Arc::new(nobody)));
    silent
        .enter(&TABLE[0], &anonymous())
        .unwrap()
        .run(async { Ok(()) })
        .await
        .unwrap();
    assert!(!metrics.render().contains("\"x\""));
}
