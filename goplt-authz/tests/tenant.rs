//! A request's tenant: the claim decides, header and host may only repeat it.
#![expect(clippy::unwrap_used, reason = "a test ends where it fails")]

use goplt_authz::{
    TenantLayer,
    tenant::{Tenancy, Tenant, TenantRefusal},
};
use goplt_core::{Principal, RequestContext, TenantId, data::ScopeMint};
use http::{HeaderMap, HeaderValue, Request, Response, Uri};
use proptest::prelude::*;
use tower_test::mock;

fn tenant(text: &str) -> TenantId {
    text.parse().unwrap()
}

fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for (name, value) in pairs {
        headers.append(*name, HeaderValue::from_str(value).unwrap());
    }
    headers
}

#[test]
fn anonymous_requests_enter_nothing_where_credentials_alone_count() {
    let named = headers(&[("x-tenant-id", "acme")]);
    for tenancy in [Tenancy::multi(), Tenancy::single(tenant("acme"))] {
        let tenancy = tenancy.with_credentials_only();
        assert_eq!(tenancy.resolve(None, &named, &Uri::default()), Ok(None));
        let ada = Principal::user("ada").with_tenant(tenant("acme"));
        let resolved = tenancy.resolve(Some(&ada), &named, &Uri::default());
        assert_eq!(resolved, Ok(Some(tenant("acme"))));
    }
}

#[test]
fn every_combination_of_claim_header_and_host_has_one_answer() {
    use TenantRefusal::{Ambiguous, Malformed, Mismatch};
    let multi = Tenancy::multi().with_base_domain("example.com");
    let single = Tenancy::single(tenant("acme"));
    let of = |text: &str| Some(Principal::user("u").with_tenant(tenant(text)));
    let without = || Some(Principal::user("u"));
    let cases = [
        (&multi, None, vec![], Ok(None)),
        (
            &multi,
            None,
            vec![("x-tenant-id", "acme")],
            Ok(Some("acme")),
        ),
        (
            &multi,
            None,
            vec![("host", "acme.example.com:8080")],
            Ok(Some("acme")),
        ),
        (
            &multi,
            None,
            vec![("host", "ACME.Example.com")],
            Ok(Some("acme")),
        ),
        (&multi, None, vec![("host", "a.b.example.com")], Ok(None)),
        (&multi, None, vec![("host", "acmeexample.com")], Ok(None)),
        (&multi, None, vec![("host", "example.com")], Ok(None)),
        (
            &multi,
            None,
            vec![("host", "acme.example.com"), ("x-tenant-id", "acme")],
            Ok(Some("acme")),
        ),
        (
            &multi,
            None,
            vec![("host", "acme.example.com"), ("x-tenant-id", "globex")],
            Err(Ambiguous),
        ),
        (
            &multi,
            None,
            vec![("x-tenant-id", "Not A Tenant")],
            Err(Malformed),
        ),
        (&multi, None, vec![("x-tenant-id", "")], Err(Malformed)),
        (
            &multi,
            None,
            vec![("x-tenant-id", "acme"), ("x-tenant-id", "acme")],
            Err(Malformed),
        ),
        (&multi, of("acme"), vec![], Ok(Some("acme"))),
        (
            &multi,
            of("acme"),
            vec![("x-tenant-id", "acme")],
            Ok(Some("acme")),
        ),
        (
            &multi,
            of("acme"),
            vec![("x-tenant-id", "globex")],
            Err(Mismatch),
        ),
        (
            &multi,
            of("acme"),
            vec![("host", "globex.example.com")],
            Err(Mismatch),
        ),
        (&multi, without(), vec![], Ok(None)),
        (
            &multi,
            without(),
            vec![("x-tenant-id", "acme")],
            Err(Mismatch),
        ),
        (&single, None, vec![], Ok(Some("acme"))),
        (
            &single,
            None,
            vec![("x-tenant-id", "globex")],
            Err(Ambiguous),
        ),
        (&single, without(), vec![], Ok(Some("acme"))),
        (&single, of("globex"), vec![], Err(Mismatch)),
        (
            &single,
            of("acme"),
            vec![("host", "globex.example.com")],
            Ok(Some("acme")),
        ),
    ];
    for (tenancy, principal, pairs, expected) in cases {
        let found = tenancy.resolve(principal.as_ref(), &headers(&pairs), &Uri::default());
        assert_eq!(
            found,
            expected.map(|name| name.map(tenant)),
            "{principal:?} {pairs:?}"
        );
    }
}

