//! The module operations: a tenant's administrators see, replay and purge what failed in their tenant, and nothing
//! else; the audit log has it.
#![allow(clippy::unwrap_used, reason = "a test")]

mod parcel;

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use goplt_core::{
    BoxError,
    data::TenantTx,
    event::{Envelope, EventContext, EventPolicy, RetryPolicy},
    job::{JobContext, JobPolicy, NewJob},
    manifest::Manifest,
};
use goplt_module::{IModule, InitContext, operations::OperationsModule};
use goplt_testing::TestHost;
use serde_json::{Value, json};

use self::parcel::{Leak, ParcelModule, ParcelSent};

goplt_module::include_manifest!("tests/operations.yaml");

const LETTERS: &str = "/api/v1/dead-letters";
const JOBS: &str = "/api/v1/jobs";

#[derive(Default)]
struct Courier {
    works: AtomicBool,
    opens: AtomicBool,
}

impl Courier {
    async fn on_sent(
        &self,
        _: &EventContext,
        tx: &mut TenantTx,
        event: ParcelSent,
    ) -> Result<(), BoxError> {
        if !self.works.load(Ordering::Relaxed) {
            return Err("the van is broken".into());
        }
        let knock = NewJob::new(job::KNOCK).with_payload(&event.id)?;
        tx.jobs().enqueue(knock).await?;
        Ok(())
    }

    async fn knock(&self, _: &JobContext) -> Result<(), BoxError> {
        if self.opens.load(Ordering::Relaxed) {
            return Ok(());
        }
        Err("nobody opens".into())
    }
}

struct CourierModule(Arc<Courier>);

impl IModule for CourierModule {
    type Needs = ();
    type Provides = ();

    fn manifest(&self) -> &Manifest {
        &MANIFEST
    }

    async fn init(&self, _: (), cx: &mut InitContext<'_>) -> Result<(), BoxError> {
        let once = RetryPolicy::new(1);
        let policy = EventPolicy::new().with_retry(once);
        let _ = cx
            .events(&self.0)
            .on_with(event::PARCEL_PARCEL_SENT, policy, Courier::on_sent);
        let policy = JobPolicy::new().with_retry(once);
        let _ = cx.jobs(&self.0).on_with(job::KNOCK, policy, Courier::knock);
        Ok(())
    }
}

async fn start() -> (TestHost, Arc<Courier>) {
    let courier = Arc::new(Courier::default());
    let host = TestHost::builder()
        .module(ParcelModule(Leak::Nowhere))
        .module(CourierModule(Arc::clone(&courier)))
        .module(OperationsModule::new())
        .start()
        .await
        .unwrap();
    (host, courier)
}

/// The items of a list of a tenant, once there are so many.
async fn until(host: &TestHost, path: &str, count: usize) -> Vec<Value> {
    let admin = host.acme().admin();
    host.eventually(async || {
        let found = admin.get(path).await.json();
        let items = found["items"].as_array().unwrap().clone();
        (items.len() == count).then_some(items)
    })
    .await
}

/// What the audit logs of the tenants were told of. That of the platform is told of each look and change too, since it
/// is done across tenants.
async fn entries(host: &TestHost) -> Vec<Envelope> {
    let events = host.events().await;
    let recorded = events.named("core.audit.recorded").cloned();
    let (platform, tenants): (Vec<_>, Vec<_>) =
        recorded.partition(|entry| entry.tenant().is_platform());
    assert!(
        platform.iter().all(|entry| entry.actor().is_some()),
        "somebody asked for it"
    );
    tenants
}

async fn recorded(host: &TestHost) -> usize {
    entries(host).await.len()
}

