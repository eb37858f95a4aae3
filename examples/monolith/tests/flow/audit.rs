//! Who did what is written down once, for the tenant alone, and shows if it was tampered with.

use http::{Method, Request};
use http_body_util::Full;
use hyper::body::Bytes;
use serde_json::{Value, json};

use crate::{
    POSTS,
    common::{Monolith, command, request, run, run_with_input},
    monolith, post,
};

const LOGS: &str = "/api/v1/audit-logs";

/// The entries that the query finds, once there are so many.
async fn entries(monolith: &Monolith, admin: &str, query: &str, count: usize) -> Vec<Value> {
    let path = format!("{LOGS}?limit=100&{query}");
    let enough = |found: &Value| found["items"].as_array().unwrap().len() >= count;
    let found = monolith.until(&path, admin, enough).await;
    let items = found["items"].as_array().unwrap().clone();
    assert_eq!(items.len(), count, "{query}: {found}");
    items
}

fn with_agent(mut request: Request<Full<Bytes>>) -> Request<Full<Bytes>> {
    request
        .headers_mut()
        .insert("user-agent", "flow/1.0".parse().unwrap());
    // What a client says of its own address counts for nothing.
    request
        .headers_mut()
        .insert("x-forwarded-for", "10.9.8.7".parse().unwrap());
    request
}

#[tokio::test]
async fn a_post_leaves_an_entry_of_the_request_and_one_of_the_event() {
    let (_dir, monolith) = monolith().await;
    let admin = monolith.token("acme", "admin").await;
    let editor = monolith.token("acme", "editor").await;
    let writing = request(Method::POST, POSTS, &editor, Some(post("Hello")));
    let answer = monolith.send(with_agent(writing)).await;
    let created = answer.ok(201);
    let refused = request(Method::POST, POSTS, &editor, Some(json!({ "title": "" })));
    let refused = monolith.send(with_agent(refused)).await;
    assert!(refused.status.is_client_error());
    let me = monolith.me(&editor).await;

    let written = entries(&monolith, &admin, "action=blog.post.created", 1).await;
    let entry = &written[0];
    assert_eq!(entry["actor_id"], me);
    assert_eq!(entry["resource"], "blog.post");
    assert_eq!(entry["resource_id"], created["id"]);
    assert_eq!(entry["request_id"], answer.header("x-request-id"));

    let query = format!("action=http.request&actor_id={me}");
    let asked = entries(&monolith, &admin, &query, 2).await;
    let statuses: Vec<_> = asked
        .iter()
        .map(|entry| &entry["metadata"]["status"])
        .collect();
    assert_eq!(statuses, [&json!(refused.status.as_u16()), &json!(201)]);
    let entry = &asked[1];
    assert_eq!(entry["resource"], POSTS);
    assert_eq!(entry["resource_id"], POSTS);
    assert_eq!(entry["metadata"]["method"], "POST");
    assert_eq!(entry["ip_address"], "127.0.0.1");
    assert_eq!(entry["user_agent"], "flow/1.0");
    assert_eq!(entry["request_id"], answer.header("x-request-id"));
    let names: Vec<_> = entry.as_object().unwrap().keys().cloned().collect();
    let mut wanted = [
        "id",
        "actor_id",
        "action",
        "resource",
        "resource_id",
        "ip_address",
        "user_agent",
        "request_id",
        "metadata",
        "timestamp",
    ];
    wanted.sort_unstable();
    assert_eq!(names, wanted);
}

