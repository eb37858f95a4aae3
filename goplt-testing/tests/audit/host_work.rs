//! Work across tenants in the log of the platform: written with it, read beside it, and of nobody's tenant.

use std::{future::ready, sync::Arc, time::Duration};

use goplt_contracts::audit::{
    AuditRecorded, AuditService, ListHeadsRequest, QueryRequest, VerifyRequest,
};
use goplt_core::{
    Principal, RequestContext, TenantId,
    audit::{HOST_READ, HOST_WRITTEN, HostReadWriter, HostRecorder},
    data::{DatabaseSettings, HostScope, ScopeMint, TenantDb, kernel_migrations, migration},
    event::{Actor, Envelope, Event as _, EventLog},
    telemetry::Metrics,
};
use goplt_testing::TestHost;
use serde_json::{Value, json};

use crate::bed::{Bed, entries, on_each_engine};

/// SQL on a table of the kernel's, as a module has it on its own.
macro_rules! lanes_sql {
    ($($sql:tt)*) => { goplt_macros::__host_sql!(crate = goplt_core; tables = ["goplt_lane"]; $($sql)*) };
}

struct Kernel {
    db: TenantDb,
    mint: ScopeMint,
    metrics: Metrics,
    writer: Option<HostReadWriter>,
}

impl Kernel {
    async fn open() -> Self {
        let mint = ScopeMint::new();
        let opened = TenantDb::open(&DatabaseSettings::in_memory(), &mint).await;
        let db = opened.unwrap();
        migration::run(&db, &[kernel_migrations()]).await.unwrap();
        let metrics = Metrics::new();
        let (recorder, reads) = HostRecorder::new(&metrics).unwrap();
        let writer = Some(reads.into_writer(db.clone(), mint.clone()));
        Self {
            db: db.with_host_recorder(recorder),
            mint,
            metrics,
            writer,
        }
    }

    fn scope(&self, module: &str) -> HostScope {
        self.mint
            .host_scope(module.parse().unwrap(), "lanes are swept")
    }

    async fn read(&self, scope: &HostScope) {
        let mut tx = self.db.begin_host_read(scope).await.unwrap();
        let sql = lanes_sql!("SELECT lane FROM goplt_lane");
        assert!(tx.fetch_all::<i64>(sql).await.unwrap().is_empty());
    }

    /// What the log is told, in the order of the outbox.
    async fn told(&self) -> Vec<(Envelope, AuditRecorded, Value)> {
        let log = EventLog::new(self.db.clone(), &self.mint);
        let found = log.after(0, 1_000).await.unwrap().into_iter();
        let read = |envelope: Envelope| {
            assert_eq!(*envelope.tenant(), TenantId::platform());
            let entry = AuditRecorded::decode(envelope.payload()).unwrap();
            let details = serde_json::from_str(&entry.metadata).unwrap();
            (envelope, entry, details)
        };
        found.map(|published| read(published.envelope)).collect()
    }

    async fn stop(&mut self) {
        self.writer.take().unwrap().run(ready(())).await;
    }
}

async fn insert(db: &TenantDb, scope: &HostScope) -> goplt_core::data::HostTx {
    let mut tx = db.begin_host(scope).await.unwrap();
    for lane in 0..2_i64 {
        let sql = lanes_sql!(
            "INSERT INTO goplt_lane (group_name, lane, token, leased_until) VALUES ('g', ?, 0, ?)",
            lane,
            goplt_core::Timestamp::from_micros(1)
        );
        tx.execute(sql).await.unwrap();
    }
    tx
}

fn ada(kernel: &Kernel) -> RequestContext {
    let cx = RequestContext::new("r1".parse().unwrap());
    let cx = cx.with_principal(Principal::user("ada"));
    kernel.mint.enter(cx, "acme".parse().unwrap()).unwrap()
}

