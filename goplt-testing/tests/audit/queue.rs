//! Entries on their way: with the transaction, or through the queue of requests.

use std::{future::ready, time::Duration};

use goplt_contracts::audit::AuditRecorded;
use goplt_core::{
    Principal, RequestContext,
    audit::{AnsweredRequest, AuditEntry, RECORDED, RequestAuditSettings, RequestRecorder},
    context::ClientInfo,
    data::{DatabaseSettings, ScopeMint, TenantDb, kernel_migrations, migration},
    event::{Actor, Envelope, Event as _, EventLog},
    telemetry::Metrics,
};
use http::{Method, StatusCode};

struct Kernel {
    db: TenantDb,
    mint: ScopeMint,
    metrics: Metrics,
}

impl Kernel {
    async fn open() -> Self {
        let mint = ScopeMint::new();
        let db = TenantDb::open(&DatabaseSettings::in_memory(), &mint)
            .await
            .unwrap();
        migration::run(&db, &[kernel_migrations()]).await.unwrap();
        let metrics = Metrics::new();
        Self { db, mint, metrics }
    }

    fn request(&self, tenant: &str, number: usize) -> AnsweredRequest {
        let mut client = ClientInfo::default();
        client.ip = Some("192.0.2.7".parse().unwrap());
        client.user_agent = Some("curl/8".into());
        let cx = RequestContext::new(format!("r{number}").parse().unwrap())
            .with_principal(Principal::user("ada"))
            .with_client(client)
            .with_timeout(Duration::ZERO);
        let cx = self.mint.enter(cx, tenant.parse().unwrap()).unwrap();
        let uri = format!("/parcels/{number}?token=secret").parse().unwrap();
        let mut request = AnsweredRequest::new(cx, Method::PUT, Some("/parcels/{id}".into()), uri);
        request.status = Some(StatusCode::NO_CONTENT);
        request
    }

    /// What the outbox holds.
    async fn recorded(&self) -> Vec<(Envelope, AuditRecorded)> {
        let log = EventLog::new(self.db.clone(), &self.mint);
        let found = log.after(0, 1_000).await.unwrap().into_iter();
        let read = |envelope: Envelope| {
            assert_eq!(envelope.name(), RECORDED);
            let entry = AuditRecorded::decode(envelope.payload()).unwrap();
            (envelope, entry)
        };
        found.map(|published| read(published.envelope)).collect()
    }

    fn recorder(
        &self,
        settings: RequestAuditSettings,
    ) -> (RequestRecorder, goplt_core::audit::RequestWriter) {
        RequestRecorder::new(settings, &self.db, &self.mint, &self.metrics).unwrap()
    }

    fn counted(&self, outcome: &str) -> bool {
        self.metrics
            .render()
            .contains(&format!("goplt_audit_requests_total{{outcome={outcome}\n"))
    }
}

#[tokio::test]
async fn an_entry_lasts_with_its_transaction_and_tells_who_and_from_where() {
    let kernel = Kernel::open().await;
    let cx = kernel.request("acme", 1).cx;
    let cx = {
        // The time of that request is over; this one's is not.
        let fresh = RequestContext::new(cx.request_id().clone())
            .with_principal(Principal::user("ada"))
            .with_client(cx.client().clone());
        kernel.mint.enter(fresh, "acme".parse().unwrap()).unwrap()
    };
    let entry = || AuditEntry::new("bank.account.closed", "bank.account").with_resource_id("42");
    let mut tx = kernel.db.begin(cx.scope().unwrap()).await.unwrap();
    tx.audit().record(entry()).await.unwrap();
    drop(tx);
    assert!(kernel.recorded().await.is_empty(), "it was rolled back");

    let mut tx = kernel.db.begin(cx.scope().unwrap()).await.unwrap();
    let id = tx
        .audit()
        .record(entry().with_detail("why", "asked"))
        .await
        .unwrap();
    let other = entry().with_actor(Actor::Service("clerk".into()));
    tx.audit().record(other).await.unwrap();
    tx.commit().await.unwrap();
    let recorded = kernel.recorded().await;
    let [(envelope, entry), (of_clerk, _)] = &recorded[..] else {
        panic!("{recorded:?}");
    };
    assert_eq!(envelope.id(), id);
    assert_eq!(envelope.tenant().as_str(), "acme");
    assert_eq!(envelope.actor(), Some(&Actor::User("ada".into())));
    assert_eq!(envelope.request_id().as_str(), "r1");
    let wanted = AuditRecorded {
        log: "log".into(),
        action: "bank.account.closed".into(),
        resource: "bank.account".into(),
        resource_id: Some("42".into()),
        ip_address: Some("192.0.2.7".into()),
        user_agent: Some("curl/8".into()),
        metadata: r#"{"why":"asked"}"#.into(),
    };
    assert_eq!(*entry, wanted);
    assert_eq!(of_clerk.actor(), Some(&Actor::Service("clerk".into())));
}

