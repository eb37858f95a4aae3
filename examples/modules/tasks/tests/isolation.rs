//! The tasks of one tenant are no other's, on each database.
#![expect(clippy::unwrap_used, reason = "a test ends where it fails")]

use goplt_contracts::identity::UserDeleted;
use goplt_testing::isolation::{Call, Isolation, Job, Seeding};
use serde_json::{Value, json};
use tasks::TasksModule;

const TASKS: &str = "/api/v1/tasks";

struct Ids {
    task: String,
    owner: String,
}

async fn seed(tenant: &Seeding<'_>) -> Ids {
    let caller = tenant.caller();
    let task = caller
        .post(TASKS, json!({ "text": tenant.mark("task") }))
        .await;
    Ids {
        task: task.json()["id"].as_str().unwrap().to_owned(),
        owner: caller.subject().unwrap().to_owned(),
    }
}

fn calls(suite: Isolation<Ids>) -> Isolation<Ids> {
    suite
        .host(|host| host.outside("identity", "1.0.0"))
        .seed(seed)
        .route("create", |_, _| {
            Call::post(TASKS, json!({ "text": "buy milk" }))
        })
        .route("list", |_, _| Call::get(TASKS))
        .route("finish", |_, ids| {
            Call::post(format!("{TASKS}/{}/done", ids.task), Value::Null)
        })
        .event(|_, ids| UserDeleted {
            user_id: ids.owner.clone(),
        })
        .job("forget_finished", |_, _| Job::of_schedule())
}

goplt_testing::isolation_suite!(TasksModule, calls);
