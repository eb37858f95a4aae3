//! `RequireLayer` lets through who has the permission, and nobody else.
#![expect(clippy::unwrap_used, reason = "a test ends where it fails")]

use goplt_authz::RequireLayer;
use goplt_core::{Decision, Permission, Principal, RequestContext, TenantId, data::ScopeMint};
use http::{Request, Response, header::CONTENT_TYPE};
use tower_test::mock;

const READ: Permission = Permission::from_static("reports.sales.read");

fn only_ada(principal: &Principal, _: &TenantId, permission: &Permission) -> Decision {
    if principal.subject() == "ada" && *permission == READ {
        Decision::Allow
    } else {
        Decision::Deny
    }
}

fn request(user: Option<&str>, tenant: Option<&str>) -> Request<()> {
    let mut cx = RequestContext::new("r-1".parse().unwrap());
    if let Some(user) = user {
        cx = cx.with_principal(Principal::user(user));
    }
    if let Some(tenant) = tenant {
        cx = ScopeMint::new().enter(cx, tenant.parse().unwrap()).unwrap();
    }
    Request::builder().extension(cx).body(()).unwrap()
}

/// The status of the answer, and whether the inner service was asked.
async fn answer(request: Request<()>) -> (http::StatusCode, http::HeaderMap, bool) {
    let layer = RequireLayer::new(only_ada, READ);
    let (mut service, mut handle) = mock::spawn_layer::<Request<()>, Response<String>, _>(layer);
    handle.allow(1);
    tokio_test::assert_ready_ok!(service.poll_ready());
    let call = tokio::spawn(service.call(request));
    tokio::task::yield_now().await;
    let mut reached = false;
    if let std::task::Poll::Ready(Some((_, respond))) =
        tokio_test::task::spawn(handle.next_request()).poll()
    {
        reached = true;
        respond.send_response(Response::new(String::new()));
    }
    let answer = call.await.unwrap().unwrap();
    (answer.status(), answer.headers().clone(), reached)
}

#[tokio::test]
async fn who_has_the_permission_passes() {
    let (status, _, reached) = answer(request(Some("ada"), Some("acme"))).await;
    assert_eq!((status.as_u16(), reached), (200, true));
}

#[tokio::test]
async fn everybody_else_is_refused_before_the_inner_service() {
    for (user, tenant, expected) in [
        (Some("bob"), Some("acme"), 403),
        (None, Some("acme"), 401),
        (Some("ada"), None, 400),
        (None, None, 401),
    ] {
        let (status, headers, reached) = answer(request(user, tenant)).await;
        assert_eq!(
            (status.as_u16(), reached),
            (expected, false),
            "{user:?} {tenant:?}"
        );
        assert_eq!(headers[CONTENT_TYPE], "application/problem+json");
    }
}

#[tokio::test]
async fn a_request_that_no_layer_has_seen_is_refused() {
    assert_eq!(answer(Request::new(())).await.0, 401);
}

#[tokio::test]
async fn a_grpc_caller_is_refused_in_grpc() {
    let mut request = request(Some("bob"), Some("acme"));
    request
        .headers_mut()
        .insert(CONTENT_TYPE, "application/grpc".parse().unwrap());
    let (status, headers, reached) = answer(request).await;
    assert_eq!((status.as_u16(), reached), (200, false));
    assert_eq!(headers["grpc-status"], "7");
}