#[tokio::test]
async fn work_across_tenants_is_in_the_log_of_the_one_that_it_concerns() {
    let kernel = Kernel::open().await;
    let host = kernel
        .mint
        .host_scope("identity".parse().unwrap(), "tenants are made");
    let cx = RequestContext::new("r1".parse().unwrap()).with_principal(Principal::service("seed"));
    let mut tx = kernel.db.begin_host(&host).await.unwrap();
    let entry = AuditEntry::new("identity.tenant.created", "identity.tenant");
    tx.audit(&cx, "acme".parse().unwrap())
        .record(entry)
        .await
        .unwrap();
    tx.commit().await.unwrap();
    let recorded = kernel.recorded().await;
    assert_eq!(recorded[0].0.tenant().as_str(), "acme");
    assert_eq!(recorded[0].0.actor(), Some(&Actor::Service("seed".into())));
}

#[tokio::test]
async fn a_request_is_recorded_after_its_time_without_what_its_query_said() {
    let kernel = Kernel::open().await;
    let (recorder, writer) = kernel.recorder(RequestAuditSettings::new());
    recorder.record(kernel.request("acme", 1));
    recorder.record(kernel.request("globex", 2));
    let mut unanswered = kernel.request("acme", 3);
    unanswered.status = None;
    unanswered.route = None;
    recorder.record(unanswered);
    writer.run(ready(())).await;
    let recorded = kernel.recorded().await;
    let told: Vec<_> = recorded
        .iter()
        .map(|(envelope, entry)| {
            let id = entry.resource_id.as_deref().unwrap();
            (
                envelope.tenant().as_str(),
                entry.resource.as_str(),
                id,
                entry.metadata.as_str(),
            )
        })
        .collect();
    let answered = r#"{"method":"PUT","status":204}"#;
    assert_eq!(
        told,
        [
            ("acme", "/parcels/{id}", "/parcels/1", answered),
            (
                "acme",
                "(no route)",
                "/parcels/3",
                r#"{"method":"PUT","status":null}"#
            ),
            ("globex", "/parcels/{id}", "/parcels/2", answered),
        ]
    );
    assert!(
        kernel.counted("\"recorded\"} 3"),
        "{}",
        kernel.metrics.render()
    );
}

#[tokio::test]
async fn what_comes_while_the_queue_is_full_is_dropped_and_counted() {
    let kernel = Kernel::open().await;
    let (recorder, writer) = kernel.recorder(RequestAuditSettings::new().with_capacity(2));
    for number in 0..5 {
        recorder.record(kernel.request("acme", number));
    }
    let waiting = "goplt_audit_requests_waiting 2\n";
    assert!(kernel.metrics.render().contains(waiting));
    writer.run(ready(())).await;
    assert_eq!(kernel.recorded().await.len(), 2);
    assert!(
        kernel.counted("\"recorded\"} 2"),
        "{}",
        kernel.metrics.render()
    );
    assert!(
        kernel.counted("\"dropped\"} 3"),
        "{}",
        kernel.metrics.render()
    );
}

#[tokio::test]
async fn who_is_not_known_is_not_recorded_and_reads_only_if_asked_for() {
    let kernel = Kernel::open().await;
    let (recorder, writer) = kernel.recorder(RequestAuditSettings::new());
    assert!(recorder.wants(&Method::POST) && recorder.wants(&Method::DELETE));
    assert!(!recorder.wants(&Method::GET) && !recorder.wants(&Method::HEAD));
    let mut anonymous = kernel.request("acme", 1);
    anonymous.cx.clear_principal();
    recorder.record(anonymous);
    writer.run(ready(())).await;
    assert!(kernel.recorded().await.is_empty());

    let reads = Kernel::open().await;
    let (recorder, _writer) = reads.recorder(RequestAuditSettings::new().with_reads(true));
    assert!(recorder.wants(&Method::GET));
}