#[tokio::test]
async fn logins_roles_and_passwords_are_written_down_with_who_and_from_where() {
    let (_dir, monolith) = monolith().await;
    let admin = monolith.token("acme", "admin").await;
    let admin_id = monolith.me(&admin).await;
    let (email, password) = monolith.credentials("acme", "reader");
    let login = json!({ "email": email, "password": "not the password" });
    monolith
        .post_as_tenant("/api/v1/auth/login", "acme", login.clone())
        .await
        .refused(401, "unauthenticated");
    // A tenant that somebody made up gets no log.
    monolith
        .post_as_tenant("/api/v1/auth/login", "no-such-tenant", login)
        .await
        .refused(401, "unauthenticated");
    let failed = entries(&monolith, &admin, "action=auth.login.failed", 1).await;
    assert_eq!(failed[0]["metadata"]["email"], email);
    assert_eq!(failed[0]["actor_id"], Value::Null);
    assert_eq!(failed[0]["ip_address"], "127.0.0.1");

    let session = monolith.login("acme", "reader").await;
    let reader = session["access_token"].as_str().unwrap();
    let reader_id = monolith.me(reader).await;
    let query = format!("action=auth.login.succeeded&actor_id={reader_id}");
    let succeeded = entries(&monolith, &admin, &query, 1).await;
    assert_eq!(succeeded[0]["resource_id"], reader_id);
    assert!(!failed[0].to_string().contains("not the password"));

    let role = json!({ "name": "writers", "permissions": ["blog.post.create"] });
    let role = monolith.post("/api/v1/roles", &admin, role).await.ok(201);
    let role_id = role["id"].as_str().unwrap();
    let roles = format!("/api/v1/users/{reader_id}/roles");
    for _ in 0..2 {
        // The second changes nothing.
        let assign = json!({ "role_id": role_id });
        monolith.post(&roles, &admin, assign).await.ok(204);
    }
    let permission = json!({ "permission": "blog.post.read" });
    monolith
        .post(
            &format!("/api/v1/roles/{role_id}/permissions"),
            &admin,
            permission,
        )
        .await
        .ok(204);
    let path = format!("{roles}/{role_id}");
    monolith.delete(&path, &admin).await.ok(204);
    let path = format!("/api/v1/roles/{role_id}");
    monolith.delete(&path, &admin).await.ok(204);
    let query = format!("resource=authz.role&actor_id={admin_id}");
    let changes = entries(&monolith, &admin, &query, 5).await;
    let actions: Vec<_> = changes.iter().rev().map(|entry| &entry["action"]).collect();
    assert_eq!(
        actions,
        [
            "authz.role.created",
            "authz.role.assigned",
            "authz.permission.granted",
            "authz.role.removed",
            "authz.role.deleted"
        ]
    );
    assert!(changes.iter().all(|entry| entry["resource_id"] == role_id));
    assert!(
        changes
            .iter()
            .all(|entry| entry["ip_address"] == "127.0.0.1")
    );

    let change = json!({ "old_password": password, "new_password": "a new and long password" });
    monolith
        .post("/api/v1/users/change-password", reader, change)
        .await
        .ok(204);
    let query = format!("action=identity.password.changed&actor_id={reader_id}");
    entries(&monolith, &admin, &query, 1).await;
    let refresh = json!({ "refresh_token": session["refresh_token"] });
    monolith
        .post("/api/v1/auth/refresh", "", refresh)
        .await
        .refused(401, "unauthenticated");

    let session = monolith.login("acme", "editor").await;
    let editor = session["access_token"].as_str().unwrap();
    let token = json!({ "refresh_token": session["refresh_token"] });
    let next = monolith
        .post("/api/v1/auth/refresh", "", token.clone())
        .await
        .ok(200);
    monolith
        .post("/api/v1/auth/refresh", "", token)
        .await
        .refused(401, "unauthenticated");
    entries(&monolith, &admin, "action=auth.refresh.reused", 1).await;
    drop(next);
    let session = monolith.login("acme", "editor").await;
    let logout = json!({ "refresh_token": session["refresh_token"] });
    monolith
        .post("/api/v1/auth/logout", editor, logout)
        .await
        .ok(204);
    entries(&monolith, &admin, "action=auth.session.ended", 1).await;
    // The seed made the tenant and its users.
    let made = entries(
        &monolith,
        &admin,
        "actor_id=seed&action=identity.user.created",
        3,
    )
    .await;
    assert!(made.iter().all(|entry| entry["ip_address"].is_null()));
    entries(&monolith, &admin, "action=identity.tenant.created", 1).await;
}

