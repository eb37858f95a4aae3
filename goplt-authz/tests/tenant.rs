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

#[test]
fn the_path_names_a_tenant_as_header_and_host_do() {
    use TenantRefusal::{Ambiguous, MalformedPath, Mismatch};
    let multi = Tenancy::multi()
        .with_base_domain("example.com")
        .with_path("/t/{tenant}".parse().unwrap());
    let single = Tenancy::single(tenant("acme")).with_path("/t/{tenant}".parse().unwrap());
    let of = |text: &str| Some(Principal::user("u").with_tenant(tenant(text)));
    let nobody = || None;
    let cases = [
        (&multi, nobody(), vec![], "/t/acme/notes", Ok(Some("acme"))),
        (&multi, nobody(), vec![], "/notes", Ok(None)),
        (
            &multi,
            nobody(),
            vec![],
            "/t/Acme/notes",
            Err(MalformedPath),
        ),
        (
            &multi,
            nobody(),
            vec![("x-tenant-id", "acme")],
            "/t/acme",
            Ok(Some("acme")),
        ),
        (
            &multi,
            nobody(),
            vec![("x-tenant-id", "globex")],
            "/t/acme",
            Err(Ambiguous),
        ),
        (
            &multi,
            nobody(),
            vec![("host", "globex.example.com")],
            "/t/acme",
            Err(Ambiguous),
        ),
        (
            &multi,
            nobody(),
            vec![("host", "globex.example.com")],
            "https://acme.example.com/",
            Err(Ambiguous),
        ),
        (&multi, of("acme"), vec![], "/t/acme", Ok(Some("acme"))),
        (&multi, of("acme"), vec![], "/t/globex", Err(Mismatch)),
        (
            &multi,
            of("acme"),
            vec![("x-tenant-id", "globex")],
            "/t/globex",
            Err(Mismatch),
        ),
        (
            &multi,
            Some(Principal::user("u")),
            vec![],
            "/t/acme",
            Err(Mismatch),
        ),
        (&single, nobody(), vec![], "/t/acme", Ok(Some("acme"))),
        (&single, nobody(), vec![], "/t/globex", Err(Ambiguous)),
        (&single, of("acme"), vec![], "/t/globex", Err(Mismatch)),
    ];
    for (tenancy, principal, pairs, uri, expected) in cases {
        let found = tenancy.resolve(principal.as_ref(), &headers(&pairs), &uri.parse().unwrap());
        assert_eq!(
            found,
            expected.map(|name| name.map(tenant)),
            "{principal:?} {pairs:?} {uri}"
        );
    }
}

#[test]
fn malformed_is_a_bad_request_and_a_conflict_is_forbidden() {
    use goplt_core::Problem;
    for (refusal, status) in [
        (TenantRefusal::Malformed, 400),
        (TenantRefusal::MalformedPath, 400),
        (TenantRefusal::Mismatch, 403),
        (TenantRefusal::Ambiguous, 403),
    ] {
        assert_eq!(Problem::from(refusal).status(), status);
    }
}

