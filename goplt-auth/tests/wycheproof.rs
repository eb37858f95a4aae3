//! The public Wycheproof cases for signed messages and key sets, against the layer below claims.
//!
//! The data lies beside the repository; without it the tests say so and pass, unless
//! `GOPLT_REQUIRE_CONFORMANCE=1`.
#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a test ends where it fails"
)]

use std::{collections::BTreeMap, path::PathBuf};

use goplt_auth::jwks::{KeySet, VerificationKey};
use serde_json::Value;

/// Algorithms that are not offered; their `valid` cases are skipped.
const NOT_OFFERED: [&str; 9] = [
    "RS384", "RS512", "PS256", "PS384", "PS512", "ES384", "ES512", "HS384", "HS512",
];

/// Cases that contradict others of the same file, by `tcId`, with what we answer.
const CONTRADICTIONS: [(u64, bool, &str); 4] = [
    // The same bytes as case 357, which is valid: the padding it speaks of was lost.
    (367, true, "same bytes as a valid case"),
    (370, true, "same bytes as a valid case"),
    // `valid` for decoders that skip foreign characters; RFC 7515 §2 has none.
    (372, false, "a character outside base64url"),
    (373, false, "a character outside base64url"),
];

fn load(name: &str) -> Option<Value> {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../..");
    let path = root.join("shared/conformance/wycheproof").join(name);
    if let Ok(bytes) = std::fs::read(&path) {
        return Some(serde_json::from_slice(&bytes).unwrap());
    }
    let required = std::env::var("GOPLT_REQUIRE_CONFORMANCE").is_ok_and(|v| v == "1");
    assert!(!required, "{} is missing", path.display());
    eprintln!("skipped: {} is missing", path.display());
    None
}

/// The keys of a group, if they are any that we take.
fn keys(group: &Value) -> Result<KeySet, goplt_auth::KeyError> {
    let jwk = group
        .get("public")
        .or_else(|| group.get("private"))
        .unwrap();
    let json = serde_json::to_vec(jwk).unwrap();
    let secret = |jwk: &Value| jwk["kty"] == "oct";
    match jwk.get("keys").and_then(Value::as_array) {
        Some(keys) if keys.iter().any(secret) => KeySet::insecure_from_secret_json(&json),
        Some(_) => KeySet::from_json(&json),
        None if secret(jwk) => KeySet::new([VerificationKey::insecure_from_secret_jwk(&json)?]),
        None => KeySet::new([VerificationKey::from_jwk(&json)?]),
    }
}

fn algorithm(token: &str) -> String {
    use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
    let header = token.split('.').next().unwrap_or_default();
    let header = URL_SAFE_NO_PAD.decode(header).unwrap_or_default();
    let header: Value = serde_json::from_slice(&header).unwrap_or_default();
    header["alg"].as_str().unwrap_or_default().to_owned()
}

fn run(name: &str, signatures: bool) {
    let Some(file) = load(name) else { return };
    let (mut judged, mut skipped) = (0, BTreeMap::<String, u32>::new());
    let mut wrong = Vec::new();
    for group in file["testGroups"].as_array().unwrap() {
        let keys = keys(group);
        for case in group["tests"].as_array().unwrap() {
            let Some(jws) = case.get("jws") else { continue };
            // A message in JSON form is no compact one: shown as it is.
            let token = jws.as_str().map_or_else(|| jws.to_string(), str::to_owned);
            let accepted = keys
                .as_ref()
                .is_ok_and(|keys| keys.verify_jws(&token).is_ok());
            let id = case["tcId"].as_u64().unwrap();
            let mut expected = case["result"] == "valid";
            if signatures
                && let Some((_, ours, _)) = CONTRADICTIONS.iter().find(|known| known.0 == id)
            {
                expected = *ours;
            }
            let algorithm = algorithm(&token);
            if expected && !accepted && NOT_OFFERED.contains(&algorithm.as_str()) {
                *skipped.entry(algorithm).or_default() += 1;
                continue;
            }
            judged += 1;
            if accepted != expected {
                wrong.push(format!(
                    "{id} {} {}: {:?}",
                    group["comment"], case["comment"], keys
                ));
            }
        }
    }
    println!("{name}: {judged} judged, skipped for their algorithm: {skipped:?}");
    assert!(wrong.is_empty(), "{} of {judged}: {wrong:#?}", wrong.len());
    assert!(judged > 0);
}

#[test]
fn signed_messages() {
    run("json_web_signature_test.json", true);
}

#[test]
fn key_sets() {
    run("json_web_key_test.json", false);
}

#[test]
fn mixed_cases() {
    run("json_web_crypto_test.json", false);
}