#[tokio::test]
async fn the_log_is_read_page_by_page_and_narrowed_by_time() {
    let (_dir, monolith) = monolith().await;
    let admin = monolith.token("acme", "admin").await;
    for title in ["one", "two", "three"] {
        monolith.post(POSTS, &admin, post(title)).await.ok(201);
    }
    let posts = entries(&monolith, &admin, "action=blog.post.created", 3).await;
    let mut path = format!("{LOGS}?limit=2&action=blog.post.created");
    let page = monolith.get(&path, &admin).await.ok(200);
    assert_eq!(page["items"], json!(posts[..2]));
    path += &format!("&cursor={}", page["next_cursor"].as_str().unwrap());
    let page = monolith.get(&path, &admin).await.ok(200);
    assert_eq!(page["items"], json!(posts[2..]));
    assert_eq!(page["next_cursor"], Value::Null);

    let second = posts[1]["timestamp"].as_str().unwrap();
    let since = format!("action=blog.post.created&from={second}");
    assert_eq!(entries(&monolith, &admin, &since, 2).await, posts[..2]);
    let until = format!("action=blog.post.created&to={second}");
    assert_eq!(entries(&monolith, &admin, &until, 1).await, posts[2..]);

    for (query, status) in [
        ("limit=0", 422),
        ("limit=101", 422),
        ("cursor=x", 400),
        ("from=yesterday", 400),
        ("who=me", 400),
        ("from=2026-01-02T00:00:00Z&to=2026-01-01T00:00:00Z", 422),
    ] {
        let path = format!("{LOGS}?{query}");
        let answer = monolith.get(&path, &admin).await;
        answer.refused(status, "invalid_argument");
    }
}

#[tokio::test]
async fn nobody_sees_a_log_but_who_may_in_its_tenant() {
    let (_dir, monolith) = monolith().await;
    let acme = monolith.token("acme", "admin").await;
    let globex = monolith.token("globex", "admin").await;
    monolith.post(POSTS, &acme, post("secret")).await.ok(201);
    entries(&monolith, &acme, "action=blog.post.created", 1).await;
    let found = monolith
        .get(&format!("{LOGS}?limit=100"), &globex)
        .await
        .ok(200);
    assert!(!found.to_string().contains("blog.post.created"), "{found}");
    let editor = monolith.token("acme", "editor").await;
    for path in [LOGS.to_owned(), format!("{LOGS}/verify")] {
        monolith
            .get(&path, &editor)
            .await
            .refused(403, "permission_denied");
        monolith
            .get(&path, "")
            .await
            .refused(401, "unauthenticated");
    }
    // There is no way to change it.
    let id = found["items"][0]["id"].as_str().unwrap();
    monolith
        .delete(&format!("{LOGS}/{id}"), &globex)
        .await
        .refused(404, "not_found");
    monolith
        .delete(LOGS, &globex)
        .await
        .refused(405, "method_not_allowed");
}

#[tokio::test]
async fn a_log_holds_after_the_process_was_killed_and_is_the_one_that_was_kept() {
    let dir = tempfile::tempdir().unwrap();
    let mut monolith = Monolith::start(dir.path()).await;
    for round in 0..3 {
        let admin = monolith.token("acme", "admin").await;
        for number in 0..5 {
            let title = format!("{round}/{number}");
            monolith.post(POSTS, &admin, post(&title)).await.ok(201);
        }
        monolith.kill().await;
        monolith = Monolith::start(dir.path()).await;
    }
    let admin = monolith.token("acme", "admin").await;
    let posts = entries(&monolith, &admin, "action=blog.post.created", 15).await;
    let mut ids: Vec<_> = posts.iter().map(|post| &post["resource_id"]).collect();
    ids.sort_by_key(|id| id.as_str());
    ids.dedup();
    assert_eq!(ids.len(), 15, "each once");
    let verified = monolith
        .get(&format!("{LOGS}/verify"), &admin)
        .await
        .ok(200);
    assert_eq!(verified["valid"], true, "{verified}");
    assert!(verified["entries"].as_i64().unwrap() >= 15);

    // Beside the running server.
    let mut heads = command(dir.path());
    heads.args(["audit", "heads"]);
    let heads = run(heads).await;
    assert!(heads.status.success(), "{}", heads.stderr);
    let file = dir.path().join("heads.txt");
    std::fs::write(&file, &heads.stdout).unwrap();
    monolith.post(POSTS, &admin, post("later")).await.ok(201);
    let mut verify = command(dir.path());
    verify.args(["audit", "verify", "--heads"]).arg(&file);
    let verified = run(verify).await;
    assert!(verified.status.success(), "{}", verified.stderr);
    assert!(verified.stdout.contains("acme: "), "{}", verified.stdout);

    // A head that never was: somebody else's log.
    let line = heads
        .stdout
        .lines()
        .find(|line| line.starts_with("acme\t"))
        .unwrap();
    let mut fields = line.split('\t').skip(1);
    let (sequence, hash) = (fields.next().unwrap(), fields.next().unwrap());
    let kept = format!("{LOGS}/verify?sequence={sequence}&hash={hash}");
    assert_eq!(monolith.get(&kept, &admin).await.ok(200)["valid"], true);
    let forged = format!("{LOGS}/verify?sequence={sequence}&hash={}", "00".repeat(32));
    let verified = monolith.get(&forged, &admin).await.ok(200);
    assert_eq!(verified["broken"]["kind"], "not_as_kept", "{verified}");
    std::fs::write(&file, format!("acme\t{sequence}\t{}\n", "00".repeat(32))).unwrap();
    let mut verify = command(dir.path());
    verify.args(["audit", "verify", "--heads"]).arg(&file);
    let verified = run(verify).await;
    assert!(!verified.status.success());
    assert!(
        verified.stderr.contains("acme: entry "),
        "{}",
        verified.stderr
    );
}