#[test]
fn the_configuration_says_how_a_tenant_is_named() {
    use goplt_core::config::{Sources, kernel::TenancyConfig, load};
    let config = |settings: &[&str]| -> Tenancy {
        let settings = settings.iter().map(ToString::to_string);
        let config = load(&Sources::new("/nowhere").with_set(settings), &[]).unwrap();
        config.get::<TenancyConfig>().into()
    };
    let anonymous = |tenancy: &Tenancy, pairs: &[(&'static str, &str)], uri: &str| {
        let found = tenancy.resolve(None, &headers(pairs), &uri.parse().unwrap());
        found.unwrap().map(|tenant| tenant.to_string())
    };
    let acme = Some("acme".to_owned());

    let plain = config(&[]);
    assert_eq!(
        anonymous(&plain, &[("host", "acme.example.com")], "/t/acme"),
        None
    );
    assert_eq!(anonymous(&plain, &[("x-tenant-id", "acme")], "/"), acme);
    let domain = config(&["tenancy.base_domain=example.com"]);
    assert_eq!(
        anonymous(&domain, &[("host", "acme.example.com")], "/"),
        acme
    );
    let path = config(&["tenancy.path_prefix=/t/{tenant}"]);
    assert_eq!(anonymous(&path, &[], "/t/acme/x"), acme);
    let closed = config(&[
        "tenancy.path_prefix=/t/{tenant}",
        "tenancy.credentials_only=true",
    ]);
    assert_eq!(
        anonymous(&closed, &[("x-tenant-id", "acme")], "/t/acme/x"),
        None
    );
    let single = config(&["tenancy.mode=single", "tenancy.tenant=acme"]);
    assert_eq!(anonymous(&single, &[], "/"), acme);
}

fn maybe() -> impl Strategy<Value = Option<String>> {
    prop::option::of("[ab]")
}

proptest! {
    #[test]
    fn two_sources_that_disagree_never_yield_a_tenant(
        claim in prop::option::of(maybe()), header in maybe(), host in maybe(), authority in maybe(), path in maybe(),
        single in maybe(), credentials_only: bool,
    ) {
        let tenancy = match &single {
            Some(name) => Tenancy::single(tenant(name)),
            None => Tenancy::multi().with_base_domain("example.com"),
        };
        let tenancy = tenancy.with_path("/t/{tenant}".parse().unwrap());
        let tenancy = if credentials_only { tenancy.with_credentials_only() } else { tenancy };
        let mut map = HeaderMap::new();
        if let Some(header) = &header {
            map.insert("x-tenant-id", HeaderValue::from_str(header).unwrap());
        }
        if let Some(host) = &host {
            map.insert("host", HeaderValue::from_str(&format!("{host}.example.com:80")).unwrap());
        }
        let rest = path.as_ref().map_or("/x".to_owned(), |path| format!("/t/{path}/x"));
        let uri: Uri = match &authority {
            Some(authority) => format!("https://{authority}.example.com{rest}").parse().unwrap(),
            None => rest.parse().unwrap(),
        };
        // One tenant has no subdomains.
        let hosts = [&host, &authority].map(|name| name.as_ref().filter(|_| single.is_none()));
        let named: Vec<&String> =
            [header.as_ref(), path.as_ref(), single.as_ref(), hosts[0], hosts[1]].into_iter().flatten().collect();
        let principal = claim.as_ref().map(|claim| match claim {
            Some(claim) => Principal::user("u").with_tenant(tenant(claim)),
            None => Principal::user("u"),
        });
        let found = tenancy.resolve(principal.as_ref(), &map, &uri);

        let expected = match &claim {
            Some(claim) => {
                let decided = claim.as_ref().or(single.as_ref());
                let agree = named.iter().all(|name| Some(*name) == decided);
                if agree { Ok(decided.cloned()) } else { Err(TenantRefusal::Mismatch) }
            }
            None => {
                match named.as_slice() {
                    _ if named.windows(2).any(|pair| pair[0] != pair[1]) => Err(TenantRefusal::Ambiguous),
                    _ if credentials_only => Ok(None),
                    [] => Ok(None),
                    [name, ..] => Ok(Some((*name).clone())),
                }
            }
        };
        prop_assert_eq!(found.map(|tenant| tenant.map(|tenant| tenant.to_string())), expected);
    }

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
async fn the_inner_service_gets_the_path_without_the_tenant() {
    use goplt_core::edge::TenantPath;
    let path: TenantPath = "/t/{tenant}".parse().unwrap();
    let layer = TenantLayer::new(ScopeMint::new(), Tenancy::multi().with_path(path.clone()));
    // Also when the host took the tenant away before routing.
    for before_routing in [false, true] {
        let (mut service, mut handle): (mock::Spawn<Tenant<Inner>>, Calls) =
            mock::spawn_layer(layer.clone());
        handle.allow(1);
        tokio_test::assert_ready_ok!(service.poll_ready());
        let mut request = Request::get("/t/acme/notes?limit=1").body(()).unwrap();
        if before_routing {
            path.strip(&mut request);
        }
        let answer = tokio::spawn(service.call(request));
        let (request, respond) = handle.next_request().await.unwrap();
        assert_eq!(request.uri(), "/notes?limit=1");
        let cx = request.extensions().get::<RequestContext>().unwrap();
        assert_eq!(cx.scope().unwrap().tenant().as_str(), "acme");
        respond.send_response(Response::new(String::new()));
        assert_eq!(answer.await.unwrap().unwrap().status(), 200);
    }
}

#[tokio::test]
async fn a_second_tenant_in_the_path_is_refused() {
    use goplt_core::edge::TenantPath;
    let path: TenantPath = "/t/{tenant}".parse().unwrap();
    let layer = TenantLayer::new(ScopeMint::new(), Tenancy::multi().with_path(path.clone()));
    let (mut service, mut handle): (mock::Spawn<Tenant<Inner>>, Calls) = mock::spawn_layer(layer);
    handle.allow(1);
    tokio_test::assert_ready_ok!(service.poll_ready());
    let mut request = Request::get("/t/acme/t/globex/notes").body(()).unwrap();
    path.strip(&mut request);
    assert_eq!(service.call(request).await.unwrap().status(), 403);
    tokio_test::assert_pending!(handle.poll_request());
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
