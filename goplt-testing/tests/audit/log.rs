//! What comes into the log: once, in order, for its tenant.

use std::sync::Arc;

use goplt_contracts::audit::{AuditService, QueryRequest, RecordRequest, VerifyRequest};
use goplt_core::{Code, RequestContext};
use goplt_testing::TestHost;
use serde_json::json;

use crate::bed::{Bed, LOGS, entries, on_each_engine};

on_each_engine!(
    an_event_becomes_an_entry_of_its_tenant,
    an_id_is_recorded_once,
    entries_of_many_writers_are_one_chain,
    what_cannot_be_an_entry_is_refused,
    the_log_is_for_those_who_may_read_it,
);

fn acme(host: &TestHost) -> RequestContext {
    let contexts = host.context().service_contexts().clone();
    contexts.for_tenant("acme".parse().unwrap())
}

fn entry(host: &TestHost, action: &str) -> RecordRequest {
    RecordRequest {
        id: host.context().ids().next().to_string(),
        action: action.to_owned(),
        resource: "bank.account".to_owned(),
        ..RecordRequest::default()
    }
}

async fn an_event_becomes_an_entry_of_its_tenant(bed: Bed) {
    let (host, _raw) = bed.set("audit.requests=false").start().await;
    let (acme, globex) = (host.acme(), host.globex());
    let sent = acme
        .editor()
        .post("/api/v1/parcels", json!({ "text": "tea" }))
        .await;
    assert_eq!(sent.status(), 201);
    let admin = acme.admin();
    host.eventually(async || entries(&admin, "").await.len() == 1)
        .await;
    let found = &entries(&admin, "").await[0];
    assert_eq!(found["action"], "parcel.parcel.sent");
    assert_eq!(found["resource"], "parcel.parcel");
    assert_eq!(found["resource_id"], sent.json()["id"]);
    assert_eq!(found["actor_id"], acme.editor().subject().unwrap());
    assert_eq!(found["request_id"], sent.header("x-request-id"));
    assert!(entries(&globex.admin(), "").await.is_empty());
    host.stop().await.unwrap();
}

async fn an_id_is_recorded_once(bed: Bed) {
    let (host, _raw) = bed.set("audit.requests=false").start().await;
    let audit: Arc<dyn AuditService> = host.get().unwrap();
    let cx = acme(&host);
    let first = RecordRequest {
        user_id: Some("ada".into()),
        resource_id: Some("42".into()),
        metadata: Some(r#"{ "b": 1, "a": [] }"#.into()),
        ..entry(&host, "bank.account.closed")
    };
    assert!(!audit.record(&cx, first.clone()).await.unwrap().existed);
    let again = RecordRequest {
        action: "bank.account.opened".into(),
        ..first
    };
    assert!(audit.record(&cx, again).await.unwrap().existed);
    let found = audit.query(&cx, QueryRequest::default()).await.unwrap();
    let [entry] = &found.entries[..] else {
        panic!("{found:?}");
    };
    assert_eq!(entry.action, "bank.account.closed");
    assert_eq!(entry.actor_id.as_deref(), Some("ada"));
    assert_eq!(entry.metadata, r#"{ "b": 1, "a": [] }"#);
    assert_eq!((entry.sequence, entry.hash.len()), (1, 32));
    host.stop().await.unwrap();
}

async fn entries_of_many_writers_are_one_chain(bed: Bed) {
    let (host, _raw) = bed.set("audit.requests=false").start().await;
    let audit: Arc<dyn AuditService> = host.get().unwrap();
    let writers = (0..8).map(|writer| {
        let (audit, contexts) = (
            Arc::clone(&audit),
            host.context().service_contexts().clone(),
        );
        let requests: Vec<_> = (0..10)
            .map(|number| entry(&host, &format!("bank.writer{writer}.wrote{number}")))
            .collect();
        tokio::spawn(async move {
            for request in requests {
                let cx = contexts.for_tenant("acme".parse().unwrap());
                audit.record(&cx, request).await.unwrap();
            }
        })
    });
    for writer in writers.collect::<Vec<_>>() {
        writer.await.unwrap();
    }
    let cx = acme(&host);
    let verified = audit.verify(&cx, VerifyRequest::default()).await.unwrap();
    assert_eq!(verified.broken, None);
    assert_eq!(verified.entries, 80);
    let head = verified.head.unwrap();
    assert_eq!((head.tenant_id.as_str(), head.sequence), ("acme", 80));
    host.stop().await.unwrap();
}

async fn what_cannot_be_an_entry_is_refused(bed: Bed) {
    let (host, _raw) = bed.set("audit.requests=false").start().await;
    let audit: Arc<dyn AuditService> = host.get().unwrap();
    let good = entry(&host, "bank.account.closed");
    let bad = [
        (
            "id",
            RecordRequest {
                id: "7".into(),
                ..good.clone()
            },
        ),
        (
            "action",
            RecordRequest {
                action: String::new(),
                ..good.clone()
            },
        ),
        (
            "resource",
            RecordRequest {
                resource: "x".repeat(256),
                ..good.clone()
            },
        ),
        (
            "resource_id",
            RecordRequest {
                resource_id: Some("\0".into()),
                ..good.clone()
            },
        ),
        (
            "metadata",
            RecordRequest {
                metadata: Some("[]".into()),
                ..good.clone()
            },
        ),
        (
            "metadata",
            RecordRequest {
                metadata: Some("{".into()),
                ..good.clone()
            },
        ),
    ];
    for (field, request) in bad {
        let error = audit.record(&acme(&host), request).await.unwrap_err();
        assert_eq!(error.code(), Code::InvalidArgument);
        assert_eq!(error.violations()[0].field(), field);
    }
    host.stop().await.unwrap();
}

async fn the_log_is_for_those_who_may_read_it(bed: Bed) {
    let (host, _raw) = bed.set("audit.requests=false").start().await;
    for path in [LOGS.to_owned(), format!("{LOGS}/verify")] {
        assert_eq!(host.acme().admin().get(&path).await.status(), 200);
        assert_eq!(host.acme().editor().get(&path).await.status(), 403);
        assert_eq!(host.acme().anonymous().get(&path).await.status(), 401);
    }
    host.stop().await.unwrap();
}

#[tokio::test]
async fn events_that_would_be_told_twice_stop_the_start() {
    let bed = Bed::sqlite().set("audit.events=authz.role.assigned");
    let error = bed.try_start().await.unwrap_err();
    let text = goplt_core::error::chain(&*error).to_string();
    assert!(text.contains("leave it out"), "{text}");
}
