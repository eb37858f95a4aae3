//! What `JwtVerifier` refuses, claim by claim and byte by byte, and that it never panics.
#![expect(clippy::unwrap_used, reason = "a test ends where it fails")]

use std::{sync::LazyLock, time::Duration};

use aws_lc_rs::hmac;
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD as BASE64};
use goplt_auth::{
    ConfigError, TokenError,
    jwks::{KeyHandle, KeySet, VerificationKey},
    jwt::{Issuer, JwtVerifier, Signer},
};
use goplt_core::{Clock, Credentials, Timestamp, Verify, VerifyError};
use proptest::prelude::*;
use serde_json::{Value, json};

const SECRET: &[u8] = b"a secret of thirty-two bytes, ok";
const ISSUER: &str = "https://goplt.test";
const NOW: i64 = 1_800_000_000;

fn clock() -> Clock {
    Clock::starting_at(Timestamp::from_micros(NOW * 1_000_000))
}

fn key() -> VerificationKey {
    VerificationKey::insecure_hs256("k1", SECRET).unwrap()
}

fn verifier(keys: KeyHandle) -> JwtVerifier {
    JwtVerifier::new(keys, ISSUER, "goplt")
        .with_cache_capacity(64)
        .with_clock(clock())
}

fn checker() -> JwtVerifier {
    let keys = KeyHandle::new();
    keys.publish(KeySet::new([key()]).unwrap());
    verifier(keys)
}

fn sign(header: &str, payload: &str) -> String {
    let message = format!("{}.{}", BASE64.encode(header), BASE64.encode(payload));
    let tag = hmac::sign(
        &hmac::Key::new(hmac::HMAC_SHA256, SECRET),
        message.as_bytes(),
    );
    format!("{message}.{}", BASE64.encode(tag))
}

const HEADER: &str = r#"{"alg":"HS256","kid":"k1","typ":"JWT"}"#;

fn claims() -> Value {
    json!({
        "iss": ISSUER, "aud": "goplt", "sub": "ada", "tenant_id": "acme",
        "roles": ["editor"], "iat": NOW, "exp": NOW + 900, "jti": "1", "other": {"a": [1]},
    })
}

fn with(claim: &str, value: Value) -> String {
    let mut claims = claims();
    claims[claim] = value;
    sign(HEADER, &claims.to_string())
}

fn without(claim: &str) -> String {
    let mut claims = claims();
    claims.as_object_mut().unwrap().remove(claim);
    sign(HEADER, &claims.to_string())
}

fn check(token: &str) -> Result<(), TokenError> {
    checker().with_cache_capacity(0).check(token).map(|_| ())
}

#[tokio::test]
async fn the_tenant_is_read_from_the_claim_that_the_provider_writes() {
    let tenant_of = |token: &str| {
        let claims = checker().with_tenant_claim("org_id").check(token)?;
        Ok(claims.tenant().map(ToString::to_string))
    };
    assert_eq!(
        tenant_of(&with("org_id", json!("globex"))),
        Ok(Some("globex".to_owned()))
    );
    assert_eq!(
        tenant_of(&with("other", json!("x"))),
        Ok(None),
        "`tenant_id` is another claim now"
    );
    assert_eq!(
        tenant_of(&with("org_id", json!("org_X"))),
        Err(TokenError::Claim("tenant_id"))
    );
    let doubled = r#"{"iss":"https://goplt.test","org_id":"a","org_id":"b"}"#;
    assert_eq!(
        tenant_of(&sign(HEADER, doubled)),
        Err(TokenError::Malformed)
    );
}

#[tokio::test]
async fn a_good_token_says_what_it_says() {
    let claims = checker()
        .check(&sign(HEADER, &claims().to_string()))
        .unwrap();
    assert_eq!(claims.subject(), "ada");
    assert_eq!(claims.tenant().unwrap().as_str(), "acme");
    assert_eq!(claims.roles(), ["editor"]);
    assert_eq!(claims.expires_at().as_seconds(), NOW + 900);
    assert_eq!(claims.token_id(), Some("1"));
}

