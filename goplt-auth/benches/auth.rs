//! Tokens on first sight beside bare aws-lc-rs, a remembered token through `AuthLayer`, and
//! hostile tokens.
//!
//! Run with `cargo bench -p goplt-auth --bench auth`.
#![expect(clippy::unwrap_used, reason = "a benchmark")]

use std::{
    convert::Infallible,
    future::{Ready, ready},
    hint::black_box,
    task::{Context, Poll},
};

use aws_lc_rs::{
    hmac,
    rand::SystemRandom,
    rsa::KeySize,
    signature::{
        ECDSA_P256_SHA256_FIXED, ECDSA_P256_SHA256_FIXED_SIGNING, ED25519, EcdsaKeyPair,
        Ed25519KeyPair, KeyPair as _, ParsedPublicKey, RSA_PKCS1_2048_8192_SHA256,
        RSA_PKCS1_SHA256, RsaKeyPair,
    },
};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD as BASE64};
use criterion::{Criterion, criterion_group, criterion_main};
use goplt_auth::{
    AuthLayer,
    jwks::{KeyHandle, KeySet, VerificationKey},
    jwt::JwtVerifier,
};
use goplt_benches::{ProcessorTime, measured};
use goplt_core::{Clock, Credentials, Principal, RequestContext, Verify};
use http::{Request, Response};
use tower_layer::Layer;
use tower_service::Service;

const SECRET: [u8; 32] = [7; 32];
const ISSUER: &str = "https://goplt.test";

/// The signature check alone: message and signature.
type Bare = Box<dyn Fn(&[u8], &[u8])>;

struct Case {
    name: &'static str,
    token: String,
    key: VerificationKey,
    bare: Bare,
}

impl Case {
    fn new(
        alg: &'static str,
        jwk: &serde_json::Value,
        sign: impl Fn(&[u8]) -> Vec<u8>,
        bare: impl Fn(&[u8], &[u8]) + 'static,
    ) -> Self {
        let now = Clock::system().now().as_seconds();
        let header = format!(r#"{{"alg":"{alg}","kid":"2026-11","typ":"JWT"}}"#);
        let claims = serde_json::json!({
            "iss": ISSUER, "aud": "goplt", "sub": "01890a5d-ac96-774b-bcce-b302099a8057",
            "tenant_id": "acme", "roles": ["editor"], "iat": now, "exp": now + 3600,
            "jti": "kPrK_qmxVWaYVA9wwBF6Iu",
        });
        let message = format!(
            "{}.{}",
            BASE64.encode(header),
            BASE64.encode(claims.to_string())
        );
        let token = format!("{message}.{}", BASE64.encode(sign(message.as_bytes())));
        let json = serde_json::to_vec(jwk).unwrap();
        let key = match alg {
            "HS256" => VerificationKey::insecure_from_secret_jwk(&json).unwrap(),
            _ => VerificationKey::from_jwk(&json).unwrap(),
        };
        Self {
            name: alg,
            token,
            key,
            bare: Box::new(bare),
        }
    }

    fn all() -> [Self; 4] {
        [Self::rs256(), Self::es256(), Self::eddsa(), Self::hs256()]
    }

    fn rs256() -> Self {
        let pair = RsaKeyPair::generate(KeySize::Rsa2048).unwrap();
        // RFC 8017, A.1.1: with 2,048 bits and 65537 both numbers lie at fixed places.
        let der = pair.public_key().as_ref();
        let (n, e) = (&der[9..265], &der[267..]);
        let jwk = serde_json::json!({
            "kty": "RSA", "kid": "2026-11", "n": BASE64.encode(n), "e": BASE64.encode(e),
        });
        let key = ParsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, pair.public_key()).unwrap();
        let sign = |message: &[u8]| {
            let mut signature = vec![0; pair.public_modulus_len()];
            pair.sign(
                &RSA_PKCS1_SHA256,
                &SystemRandom::new(),
                message,
                &mut signature,
            )
            .unwrap();
            signature
        };
        Self::new("RS256", &jwk, sign, move |m, s| {
            key.verify_sig(m, s).unwrap()
        })
    }

    fn es256() -> Self {
        let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap();
        let point = pair.public_key().as_ref();
        let jwk = serde_json::json!({
            "kty": "EC", "crv": "P-256", "kid": "2026-11",
            "x": BASE64.encode(&point[1..33]), "y": BASE64.encode(&point[33..]),
        });
        let key = ParsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, point).unwrap();
        let sign = |m: &[u8]| {
            pair.sign(&SystemRandom::new(), m)
                .unwrap()
                .as_ref()
                .to_vec()
        };
        Self::new("ES256", &jwk, sign, move |m, s| {
            key.verify_sig(m, s).unwrap()
        })
    }

    fn eddsa() -> Self {
        let pair = Ed25519KeyPair::generate().unwrap();
        let x = pair.public_key().as_ref();
        let jwk = serde_json::json!({
            "kty": "OKP", "crv": "Ed25519", "kid": "2026-11", "x": BASE64.encode(x),
        });
        let key = ParsedPublicKey::new(&ED25519, x).unwrap();
        let sign = |m: &[u8]| pair.sign(m).as_ref().to_vec();
        Self::new("EdDSA", &jwk, sign, move |m, s| {
            key.verify_sig(m, s).unwrap()
        })
    }

    fn hs256() -> Self {
        let jwk = serde_json::json!({
            "kty": "oct", "alg": "HS256", "kid": "2026-11", "k": BASE64.encode(SECRET),
        });
        let key = hmac::Key::new(hmac::HMAC_SHA256, &SECRET);
        let signing = key.clone();
        let sign = move |m: &[u8]| hmac::sign(&signing, m).as_ref().to_vec();
        Self::new("HS256", &jwk, sign, move |m, s| {
            hmac::verify(&key, m, s).unwrap()
        })
    }

    fn verifier(self) -> (JwtVerifier, String) {
        let keys = KeyHandle::new();
        keys.publish(KeySet::new([self.key]).unwrap());
        (JwtVerifier::new(keys, ISSUER, "goplt"), self.token)
    }
}

