//! What a request leaves in the log: one line, with its ids; the cause of a failure, once.

use std::{
    io,
    sync::{LazyLock, Mutex},
};

use http::HeaderValue;
use tracing::Level;

use crate::app::{App, get};

/// Everything that the tests of this process log. A subscriber for each test would race with the
/// tests that have none: whether a line is wanted is remembered per process.
static LINES: LazyLock<Mutex<Vec<u8>>> = LazyLock::new(|| {
    let subscriber = tracing_subscriber::fmt()
        .json()
        .with_max_level(Level::DEBUG)
        .with_writer(|| Writer)
        .finish();
    tracing::subscriber::set_global_default(subscriber).unwrap();
    Mutex::default()
});

struct Writer;

impl io::Write for Writer {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        LINES.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Before the first line is logged.
pub(crate) fn capture() {
    LazyLock::force(&LINES);
}

/// The lines of a request that hold `text`.
fn lines(request_id: &str, text: &str) -> Vec<serde_json::Value> {
    let bytes = LINES.lock().unwrap().clone();
    let lines = std::str::from_utf8(&bytes)
        .unwrap()
        .lines()
        .filter(|line| line.contains(text));
    let lines = lines.map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap());
    lines
        .filter(|line| line["span"]["request_id"] == request_id)
        .collect()
}

fn request(path: &str, id: &'static str) -> axum::extract::Request {
    let mut request = get(path);
    request
        .headers_mut()
        .insert("x-request-id", HeaderValue::from_static(id));
    request
}

#[tokio::test]
async fn a_request_leaves_one_line_with_everything_to_find_it_by() {
    let mut request = request("/me", "find-me");
    request
        .headers_mut()
        .insert("authorization", HeaderValue::from_static("Bearer ada"));
    request
        .headers_mut()
        .insert("x-tenant-id", HeaderValue::from_static("acme"));
    App::new().call(request).await;
    let lines = lines("find-me", "goplt::access");
    let [line] = lines.as_slice() else {
        panic!("{lines:?}")
    };
    assert_eq!(line["level"], "INFO");
    assert_eq!(line["fields"]["status"], 200);
    assert!(line["fields"]["duration_ms"].is_number());
    let span = &line["span"];
    assert_eq!(span["http.request.method"], "GET");
    assert_eq!(span["http.route"], "/me");
    assert_eq!(span["tenant_id"], "acme");
    assert_eq!(span["user_id"], "ada");
    assert_eq!(span["trace_id"].as_str().unwrap().len(), 32);
}

#[tokio::test]
async fn the_cause_of_a_failure_is_told_once_and_a_refusal_only_to_who_looks_closely() {
    let app = App::new();
    app.call(request("/boom", "burns")).await;
    let causes = lines("burns", "request failed");
    let [cause] = causes.as_slice() else {
        panic!("{causes:?}")
    };
    assert_eq!(cause["level"], "ERROR");
    assert_eq!(cause["fields"]["cause"], "panicked: the shop burns");
    app.call(request("/nothing", "lost")).await;
    assert_eq!(lines("lost", "request refused")[0]["level"], "DEBUG");
    assert_eq!(
        lines("lost", "goplt::access")[0]["span"]["url.path"],
        "/nothing"
    );
}

#[tokio::test]
async fn a_client_that_leaves_is_told_as_499() {
    let app = App::new();
    let call = tower::ServiceExt::oneshot(app.router.clone(), request("/wait", "gone"));
    let mut call = tokio_test::task::spawn(call);
    assert!(call.poll().is_pending());
    drop(call);
    assert_eq!(lines("gone", "goplt::access")[0]["fields"]["status"], 499);
}