#[tokio::test]
async fn a_dead_letter_is_seen_and_replayed_in_its_tenant_alone() {
    let (host, courier) = start().await;
    let (admin, globex) = (host.acme().admin(), host.globex().admin());
    admin
        .post("/api/v1/parcels", json!({ "text": "tea" }))
        .await;
    let letters = until(&host, LETTERS, 1).await;
    let letter = &letters[0];
    assert_eq!(letter["event"], "parcel.parcel.sent");
    assert_eq!(
        (&letter["group"], &letter["state"]),
        (&json!("courier"), &json!("parked"))
    );
    assert_eq!(
        (&letter["attempts"], &letter["error"]),
        (&json!(1), &json!("the van is broken"))
    );

    let path = format!("{LETTERS}/{}", letter["event_id"].as_str().unwrap());
    let replay = format!("{path}/replay");
    assert_eq!(globex.get(LETTERS).await.json(), json!({ "items": [] }));
    assert_eq!(globex.post(&replay, Value::Null).await.status(), 404);
    assert_eq!(globex.delete(&path).await.status(), 404);
    let nobody = host.acme().user("nobody");
    assert_eq!(nobody.get(LETTERS).await.status(), 403);
    assert_eq!(nobody.post(&replay, Value::Null).await.status(), 403);
    assert_eq!(nobody.delete(&path).await.status(), 403);
    assert_eq!(recorded(&host).await, 0);

    courier.works.store(true, Ordering::Relaxed);
    courier.opens.store(true, Ordering::Relaxed);
    assert_eq!(admin.post(&replay, Value::Null).await.status(), 204);
    until(&host, LETTERS, 0).await;
    until(&host, &format!("{JOBS}?state=done&module=courier"), 1).await;
    assert_eq!(admin.post(&replay, Value::Null).await.status(), 404);
    let entries = entries(&host).await;
    assert_eq!(entries.len(), 1);
    assert_eq!(entries[0].tenant().as_str(), "acme");
    assert_eq!(entries[0].actor().unwrap().subject(), "admin");
    host.stop().await.unwrap();
}

#[tokio::test]
async fn a_purged_letter_is_gone_and_its_key_goes_on() {
    let (host, _courier) = start().await;
    let admin = host.acme().admin();
    admin
        .post("/api/v1/parcels", json!({ "text": "tea" }))
        .await;
    let letters = until(&host, LETTERS, 1).await;
    let path = format!("{LETTERS}/{}", letters[0]["event_id"].as_str().unwrap());
    assert_eq!(admin.delete(&path).await.status(), 204);
    assert_eq!(admin.delete(&path).await.status(), 404);
    until(&host, LETTERS, 0).await;
    assert_eq!(recorded(&host).await, 1);
    for (query, status) in [
        ("limit=0", 422),
        ("limit=101", 422),
        ("limit=x", 400),
        ("page=2", 400),
    ] {
        let answer = admin.get(&format!("{LETTERS}?{query}")).await;
        assert_eq!(answer.status(), status, "{query}");
    }
    host.stop().await.unwrap();
}

#[tokio::test]
async fn a_failed_job_is_seen_and_tried_again_in_its_tenant_alone() {
    let (host, courier) = start().await;
    courier.works.store(true, Ordering::Relaxed);
    let (admin, globex) = (host.acme().admin(), host.globex().admin());
    for text in ["tea", "milk"] {
        admin.post("/api/v1/parcels", json!({ "text": text })).await;
    }
    let failed = format!("{JOBS}?state=failed");
    let jobs = until(&host, &failed, 2).await;
    assert_eq!(
        (&jobs[0]["module"], &jobs[0]["name"]),
        (&json!("courier"), &json!("knock"))
    );
    assert_eq!(jobs[0]["error"], "nobody opens");
    let path = |at: usize| format!("{JOBS}/{}", jobs[at]["id"].as_str().unwrap());
    let retry = format!("{}/retry", path(0));
    assert_eq!(globex.get(JOBS).await.json(), json!({ "items": [] }));
    assert_eq!(globex.post(&retry, Value::Null).await.status(), 404);
    assert_eq!(globex.delete(&path(1)).await.status(), 404);
    let nobody = host.acme().user("nobody");
    assert_eq!(nobody.get(JOBS).await.status(), 403);
    assert_eq!(nobody.post(&retry, Value::Null).await.status(), 403);
    assert_eq!(nobody.delete(&path(1)).await.status(), 403);
    let unknown = admin.get(&format!("{JOBS}?state=broken")).await;
    assert_eq!(unknown.status(), 422);

    courier.opens.store(true, Ordering::Relaxed);
    assert_eq!(admin.post(&retry, Value::Null).await.status(), 204);
    assert_eq!(admin.delete(&path(1)).await.status(), 204);
    until(&host, &failed, 0).await;
    until(&host, &format!("{JOBS}?state=done&name=knock"), 1).await;
    assert_eq!(recorded(&host).await, 2);
    host.stop().await.unwrap();
}