#[tokio::test]
async fn claims_are_judged_one_by_one() {
    use TokenError::{Audience, Claim, Expired, Issuer, Malformed, NotYet};
    let cases = [
        (without("iss"), Err(Claim("iss"))),
        (without("aud"), Err(Claim("aud"))),
        (without("exp"), Err(Claim("exp"))),
        (without("sub"), Err(Claim("sub"))),
        (without("nbf"), Ok(())),
        (without("iat"), Ok(())),
        (without("roles"), Ok(())),
        (without("tenant_id"), Ok(())),
        (with("iss", json!("https://evil.test")), Err(Issuer)),
        (with("iss", json!([ISSUER])), Err(Malformed)),
        (with("aud", json!("other")), Err(Audience)),
        (with("aud", json!([])), Err(Audience)),
        (with("aud", json!(["other", "goplt"])), Ok(())),
        (with("aud", json!(["goplt", 1])), Err(Malformed)),
        (with("aud", json!({"goplt": 1})), Err(Malformed)),
        (with("sub", json!("")), Err(Claim("sub"))),
        (with("sub", json!("x".repeat(256))), Err(Claim("sub"))),
        (with("sub", json!(null)), Err(Malformed)),
        (
            with("tenant_id", json!("Not A Tenant")),
            Err(Claim("tenant_id")),
        ),
        (with("roles", json!("admin")), Err(Malformed)),
        (with("exp", json!(NOW - 29)), Ok(())),
        (with("exp", json!(NOW - 30)), Err(Expired)),
        (with("exp", json!(0)), Err(Expired)),
        (with("exp", json!(-1)), Err(Malformed)),
        (with("exp", json!("1900000000")), Err(Malformed)),
        (with("exp", json!(1e300)), Err(Malformed)),
        (with("exp", json!(u64::MAX)), Err(Malformed)),
        (with("exp", json!(1_800_000_900.5)), Ok(())),
        (with("nbf", json!(NOW + 30)), Ok(())),
        (with("nbf", json!(NOW + 31)), Err(NotYet)),
        (with("iat", json!(NOW + 31)), Err(NotYet)),
        (sign(HEADER, "[]"), Err(Malformed)),
        (sign(HEADER, "{}"), Err(Claim("iss"))),
        (sign(HEADER, "not json"), Err(Malformed)),
        (sign(HEADER, ""), Err(Malformed)),
    ];
    for (at, (token, expected)) in cases.iter().enumerate() {
        assert_eq!(check(token), *expected, "case {at}");
    }
}

#[tokio::test]
async fn a_doubled_claim_is_refused_also_one_that_is_not_read() {
    for (name, value) in [
        ("sub", "\"eve\""),
        ("exp", "1900000000"),
        ("other", "1"),
        ("o\\u0074her", "1"),
    ] {
        let claims = claims().to_string();
        let payload = format!("{{\"{name}\":{value},{}", &claims[1..]);
        assert_eq!(
            check(&sign(HEADER, &payload)),
            Err(TokenError::Malformed),
            "{name}"
        );
    }
}

