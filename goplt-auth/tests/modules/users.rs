//! Users: registration, access to oneself and to others, changes, lists, deletion.

use serde_json::{Value, json};

use crate::harness::{PASSWORD, Platform, plan};

#[tokio::test]
async fn a_user_registers_and_is_shown_without_the_password() {
    let (platform, _folder) = Platform::start().await;
    let body = json!({ "email": "Ada@Example.org", "password": PASSWORD, "name": "Ada" });
    let user = platform.post("/api/v1/users", "@acme", body).await;
    assert_eq!(user.status, 201, "{user:?}");
    assert_eq!(
        user.headers["location"],
        format!("/api/v1/users/{}", user.text("id"))
    );
    let members: Vec<_> = user.body.as_object().unwrap().keys().cloned().collect();
    assert_eq!(
        members,
        [
            "created_at",
            "email",
            "id",
            "name",
            "updated_at",
            "verified"
        ]
    );
    assert_eq!(
        (user.text("email"), user.text("name")),
        ("ada@example.org", "Ada")
    );
    assert_eq!(user.body["verified"], false);
    platform.stop().await;
}

#[tokio::test]
async fn what_is_wrong_with_a_registration_is_said() {
    let (platform, _folder) = Platform::start().await;
    let post = |who, body| platform.post("/api/v1/users", who, body);
    let all = json!({ "email": "ada", "password": "short", "name": "" });
    let answer = post("@acme", all).await;
    assert_eq!(
        (answer.status.as_u16(), answer.fields()),
        (422, vec!["email", "password", "name"])
    );

    let good = json!({ "email": "ada@example.org", "password": PASSWORD });
    for (body, status) in [
        (json!({ "email": "ada@example.org" }), 400),
        (json!({ "email": 1, "password": PASSWORD }), 400),
        (
            json!({ "email": "ada@example.org", "password": PASSWORD, "role": "admin" }),
            400,
        ),
        (json!([]), 400),
    ] {
        assert_eq!(post("@acme", body.clone()).await.status, status, "{body}");
    }
    assert_eq!(
        post("", good.clone()).await.status,
        400,
        "no tenant was named"
    );
    assert_eq!(post("@nowhere", good.clone()).await.status, 404);
    assert_eq!(post("@acme", good).await.status, 201);
    platform.stop().await;
}

#[tokio::test]
async fn an_email_is_unique_in_its_tenant_in_any_case() {
    let (platform, _folder) = Platform::start().await;
    assert_eq!(
        platform.register("acme", "ada@example.org").await.status,
        201
    );
    let again = platform.register("acme", "ADA@example.org").await;
    assert_eq!(
        (again.status.as_u16(), again.text("code")),
        (409, "email_taken")
    );
    assert_eq!(
        platform.register("globex", "ada@example.org").await.status,
        201
    );
    platform.stop().await;
}

#[tokio::test]
async fn closed_registration_asks_for_the_permission() {
    let folder = tempfile::tempdir().unwrap();
    let open = plan(folder.path(), &[]).start().await;
    let ada = open.session("acme", "ada@example.org").await;
    open.stop().await;

    let closed = plan(folder.path(), &["identity.registration=closed"])
        .start()
        .await;
    assert_eq!(closed.register("acme", "eve@example.org").await.status, 401);
    let body = json!({ "email": "eve@example.org", "password": PASSWORD });
    let refused = closed
        .post("/api/v1/users", &ada.access, body.clone())
        .await;
    assert_eq!(refused.status, 403);
    assert!(
        refused.text("detail").contains("identity.user.create"),
        "{refused:?}"
    );
    closed.stop().await;

    let closed = plan(folder.path(), &["identity.registration=closed"])
        .permissive()
        .start()
        .await;
    assert_eq!(
        closed.post("/api/v1/users", &ada.access, body).await.status,
        201
    );
    closed.stop().await;
}

#[tokio::test]
async fn one_sees_and_changes_oneself_and_nobody_else() {
    let (platform, _folder) = Platform::start().await;
    let ada = platform.session("acme", "ada@example.org").await;
    let bob = platform.session("acme", "bob@example.org").await;
    let own = format!("/api/v1/users/{}", ada.id);
    let other = format!("/api/v1/users/{}", bob.id);

    assert_eq!(
        platform
            .get("/api/v1/users/me", &ada.access)
            .await
            .text("id"),
        ada.id
    );
    assert_eq!(platform.get(&own, &ada.access).await.text("id"), ada.id);
    assert_eq!(platform.get(&other, &ada.access).await.status, 403);
    let body = json!({ "name": "Ada L.", "email": "AL@example.org" });
    let changed = platform.call("PUT", &own, &ada.access, body.clone()).await;
    assert_eq!(
        (changed.text("name"), changed.text("email")),
        ("Ada L.", "al@example.org")
    );
    assert_eq!(
        platform.call("PUT", &other, &ada.access, body).await.status,
        403
    );
    let wrong = platform
        .call("PUT", &own, &ada.access, json!({ "email": "x" }))
        .await;
    assert_eq!(
        (wrong.status.as_u16(), wrong.fields()),
        (422, vec!["email"])
    );
    let taken = json!({ "email": "bob@example.org" });
    assert_eq!(
        platform.call("PUT", &own, &ada.access, taken).await.status,
        409
    );

    let list = platform.get("/api/v1/users", &ada.access).await;
    assert_eq!(list.status, 403);
    assert!(
        list.text("detail").contains("identity.user.read"),
        "{list:?}"
    );
    assert_eq!(
        platform
            .call("DELETE", &own, &ada.access, Value::Null)
            .await
            .status,
        403
    );
    for path in ["/api/v1/users", "/api/v1/users/me", &*own] {
        assert_eq!(platform.get(path, "@acme").await.status, 401, "{path}");
    }
    platform.stop().await;
}

