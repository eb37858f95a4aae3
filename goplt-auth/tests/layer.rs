//! `AuthLayer` before a mock: who passes, who is refused, and that a refusal never goes inside.
#![expect(clippy::unwrap_used, reason = "a test ends where it fails")]

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use bytes::Bytes;
use goplt_auth::{Auth, AuthLayer};
use goplt_core::{
    Credentials, Principal, Problem, RequestContext, VerifyError, data::ScopeMint,
    refuse::MaybeRefused,
};
use http::{Request, Response};
use http_body_util::{BodyExt as _, Empty, Full};
use tower_test::mock;

type Mock = mock::Mock<Request<Empty<Bytes>>, Response<Full<Bytes>>>;
type Handle = mock::Handle<Request<Empty<Bytes>>, Response<Full<Bytes>>>;

fn verify(credentials: Credentials<'_>) -> Result<Principal, VerifyError> {
    match credentials {
        Credentials::Bearer("ada") => Ok(Principal::user("ada")),
        Credentials::Bearer("late") => Err(VerifyError::Expired),
        Credentials::Bearer("early") => Err(VerifyError::Unavailable),
        _ => Err(VerifyError::Invalid),
    }
}

type Verifier = fn(Credentials<'_>) -> Result<Principal, VerifyError>;

fn spawn() -> (mock::Spawn<Auth<Mock, Verifier>>, Handle) {
    mock::spawn_layer(AuthLayer::new(verify as Verifier))
}

fn request(authorization: &[&str]) -> Request<Empty<Bytes>> {
    let mut request = Request::new(Empty::new());
    for value in authorization {
        request
            .headers_mut()
            .append("authorization", value.parse().unwrap());
    }
    request
}

/// What the inner service sees of a request that passes.
async fn passes(request: Request<Empty<Bytes>>) -> RequestContext {
    let (mut service, mut handle) = spawn();
    handle.allow(1);
    service.poll_ready().is_ready().then_some(()).unwrap();
    let answer = service.call(request);
    let (request, send) = handle.next_request().await.unwrap();
    send.send_response(Response::new(Full::from("hello")));
    let body = answer.await.unwrap().into_body();
    assert_eq!(body.collect().await.unwrap().to_bytes(), "hello");
    request
        .extensions()
        .get::<RequestContext>()
        .unwrap()
        .clone()
}

/// The answer to a request that must not reach the inner service.
async fn refused(request: Request<Empty<Bytes>>) -> Response<MaybeRefused<Full<Bytes>>> {
    let (mut service, mut handle) = spawn();
    handle.allow(1);
    service.poll_ready().is_ready().then_some(()).unwrap();
    let answer = service.call(request).await.unwrap();
    drop(service);
    assert!(
        handle.next_request().await.is_none(),
        "the inner service was called"
    );
    answer
}

#[tokio::test]
async fn a_request_without_the_header_passes_as_anonymous() {
    let cx = passes(request(&[])).await;
    assert_eq!(cx.principal(), None);
    assert_eq!(cx.request_id().as_str().len(), 36);
}

#[tokio::test]
async fn a_good_token_brings_its_principal() {
    for value in ["Bearer ada", "bearer ada", "BEARER   ada"] {
        assert_eq!(
            passes(request(&[value]))
                .await
                .principal()
                .unwrap()
                .subject(),
            "ada"
        );
    }
}

#[tokio::test]
async fn the_context_that_is_there_is_filled_and_kept() {
    let mut request = request(&["Bearer ada"]);
    request
        .extensions_mut()
        .insert(RequestContext::new("r-1".parse().unwrap()));
    let cx = passes(request).await;
    assert_eq!(
        (cx.request_id().as_str(), cx.principal().unwrap().subject()),
        ("r-1", "ada")
    );
}

#[tokio::test]
async fn a_request_id_of_the_caller_is_taken() {
    let mut request = request(&[]);
    request
        .headers_mut()
        .insert("x-request-id", "abc".parse().unwrap());
    assert_eq!(passes(request).await.request_id().as_str(), "abc");
}

#[tokio::test]
async fn a_principal_that_nobody_verified_is_removed() {
    let mut request = request(&[]);
    let cx = RequestContext::new("r-1".parse().unwrap()).with_principal(Principal::user("eve"));
    request.extensions_mut().insert(cx);
    assert_eq!(passes(request).await.principal(), None);
}

#[tokio::test]
async fn a_tenant_that_was_resolved_before_the_caller_stops_the_request() {
    let named = || {
        let cx = RequestContext::new("r-1".parse().unwrap());
        ScopeMint::new()
            .enter(cx, "globex".parse().unwrap())
            .unwrap()
    };
    for authorization in [&["Bearer ada"][..], &[]] {
        let mut request = request(authorization);
        request.extensions_mut().insert(named());
        let answer = refused(request).await;
        assert_eq!(answer.status(), 500);
        let problem = answer.extensions().get::<Problem>().unwrap();
        assert!(
            problem
                .source()
                .unwrap()
                .to_string()
                .contains("outside of the auth layer")
        );
    }
}

#[tokio::test]
async fn whatever_is_wrong_the_answer_is_the_same_401() {
    let long = format!("Bearer {}", "a".repeat(1 << 20));
    let mut bodies = Vec::new();
    for values in [
        &["Bearer forged"][..],
        &["Bearer late"],
        &["Bearer"],
        &["Bearer "],
        &["Basic YWRhOmFkYQ=="],
        &["ada"],
        &[""],
        &["Bearer\tada"],
        &["Bearer ada", "Bearer ada"],
        &[&long],
    ] {
        let answer = refused(request(values)).await;
        assert_eq!(answer.status(), 401, "{values:?}");
        assert_eq!(answer.headers()["www-authenticate"], "Bearer");
        assert_eq!(answer.headers()["content-type"], "application/problem+json");
        assert!(answer.extensions().get::<Problem>().is_some());
        bodies.push(answer.into_body().collect().await.unwrap().to_bytes());
    }
    bodies.dedup();
    assert_eq!(bodies.len(), 1, "one reason looks unlike another");
}

#[tokio::test]
async fn bytes_that_are_no_text_are_refused() {
    let mut request = request(&[]);
    let value = http::HeaderValue::from_bytes(b"Bearer \xff").unwrap();
    request.headers_mut().insert("authorization", value);
    assert_eq!(refused(request).await.status(), 401);
}

#[tokio::test]
async fn without_keys_the_caller_may_come_back() {
    let answer = refused(request(&["Bearer early"])).await;
    assert_eq!(answer.status(), 503);
    assert_eq!(answer.headers()["retry-after"], "1");
}

#[tokio::test]
async fn the_refusal_names_the_request() {
    let mut request = request(&["Bearer forged"]);
    request
        .extensions_mut()
        .insert(RequestContext::new("r-1".parse().unwrap()));
    let body = refused(request)
        .await
        .into_body()
        .collect()
        .await
        .unwrap()
        .to_bytes();
    let json: serde_json::Value = serde_json::from_slice(&body).unwrap();
    assert_eq!(
        (json["request_id"].as_str(), json["code"].as_str()),
        (Some("r-1"), Some("unauthenticated"))
    );
}

#[tokio::test]
async fn grpc_callers_get_a_status() {
    let mut request = request(&["Bearer forged"]);
    request
        .headers_mut()
        .insert("content-type", "application/grpc".parse().unwrap());
    let answer = refused(request).await;
    assert_eq!(
        (answer.status().as_u16(), &answer.headers()["grpc-status"]),
        (200, &"16".parse().unwrap())
    );
    assert!(http_body::Body::is_end_stream(answer.body()));
}

#[tokio::test]
async fn readiness_is_the_inner_services() {
    let (mut service, mut handle) = spawn();
    handle.allow(0);
    assert!(service.poll_ready().is_pending());
    handle.allow(1);
    assert!(service.poll_ready().is_ready());
    handle.send_error("gone");
    let error = match service.poll_ready() {
        std::task::Poll::Ready(Err(error)) => error,
        other => panic!("{other:?}"),
    };
    assert_eq!(error.to_string(), "gone");
}

#[tokio::test]
async fn errors_of_the_inner_service_pass() {
    let (mut service, mut handle) = spawn();
    handle.allow(1);
    assert!(service.poll_ready().is_ready());
    let answer = service.call(request(&[]));
    handle.next_request().await.unwrap().1.send_error("boom");
    assert_eq!(answer.await.unwrap_err().to_string(), "boom");
}

#[tokio::test]
async fn a_clone_asks_the_same_verifier() {
    let asked = Arc::new(AtomicBool::new(false));
    let saw = asked.clone();
    let layer = AuthLayer::new(move |_: Credentials<'_>| {
        saw.store(true, Ordering::Relaxed);
        Err(VerifyError::Invalid)
    });
    let (mut service, mut handle): (_, Handle) = mock::spawn_layer(layer.clone());
    handle.allow(1);
    assert!(service.poll_ready().is_ready());
    assert_eq!(
        service.call(request(&["Bearer x"])).await.unwrap().status(),
        401
    );
    assert!(asked.load(Ordering::Relaxed));
}

#[test]
fn what_it_makes_can_go_anywhere() {
    const fn anywhere<T: Send + Sync + 'static>() {}
    anywhere::<Auth<(), Verifier>>();
    anywhere::<AuthLayer<Verifier>>();
    anywhere::<MaybeRefused<Full<Bytes>>>();
}

#[tokio::test]
async fn a_pending_answer_stays_pending() {
    let (mut service, mut handle) = spawn();
    handle.allow(1);
    assert!(service.poll_ready().is_ready());
    let mut answer = tokio_test::task::spawn(service.call(request(&[])));
    assert!(answer.poll().is_pending());
    let send = handle.next_request().await.unwrap().1;
    assert!(answer.poll().is_pending());
    send.send_response(Response::new(Full::default()));
    assert!(answer.is_woken());
    assert!(answer.poll().is_ready());
}
