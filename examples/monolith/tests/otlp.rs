//! What the monolith exports, as a real OTLP receiver gets it: one trace from the request to the handler of its event,
//! metrics and log lines; and that an endpoint which is away keeps nobody waiting.
//!
//! The receiver is `otlp/otlp_receiver.py` below `GOPLT_INFRA` (`../shared/infra` beside the workspace), run with the
//! Python at `GOPLT_OTLP_PYTHON`, which has what its `requirements.txt` names. Without them the test is skipped, and
//! fails with `GOPLT_REQUIRE_BACKENDS=1`, unless `GOPLT_OTLP_PYTHON` is `none`.
#![cfg(feature = "otel")]
#![allow(clippy::unwrap_used, reason = "a test")]

mod common;

use std::{
    env,
    ffi::OsStr,
    path::{Path, PathBuf},
    process::Stdio,
    time::Duration,
};

use http::Method;
use serde_json::{Value, json};
use tokio::{
    io::{AsyncBufReadExt, BufReader},
    process::{Child, Command},
    time::timeout,
};

use common::{Monolith, request};

const TRACE: &str = "0af7651916cd43dd8448eb211c80319c";
const CALLER: &str = "b7ad6b7169203331";
const PATIENCE: Duration = Duration::from_secs(60);

struct Receiver {
    // Ends with the test.
    _child: Child,
    endpoint: String,
    received: PathBuf,
}

impl Receiver {
    /// `None` where there is none to run.
    async fn start(dir: &Path) -> Option<Self> {
        let infra = env::var_os("GOPLT_INFRA").map_or_else(
            || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/infra"),
            PathBuf::from,
        );
        let script = infra.join("otlp/otlp_receiver.py");
        let python = env::var_os("GOPLT_OTLP_PYTHON");
        if python.as_deref() == Some(OsStr::new("none")) {
            eprintln!("SKIPPED: the gate has said that there is no OTLP receiver");
            return None;
        }
        let python = python.filter(|_| script.is_file());
        let Some(python) = python else {
            let why = format!(
                "no OTLP receiver: `GOPLT_OTLP_PYTHON` is not set, or {} is not there",
                script.display()
            );
            assert!(env::var_os("GOPLT_REQUIRE_BACKENDS").is_none(), "{why}");
            eprintln!("SKIPPED: {why}");
            return None;
        };
        let received = dir.join("received.jsonl");
        let mut child = Command::new(python)
            .arg(script)
            .args(["--listen", "127.0.0.1:0", "--out"])
            .arg(&received)
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let line = timeout(PATIENCE, lines.next_line()).await.unwrap().unwrap();
        let address = line.unwrap().replace("listening ", "");
        Some(Self {
            _child: child,
            endpoint: format!("http://{address}"),
            received,
        })
    }

    /// The requests of a signal so far.
    fn requests(&self, signal: &str) -> Vec<Value> {
        let text = std::fs::read_to_string(&self.received).unwrap_or_default();
        text.lines()
            .map(|line| serde_json::from_str::<Value>(line).unwrap())
            .filter(|line| line["signal"] == signal)
            .map(|line| line["request"].clone())
            .collect()
    }

    /// Every element below these keys, each of which holds a list.
    fn all(&self, signal: &str, path: [&str; 3]) -> Vec<Value> {
        let below = |value: &Value, key: &str| value[key].as_array().cloned().unwrap_or_default();
        let requests = self.requests(signal);
        let resources = requests.iter().flat_map(|request| below(request, path[0]));
        let scopes = resources.flat_map(|resource| below(&resource, path[1]));
        scopes.flat_map(|scope| below(&scope, path[2])).collect()
    }
}

/// The attributes of a span, point or line.
fn attribute<'a>(of: &'a Value, name: &str) -> Option<&'a Value> {
    let attributes = of["attributes"].as_array()?;
    let found = attributes.iter().find(|pair| pair["key"] == name)?;
    found["value"].as_object()?.values().next()
}

