//! A tenant in a database of its own: the same module, and nothing of the tenant anywhere else.
#![allow(clippy::unwrap_used, reason = "a test")]

mod bed;
#[path = "../parcel/mod.rs"]
mod parcel;
mod strays;

use std::{borrow::Cow, sync::Arc};

use goplt_contracts::audit::{AuditService, QueryRequest, VerifyRequest};
use goplt_core::{
    TenantId, Uuid,
    audit::HOST_WRITTEN,
    event::{DeadLetterFilter, DecodeError, Event},
    job::{JobFilter, JobState},
};
use goplt_testing::Caller;
use serde_json::{Value, json};

use self::bed::{Bed, Engine, Literal, Place, on_each_engine};

const PARCELS: &str = "/api/v1/parcels";

on_each_engine!(
    rows_of_a_placed_tenant_are_in_its_database_alone,
    events_and_jobs_of_both_are_handled_where_they_are,
    a_schedule_is_one_and_its_job_reaches_both,
    dead_letters_of_both_are_listed_replayed_and_purged,
    jobs_of_both_are_listed_and_retried,
    an_event_of_a_tenant_that_is_elsewhere_takes_effect_there_once,
    a_job_of_a_tenant_that_is_elsewhere_takes_effect_there,
    work_across_tenants_of_either_is_in_the_one_log_of_the_platform,
);

async fn send(caller: &Caller<'_>, text: &str) -> Uuid {
    let answer = caller.post(PARCELS, json!({ "text": text })).await;
    assert_eq!(answer.status(), 201, "{:?}", answer.body());
    answer.json()["id"].as_str().unwrap().parse().unwrap()
}

async fn states(caller: &Caller<'_>) -> Vec<String> {
    let parcels = caller.get(PARCELS).await.json();
    let parcels = parcels.as_array().unwrap();
    let states = parcels
        .iter()
        .map(|parcel| parcel["state"].as_str().unwrap());
    states.map(str::to_owned).collect()
}

async fn rows_of_a_placed_tenant_are_in_its_database_alone(engine: Engine) {
    let bed = Bed::start(engine).await;
    send(&bed.host.acme().editor(), "tea").await;
    send(&bed.host.globex().editor(), "coffee").await;
    bed.host.settle().await;
    for (table, column) in [
        ("{parcel}.parcel_parcels", "text"),
        ("{core}.goplt_inbox", "tenant_id"),
    ] {
        let sql = format!("SELECT DISTINCT {column} FROM {table}");
        let mut found = vec![
            bed.raw(Place::Home, &sql).await,
            bed.raw(Place::Placed, &sql).await,
        ];
        let mut wanted = vec![vec!["tea"], vec!["coffee"]];
        if column == "tenant_id" {
            wanted = vec![vec!["acme"], vec!["globex"]];
        }
        found.iter_mut().for_each(|found| found.sort());
        assert_eq!(found, wanted, "{table}");
    }
    bed.host.stop().await.unwrap();
}

async fn events_and_jobs_of_both_are_handled_where_they_are(engine: Engine) {
    let bed = Bed::start(engine).await;
    for tenant in [bed.host.acme(), bed.host.globex()] {
        let editor = tenant.editor();
        send(&editor, "tea").await;
        send(&editor, "remind me").await;
        let handled = async || {
            let mut states = states(&editor).await;
            states.sort();
            states == ["delivered", "reminded"]
        };
        bed.host.eventually(handled).await;
    }
    bed.host.stop().await.unwrap();
}

async fn a_schedule_is_one_and_its_job_reaches_both(engine: Engine) {
    let bed = Bed::start(engine).await;
    let (acme, globex) = (bed.host.acme().editor(), bed.host.globex().editor());
    for editor in [&acme, &globex] {
        send(editor, "remind me").await;
        bed.host
            .eventually(async || states(editor).await == ["reminded"])
            .await;
    }
    bed.host.run_job("parcel", "sweep").await.unwrap();
    assert!(states(&acme).await.is_empty());
    assert!(states(&globex).await.is_empty());
    let schedules = "SELECT name FROM {core}.goplt_cron";
    assert_eq!(bed.raw(Place::Home, schedules).await, ["sweep"]);
    assert!(bed.raw(Place::Placed, schedules).await.is_empty());
    bed.host.stop().await.unwrap();
}

/// One that the module cannot read.
struct Garbled;

impl Event for Garbled {
    const NAME: &'static str = "parcel.parcel.sent";
    const VERSION: u32 = 1;

