//! A token that was seen before costs the layer no allocation but the context, where it makes one.
#![expect(clippy::unwrap_used, reason = "a test ends where it fails")]

use std::{
    convert::Infallible,
    future::{Ready, ready},
    task::{Context, Poll},
};

use goplt_auth::{
    AuthLayer,
    jwks::{KeyHandle, KeySet},
    jwt::{Issuer, JwtVerifier, Signer},
};
use goplt_core::RequestContext;
use http::{Request, Response};
use tower_layer::Layer as _;
use tower_service::Service;

#[derive(Clone)]
struct Inner;

impl Service<Request<()>> for Inner {
    type Response = Response<()>;
    type Error = Infallible;
    type Future = Ready<Result<Response<()>, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<()>) -> Self::Future {
        let cx = request.extensions().get::<RequestContext>().unwrap();
        assert_eq!(cx.principal().unwrap().subject(), "ada");
        ready(Ok(Response::new(())))
    }
}

fn context() -> RequestContext {
    RequestContext::new("r-1".parse().unwrap())
}

fn allocations(work: impl FnOnce()) -> u64 {
    allocation_counter::measure(work).count_total
}

#[test]
fn a_token_seen_before_costs_no_allocation() {
    let (signer, keys) = (Signer::generate(), KeyHandle::new());
    keys.publish(KeySet::new([signer.verification_key()]).unwrap());
    let token = Issuer::new("https://goplt.test", "goplt").issue(
        &signer,
        "ada",
        &"acme".parse().unwrap(),
        &["editor"],
    );
    let verifier = JwtVerifier::new(keys, "https://goplt.test", "goplt");
    let mut service = AuthLayer::new(verifier).layer(Inner);
    let value = format!("Bearer {}", token.expose());
    let request = |with_context: bool| {
        let mut request = Request::get("/")
            .header("authorization", &value)
            .body(())
            .unwrap();
        if with_context {
            request.extensions_mut().insert(context());
        }
        request
    };
    drop(service.call(request(true)));
    drop(service.call(request(false)));

    let with = request(true);
    assert_eq!(allocations(|| drop(service.call(with))), 0);

    // The id, the context, and the place in the extensions: what a context costs anybody.
    let without = request(false);
    let made = allocations(|| drop(service.call(without)));
    let mut bare = Request::new(());
    let own = allocations(|| {
        let id = "01890a5d-ac96-774b-bcce-b302099a8057".to_owned();
        bare.extensions_mut()
            .insert(RequestContext::new(id.parse().unwrap()));
    });
    assert!(made <= own, "{made} against {own}");
}