/// Ids are bytes, which the receiver writes in base64.
fn id(value: &Value) -> String {
    const ALPHABET: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let text = value.as_str().unwrap_or_default().trim_end_matches('=');
    let mut bits = String::new();
    for letter in text.chars() {
        let place = ALPHABET.find(letter).unwrap();
        bits.push_str(&format!("{place:06b}"));
    }
    let nibbles = bits.as_bytes().chunks_exact(4);
    let nibble = |chunk: &[u8]| {
        let digit = u8::from_str_radix(std::str::from_utf8(chunk).unwrap(), 2).unwrap();
        char::from_digit(digit.into(), 16).unwrap()
    };
    let digits: String = nibbles.map(nibble).collect();
    // Bits that only fill the last letter.
    digits[..digits.len() / 8 * 8].to_owned()
}

#[tokio::test]
async fn a_request_is_one_trace_down_to_the_handler_of_its_event() {
    let folder = tempfile::tempdir().unwrap();
    let Some(receiver) = Receiver::start(folder.path()).await else {
        return;
    };
    let endpoint = format!("telemetry.otlp.endpoint={}", receiver.endpoint);
    let settings = [
        "--set",
        &endpoint,
        "--set",
        "telemetry.metrics.interval=200ms",
        "--set",
        "logging.format=json",
    ];
    let monolith = Monolith::start_with(folder.path(), &settings).await;
    let token = monolith.token("acme", "editor").await;
    let body = json!({ "title": "Traces", "content": "One thread through all of it." });
    let mut post = request(Method::POST, "/api/v1/blog/posts", &token, Some(body));
    let caller = format!("00-{TRACE}-{CALLER}-01");
    post.headers_mut()
        .insert("traceparent", caller.parse().unwrap());
    assert_eq!(monolith.send(post).await.status, 201);
    let counted = |summary: &Value| summary["posts_created"].as_u64() >= Some(1);
    let reader = monolith.token("acme", "admin").await;
    let summary = monolith
        .until("/api/v1/analytics/summary", &reader, counted)
        .await;
    assert!(counted(&summary), "{summary}");
    // What waits is sent at the end.
    assert!(monolith.terminate().await.success());

    let spans = receiver.all("traces", ["resourceSpans", "scopeSpans", "spans"]);
    let of_trace: Vec<_> = spans
        .iter()
        .filter(|span| id(&span["traceId"]) == TRACE)
        .collect();
    let named = |name: &str| {
        let found = of_trace.iter().find(|span| span["name"] == name);
        let names = || {
            of_trace
                .iter()
                .map(|span| &span["name"])
                .collect::<Vec<_>>()
        };
        *found.unwrap_or_else(|| panic!("no span `{name}` among {:?}", names()))
    };
    let request = named("POST /api/v1/blog/posts");
    assert_eq!(id(&request["parentSpanId"]), CALLER);
    assert_eq!(request["kind"], "SPAN_KIND_SERVER");
    assert_eq!(attribute(request, "http.request.method").unwrap(), "POST");
    assert_eq!(
        attribute(request, "http.response.status_code").unwrap(),
        "201"
    );
    let call = named("goplt.identity.v1.IdentityService/BatchGetUsers");
    assert_eq!(call["parentSpanId"], request["spanId"]);
    let statement = named("INSERT");
    assert_eq!(attribute(statement, "db.system.name").unwrap(), "sqlite");
    let sent = named("send blog.post.created");
    assert_eq!(sent["kind"], "SPAN_KIND_PRODUCER");
    assert_eq!(sent["parentSpanId"], request["spanId"]);
    let handled = named("process blog.post.created");
    assert_eq!(handled["parentSpanId"], sent["spanId"]);
    assert_eq!(handled["kind"], "SPAN_KIND_CONSUMER");
    let group = attribute(handled, "messaging.consumer.group.name").unwrap();
    let below = of_trace
        .iter()
        .filter(|span| span["parentSpanId"] == handled["spanId"]);
    assert!(below.count() > 0, "{group} writes, and that is seen");
    let upkeep = spans.iter().filter(|span| {
        span["parentSpanId"].as_str().unwrap_or_default().is_empty()
            && span["kind"] == "SPAN_KIND_CLIENT"
    });
    assert_eq!(upkeep.count(), 0, "statements of the relay are no traces");

    let requests = receiver.requests("traces");
    let resource = &requests[0]["resourceSpans"][0]["resource"];
    assert_eq!(attribute(resource, "service.name").unwrap(), "monolith");
    assert_eq!(
        attribute(resource, "deployment.environment.name").unwrap(),
        "development"
    );

    let lines = receiver.all("logs", ["resourceLogs", "scopeLogs", "logRecords"]);
    let access = lines
        .iter()
        .find(|line| {
            id(&line["traceId"]) == TRACE
                && attribute(line, "http.route") == Some(&json!("/api/v1/blog/posts"))
        })
        .expect("the request's line is of its trace");
    assert_eq!(access["spanId"], request["spanId"]);
    assert_eq!(attribute(access, "trace_id").unwrap(), TRACE);
    assert_eq!(attribute(access, "tenant_id").unwrap(), "acme");

    let metrics = receiver.all("metrics", ["resourceMetrics", "scopeMetrics", "metrics"]);
    let durations = metrics
        .iter()
        .rfind(|metric| metric["name"] == "http.server.request.duration")
        .unwrap();
    assert_eq!(durations["unit"], "s");
    let points = durations["histogram"]["dataPoints"].as_array().unwrap();
    let posts = points
        .iter()
        .find(|point| attribute(point, "http.route") == Some(&json!("/api/v1/blog/posts")))
        .unwrap();
    assert_eq!(posts["count"], "1");
    let depth = metrics
        .iter()
        .any(|metric| metric["name"] == "goplt_error_queue_depth" && metric["gauge"].is_object());
    assert!(depth);
}

