//! The whole flow over HTTP, as users of two tenants: what they may do works, what they may not is refused.
#![expect(clippy::unwrap_used, reason = "a test ends where it fails")]

mod analytics;
mod audit;
mod bad_input;
mod blog;
#[path = "../common/mod.rs"]
mod common;
mod health;
mod mail;
mod roles;
mod sessions;
mod tenants;
mod users;

use common::Monolith;
use serde_json::{Value, json};

const POSTS: &str = "/api/v1/blog/posts";

async fn monolith() -> (tempfile::TempDir, Monolith) {
    let dir = tempfile::tempdir().unwrap();
    let monolith = Monolith::start(dir.path()).await;
    (dir, monolith)
}

fn post(title: &str) -> Value {
    json!({ "title": title, "content": "text" })
}
