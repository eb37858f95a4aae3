//! The blog alone, with a fake of identity: what it does when identity answers, and when it does not.
#![expect(clippy::unwrap_used, reason = "a test ends where it fails")]

use std::sync::Arc;

use blog::BlogModule;
use blog_contract::{BlogService, CountPostsRequest, ListPostsRequest};
use goplt_contracts::identity::{
    BatchGetUsersResponse, FakeIdentityService, IdentityService, User,
};
use goplt_core::{Code, contract::RpcError};
use goplt_testing::{TestHost, TestHostBuilder};
use serde_json::{Value, json};

const POSTS: &str = "/api/v1/blog/posts";

async fn host(identity: FakeIdentityService) -> TestHost {
    builder(identity).start().await.unwrap()
}

fn builder(identity: FakeIdentityService) -> TestHostBuilder {
    let identity: Arc<dyn IdentityService> = Arc::new(identity);
    TestHost::builder()
        .module(BlogModule)
        .outside("identity", "1.0.0")
        .supply(identity)
}

/// Everybody is called Ada.
fn answering() -> FakeIdentityService {
    FakeIdentityService::new().on_batch_get_users(|_, req| {
        let users = req.ids.into_iter();
        let users = users.map(|id| User {
            id,
            name: Some("Ada".into()),
            ..User::default()
        });
        Ok(BatchGetUsersResponse {
            users: users.collect(),
        })
    })
}

fn post(title: &str) -> Value {
    json!({ "title": title, "content": "text" })
}

#[tokio::test]
async fn authors_have_names_while_identity_answers() {
    let host = host(answering()).await;
    let ada = host.user("ada", "acme").with_grants(["blog.*"]);
    let created = ada.post(POSTS, post("Hello")).await.json();
    assert_eq!(
        (&created["author_id"], &created["author_name"]),
        (&json!("ada"), &json!("Ada"))
    );
    host.stop().await.unwrap();
}

#[tokio::test]
async fn posts_are_shown_without_names_when_identity_does_not_answer() {
    let silent = FakeIdentityService::new()
        .on_batch_get_users(|_, _| Err(RpcError::new(Code::Unavailable, "away")));
    let host = host(silent).await;
    let ada = host.user("ada", "acme").with_grants(["blog.*"]);
    let answer = ada.post(POSTS, post("Hello")).await;
    assert_eq!(answer.status(), 201);
    assert_eq!(answer.json()["author_name"], Value::Null);
    let list = ada.get(POSTS).await.json();
    assert_eq!(list["items"][0]["author_name"], Value::Null);
}

#[tokio::test]
async fn the_contract_asks_for_the_permission_like_the_route() {
    let host = host(answering()).await;
    let blog: Arc<dyn BlogService> = host.get().unwrap();
    let cx = host
        .context()
        .service_contexts()
        .for_tenant("acme".parse().unwrap());
    let count = CountPostsRequest {
        from: 0,
        to: i64::MAX,
    };
    assert_eq!(blog.count_posts(&cx, count).await.unwrap().count, 0);
    let list = ListPostsRequest {
        limit: Some(101),
        ..ListPostsRequest::default()
    };
    assert_eq!(
        blog.list_posts(&cx, list).await.unwrap_err().violations()[0].field(),
        "limit"
    );
    let anonymous = goplt_core::RequestContext::new("r".parse().unwrap());
    let refused = blog
        .list_posts(&anonymous, ListPostsRequest::default())
        .await
        .unwrap_err();
    assert_eq!(refused.code(), Code::Unauthenticated);
}

#[tokio::test]
async fn the_longest_content_is_a_setting() {
    let host = builder(answering())
        .set("blog.max_content=3")
        .start()
        .await
        .unwrap();
    let ada = host.user("ada", "acme").with_grants(["blog.post.create"]);
    assert_eq!(ada.post(POSTS, post("Hello")).await.status(), 422);
    assert_eq!(
        ada.post(POSTS, json!({ "title": "t", "content": "abc" }))
            .await
            .status(),
        201
    );
}

#[tokio::test]
async fn comments_go_with_their_post() {
    let host = host(answering()).await;
    let ada = host.user("ada", "acme").with_grants(["blog.*"]);
    let path = ada
        .post(POSTS, post("Hello"))
        .await
        .header("location")
        .to_owned();
    let comments = format!("{path}/comments");
    assert_eq!(
        ada.post(&comments, json!({ "content": "first" }))
            .await
            .status(),
        201
    );
    assert_eq!(ada.delete(&path).await.status(), 204);
    assert_eq!(ada.get(&comments).await.status(), 404);
    assert_eq!(
        ada.post(&comments, json!({ "content": "late" }))
            .await
            .status(),
        404
    );
}