#[tokio::test]
async fn what_is_written_is_told_by_its_own_transaction_or_not_at_all() {
    let mut kernel = Kernel::open().await;
    let scope = kernel.scope("shop");
    drop(insert(&kernel.db, &scope.within(&ada(&kernel))).await);
    assert!(kernel.told().await.is_empty(), "it was rolled back");

    let tx = insert(&kernel.db, &scope.within(&ada(&kernel))).await;
    tx.commit().await.unwrap();
    let told = kernel.told().await;
    let [(envelope, entry, details)] = &told[..] else {
        panic!("{told:?}");
    };
    assert_eq!(entry.action, HOST_WRITTEN);
    assert_eq!(entry.resource_id.as_deref(), Some("shop"));
    assert_eq!(envelope.actor(), Some(&Actor::User("ada".into())));
    assert_eq!(envelope.request_id().as_str(), "r1");
    assert_eq!(
        *details,
        json!({ "reason": "lanes are swept", "rows": 2, "tenant": "acme" })
    );

    // What was rolled back may have been read.
    kernel.stop().await;
    let told = kernel.told().await;
    assert_eq!(told.len(), 2);
    assert_eq!(told[1].1.action, HOST_READ);
    assert_eq!(told[1].2["count"], 1);
}

#[tokio::test]
async fn a_module_that_acts_in_no_request_acts_itself() {
    let kernel = Kernel::open().await;
    let tx = insert(&kernel.db, &kernel.scope("shop")).await;
    tx.commit().await.unwrap();
    let told = kernel.told().await;
    assert_eq!(told[0].0.actor(), Some(&Actor::Service("shop".into())));
    assert_eq!(told[0].2, json!({ "reason": "lanes are swept", "rows": 2 }));
}

#[tokio::test]
async fn reads_for_one_reason_become_one_entry_that_lists_their_requests() {
    let mut kernel = Kernel::open().await;
    let shop = kernel.scope("shop");
    kernel.read(&shop.within(&ada(&kernel))).await;
    kernel.read(&shop).await;
    kernel.read(&kernel.scope("bank")).await;
    // Nothing was looked at.
    drop(kernel.db.begin_host_read(&shop).await.unwrap());
    assert!(kernel.told().await.is_empty(), "a read writes nothing");
    kernel.stop().await;
    let told = kernel.told().await;
    let told: Vec<_> = told
        .iter()
        .map(|(envelope, entry, details)| {
            assert_eq!(entry.action, HOST_READ);
            let module = entry.resource_id.as_deref().unwrap();
            assert_eq!(envelope.actor(), Some(&Actor::Service(module.into())));
            (module, &details["count"], &details["requests"])
        })
        .collect();
    let requests = json!([{ "id": "r1", "tenant": "acme", "user": "ada" }]);
    assert_eq!(
        told,
        [
            ("bank", &json!(1), &Value::Null),
            ("shop", &json!(2), &requests)
        ]
    );
    let counted = "goplt_audit_host_reads_total{outcome=\"recorded\"} 3\n";
    assert!(kernel.metrics.render().contains(counted));
}

#[tokio::test(start_paused = true)]
async fn reads_are_told_after_a_minute_or_a_hundred_of_them() {
    // While a blocking task runs, paused time moves when the test says so.
    let (release, released) = std::sync::mpsc::channel::<()>();
    tokio::task::spawn_blocking(move || released.recv());
    let mut kernel = Kernel::open().await;
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let writer = kernel.writer.take().unwrap();
    let running = tokio::spawn(writer.run(async move {
        let _ = stopped.await;
    }));
    let mut commits = kernel.db.commits();
    let shop = kernel.scope("shop");
    for _ in 0..101 {
        kernel.read(&shop.within(&ada(&kernel))).await;
    }
    commits.next().await;
    let told = kernel.told().await;
    assert_eq!(told.len(), 1);
    assert_eq!(told[0].2["requests"].as_array().unwrap().len(), 100);

    tokio::time::advance(Duration::from_secs(61)).await;
    commits.next().await;
    let told = kernel.told().await;
    assert_eq!(told.len(), 2);
    assert_eq!(told[1].2["count"], 1);
    drop((stop, release));
    running.await.unwrap();
}