    fn key(&self) -> Cow<'_, str> {
        "garbled".into()
    }

    fn encode(&self) -> Vec<u8> {
        b"?".to_vec()
    }

    fn decode(_: &[u8]) -> Result<Self, DecodeError> {
        Ok(Self)
    }
}

async fn dead_letters_of_both_are_listed_replayed_and_purged(engine: Engine) {
    let bed = Bed::start(engine).await;
    let first = bed.host.publish("globex", &Garbled).await;
    let second = bed.host.publish("acme", &Garbled).await;
    let third = bed.host.publish("globex", &Garbled).await;
    let letters = bed.host.dead_letters();
    let all = DeadLetterFilter::new();
    let listed = async || {
        let listed = letters.list(&all).await.unwrap();
        listed
            .iter()
            .map(|letter| letter.event.id())
            .collect::<Vec<_>>()
    };
    // The third waits behind the first, whose key is parked.
    bed.host
        .eventually(async || listed().await == [first, second])
        .await;
    let one = letters.list(&all.clone().with_limit(1)).await.unwrap();
    assert_eq!(one[0].event.id(), first);
    let globex = all.clone().with_tenant("globex");
    assert_eq!(letters.list(&globex).await.unwrap().len(), 1);

    assert_eq!(letters.replay(&all).await.unwrap(), 2);
    bed.host
        .eventually(async || listed().await == [first, second])
        .await;
    assert_eq!(letters.purge(&globex).await.unwrap(), 1);
    bed.host
        .eventually(async || listed().await == [second, third])
        .await;
    assert_eq!(letters.purge(&all).await.unwrap(), 2);
    assert!(listed().await.is_empty());
    bed.host.stop().await.unwrap();
}

async fn jobs_of_both_are_listed_and_retried(engine: Engine) {
    let bed = Bed::start(engine).await;
    let jobs = bed.host.jobs();
    for tenant in ["acme", "globex"] {
        // The payload is no id: another attempt would find the same.
        let ran = bed.host.run_job_of(tenant, "parcel", "remind", json!({}));
        assert!(ran.await.is_err());
    }
    let failed = JobFilter::new().with_state(JobState::Failed);
    let listed = jobs.list(&failed).await.unwrap();
    let tenants: Vec<_> = listed.iter().map(|job| job.tenant.as_str()).collect();
    assert_eq!(tenants, ["globex", "acme"], "the newest first");
    assert_eq!(jobs.retry(&JobFilter::new()).await.unwrap(), 2);
    bed.host
        .eventually(async || jobs.list(&failed).await.unwrap().len() == 2)
        .await;
    assert_eq!(
        jobs.purge(&failed.clone().with_tenant("globex"))
            .await
            .unwrap(),
        1
    );
    assert_eq!(jobs.list(&failed).await.unwrap().len(), 1);
    bed.host.stop().await.unwrap();
}

/// As if it had been published, or enqueued, before the tenant was moved.
async fn an_event_of_a_tenant_that_is_elsewhere_takes_effect_there_once(engine: Engine) {
    let bed = Bed::start(engine).await;
    let (acme, globex) = (bed.host.acme().editor(), bed.host.globex().editor());
    let parcel = send(&globex, "tea").await;
    let delivered = async || states(&globex).await == ["delivered"];
    bed.host.eventually(delivered).await;
    bed.raw(
        Place::Placed,
        "UPDATE {parcel}.parcel_parcels SET state = 'sent'",
    )
    .await;

    let event = bed.host.context().ids().next();
    let payload = json!([parcel, "tea"]).to_string();
    let sql = format!(
        "INSERT INTO {{core}}.goplt_outbox (tenant_id, id, name, version, topic, event_key, lane, occurred_at, \
         payload, correlation_id) VALUES ('globex', {}, 'parcel.parcel.sent', 1, 'parcel.parcel', 'moved', 3, {}, \
         {}, 'moved')",
        bed.literal(Literal::Id(event)),
        bed.literal(Literal::Past),
        bed.literal(Literal::Bytes(payload.as_bytes()))
    );
    bed.raw(Place::Home, &sql).await;
    // Whatever is committed at home wakes its relay.
    send(&acme, "coffee").await;
    bed.host.eventually(delivered).await;
    bed.host.settle().await;
    let id = bed.literal(Literal::Id(event));
    let inbox = format!(
        "SELECT group_name FROM {{core}}.goplt_inbox WHERE group_name = 'parcel' AND event_id = {id}"
    );
    assert!(bed.raw(Place::Home, &inbox).await.is_empty());
    assert_eq!(bed.raw(Place::Placed, &inbox).await, ["parcel"]);

    // As if the process had died before it wrote that the event was handled.
    bed.raw(
        Place::Placed,
        "UPDATE {parcel}.parcel_parcels SET state = 'sent'",
    )
    .await;
    let again = format!(
        "INSERT INTO {{core}}.goplt_delivery (group_name, seq, tenant_id, topic, event_key, lane, state, attempts) \
         SELECT 'parcel', seq, tenant_id, topic, event_key, lane, 'pending', 0 FROM {{core}}.goplt_outbox WHERE id = {id}"
    );
    bed.raw(Place::Home, &again).await;
    send(&acme, "coffee").await;
    bed.host.settle().await;
    assert_eq!(states(&globex).await, ["sent"], "handled a second time");
    bed.host.stop().await.unwrap();
}

