//! What a request leaves in the log: one line, with its ids; the cause of a failure, once.

use std::{
    io,
    sync::{Arc, Mutex},
};

use http::HeaderValue;
use tracing::{Level, subscriber::DefaultGuard};
use tracing_subscriber::fmt::MakeWriter;

use crate::app::{App, get};

#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<u8>>>);

impl Lines {
    /// What this thread logs until the guard is dropped.
    fn capture() -> (Self, DefaultGuard) {
        let lines = Self::default();
        let subscriber = tracing_subscriber::fmt()
            .json()
            .with_max_level(Level::DEBUG)
            .with_writer(lines.clone())
            .finish();
        (lines, tracing::subscriber::set_default(subscriber))
    }

    fn with(&self, text: &str) -> Vec<serde_json::Value> {
        let bytes = self.0.lock().unwrap();
        let lines = std::str::from_utf8(&bytes).unwrap().lines();
        let lines = lines.filter(|line| line.contains(text));
        lines.map(|line| serde_json::from_str(line).unwrap()).collect()
    }
}

impl io::Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Lines {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

#[tokio::test]
async fn a_request_leaves_one_line_with_everything_to_find_it_by() {
    let (lines, _guard) = Lines::capture();
    let mut request = get("/me");
    request.headers_mut().insert("authorization", HeaderValue::from_static("Bearer ada"));
    request.headers_mut().insert("x-tenant-id", HeaderValue::from_static("acme"));
    request.headers_mut().insert("x-request-id", HeaderValue::from_static("req-1"));
    App::new().call(request).await;
    let lines = lines.with("goplt::access");
    let [line] = lines.as_slice() else { panic!("{lines:?}") };
    assert_eq!(line["level"], "INFO");
    assert_eq!(line["fields"]["status"], 200);
    assert!(line["fields"]["duration_ms"].is_number());
    let span = &line["span"];
    assert_eq!(span["method"], "GET");
    assert_eq!(span["route"], "/me");
    assert_eq!(span["request_id"], "req-1");
    assert_eq!(span["tenant_id"], "acme");
    assert_eq!(span["user_id"], "ada");
    assert_eq!(span["trace_id"].as_str().unwrap().len(), 32);
}

#[tokio::test]
async fn the_cause_of_a_failure_is_told_once_and_a_refusal_only_to_who_looks_closely() {
    let (lines, _guard) = Lines::capture();
    let app = App::new();
    app.call(get("/boom")).await;
    let causes = lines.with("request failed");
    let [cause] = causes.as_slice() else { panic!("{causes:?}") };
    assert_eq!(cause["level"], "ERROR");
    assert_eq!(cause["fields"]["cause"], "panicked: the shop burns");
    app.call(get("/nothing")).await;
    assert_eq!(lines.with("request refused")[0]["level"], "DEBUG");
    assert_eq!(lines.with("goplt::access")[1]["span"]["path"], "/nothing");
}
