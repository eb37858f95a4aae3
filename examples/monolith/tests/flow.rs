//! The whole flow over HTTP, as users of two tenants: what they may do works, what they may not is refused.
#![expect(clippy::unwrap_used, reason = "a test ends where it fails")]

mod common;

use common::{Answer, Monolith, request};
use http::{Method, Request};
use http_body_util::Full;
use hyper::body::Bytes;
use serde_json::{Value, json};

async fn monolith() -> (tempfile::TempDir, Monolith) {
    let dir = tempfile::tempdir().unwrap();
    let monolith = Monolith::start(dir.path()).await;
    (dir, monolith)
}

fn post(title: &str) -> Value {
    json!({ "title": title, "content": "text" })
}

const POSTS: &str = "/api/v1/blog/posts";

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
async fn one_tenant_neither_sees_nor_changes_what_is_the_others() {
    let (_dir, monolith) = monolith().await;
    let acme = monolith.token("acme", "admin").await;
    let globex = monolith.token("globex", "admin").await;
    let answer = monolith.post(POSTS, &acme, post("secret of acme")).await;
    let created = answer.ok(201);
    let path = answer.header("location").to_owned();

    monolith.get(&path, &globex).await.refused(404, "not_found");
    monolith
        .put(&path, &globex, post("mine now"))
        .await
        .refused(404, "not_found");
    monolith
        .delete(&path, &globex)
        .await
        .refused(404, "not_found");
    monolith
        .post(
            &format!("{path}/comments"),
            &globex,
            json!({ "content": "x" }),
        )
        .await
        .refused(404, "not_found");
    assert_eq!(
        monolith.get(POSTS, &globex).await.ok(200)["items"],
        json!([])
    );
    let me = monolith.get("/api/v1/users/me", &acme).await.ok(200);
    let user = format!("/api/v1/users/{}", me["id"].as_str().unwrap());
    monolith.get(&user, &globex).await.refused(404, "not_found");
    monolith
        .delete(&user, &globex)
        .await
        .refused(404, "not_found");
    let list = monolith.get("/api/v1/users", &globex).await.ok(200);
    assert!(!list.to_string().contains("acme"), "{list}");

    // The claim decides: a header may only repeat it.
    let mut forged = request(Method::GET, &path, &globex, None);
    forged
        .headers_mut()
        .insert("x-tenant-id", "acme".parse().unwrap());
    monolith.send(forged).await.refused(403, "tenant_mismatch");
    assert_eq!(monolith.get(&path, &acme).await.ok(200), created);
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

#[tokio::test]
async fn a_refresh_token_works_once_and_its_reuse_ends_the_family() {
    let (_dir, monolith) = monolith().await;
    let login = monolith.login("acme", "reader").await;
    assert_eq!(login["token_type"], "Bearer");
    assert_eq!(login["expires_in"], 900);
    let refresh = |token: &Value| {
        let body = json!({ "refresh_token": token });
        // The token carries its tenant: no header names one.
        monolith.send(request(
            Method::POST,
            "/api/v1/auth/refresh",
            "",
            Some(body),
        ))
    };
    let second = refresh(&login["refresh_token"]).await.ok(200);
    let token = second["access_token"].as_str().unwrap();
    monolith.get(POSTS, token).await.ok(200);
    refresh(&login["refresh_token"])
        .await
        .refused(401, "unauthenticated");
    // Somebody has used a spent token: the one that came of it is worth nothing now.
    refresh(&second["refresh_token"])
        .await
        .refused(401, "unauthenticated");
    refresh(&json!("nonsense"))
        .await
        .refused(401, "unauthenticated");

    let login = monolith.login("acme", "reader").await;
    let token = login["access_token"].as_str().unwrap();
    let body = json!({ "refresh_token": login["refresh_token"] });
    monolith
        .post("/api/v1/auth/logout", token, body)
        .await
        .ok(204);
    refresh(&login["refresh_token"])
        .await
        .refused(401, "unauthenticated");
}

#[tokio::test]
async fn a_login_tells_nothing_of_what_was_wrong() {
    let (_dir, monolith) = monolith().await;
    let (email, password) = monolith.credentials("acme", "admin");
    let mut answers = Vec::new();
    for (tenant, email, password) in [
        ("acme", email.as_str(), "wrong password"),
        ("acme", "nobody@acme.example", password.as_str()),
        ("globex", email.as_str(), password.as_str()),
        ("no-such-tenant", email.as_str(), password.as_str()),
    ] {
        let body = json!({ "email": email, "password": password });
        let answer = monolith
            .post_as_tenant("/api/v1/auth/login", tenant, body)
            .await;
        let mut problem = answer.refused(401, "unauthenticated");
        assert!(!answer.header("www-authenticate").is_empty());
        problem["request_id"] = Value::Null;
        answers.push(problem);
    }
    answers.dedup();
    assert_eq!(answers.len(), 1, "{answers:?}");
    let body = json!({ "email": email, "password": password });
    let nowhere = request(Method::POST, "/api/v1/auth/login", "", Some(body));
    monolith.send(nowhere).await.refused(400, "tenant_required");
}

#[tokio::test]
async fn users_register_change_and_go() {
    let (_dir, monolith) = monolith().await;
    let admin = monolith.token("acme", "admin").await;
    let new =
        json!({ "email": "Ada@Acme.example", "password": "correct horse battery", "name": "Ada" });
    let answer = monolith
        .post_as_tenant("/api/v1/users", "acme", new.clone())
        .await;
    let ada = answer.ok(201);
    assert_eq!(ada["email"], "ada@acme.example");
    assert_eq!(ada["verified"], false);
    let path = answer.header("location").to_owned();
    monolith
        .post_as_tenant("/api/v1/users", "acme", new.clone())
        .await
        .refused(409, "email_taken");
    monolith
        .post_as_tenant("/api/v1/users", "globex", new)
        .await
        .ok(201);
    let short = json!({ "email": "bob@acme.example", "password": "short" });
    let problem = monolith
        .post_as_tenant("/api/v1/users", "acme", short)
        .await
        .refused(422, "invalid_argument");
    assert_eq!(problem["errors"][0]["field"], "password");

    let body = json!({ "email": "ADA@acme.example", "password": "correct horse battery" });
    let login = monolith
        .post_as_tenant("/api/v1/auth/login", "acme", body)
        .await
        .ok(200);
    let token = login["access_token"].as_str().unwrap();
    assert_eq!(monolith.get("/api/v1/users/me", token).await.ok(200), ada);
    monolith
        .get("/api/v1/users", token)
        .await
        .refused(403, "permission_denied");
    monolith
        .get(POSTS, token)
        .await
        .refused(403, "permission_denied");
    let renamed = monolith
        .put(&path, token, json!({ "name": "Ada L." }))
        .await
        .ok(200);
    assert_eq!(renamed["name"], "Ada L.");
    let found = monolith
        .get("/api/v1/users?email=ada@acme.example", &admin)
        .await
        .ok(200);
    assert_eq!(found["items"].as_array().unwrap().len(), 1);

    let change = json!({ "old_password": "wrong wrong wrong", "new_password": "another long one" });
    let refused = monolith
        .post("/api/v1/users/change-password", token, change)
        .await;
    assert!(refused.status.is_client_error(), "{refused:?}");
    let change =
        json!({ "old_password": "correct horse battery", "new_password": "another long one" });
    monolith
        .post("/api/v1/users/change-password", token, change)
        .await
        .ok(204);
    let old = json!({ "email": "ada@acme.example", "password": "correct horse battery" });
    monolith
        .post_as_tenant("/api/v1/auth/login", "acme", old)
        .await
        .refused(401, "unauthenticated");
    let refresh = json!({ "refresh_token": login["refresh_token"] });
    let refresh = request(Method::POST, "/api/v1/auth/refresh", "", Some(refresh));
    monolith.send(refresh).await.refused(401, "unauthenticated");

    monolith
        .delete(&path, token)
        .await
        .refused(403, "permission_denied");
    monolith.delete(&path, &admin).await.ok(204);
    monolith.get(&path, &admin).await.refused(404, "not_found");
}

#[tokio::test]
async fn a_role_holds_from_the_next_request_on() {
    let (_dir, monolith) = monolith().await;
    let admin = monolith.token("acme", "admin").await;
    let reader = monolith.token("acme", "reader").await;
    let me = monolith.get("/api/v1/users/me", &reader).await.ok(200);
    let user = format!("/api/v1/users/{}", me["id"].as_str().unwrap());
    let own = monolith
        .get(&format!("{user}/permissions"), &reader)
        .await
        .ok(200);
    assert_eq!(
        own,
        json!({ "permissions": ["blog.comment.read", "blog.post.read"], "roles": ["reader"] })
    );

    let writers = json!({ "name": "writers", "permissions": ["blog.post.create"] });
    let answer = monolith
        .post("/api/v1/roles", &admin, writers.clone())
        .await;
    let role = answer.ok(201);
    let role_path = answer.header("location").to_owned();
    monolith
        .post("/api/v1/roles", &admin, writers)
        .await
        .refused(409, "name_taken");
    let unknown = json!({ "name": "x", "permissions": ["blog.pots.create"] });
    monolith
        .post("/api/v1/roles", &admin, unknown)
        .await
        .refused(422, "invalid_argument");
    monolith
        .post("/api/v1/roles", &reader, json!({ "name": "x" }))
        .await
        .refused(403, "permission_denied");

    monolith
        .post(POSTS, &reader, post("no"))
        .await
        .refused(403, "permission_denied");
    let assign = json!({ "role_id": role["id"] });
    monolith
        .post(&format!("{user}/roles"), &admin, assign)
        .await
        .ok(204);
    monolith.post(POSTS, &reader, post("yes")).await.ok(201);
    let question = json!({ "user_id": me["id"], "permission": "blog.post.create" });
    let why = monolith
        .post("/api/v1/authz/explain", &admin, question)
        .await
        .ok(200);
    assert_eq!(
        (&why["allowed"], &why["role"]),
        (&json!(true), &json!("writers"))
    );

    monolith
        .delete(&format!("{role_path}/permissions/blog.post.create"), &admin)
        .await
        .ok(204);
    monolith
        .post(POSTS, &reader, post("no"))
        .await
        .refused(403, "permission_denied");
    let add = json!({ "permission": "blog.*" });
    monolith
        .post(&format!("{role_path}/permissions"), &admin, add)
        .await
        .ok(204);
    monolith.post(POSTS, &reader, post("yes")).await.ok(201);
    monolith.delete(&role_path, &admin).await.ok(204);
    monolith
        .post(POSTS, &reader, post("no"))
        .await
        .refused(403, "permission_denied");
}

#[tokio::test]
async fn bad_input_is_answered_with_what_is_wrong() {
    let (_dir, monolith) = monolith().await;
    let editor = monolith.token("acme", "editor").await;
    let send = |body: &str, content_type: &'static str| {
        let request = Request::post(POSTS)
            .header("host", "localhost")
            .header("authorization", format!("Bearer {editor}"))
            .header("content-type", content_type)
            .body(Full::new(Bytes::from(body.to_owned())))
            .unwrap();
        monolith.send(request)
    };
    let detail = |answer: Answer, status, code, word: &str| {
        let problem = answer.refused(status, code);
        let text = problem.to_string();
        assert!(text.contains(word), "{word} in {text}");
    };
    let json = "application/json";
    detail(send("{", json).await, 400, "invalid_argument", "");
    detail(send("[]", json).await, 400, "invalid_argument", "object");
    detail(
        send(r#"{"title":"t"}"#, json).await,
        400,
        "invalid_argument",
        "content",
    );
    detail(
        send(r#"{"title":"t","content":"c","x":1}"#, json).await,
        400,
        "invalid_argument",
        "x",
    );
    detail(
        send(r#"{"title":1,"content":"c"}"#, json).await,
        400,
        "invalid_argument",
        "title",
    );
    detail(
        send(&"[".repeat(100_000), json).await,
        400,
        "invalid_argument",
        "",
    );
    detail(
        send(r#"{"title":"","content":""}"#, json).await,
        422,
        "invalid_argument",
        "title",
    );
    send("{}", "text/plain")
        .await
        .refused(415, "unsupported_media_type");
    send(&" ".repeat(1_100_000), json)
        .await
        .refused(413, "body_too_large");
    send(
        r#"{"title":"t","content":"c"}"#,
        "application/json; charset=utf-8",
    )
    .await
    .ok(201);

    monolith
        .get("/nowhere", &editor)
        .await
        .refused(404, "not_found");
    monolith
        .get("/api/v1/blog/posts/not-a-uuid", &editor)
        .await
        .refused(404, "not_found");
    let answer = monolith
        .send(request(Method::PATCH, POSTS, &editor, None))
        .await;
    answer.refused(405, "method_not_allowed");
    assert!(answer.header("allow").contains("POST"));
    for token in ["x", "a.b.c", &"a".repeat(10_000)] {
        let answer = monolith.get(POSTS, token).await;
        answer.refused(401, "unauthenticated");
        assert!(answer.header("www-authenticate").starts_with("Bearer"));
    }
    monolith
        .send(request(Method::GET, POSTS, "", None))
        .await
        .refused(401, "unauthenticated");
}

#[tokio::test]
async fn health_metrics_and_keys_are_public() {
    let (_dir, monolith) = monolith().await;
    monolith.get("/healthz", "").await.ok(200);
    let ready = monolith.get("/ready", "").await.ok(200);
    assert_eq!(ready["status"], "ok");
    assert!(ready["checks"]["database"].is_object(), "{ready}");
    let keys = monolith.get("/.well-known/jwks.json", "").await;
    assert!(!keys.header("cache-control").is_empty());
    let keys = keys.ok(200);
    assert!(!keys["keys"].as_array().unwrap().is_empty());
    assert!(
        !keys.to_string().contains("\"d\""),
        "no private key is published"
    );
    let metrics = monolith.get("/metrics", "").await;
    let text = String::from_utf8(metrics.body.to_vec()).unwrap();
    assert!(
        text.contains("http_server_request_duration_seconds_bucket"),
        "{text}"
    );
    let mut traced = request(Method::GET, "/healthz", "", None);
    traced
        .headers_mut()
        .insert("x-request-id", "my-own-id".parse().unwrap());
    assert_eq!(
        monolith.send(traced).await.header("x-request-id"),
        "my-own-id"
    );
}