#[tokio::test]
async fn the_kernel_tells_of_what_it_was_asked_and_not_of_what_it_does_by_itself() {
    let mut kernel = Kernel::open().await;
    let core = kernel.scope("core");
    insert(&kernel.db, &core).await.commit().await.unwrap();
    let mut tx = kernel.db.begin_host_read(&core).await.unwrap();
    let lanes = lanes_sql!("SELECT lane FROM goplt_lane");
    assert_eq!(tx.fetch_all::<i64>(lanes).await.unwrap().len(), 2);
    drop(tx);

    let letters = goplt_core::event::DeadLetters::new(kernel.db.clone(), &kernel.mint);
    let by = RequestContext::new("r2".parse().unwrap()).with_principal(Principal::service("cli"));
    let filter = goplt_core::event::DeadLetterFilter::new();
    let letters = letters.recorded_as(by);
    assert!(letters.list(&filter).await.unwrap().is_empty());
    kernel.stop().await;
    let told = kernel.told().await;
    assert_eq!(told.len(), 1, "{told:?}");
    assert_eq!(
        told[0].2["requests"],
        json!([{ "id": "r2", "service": "cli" }])
    );
}

on_each_engine!(
    a_job_across_tenants_is_in_the_chain_of_the_platform,
    nobody_enters_the_platform_by_a_request,
);

fn platform(host: &TestHost) -> RequestContext {
    host.context()
        .service_contexts()
        .for_tenant(TenantId::platform())
}

async fn a_job_across_tenants_is_in_the_chain_of_the_platform(bed: Bed) {
    let (host, raw) = bed.set("audit.requests=false").start().await;
    host.run_job("parcel", "sweep").await.unwrap();
    let audit: Arc<dyn AuditService> = host.get().unwrap();
    let found = host
        .eventually(async || {
            let query = QueryRequest {
                action: Some(HOST_WRITTEN.to_owned()),
                ..QueryRequest::default()
            };
            let page = audit.query(&platform(&host), query).await.unwrap();
            page.entries.into_iter().next()
        })
        .await;
    assert_eq!(found.resource_id.as_deref(), Some("parcel"));
    assert_eq!(
        serde_json::from_str::<Value>(&found.metadata).unwrap(),
        json!({ "reason": "Parcels that are done with are swept for all tenants at once", "rows": 0 })
    );

    let cx = platform(&host);
    let verify = || audit.verify(&cx, VerifyRequest::default());
    let verified = verify().await.unwrap();
    assert!(
        verified.broken.is_none() && verified.entries > 0,
        "{verified:?}"
    );
    let anywhere = host.context().service_contexts().without_tenant();
    let heads = audit.list_heads(&anywhere, ListHeadsRequest::default());
    let heads = heads.await.unwrap().heads;
    assert!(
        heads.iter().any(|head| head.tenant_id == "@platform"),
        "{heads:?}"
    );
    // It is a log like the others: what is changed shows.
    raw.drop_triggers().await;
    raw.execute("UPDATE {logs} SET metadata = '{}' WHERE tenant_id = '@platform'")
        .await
        .unwrap();
    assert!(verify().await.unwrap().broken.is_some());
    for tenant in [host.acme(), host.globex()] {
        assert!(entries(&tenant.admin(), "").await.is_empty());
    }
    host.stop().await.unwrap();
}

async fn nobody_enters_the_platform_by_a_request(bed: Bed) {
    let (host, _raw) = bed.start().await;
    for (name, value) in [("x-tenant-id", "@platform"), ("x-tenant-id", "%40platform")] {
        let request = http::Request::get(crate::bed::LOGS).header(name, value);
        let request = request.body(axum::body::Body::empty()).unwrap();
        let answer = host.acme().admin().send(request).await;
        assert_eq!(answer.status(), 400, "{name}: {value}");
    }
    host.stop().await.unwrap();
}