async fn a_job_of_a_tenant_that_is_elsewhere_takes_effect_there(engine: Engine) {
    let bed = Bed::start(engine).await;
    let (acme, globex) = (bed.host.acme().editor(), bed.host.globex().editor());
    let parcel = send(&globex, "tea").await;
    bed.host.settle().await;
    let job = bed.host.context().ids().next();
    let sql = format!(
        "INSERT INTO {{core}}.goplt_job (tenant_id, id, module, name, payload, state, run_at, attempts, token, \
         correlation_id, created_at) VALUES ('globex', {}, 'parcel', 'remind', '\"{parcel}\"', 'ready', {past}, 0, 0, \
         'moved', {past})",
        bed.literal(Literal::Id(job)),
        past = bed.literal(Literal::Past)
    );
    bed.raw(Place::Home, &sql).await;
    send(&acme, "remind me").await;
    bed.host
        .eventually(async || states(&globex).await == ["reminded"])
        .await;
    bed.host.settle().await;
    let all = bed.host.jobs().list(&JobFilter::new().with_id(job)).await;
    assert_eq!(all.unwrap()[0].state, JobState::Done);
    bed.host.stop().await.unwrap();
}

async fn work_across_tenants_of_either_is_in_the_one_log_of_the_platform(engine: Engine) {
    let bed = Bed::start_with(engine, |builder| builder.set("audit.requests=false")).await;
    // It sweeps each database.
    bed.host.run_job("parcel", "sweep").await.unwrap();
    let audit: Arc<dyn AuditService> = bed.host.get().unwrap();
    let contexts = bed.host.context().service_contexts().clone();
    let cx = contexts.for_tenant(TenantId::platform());
    let placements = async || {
        let query = QueryRequest {
            action: Some(HOST_WRITTEN.to_owned()),
            ..QueryRequest::default()
        };
        let page = audit.query(&cx, query).await.unwrap();
        let swept = page.entries.iter().map(|entry| {
            assert_eq!(entry.resource_id.as_deref(), Some("parcel"));
            let details: Value = serde_json::from_str(&entry.metadata).unwrap();
            details["placement"].clone()
        });
        let mut swept: Vec<_> = swept.collect();
        swept.sort_by_key(Value::is_null);
        swept
    };
    bed.host
        .eventually(async || placements().await.len() >= 2)
        .await;
    let placements = placements().await;
    assert!(
        matches!(placements[..], [Value::String(_), Value::Null]),
        "{placements:?}"
    );
    let verified = audit.verify(&cx, VerifyRequest::default()).await.unwrap();
    assert!(verified.broken.is_none(), "{verified:?}");
    let sql = "SELECT tenant_id FROM {audit}.audit_heads";
    assert_eq!(bed.raw(Place::Home, sql).await, ["@platform"]);
    assert!(bed.raw(Place::Placed, sql).await.is_empty());
    bed.host.stop().await.unwrap();
}

#[tokio::test]
async fn a_database_that_is_away_fails_its_tenants_alone_and_comes_back_by_itself() {
    let bed = Bed::start_with(Engine::Sqlite, |builder| {
        builder.set("database.acquire_timeout=200ms")
    })
    .await;
    let (acme, globex) = (bed.host.acme().editor(), bed.host.globex().editor());
    let mut away = bed.sqlite(Place::Placed).await;
    sqlx::query("BEGIN EXCLUSIVE")
        .execute(&mut away)
        .await
        .unwrap();
    let refused = globex.post(PARCELS, json!({ "text": "coffee" })).await;
    assert_eq!(refused.status(), 503);
    send(&acme, "tea").await;
    bed.host
        .eventually(async || states(&acme).await == ["delivered"])
        .await;

    sqlx::query("ROLLBACK").execute(&mut away).await.unwrap();
    send(&globex, "coffee").await;
    bed.host
        .eventually(async || states(&globex).await == ["delivered"])
        .await;
    bed.host.stop().await.unwrap();
}