#[test]
fn the_host_of_an_http2_request_is_in_its_uri() {
    let multi = Tenancy::multi().with_base_domain("example.com");
    let uri = Uri::from_static("https://acme.example.com/api");
    assert_eq!(
        multi.resolve(None, &HeaderMap::new(), &uri),
        Ok(Some(tenant("acme")))
    );
}

proptest! {
    #[test]
    fn a_principal_never_enters_another_tenant(
        claim in "[a-c]", header in prop::option::of("[a-c]"), host in prop::option::of("[a-c]"),
    ) {
        let multi = Tenancy::multi().with_base_domain("example.com");
        let principal = Principal::user("u").with_tenant(tenant(&claim));
        let mut map = HeaderMap::new();
        if let Some(header) = &header {
            map.insert("x-tenant-id", HeaderValue::from_str(header).unwrap());
        }
        if let Some(host) = &host {
            map.insert("host", HeaderValue::from_str(&format!("{host}.example.com")).unwrap());
        }
        let agree = [&header, &host].into_iter().flatten().all(|name| *name == claim);
        match multi.resolve(Some(&principal), &map, &Uri::default()) {
            Ok(found) => prop_assert!(agree && found == Some(tenant(&claim))),
            Err(refusal) => prop_assert!(!agree && refusal == TenantRefusal::Mismatch),
        }
    }
}

type Inner = mock::Mock<Request<()>, Response<String>>;
type Calls = mock::Handle<Request<()>, Response<String>>;

fn layered() -> (mock::Spawn<Tenant<Inner>>, Calls) {
    let layer = TenantLayer::new(ScopeMint::new(), Tenancy::multi());
    mock::spawn_layer(layer)
}

#[tokio::test]
async fn the_inner_service_finds_the_scope_in_the_context() {
    let (mut service, mut handle) = layered();
    handle.allow(0);
    assert!(
        service.poll_ready().is_pending(),
        "readiness is the inner service's"
    );
    handle.allow(1);
    tokio_test::assert_ready_ok!(service.poll_ready());
    let request = Request::builder()
        .header("x-tenant-id", "acme")
        .body(())
        .unwrap();
    let answer = tokio::spawn(service.call(request));
    let (request, respond) = handle.next_request().await.unwrap();
    let cx = request.extensions().get::<RequestContext>().unwrap();
    assert_eq!(cx.scope().unwrap().tenant().as_str(), "acme");
    respond.send_response(Response::new(String::new()));
    assert_eq!(answer.await.unwrap().unwrap().status(), 200);
}

#[tokio::test]
async fn a_refusal_never_reaches_the_inner_service() {
    let (mut service, mut handle) = layered();
    handle.allow(1);
    tokio_test::assert_ready_ok!(service.poll_ready());
    let ada = Principal::user("ada").with_tenant(tenant("acme"));
    let cx = RequestContext::new("r-1".parse().unwrap()).with_principal(ada);
    let request = Request::builder()
        .header("x-tenant-id", "globex")
        .extension(cx)
        .body(())
        .unwrap();
    let answer = service.call(request).await.unwrap();
    assert_eq!(answer.status(), 403);
    tokio_test::assert_pending!(handle.poll_request());
}

#[tokio::test]
async fn the_inner_services_error_passes_unchanged() {
    let (mut service, mut handle) = layered();
    handle.allow(1);
    tokio_test::assert_ready_ok!(service.poll_ready());
    let answer = service.call(Request::new(()));
    let (_, respond) = handle.next_request().await.unwrap();
    respond.send_error("broken");
    assert_eq!(answer.await.unwrap_err().to_string(), "broken");
}