#[tokio::test]
async fn headers_are_judged_before_the_signature() {
    use TokenError::{Algorithm, Malformed, TooLong, UnknownKey, Unsupported};
    let long = format!(r#"{{"alg":"HS256","kid":"k1","x":"{}"}}"#, "x".repeat(800));
    let deep = format!(r#"{{"alg":"HS256","kid":"k1","x":{}"#, "[".repeat(700));
    let cases = [
        (r#"{"alg":"HS256"}"#, Ok(())),
        (r#"{"alg":"HS256","kid":"k1","typ":"at+jwt"}"#, Ok(())),
        (
            r#"{"alg":"HS256","kid":"k1","typ":"application/jwt"}"#,
            Ok(()),
        ),
        (
            r#"{"alg":"HS256","kid":"k1","jwk":{"kty":"oct","k":"AA"},"jku":"https://evil.test"}"#,
            Ok(()),
        ),
        (r#"{"alg":"HS256","kid":"k2"}"#, Err(UnknownKey)),
        (r#"{"alg":"HS256","kid":""}"#, Err(UnknownKey)),
        (r#"{"alg":"EdDSA","kid":"k1"}"#, Err(Algorithm)),
        (r#"{"alg":"none","kid":"k1"}"#, Err(Algorithm)),
        (r#"{"alg":"hs256","kid":"k1"}"#, Err(Algorithm)),
        (r#"{"kid":"k1"}"#, Err(Malformed)),
        (
            r#"{"alg":"HS256","alg":"HS256","kid":"k1"}"#,
            Err(Malformed),
        ),
        (
            r#"{"alg":"HS256","kid":"k1","crit":["exp"]}"#,
            Err(Unsupported),
        ),
        (r#"{"alg":"HS256","kid":"k1","crit":[]}"#, Err(Unsupported)),
        (
            r#"{"alg":"HS256","kid":"k1","crit":null}"#,
            Err(Unsupported),
        ),
        (
            r#"{"alg":"HS256","kid":"k1","typ":"logout+jwt"}"#,
            Err(Unsupported),
        ),
        (
            r#"{"alg":"HS256","kid":"k1","typ":"JWE"}"#,
            Err(Unsupported),
        ),
        ("[]", Err(Malformed)),
        (&*deep, Err(Malformed)),
        (&*long, Err(TooLong)),
    ];
    for (header, expected) in cases {
        assert_eq!(
            check(&sign(header, &claims().to_string())),
            expected,
            "{header}"
        );
    }
}

#[tokio::test]
async fn a_header_that_was_seen_still_needs_its_signature() {
    let verifier = checker();
    let good = sign(HEADER, &claims().to_string());
    assert!(verifier.check(&good).is_ok());
    let (message, _) = good.rsplit_once('.').unwrap();
    let forged = format!("{message}.{}", BASE64.encode([0; 32]));
    assert_eq!(verifier.check(&forged), Err(TokenError::Signature));
    let other = sign(
        r#"{"alg":"HS256","kid":"k1","typ":"at+jwt"}"#,
        &claims().to_string(),
    );
    assert!(verifier.check(&other).is_ok(), "another header is judged");
}

#[tokio::test]
async fn a_verified_message_of_another_kind_does_not_become_a_token() {
    let keys = KeyHandle::new();
    keys.publish(KeySet::new([key()]).unwrap());
    let verifier = verifier(keys.clone());
    let logout = sign(
        r#"{"alg":"HS256","kid":"k1","typ":"logout+jwt"}"#,
        &claims().to_string(),
    );
    assert_eq!(verifier.check(&logout), Err(TokenError::Unsupported));
    assert!(keys.current().verify_jws(&logout).is_ok());
    assert_eq!(verifier.check(&logout), Err(TokenError::Unsupported));
}

#[tokio::test]
async fn other_forms_are_refused() {
    let good = sign(HEADER, &claims().to_string());
    let (message, signature) = good.rsplit_once('.').unwrap();
    let mut last = signature.to_owned();
    // The last of 43 characters carries two bits that must be zero.
    let end = last.pop().unwrap();
    let twin = char::from(end as u8 + 1);
    let cases = [
        (String::new(), TokenError::Malformed),
        ("a".into(), TokenError::Malformed),
        ("..".into(), TokenError::Malformed),
        (message.to_owned(), TokenError::Malformed),
        (format!("{message}."), TokenError::Signature),
        (format!("{good}."), TokenError::Signature),
        (format!("{good}.x"), TokenError::Malformed),
        (format!("{good}="), TokenError::Malformed),
        (format!("{good}\n"), TokenError::Malformed),
        (format!(" {good}"), TokenError::Malformed),
        (format!("{message}.{last}{twin}"), TokenError::Malformed),
        (format!("{message}.{last}"), TokenError::Malformed),
        (
            format!("{message}.{}", BASE64.encode([0; 32])),
            TokenError::Signature,
        ),
        (
            good.replace('-', "+").replace('_', "/") + "+",
            TokenError::Malformed,
        ),
        ("a".repeat(8 * 1024 + 1), TokenError::TooLong),
        (
            format!("{}.{}", "a".repeat(1025), "a.a"),
            TokenError::TooLong,
        ),
    ];
    for (at, (token, expected)) in cases.iter().enumerate() {
        assert_eq!(check(token), Err(*expected), "case {at}");
    }
}

#[tokio::test]
async fn a_public_key_is_never_taken_for_a_secret() {
    let signer = Signer::generate();
    let keys = KeyHandle::new();
    let public = signer.verification_key();
    keys.publish(KeySet::new([public]).unwrap());
    // What everybody can read, used as the secret.
    let jwks: Value = serde_json::from_slice(&keys.current().to_json()).unwrap();
    let x = BASE64
        .decode(jwks["keys"][0]["x"].as_str().unwrap())
        .unwrap();
    let header = format!(r#"{{"alg":"HS256","kid":"{}"}}"#, signer.kid());
    let message = format!(
        "{}.{}",
        BASE64.encode(header),
        BASE64.encode(claims().to_string())
    );
    let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, &x), message.as_bytes());
    let token = format!("{message}.{}", BASE64.encode(tag));
    assert_eq!(verifier(keys).check(&token), Err(TokenError::Algorithm));
}

#[tokio::test]
async fn without_keys_nothing_can_be_said() {
    let verifier = verifier(KeyHandle::new());
    let token = sign(HEADER, &claims().to_string());
    let refused = verifier.verify(Credentials::Bearer(&token));
    assert_eq!(refused, Err(VerifyError::Unavailable));
}

#[tokio::test(start_paused = true)]
async fn a_remembered_token_still_expires() {
    let verifier = checker();
    let token = sign(HEADER, &claims().to_string());
    assert!(verifier.verify(Credentials::Bearer(&token)).is_ok());
    tokio::time::advance(Duration::from_secs(929)).await;
    assert!(verifier.verify(Credentials::Bearer(&token)).is_ok());
    tokio::time::advance(Duration::from_secs(1)).await;
    assert_eq!(
        verifier.verify(Credentials::Bearer(&token)),
        Err(VerifyError::Expired)
    );
}

#[tokio::test]
async fn a_removed_key_ends_what_was_remembered() {
    let keys = KeyHandle::new();
    keys.publish(KeySet::new([key()]).unwrap());
    let verifier = verifier(keys.clone());
    let token = sign(HEADER, &claims().to_string());
    assert!(verifier.verify(Credentials::Bearer(&token)).is_ok());
    keys.publish(KeySet::new([Signer::generate().verification_key()]).unwrap());
    assert_eq!(
        verifier.verify(Credentials::Bearer(&token)),
        Err(VerifyError::Invalid)
    );
    keys.publish(KeySet::new([key()]).unwrap());
    assert!(verifier.verify(Credentials::Bearer(&token)).is_ok());
}

#[tokio::test]
async fn an_altered_copy_of_a_remembered_token_is_not_taken_for_it() {
    let verifier = checker();
    let token = sign(HEADER, &claims().to_string());
    assert!(verifier.verify(Credentials::Bearer(&token)).is_ok());
    let (message, signature) = token.rsplit_once('.').unwrap();
    let (header, _) = message.split_once('.').unwrap();
    let mut eve = claims();
    eve["sub"] = json!("eve");
    let forged = format!("{header}.{}.{signature}", BASE64.encode(eve.to_string()));
    assert_eq!(
        verifier.verify(Credentials::Bearer(&forged)),
        Err(VerifyError::Invalid)
    );
}

#[tokio::test]
async fn our_own_tokens_are_good_for_fifteen_minutes() {
    let signer = Signer::generate();
    let keys = KeyHandle::new();
    keys.publish(KeySet::new([signer.verification_key()]).unwrap());
    let issuer = Issuer::new(ISSUER, "goplt").with_clock(clock());
    let token = issuer.issue(&signer, "ada", &"acme".parse().unwrap(), &["admin"]);
    let claims = verifier(keys).check(token.expose()).unwrap();
    assert_eq!(claims.expires_at().as_seconds(), NOW + 900);
    assert!(!format!("{token:?}").contains(token.expose()));
}

#[tokio::test]
async fn the_log_of_the_platform_is_no_tenant_even_if_we_signed_so() {
    let signer = Signer::generate();
    let keys = KeyHandle::new();
    keys.publish(KeySet::new([signer.verification_key()]).unwrap());
    let issuer = Issuer::new(ISSUER, "goplt").with_clock(clock());
    let platform = goplt_core::TenantId::platform();
    let token = issuer.issue::<&str>(&signer, "eve", &platform, &[]);
    assert!(verifier(keys).check(token.expose()).is_err());
}

#[tokio::test]
async fn a_kept_key_signs_under_the_same_name() {
    use secrecy::ExposeSecret as _;
    let signer = Signer::generate();
    let kept = signer.to_pkcs8().unwrap();
    assert_eq!(
        Signer::from_pkcs8(kept.expose_secret()).unwrap().kid(),
        signer.kid()
    );
    assert!(Signer::from_pkcs8(b"no key").is_err());
}

#[tokio::test]
async fn settings_that_cannot_work_are_refused() {
    let long = Duration::from_secs(301);
    assert_eq!(
        checker().with_leeway(long).unwrap_err(),
        ConfigError::Leeway
    );
    let issuer = Issuer::new(ISSUER, "goplt");
    assert_eq!(
        issuer.with_lifetime(Duration::ZERO).unwrap_err(),
        ConfigError::Lifetime
    );
}

/// Made once: whatever time it is, nonsense is nonsense.
static CHECKER: LazyLock<JwtVerifier> = LazyLock::new(checker);

proptest! {
    #[test]
    fn no_text_panics(token in r"\PC{0,200}") {
        let _ = CHECKER.check(&token);
    }

    #[test]
    fn nothing_between_dots_panics(parts in prop::collection::vec("[A-Za-z0-9_=-]{0,60}", 1..5)) {
        prop_assert!(CHECKER.check(&parts.join(".")).is_err());
    }

    #[test]
    fn signed_nonsense_does_not_panic(
        header in prop_oneof![Just(HEADER.to_owned()), any::<String>()],
        payload in any::<String>(),
    ) {
        prop_assert!(CHECKER.check(&sign(&header, &payload)).is_err());
    }

    #[test]
    fn no_byte_can_be_changed(at in any::<prop::sample::Index>(), by in 1_u8..=127) {
        let mut token = sign(HEADER, &claims().to_string()).into_bytes();
        let at = at.index(token.len());
        token[at] = (token[at] ^ by) & 127;
        prop_assert!(CHECKER.check(std::str::from_utf8(&token).unwrap()).is_err());
    }

    #[test]
    fn no_key_set_panics(json in any::<Vec<u8>>()) {
        let _ = KeySet::from_json(&json);
        let _ = VerificationKey::from_jwk(&json);
    }
}
