//! Lines carry the fields of the spans around them, the filter holds, and each line stands alone.

use std::sync::{Arc, Mutex};

use serde_json::Value;
use tracing_subscriber::{Registry, layer::SubscriberExt};

use super::*;

#[derive(Clone, Default)]
struct Written(Arc<Mutex<Vec<u8>>>);

impl io::Write for Written {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn lines(settings: &LogSettings, log: impl FnOnce()) -> Vec<String> {
    let written = Written::default();
    let writer = written.clone();
    let layer = layer(settings, move || writer.clone(), false).unwrap();
    tracing::subscriber::with_default(Registry::default().with(layer), log);
    let bytes = written.0.lock().unwrap().clone();
    String::from_utf8(bytes)
        .unwrap()
        .lines()
        .map(str::to_owned)
        .collect()
}

fn json(log: impl FnOnce()) -> Vec<Value> {
    let lines = lines(&LogSettings::new(LogFormat::Json), log);
    lines
        .iter()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

#[test]
fn a_json_line_carries_the_fields_of_its_request() {
    use tracing::field::Empty;

    let lines = lines(&LogSettings::new(LogFormat::Json), || {
        let request = tracing::info_span!(
            "request",
            request_id = "req-1",
            tenant_id = Empty,
            user_id = Empty
        );
        let _entered = request.enter();
        request.record("tenant_id", "acme");
        let inner = tracing::info_span!("call", attempt = 2, request_id = "req-2");
        inner
            .in_scope(|| tracing::warn!(target: "blog", posts = 3, "slow \"answer\"\nof identity"));
    });
    let (before, rest) = lines[0].split_once("\",").unwrap();
    let at: crate::Timestamp = before
        .trim_start_matches("{\"timestamp\":\"")
        .parse()
        .unwrap();
    assert!(at > crate::Timestamp::UNIX_EPOCH);
    insta::assert_snapshot!(rest, @r#""level":"WARN","target":"blog","message":"slow \"answer\"\nof identity","posts":3,"attempt":2,"request_id":"req-2","tenant_id":"acme"}"#);
}

#[test]
fn a_field_cannot_pretend_to_be_the_line_s_own() {
    let lines = json(|| {
        let span = tracing::info_span!("request", level = "FORGED", message = "forged");
        span.in_scope(|| tracing::info!(timestamp = "forged", target = "forged", "true"));
    });
    assert_eq!(lines.len(), 1);
    assert!(!lines[0].to_string().contains("orged"), "{}", lines[0]);
    assert_eq!(lines[0]["message"], "true");
}

#[test]
fn an_error_is_written_with_its_causes() {
    #[derive(Debug, thiserror::Error)]
    #[error("outer")]
    struct Outer(#[source] io::Error);

    let error = Outer(io::Error::other("inner"));
    let error: &(dyn std::error::Error + 'static) = &error;
    let lines = json(|| tracing::error!(error, "failed"));
    assert_eq!(lines[0]["error"], "outer: inner");
}

#[test]
fn levels_hold_for_all_and_for_parts() {
    let mut settings = LogSettings::new(LogFormat::Json);
    settings.level = "debug".into();
    settings.targets = vec!["noisy=off".into(), "loud = warn".into()];
    let lines = lines(&settings, || {
        tracing::debug!(target: "blog", "kept");
        tracing::trace!(target: "blog", "dropped");
        tracing::error!(target: "noisy", "dropped");
        tracing::info!(target: "loud", "dropped");
        tracing::debug!(target: "hyper::proto", "dropped");
        tracing::info!(target: "hyper::proto", "kept");
    });
    assert_eq!(lines.len(), 2, "{lines:?}");
    assert!(lines.iter().all(|line| line.contains("kept")));
}

#[test]
fn a_pretty_line_reads_without_a_machine() {
    let lines = lines(&LogSettings::new(LogFormat::Pretty), || {
        let span = tracing::info_span!("request", request_id = "req-1");
        span.in_scope(|| tracing::info!(target: "blog", posts = 3, "listed"));
    });
    let (_, rest) = lines[0].split_once('Z').unwrap();
    assert_eq!(
        rest,
        "  INFO request{request_id=\"req-1\"}: blog: listed posts=3"
    );
}

#[test]
fn bad_settings_are_refused_by_name() {
    let mut settings = LogSettings::new(LogFormat::Json);
    settings.targets = vec!["sqlx".into()];
    assert_eq!(
        settings.filter().unwrap_err().to_string(),
        "`sqlx` is not written as `target=level`"
    );
    settings.targets = vec!["sqlx=loud".into()];
    assert!(settings.filter().is_err());
}

#[test]
fn a_second_start_in_one_process_is_no_error() {
    let settings = LogSettings::new(LogFormat::Json);
    let _ = init(&settings).unwrap();
    assert!(!init(&settings).unwrap().is_installed());
}
