//! A host reports what goes wrong in it: requests, event handlers, jobs, tasks and hooks. It goes on meanwhile, and
//! hands on what waits when it stops.
#![allow(clippy::unwrap_used, reason = "a test")]

use std::{borrow::Cow, collections::BTreeMap, sync::Arc, time::Duration};

use async_trait::async_trait;
use axum::{body::Body, extract::Request};
use goplt_core::{
    BoxError, Problem, RequestContext,
    config::Sources,
    data::TenantTx,
    event::{DecodeError, Event, EventContext, EventOf, Permanent},
    job::{JobContext, NewJob},
    manifest::{Manifest, name_tag},
    report::{Category, ErrorSink, Incident},
};
use goplt_module::{Host, IModule, InitContext, RunningHost, StartContext, StopContext};
use tokio::sync::mpsc;
use tower::ServiceExt as _;

goplt_module::include_manifest!("tests/reports/module.yaml");

struct VaseFell;

impl Event for VaseFell {
    const NAME: &'static str = "fragile.vase.fell";
    const VERSION: u32 = 1;

    fn key(&self) -> Cow<'_, str> {
        Cow::Borrowed("vase")
    }

    fn encode(&self) -> Vec<u8> {
        Vec::new()
    }

    fn decode(_: &[u8]) -> Result<Self, DecodeError> {
        Ok(Self)
    }
}

impl EventOf<{ name_tag("fragile.vase.fell") }> for VaseFell {}

struct Fragile;

struct Service;

impl Service {
    async fn on_fell(
        &self,
        _: &EventContext,
        tx: &mut TenantTx,
        _: VaseFell,
    ) -> Result<(), BoxError> {
        tx.jobs().enqueue(NewJob::new(job::SWEEP)).await?;
        Err(Permanent::new("the vase is in pieces").into())
    }

    async fn sweep(&self, _: &JobContext) -> Result<(), BoxError> {
        Err(Permanent::new("the broom is broken").into())
    }
}

async fn broken(cx: RequestContext) -> Result<(), Problem> {
    let disk = std::io::Error::other(format!("disk {} is full", cx.request_id()));
    Err(Problem::new(goplt_core::Code::Unavailable).with_source(disk))
}

impl IModule for Fragile {
    type Needs = ();
    type Provides = ();

    fn manifest(&self) -> &Manifest {
        &MANIFEST
    }

    async fn init(&self, _: (), cx: &mut InitContext<'_>) -> Result<(), BoxError> {
        let service = Arc::new(Service);
        cx.routes(&service).mount(route::BROKEN, broken);
        let _ = cx.events(&service).on(event::VASE_FELL, Service::on_fell);
        let _ = cx.jobs(&service).on(job::SWEEP, Service::sweep);
        Ok(())
    }

    async fn on_start(&self, cx: &StartContext) -> Result<(), BoxError> {
        let acme = cx.service_contexts().for_tenant("acme".parse()?);
        let mut tx = cx.db().begin(acme.scope()?).await?;
        tx.outbox().publish(event::VASE_FELL, &VaseFell).await?;
        tx.jobs().enqueue(NewJob::new(job::SWEEP)).await?;
        tx.commit().await?;
        cx.tasks()
            .spawn("shelf", |_| async { panic!("the shelf gave way") });
        Ok(())
    }

    async fn on_stop(&self, _: &StopContext) -> Result<(), BoxError> {
        Err("the door does not close".into())
    }
}

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

#[derive(Debug)]
struct Hangs;

#[async_trait]
impl ErrorSink for Hangs {
    fn name(&self) -> &str {
        "hangs"
    }

    async fn tell(&self, _: &Incident) -> Result<(), BoxError> {
        std::future::pending().await
    }
}

fn host(sink: impl ErrorSink) -> (tempfile::TempDir, Host) {
    let folder = tempfile::tempdir().unwrap();
    let set = ["data_dir=data", "server.shutdown_grace=2s"].map(str::to_owned);
    let host = Host::builder()
        .sources(Sources::new(folder.path()).with_set(set))
        .module(Fragile)
        .error_sink(Arc::new(sink));
    (folder, host.build().unwrap())
}

async fn get(running: &RunningHost, path: &str) -> u16 {
    let request = Request::get(path).body(Body::empty()).unwrap();
    running
        .router()
        .oneshot(request)
        .await
        .unwrap()
        .status()
        .as_u16()
}

#[tokio::test]
async fn whatever_goes_wrong_in_a_host_is_reported() {
    let (sender, mut told) = mpsc::unbounded_channel();
    let (_folder, host) = host(Told(sender));
    let running = host.start_in_process().await.unwrap();
    assert_eq!(get(&running, "/broken").await, 503);

    let mut by_place = BTreeMap::new();
    while by_place.len() < 4 {
        let incident = tokio::time::timeout(Duration::from_secs(60), told.recv()).await;
        let report = incident.unwrap().unwrap().report;
        by_place.insert(report.place().unwrap().to_owned(), report);
    }
    let refused = running.stop().await.unwrap_err();
    assert!(refused.to_string().contains("the door does not close"));
    let last = told.recv().await.unwrap().report;
    assert_eq!(last.place(), Some("on_stop"));

    let request = &by_place["GET /broken"];
    assert_eq!(request.category(), Category::Infrastructure);
    assert!(request.chain()[0].contains("is full"));
    let event = &by_place["event fragile.vase.fell"];
    assert_eq!(event.chain()[1], "the vase is in pieces");
    assert_eq!(event.tenant().unwrap().as_str(), "acme");
    let job = &by_place["job sweep"];
    assert_eq!(job.chain()[1], "the broom is broken");
    assert_eq!(job.tenant().unwrap().as_str(), "acme");
    let task = &by_place["task fragile/shelf"];
    assert_eq!(task.category(), Category::Panic);
    for report in by_place.values().chain([&last]) {
        assert_eq!(report.module().unwrap().as_str(), "fragile");
    }
}

#[tokio::test]
async fn a_sink_that_hangs_keeps_neither_requests_nor_the_end_waiting() {
    let (_folder, host) = host(Hangs);
    let running = host.start_in_process().await.unwrap();
    for _ in 0..3 {
        assert_eq!(get(&running, "/broken").await, 503);
    }
    let refused = running.stop().await.unwrap_err();
    assert!(refused.interrupted().is_none(), "{refused}");
}
