//! `TestHost`: two tenants with their people, recorded events, waiting without sleeping, jobs on
//! demand, time that the test moves.
#![allow(clippy::unwrap_used, reason = "a test")]

mod parcel;

use std::time::Duration;

use goplt_core::Timestamp;
use goplt_testing::{TestHost, TestHostBuilder, TokenMint};
use serde_json::{Value, json};

use self::parcel::{Leak, ParcelModule, ParcelSent};

const PARCELS: &str = "/api/v1/parcels";

fn builder() -> TestHostBuilder {
    TestHost::builder().module(ParcelModule(Leak::Nowhere))
}

/// The states of a tenant's parcels.
async fn states(host: &TestHost) -> Vec<String> {
    let list = host.acme().reader().get(PARCELS).await.json();
    let state = |parcel: &Value| parcel["state"].as_str().unwrap().to_owned();
    list.as_array().unwrap().iter().map(state).collect()
}

async fn send(host: &TestHost, text: &str) -> String {
    let answer = host
        .acme()
        .editor()
        .post(PARCELS, json!({ "text": text }))
        .await;
    assert_eq!(answer.status(), 201, "{:?}", answer.body());
    answer.json()["id"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn two_tenants_have_their_people() {
    let host = builder().start().await.unwrap();
    let (acme, globex) = (host.acme(), host.globex());
    let id = send(&host, "tea").await;
    let path = format!("{PARCELS}/{id}");
    assert_eq!(acme.reader().get(&path).await.status(), 200);
    let refused = acme.reader().post(PARCELS, json!({ "text": "t" })).await;
    assert_eq!(refused.status(), 403);
    assert_eq!(acme.user("nobody").get(&path).await.status(), 403);
    assert_eq!(acme.anonymous().get(&path).await.status(), 401);
    for stranger in [globex.admin(), globex.editor(), globex.reader()] {
        assert_eq!(stranger.get(&path).await.status(), 404);
    }
    host.stop().await.unwrap();
}

#[tokio::test]
async fn what_was_published_is_recorded_and_what_rolled_back_is_not() {
    let host = builder().start().await.unwrap();
    let id = send(&host, "tea").await;
    let failed = host
        .acme()
        .editor()
        .post(PARCELS, json!({ "text": "fail" }))
        .await;
    assert_eq!(failed.status(), 500);
    let events = host.events().await;
    let sent: Vec<ParcelSent> = events.of();
    assert_eq!((sent.len(), sent[0].id.to_string()), (1, id));
    assert_eq!(events.names(), ["parcel.parcel.sent"]);
    assert_eq!(events.of_tenant("acme").count(), 1);
    assert_eq!(events.of_tenant("globex").count(), 0);
    host.stop().await.unwrap();
}

#[tokio::test]
async fn what_an_event_leads_to_is_waited_for() {
    let host = builder().start().await.unwrap();
    send(&host, "tea").await;
    host.eventually(async || states(&host).await == ["delivered"])
        .await;
    send(&host, "remind of milk").await;
    let found = host
        .eventually(async || {
            let states = states(&host).await;
            states.contains(&"reminded".to_owned()).then_some(states)
        })
        .await;
    assert_eq!(found.len(), 2);
    host.stop().await.unwrap();
}

#[tokio::test]
#[should_panic(expected = "it will never hold: nothing is left to do")]
async fn what_never_happens_is_not_waited_for() {
    let host = builder().start().await.unwrap();
    send(&host, "tea").await;
    host.eventually(async || states(&host).await == ["lost"])
        .await;
}

#[tokio::test]
async fn a_job_runs_when_it_is_asked_for() {
    let host = builder().start().await.unwrap();
    let id = send(&host, "tea").await;
    host.settle().await;
    host.run_job_of("acme", "parcel", "remind", json!(id))
        .await
        .unwrap();
    assert_eq!(states(&host).await, ["reminded"]);
    host.run_job("parcel", "sweep").await.unwrap();
    assert!(states(&host).await.is_empty());

    let error = host
        .run_job_of("acme", "parcel", "remind", json!("no id"))
        .await
        .unwrap_err();
    assert!(error.contains("UUID"), "{error}");
    host.stop().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn time_moves_when_the_test_moves_it() {
    let start: Timestamp = "2026-03-01T02:59:00Z".parse().unwrap();
    let host = builder().frozen_at(start).start().await.unwrap();
    let id = send(&host, "tea").await;
    host.settle().await;
    host.run_job_of("acme", "parcel", "remind", json!(id))
        .await
        .unwrap();
    assert_eq!(host.context().clock().now(), start);

    host.advance(Duration::from_secs(59)).await;
    assert_eq!(states(&host).await, ["reminded"]);
    host.advance(Duration::from_secs(1)).await;
    assert!(states(&host).await.is_empty(), "it is three o'clock");
    host.stop().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_token_runs_out_by_the_clock_of_the_host() {
    let start: Timestamp = "2026-03-01T12:00:00Z".parse().unwrap();
    let tokens = TokenMint::new().with_lifetime(Duration::from_secs(60));
    let host = builder().tokens(tokens).frozen_at(start).start().await;
    let host = host.unwrap();
    let reader = host.acme().reader();
    assert_eq!(reader.get(PARCELS).await.status(), 200);
    // Clocks may disagree by half a minute.
    host.advance(Duration::from_secs(91)).await;
    assert_eq!(reader.get(PARCELS).await.status(), 401);
    assert_eq!(host.acme().reader().get(PARCELS).await.status(), 200);
    host.stop().await.unwrap();
}

#[cfg(feature = "postgres")]
#[tokio::test]
async fn a_host_runs_on_postgres() {
    let Some(server) = goplt_testing::backend::postgres() else {
        return;
    };
    let host = builder().postgres(server.database()).start().await.unwrap();
    send(&host, "remind of milk").await;
    host.eventually(async || states(&host).await == ["reminded"])
        .await;
    host.run_job("parcel", "sweep").await.unwrap();
    assert!(states(&host).await.is_empty());
    host.stop().await.unwrap();
}
