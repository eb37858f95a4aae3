//! The module alone, and beside identity.

use std::sync::Arc;

use goplt_auth::service::IdentityModule;
use goplt_contracts::identity::{CreateTenantRequest, IdentityService};
use goplt_testing::{TestHost, TestHostBuilder};
use serde_json::{Value, json};
use tasks::TasksModule;
use tasks_contract::TaskFinished;

const TASKS: &str = "/api/v1/tasks";

fn alone() -> TestHostBuilder {
    TestHost::builder()
        .module(TasksModule)
        .outside("identity", "1.0.0")
}

#[tokio::test]
async fn a_task_is_its_owners_and_stays_in_its_tenant() {
    let host = alone().start().await.unwrap();
    let ada = host.acme().editor();
    let answer = ada.post(TASKS, json!({ "text": "buy milk" })).await;
    assert_eq!(answer.status(), 201);
    let done = format!("{}/done", answer.header("location"));

    let stranger = host.acme().user("eve");
    assert_eq!(stranger.get(TASKS).await.status(), 403);
    let eve = stranger.with_grants(["tasks.*"]);
    assert_eq!(eve.get(TASKS).await.json()["items"], json!([]));
    assert_eq!(eve.post(&done, Value::Null).await.status(), 404);
    let globex = host.globex().editor();
    assert_eq!(globex.post(&done, Value::Null).await.status(), 404);
    let empty = ada.post(TASKS, json!({ "text": " " })).await;
    assert_eq!(empty.status(), 422);

    assert_eq!(ada.post(&done, Value::Null).await.status(), 204);
    assert_eq!(ada.post(&done, Value::Null).await.status(), 404);
    let finished = host.events().await.of::<TaskFinished>();
    assert_eq!(finished.len(), 1);
    assert_eq!(finished[0].owner_id, "editor");
    host.stop().await.unwrap();
}

#[tokio::test]
async fn what_was_done_long_ago_is_forgotten() {
    let host = alone().set("tasks.keep=0s").start().await.unwrap();
    let ada = host.acme().editor();
    let answer = ada.post(TASKS, json!({ "text": "buy milk" })).await;
    ada.post(TASKS, json!({ "text": "drink it" })).await;
    let done = format!("{}/done", answer.header("location"));
    assert_eq!(ada.post(&done, Value::Null).await.status(), 204);
    host.run_job("tasks", "forget_finished").await.unwrap();
    let left = ada.get(TASKS).await.json();
    assert_eq!(left["items"].as_array().unwrap().len(), 1);
    assert_eq!(left["items"][0]["text"], "drink it");
    host.stop().await.unwrap();
}

#[tokio::test]
async fn the_tasks_of_a_user_go_with_the_user() {
    let host = TestHost::builder()
        .module(TasksModule)
        .module(IdentityModule::new())
        .set("identity.hash_memory=8192")
        .set("identity.hash_passes=1")
        .start()
        .await
        .unwrap();
    let identity: Arc<dyn IdentityService> = host.get().unwrap();
    let cx = host.context();
    let cx = cx.service_contexts().without_tenant();
    let (id, name) = ("acme".to_owned(), "Acme".to_owned());
    let made = identity.create_tenant(&cx, CreateTenantRequest { id, name });
    made.await.unwrap();

    let new = json!({ "email": "ada@acme.example", "password": "correct horse battery" });
    let user = host.acme().anonymous().post("/api/v1/users", new).await;
    assert_eq!(user.status(), 201);
    let id = user.json()["id"].as_str().unwrap().to_owned();
    let ada = host.acme().user(&id).with_grants(["tasks.*"]);
    ada.post(TASKS, json!({ "text": "buy milk" })).await;
    let deleted = host.acme().admin().delete(user.header("location")).await;
    assert_eq!(deleted.status(), 204);
    host.eventually(async || ada.get(TASKS).await.json()["items"] == json!([]))
        .await;
    host.stop().await.unwrap();
}