fn first_sight(c: &mut Criterion<ProcessorTime>) {
    let mut group = c.benchmark_group("first_sight");
    for case in Case::all() {
        let (message, signature) = case.token.rsplit_once('.').unwrap();
        let (message, signature) = (message.to_owned(), BASE64.decode(signature).unwrap());
        group.bench_function(format!("bare/{}", case.name), |b| {
            b.iter(|| (case.bare)(black_box(message.as_bytes()), black_box(&signature)));
        });
        let name = case.name;
        let (verifier, token) = case.verifier();
        let verifier = verifier.with_cache_capacity(0);
        group.bench_function(format!("goplt/{name}"), |b| {
            b.iter(|| {
                verifier
                    .verify(Credentials::Bearer(black_box(&token)))
                    .unwrap()
            });
        });
    }
    group.finish();
}

/// Answers at once, with whether it was told who is calling.
#[derive(Clone)]
struct Inner;

impl Service<Request<()>> for Inner {
    type Response = Response<bool>;
    type Error = Infallible;
    type Future = Ready<Result<Response<bool>, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<()>) -> Self::Future {
        let cx = request.extensions().get::<RequestContext>();
        ready(Ok(Response::new(
            cx.and_then(RequestContext::principal).is_some(),
        )))
    }
}

fn request(token: &str) -> Request<()> {
    let mut request = Request::new(());
    request
        .headers_mut()
        .insert("authorization", format!("Bearer {token}").parse().unwrap());
    request
        .extensions_mut()
        .insert(RequestContext::new("r-1".parse().unwrap()));
    request
}

/// The layer beside the bare service; both with a request that already has its context.
fn warm(c: &mut Criterion<ProcessorTime>) {
    let mut group = c.benchmark_group("warm");
    let (verifier, token) = Case::eddsa().verifier();
    let ready_request = || request(&token);
    group.bench_function("bare", |b| {
        b.iter_batched(
            ready_request,
            |r| Inner.call(r),
            criterion::BatchSize::SmallInput,
        );
    });
    let mut layered = AuthLayer::new(verifier).layer(Inner);
    group.bench_function("layer", |b| {
        b.iter_batched(
            ready_request,
            |r| layered.call(r),
            criterion::BatchSize::SmallInput,
        );
    });
    let fixed = Principal::user("ada");
    let mut trusting = AuthLayer::new(move |_: Credentials<'_>| Ok(fixed.clone())).layer(Inner);
    group.bench_function("layer_without_verification", |b| {
        b.iter_batched(
            ready_request,
            |r| trusting.call(r),
            criterion::BatchSize::SmallInput,
        );
    });
    let (verifier, token) = Case::eddsa().verifier();
    group.bench_function("verify", |b| {
        b.iter(|| {
            verifier
                .verify(Credentials::Bearer(black_box(&token)))
                .unwrap()
        });
    });
    group.finish();
}

fn hostile(c: &mut Criterion<ProcessorTime>) {
    let members: String = (0..20_000).map(|n| format!(r#""m{n}":0,"#)).collect();
    let header = |json: &str| format!("{}.e30.AA", BASE64.encode(json));
    let tokens = [
        (
            "20000_members",
            header(&format!(r#"{{{members}"alg":"EdDSA"}}"#)),
        ),
        ("one_megabyte", "a".repeat(1 << 20)),
        (
            "deep_nesting",
            header(&format!(r#"{{"a":{}"#, "[".repeat(100_000))),
        ),
        (
            "longest_header",
            header(&format!(r#"{{"a":{}"#, "[".repeat(740))),
        ),
    ];
    let (verifier, _) = Case::eddsa().verifier();
    let mut group = c.benchmark_group("hostile");
    for (name, token) in &tokens {
        group.bench_function(*name, |b| {
            b.iter(|| {
                verifier
                    .verify(Credentials::Bearer(black_box(token)))
                    .unwrap_err()
            });
        });
    }
    let mut layered = AuthLayer::new(verifier).layer(Inner);
    let (_, token) = &tokens[1];
    group.bench_function("layer/one_megabyte", |b| {
        b.iter_batched(
            || request(token),
            |r| layered.call(r),
            criterion::BatchSize::LargeInput,
        );
    });
    group.finish();
}

criterion_group! {
    name = benches;
    config = measured();
    targets = first_sight, warm, hostile
}
criterion_main!(benches);
