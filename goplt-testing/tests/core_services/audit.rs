//! Audit.

use goplt_authz::service::AuditModule;
use goplt_contracts::audit::{
    AuditRecorded, AuditService, ListHeadsRequest, QueryRequest, RecordRequest, VerifyRequest,
};
use goplt_testing::isolation::{Call, Isolation, Seeding};
use serde_json::json;

const LOGS: &str = "/api/v1/audit-logs";
const ACTION: &str = "bank.account.closed";
const RESOURCE: &str = "bank.account";

struct Ids {
    entry: String,
}

async fn seed(tenant: &Seeding<'_>) -> Ids {
    let audit = tenant.host().get::<dyn AuditService>().unwrap();
    let entry = tenant.host().context().ids().next().to_string();
    let record = RecordRequest {
        id: entry.clone(),
        action: ACTION.to_owned(),
        resource: RESOURCE.to_owned(),
        resource_id: Some(tenant.mark("account")),
        user_id: Some(tenant.mark("user")),
        metadata: Some(json!({ "reason": tenant.mark("reason") }).to_string()),
    };
    audit.record(&tenant.context(), record).await.unwrap();
    Ids { entry }
}

fn calls(suite: Isolation<Ids>) -> Isolation<Ids> {
    suite
        // Entries of requests are written by the side, at a time of their own.
        .host(|host| host.set("audit.requests=false"))
        .seed(seed)
        .route("list_entries", |_, _| {
            Call::get(format!("{LOGS}?resource={RESOURCE}"))
        })
        .route("verify", |_, _| Call::get(format!("{LOGS}/verify")))
        .rpc(
            "Record",
            async |audit: &dyn AuditService, cx, _, ids: &Ids| {
                let record = RecordRequest {
                    id: ids.entry.clone(),
                    action: ACTION.to_owned(),
                    resource: RESOURCE.to_owned(),
                    ..RecordRequest::default()
                };
                audit.record(cx, record).await
            },
        )
        .rpc("Query", async |audit: &dyn AuditService, cx, _, _| {
            audit.query(cx, QueryRequest::default()).await
        })
        .rpc("Verify", async |audit: &dyn AuditService, cx, _, _| {
            audit.verify(cx, VerifyRequest::default()).await
        })
        .rpc("ListHeads", async |audit: &dyn AuditService, cx, _, _| {
            audit.list_heads(cx, ListHeadsRequest::default()).await
        })
        .event(|_, ids| AuditRecorded {
            log: "log".to_owned(),
            action: ACTION.to_owned(),
            resource: RESOURCE.to_owned(),
            resource_id: Some(ids.entry.clone()),
            metadata: "{}".to_owned(),
            ..AuditRecorded::default()
        })
}

goplt_testing::isolation_suite!(AuditModule, calls);