#[tokio::test]
async fn users_of_another_tenant_are_not_there() {
    let (platform, _folder) = Platform::permissive().await;
    let ada = platform.session("acme", "ada@example.org").await;
    let gus = platform.session("globex", "gus@example.org").await;
    let path = format!("/api/v1/users/{}", gus.id);
    assert_eq!(platform.get(&path, &ada.access).await.status, 404);
    let change = json!({ "name": "x" });
    assert_eq!(
        platform
            .call("PUT", &path, &ada.access, change)
            .await
            .status,
        404
    );
    assert_eq!(
        platform
            .call("DELETE", &path, &ada.access, Value::Null)
            .await
            .status,
        404
    );
    assert_eq!(
        platform.get("/api/v1/users/none", &ada.access).await.status,
        404
    );
    let list = platform.get("/api/v1/users", &ada.access).await;
    assert_eq!(list.body["items"].as_array().unwrap().len(), 1);
    assert_eq!(platform.get(&path, &gus.access).await.text("id"), gus.id);
    platform.stop().await;
}

#[tokio::test]
async fn the_list_goes_page_by_page_newest_first() {
    let (platform, _folder) = Platform::permissive().await;
    let ada = platform.session("acme", "u0@example.org").await;
    for n in 1..5 {
        assert_eq!(
            platform
                .register("acme", &format!("u{n}@example.org"))
                .await
                .status,
            201
        );
    }
    let (mut emails, mut path) = (Vec::new(), "/api/v1/users?limit=2".to_owned());
    loop {
        let page = platform.get(&path, &ada.access).await;
        let items = page.body["items"].as_array().unwrap();
        emails.extend(
            items
                .iter()
                .map(|user| user["email"].as_str().unwrap().to_owned()),
        );
        let Some(next) = page.body["next_cursor"].as_str() else {
            break;
        };
        path = format!("/api/v1/users?limit=2&cursor={next}");
    }
    let expected: Vec<_> = (0..5).rev().map(|n| format!("u{n}@example.org")).collect();
    assert_eq!(emails, expected);

    let found = platform
        .get("/api/v1/users?email=U3@example.org", &ada.access)
        .await;
    assert_eq!(found.body["items"][0]["email"], "u3@example.org");
    for (query, status) in [
        ("limit=0", 422),
        ("limit=101", 422),
        ("cursor=x", 400),
        ("who=x", 400),
    ] {
        let answer = platform
            .get(&format!("/api/v1/users?{query}"), &ada.access)
            .await;
        assert_eq!(answer.status, status, "{query}");
    }
    platform.stop().await;
}

#[tokio::test]
async fn a_deleted_user_is_gone_and_refreshes_no_more() {
    let (platform, _folder) = Platform::permissive().await;
    let ada = platform.session("acme", "ada@example.org").await;
    let bob = platform.session("acme", "bob@example.org").await;
    let path = format!("/api/v1/users/{}", bob.id);
    assert_eq!(
        platform
            .call("DELETE", &path, &ada.access, Value::Null)
            .await
            .status,
        204
    );
    assert_eq!(
        platform
            .call("DELETE", &path, &ada.access, Value::Null)
            .await
            .status,
        404
    );
    assert_eq!(platform.refresh(&bob.refresh).await.status, 401);
    assert_eq!(
        platform
            .login("acme", "bob@example.org", PASSWORD)
            .await
            .status,
        401
    );
    assert_eq!(
        platform.register("acme", "bob@example.org").await.status,
        201
    );
    platform.stop().await;
}

#[tokio::test]
async fn many_users_are_read_at_once_by_contract() {
    use goplt_contracts::identity::{BatchGetUsersRequest, IdentityService};

    let (platform, _folder) = Platform::start().await;
    let mut ids = Vec::new();
    for n in 0..12 {
        let user = platform
            .register("acme", &format!("u{n}@example.org"))
            .await;
        ids.push(user.text("id").to_owned());
    }
    let identity = platform.host().get::<dyn IdentityService>().unwrap();
    let contexts = platform.host().context("test");
    let cx = |tenant: &str| {
        contexts
            .service_contexts()
            .for_tenant(tenant.parse().unwrap())
    };
    let mut asked = ids.clone();
    asked.extend([
        ids[0].clone(),
        "none".into(),
        "01890a5d-ac96-774b-bcce-b302099a8057".into(),
    ]);
    let request = BatchGetUsersRequest { ids: asked };
    let found = identity
        .batch_get_users(&cx("acme"), request.clone())
        .await
        .unwrap();
    let mut found: Vec<_> = found.users.into_iter().map(|user| user.id).collect();
    found.sort_unstable();
    assert_eq!(found, ids);
    assert!(
        identity
            .batch_get_users(&cx("globex"), request)
            .await
            .unwrap()
            .users
            .is_empty()
    );
    let empty = BatchGetUsersRequest::default();
    assert!(
        identity
            .batch_get_users(&cx("acme"), empty)
            .await
            .unwrap()
            .users
            .is_empty()
    );
    platform.stop().await;
}