#[tokio::test]
async fn work_across_tenants_is_in_the_log_of_the_platform_alone() {
    let dir = tempfile::tempdir().unwrap();
    let monolith = Monolith::start(dir.path()).await;
    let mut create = command(dir.path());
    create.args([
        "admin",
        "create",
        "--tenant",
        "initech",
        "--email",
        "bill@initech.test",
    ]);
    let created = run_with_input(create, b"a long enough password\n").await;
    assert!(created.status.success(), "{}", created.stderr);
    // What was read is told a minute later, or when the process ends; the next one keeps it.
    assert!(monolith.terminate().await.success());
    let monolith = Monolith::start(dir.path()).await;

    let listed = |arguments: &'static [&'static str]| {
        let mut list = command(dir.path());
        list.args(["audit", "list", "--limit", "1000"])
            .args(arguments);
        async move {
            let listed = run(list).await;
            assert!(listed.status.success(), "{}", listed.stderr);
            let entries = listed.stdout.lines().map(serde_json::from_str);
            entries.collect::<Result<Vec<Value>, _>>().unwrap()
        }
    };
    let mut all = Vec::new();
    let is_told = |all: &[Value], action: &str, module: &str| {
        let mut all = all.iter();
        all.any(|entry| entry["action"] == action && entry["resource_id"] == module)
    };
    // A relay delivers, so it takes its time; each look is a process of its own.
    for _ in 0..50 {
        all = listed(&[]).await;
        if is_told(&all, "core.host.read", "authz") {
            break;
        }
    }
    assert!(
        is_told(&all, "core.host.read", "authz"),
        "the policy: {all:?}"
    );
    assert!(is_told(&all, "core.host.read", "identity"), "{all:?}");
    let made = all.iter().find(|entry| {
        entry["action"] == "core.host.written" && entry["actor_id"] == "admin create"
    });
    let made = made.unwrap_or_else(|| panic!("{all:?}"));
    assert_eq!(made["resource_id"], "identity");
    assert_eq!(made["metadata"]["rows"], 1);
    assert!(made["metadata"]["reason"].is_string());

    let mut verify = command(dir.path());
    verify.args(["audit", "verify"]);
    let verified = run(verify).await;
    assert!(verified.status.success(), "{}", verified.stderr);
    assert!(
        verified.stdout.contains("@platform: "),
        "{}",
        verified.stdout
    );

    // Nobody sees it by REST, whatever they name.
    let admin = monolith.token("acme", "admin").await;
    for query in ["action=core.host.written", "action=core.host.read"] {
        let none = monolith
            .get(&format!("{LOGS}?{query}"), &admin)
            .await
            .ok(200);
        assert_eq!(none["items"], json!([]));
    }
    let mut named = request(Method::GET, LOGS, &admin, None);
    let platform = "@platform".parse().unwrap();
    named.headers_mut().insert("x-tenant-id", platform);
    assert_eq!(monolith.send(named).await.status, 400);
}