#[tokio::test]
async fn an_endpoint_that_is_away_keeps_neither_requests_nor_the_end_waiting() {
    let folder = tempfile::tempdir().unwrap();
    // A port that was free a moment ago: nobody listens.
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let endpoint = format!(
        "telemetry.otlp.endpoint=http://{}",
        free.local_addr().unwrap()
    );
    drop(free);
    let settings = [
        "--set",
        &endpoint,
        "--set",
        "telemetry.metrics.interval=100ms",
    ];
    let monolith = Monolith::start_with(folder.path(), &settings).await;
    let failed = "goplt_telemetry_export_failures_total{signal=\"metrics\"} ";
    let looking = async {
        loop {
            let answer = monolith.get("/metrics", "").await;
            let text = String::from_utf8(answer.body.to_vec()).unwrap();
            let count = text.lines().find_map(|line| line.strip_prefix(failed));
            if count.is_some_and(|count| count != "0") {
                return;
            }
        }
    };
    timeout(PATIENCE, looking)
        .await
        .expect("the failure is counted");
    assert!(monolith.terminate().await.success());
}

#[tokio::test]
async fn an_endpoint_that_is_none_is_told_before_anything_starts() {
    let folder = tempfile::tempdir().unwrap();
    let mut command = common::command(folder.path());
    command.args(["--set", "telemetry.otlp.endpoint=collector:4317"]);
    let ended = common::run(command).await;
    assert_eq!(ended.status.code(), Some(1));
    assert!(
        ended
            .stderr
            .contains("`telemetry.otlp.endpoint` is `collector:4317`"),
        "{}",
        ended.stderr
    );
    assert!(!folder.path().join("data").exists());
}

#[tokio::test]
async fn an_endpoint_that_never_answers_does_not_hold_up_the_end() {
    let folder = tempfile::tempdir().unwrap();
    // Connections are taken by the system and never answered.
    let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let endpoint = format!(
        "telemetry.otlp.endpoint=http://{}",
        silent.local_addr().unwrap()
    );
    let settings = ["--set", &endpoint, "--set", "server.shutdown_grace=2s"];
    let monolith = Monolith::start_with(folder.path(), &settings).await;
    assert_eq!(monolith.get("/healthz", "").await.status, 200);
    assert!(monolith.terminate().await.success());
}
