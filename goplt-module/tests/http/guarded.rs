//! The check in front of a handler: who passes, who does not, and that refusing costs no reading.

use std::sync::Arc;

use goplt_core::{
    Clock, Random, authorizer::DenyAll, data::ScopeMint, id::Ids, manifest::Manifest,
};
use goplt_module::{
    RouteKey,
    http::{RouteTable, route_table::MountError},
};
use http::{HeaderValue, Method, Request};
use tower::ServiceExt as _;

use crate::app::{App, MANIFEST, get, key, post, untouchable};

fn as_user(mut request: axum::extract::Request, name: &str) -> axum::extract::Request {
    let token = HeaderValue::from_str(&format!("Bearer {name}")).unwrap();
    request.headers_mut().insert("authorization", token);
    request
}

fn in_tenant(mut request: axum::extract::Request, tenant: &'static str) -> axum::extract::Request {
    request
        .headers_mut()
        .insert("x-tenant-id", HeaderValue::from_static(tenant));
    request
}

#[tokio::test]
async fn an_anonymous_caller_is_refused_before_the_body_is_read() {
    let answer = App::new().call(post("/items", untouchable())).await;
    assert_eq!(answer.status, 401);
    assert_eq!(answer.header("www-authenticate"), "Bearer");
    assert_eq!(answer.json()["code"], "unauthenticated");
}

#[tokio::test]
async fn a_caller_without_the_permission_is_refused_before_the_body_is_read() {
    let request = in_tenant(as_user(post("/items", untouchable()), "reader"), "acme");
    let answer = App::new().call(request).await;
    assert_eq!(answer.status, 403);
    assert_eq!(
        answer.json()["detail"],
        "the permission `shop.item.create` is missing"
    );
}

#[tokio::test]
async fn a_permission_needs_a_tenant() {
    let answer = App::new()
        .call(as_user(post("/items", untouchable()), "editor"))
        .await;
    assert_eq!(answer.status, 400);
    assert_eq!(answer.json()["code"], "tenant_required");
}

#[tokio::test]
async fn a_caller_with_the_permission_passes() {
    let request = in_tenant(as_user(post("/items", r#"{"name":"n"}"#), "editor"), "acme");
    let answer = App::new().call(request).await;
    assert_eq!(answer.status, 201);
    assert_eq!(answer.header("location"), "/items/1");
    assert_eq!(answer.json()["name"], "n");
}

#[tokio::test]
async fn authenticated_handler_and_public_routes_pass_whom_they_should() {
    let app = App::new();
    assert_eq!(app.call(get("/me")).await.status, 401);
    assert_eq!(app.call(as_user(get("/me"), "ada")).await.body, "ada");
    assert_eq!(app.call(get("/decide")).await.status, 200);
    assert_eq!(app.call(get("/items")).await.status, 200);
}

#[tokio::test]
async fn only_an_anonymous_caller_of_a_credential_route_enters_a_tenant() {
    let app = App::new();
    assert_eq!(app.call(post("/redeem", "")).await.body, "acme");
    assert_eq!(
        app.call(in_tenant(post("/redeem", ""), "acme"))
            .await
            .status,
        200
    );
    assert_eq!(
        app.call(in_tenant(post("/redeem", ""), "globex"))
            .await
            .status,
        403
    );
    assert_eq!(
        app.call(as_user(post("/redeem", ""), "ada")).await.status,
        403
    );
    assert_eq!(app.call(post("/enter", "")).await.status, 403);
}

#[tokio::test]
async fn a_router_without_the_stack_answers_nobody() {
    let manifest = Manifest::parse("module.yaml", MANIFEST).unwrap();
    let mut table = RouteTable::new(Arc::new(DenyAll), ScopeMint::new());
    table
        .routes(&manifest, &Arc::new(()))
        .mount(key("list"), async || "open");
    let request = Request::builder().method(Method::GET).uri("/items");
    let request = request.body(axum::body::Body::empty()).unwrap();
    let response = table.into_router().oneshot(request).await.unwrap();
    assert_eq!(response.status(), 500);
}

#[test]
fn what_is_mounted_wrongly_is_reported_all_at_once() {
    let manifest = Manifest::parse("module.yaml", MANIFEST).unwrap();
    let module = manifest.name().clone();
    let foreign = RouteKey::__declared("blog", "list");
    let mut table = RouteTable::new(Arc::new(DenyAll), ScopeMint::new());
    table
        .routes(&manifest, &Arc::new(()))
        .mount(foreign, async || "")
        .mount(key("nothing"), async || "")
        .mount(key("list"), async || "")
        .mount(key("list"), async || "");
    let expected = [
        MountError::Foreign {
            module: module.clone(),
            route: foreign,
        },
        MountError::Undeclared {
            module: module.clone(),
            route: key("nothing"),
        },
        MountError::Twice {
            module,
            route: key("list"),
        },
    ];
    assert_eq!(table.errors(), expected);
    assert_eq!(
        table.unmounted(&manifest).len(),
        manifest.routes().len() - 1
    );
    let _ = Ids::new(Clock::system(), Random::system());
}
