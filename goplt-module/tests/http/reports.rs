//! What is reported of requests: panics and other 5xx, with who asked and where it happened.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use goplt_core::{
    BoxError, Clock,
    report::{Category, ErrorSink, Incident, ReportSettings, Reporter, Reporting},
    telemetry::Metrics,
};
use http::HeaderValue;
use tokio::sync::mpsc;

use crate::app::{App, get, settings};

/// Hands incidents to the test.
#[derive(Debug)]
struct Told(mpsc::UnboundedSender<Incident>);

#[async_trait]
impl ErrorSink for Told {
    fn name(&self) -> &str {
        "told"
    }

    async fn tell(&self, incident: &Incident) -> Result<(), BoxError> {
        self.0.send(incident.clone())?;
        Ok(())
    }
}

fn reporter() -> (Reporter, Reporting, mpsc::UnboundedReceiver<Incident>) {
    let (sender, incidents) = mpsc::unbounded_channel();
    let settings = ReportSettings::new().with_sink(Arc::new(Told(sender)));
    let (reporter, reporting) = Reporter::start(settings, &Clock::system(), &Metrics::new());
    (reporter, reporting, incidents)
}

#[tokio::test]
async fn a_panic_is_reported_with_who_asked_and_where_it_was() {
    let (reporter, _reporting, mut incidents) = reporter();
    let app = App::reporting(settings(|_| {}), reporter);
    let mut request = get("/boom");
    for (name, value) in [
        ("authorization", "Bearer ada"),
        ("x-tenant-id", "acme"),
        ("x-request-id", "burns-1"),
        (
            "traceparent",
            "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
        ),
    ] {
        let value = HeaderValue::from_static(value);
        request.headers_mut().insert(name, value);
    }
    assert_eq!(app.call(request).await.status, 500);

    let report = incidents.recv().await.unwrap().report;
    assert_eq!(report.category(), Category::Panic);
    assert_eq!(report.chain(), ["panicked: the shop burns"]);
    assert_eq!(report.place(), Some("GET /boom"));
    assert_eq!(report.module().unwrap().as_str(), "shop");
    assert_eq!(report.request_id().unwrap().as_str(), "burns-1");
    assert_eq!(report.user(), Some("ada"));
    assert_eq!(report.tenant().unwrap().as_str(), "acme");
    let trace = 0x0af7_6519_16cd_43dd_8448_eb21_1c80_319c;
    assert_eq!(report.trace().trace_id(), trace);
}

#[tokio::test(start_paused = true)]
async fn a_request_that_took_too_long_is_of_the_infrastructure() {
    let (reporter, _reporting, mut incidents) = reporter();
    let quick = settings(|settings| settings.timeout = Duration::from_secs(1));
    let app = App::reporting(quick, reporter);
    assert_eq!(app.call(get("/wait")).await.status, 504);
    let report = incidents.recv().await.unwrap().report;
    assert_eq!(report.category(), Category::Infrastructure);
    assert_eq!(report.place(), Some("GET /wait"));
}

#[tokio::test]
async fn refusals_and_probes_that_say_no_are_not_reported() {
    let (reporter, reporting, mut incidents) = reporter();
    let app = App::reporting(settings(|_| {}), reporter);
    assert_eq!(app.call(get("/me")).await.status, 401);
    assert_eq!(app.call(get("/nowhere")).await.status, 404);
    assert_eq!(app.call(get("/ready")).await.status, 503);
    reporting.drain(Duration::from_secs(10)).await;
    assert!(incidents.recv().await.is_none());
}
