//! Posts and comments: who may what, versions, pages.

use http::Method;
use serde_json::json;

use crate::{POSTS, common::request, monolith, post};

#[tokio::test]
async fn an_editor_writes_what_a_reader_reads() {
    let (_dir, monolith) = monolith().await;
    let editor = monolith.token("acme", "editor").await;
    let reader = monolith.token("acme", "reader").await;

    let answer = monolith.post(POSTS, &editor, post("Hello")).await;
    let created = answer.ok(201);
    let path = answer.header("location").to_owned();
    assert_eq!(path, format!("{POSTS}/{}", created["id"].as_str().unwrap()));
    assert_eq!(created["author_name"], "Editor of acme");
    assert_eq!(created["version"], 1);

    assert_eq!(monolith.get(&path, &reader).await.ok(200), created);
    let refused = monolith
        .post(POSTS, &reader, post("No"))
        .await
        .refused(403, "permission_denied");
    assert!(
        refused["detail"]
            .as_str()
            .unwrap()
            .contains("blog.post.create")
    );
    monolith
        .delete(&path, &reader)
        .await
        .refused(403, "permission_denied");

    let comments = format!("{path}/comments");
    let answer = monolith
        .post(&comments, &editor, json!({ "content": "first" }))
        .await;
    let comment = answer.ok(201);
    assert_eq!(comment["post_id"], created["id"]);
    monolith
        .post(&comments, &reader, json!({ "content": "no" }))
        .await
        .refused(403, "permission_denied");
    assert_eq!(
        monolith.get(&comments, &reader).await.ok(200)["items"][0],
        comment
    );
    let comment_path = answer.header("location").to_owned();
    monolith.delete(&comment_path, &editor).await.ok(204);
    monolith
        .delete(&comment_path, &editor)
        .await
        .refused(404, "not_found");

    monolith.delete(&path, &editor).await.ok(204);
    monolith.get(&path, &reader).await.refused(404, "not_found");
}

#[tokio::test]
async fn a_change_needs_the_version_that_if_match_names() {
    let (_dir, monolith) = monolith().await;
    let editor = monolith.token("acme", "editor").await;
    let answer = monolith.post(POSTS, &editor, post("one")).await;
    answer.ok(201);
    let path = answer.header("location").to_owned();
    let first = answer.header("etag").to_owned();

    let change = |tag: &str, title: &str| {
        let mut change = request(Method::PUT, &path, &editor, Some(post(title)));
        change
            .headers_mut()
            .insert("if-match", tag.parse().unwrap());
        change
    };
    let answer = monolith.send(change(&first, "two")).await;
    assert_eq!(answer.ok(200)["version"], 2);
    let second = answer.header("etag").to_owned();
    assert_ne!(first, second);
    assert_eq!(monolith.send(change(&first, "lost")).await.status, 412);
    assert_eq!(monolith.send(change("not a tag", "bad")).await.status, 400);
    assert_eq!(monolith.get(&path, &editor).await.ok(200)["title"], "two");
    let mut delete = request(Method::DELETE, &path, &editor, None);
    delete
        .headers_mut()
        .insert("if-match", first.parse().unwrap());
    assert_eq!(monolith.send(delete).await.status, 412);
    monolith.delete(&path, &editor).await.ok(204);
}

#[tokio::test]
async fn lists_go_newest_first_in_pages() {
    let (_dir, monolith) = monolith().await;
    let editor = monolith.token("acme", "editor").await;
    for number in 0..5 {
        monolith
            .post(POSTS, &editor, post(&number.to_string()))
            .await
            .ok(201);
    }
    let mut titles = Vec::new();
    let mut path = format!("{POSTS}?limit=2");
    loop {
        let page = monolith.get(&path, &editor).await.ok(200);
        let items = page["items"].as_array().unwrap();
        titles.extend(
            items
                .iter()
                .map(|item| item["title"].as_str().unwrap().to_owned()),
        );
        let Some(cursor) = page["next_cursor"].as_str() else {
            break;
        };
        path = format!("{POSTS}?limit=2&cursor={cursor}");
    }
    assert_eq!(titles, ["4", "3", "2", "1", "0"]);
    let me = monolith.get("/api/v1/users/me", &editor).await.ok(200);
    let own = format!("{POSTS}?author_id={}", me["id"].as_str().unwrap());
    assert_eq!(
        monolith.get(&own, &editor).await.ok(200)["items"]
            .as_array()
            .unwrap()
            .len(),
        5
    );
    monolith
        .get(&format!("{POSTS}?limit=0"), &editor)
        .await
        .refused(422, "invalid_argument");
    monolith
        .get(&format!("{POSTS}?limit=101"), &editor)
        .await
        .refused(422, "invalid_argument");
    monolith
        .get(&format!("{POSTS}?cursor=nonsense"), &editor)
        .await
        .refused(400, "invalid_argument");
    monolith
        .get(&format!("{POSTS}?page=2"), &editor)
        .await
        .refused(400, "invalid_argument");
}
