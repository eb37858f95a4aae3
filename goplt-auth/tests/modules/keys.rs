//! Signing keys: published, kept, encrypted, agreed on.

use std::path::Path;

use goplt_auth::jwks::KeySet;
use goplt_core::error::chain;

use crate::harness::{PASSWORD, Platform, plan};

#[tokio::test]
async fn the_published_keys_verify_the_tokens() {
    let (platform, _folder) = Platform::start().await;
    let ada = platform.session("acme", "ada@example.org").await;
    let answer = platform.get("/.well-known/jwks.json", "").await;
    assert_eq!(answer.status, 200);
    assert_eq!(answer.headers["cache-control"], "public, max-age=300");
    let keys = KeySet::from_json(answer.body.to_string().as_bytes()).unwrap();
    assert_eq!(keys.len(), 1);
    assert!(keys.verify_jws(&ada.access).is_ok());
    assert!(answer.body["keys"][0].get("d").is_none());
    platform.stop().await;
}

#[tokio::test]
async fn keys_and_sessions_outlive_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let first = plan(folder.path(), &[]).start().await;
    let ada = first.session("acme", "ada@example.org").await;
    let kid = first
        .keys
        .current()
        .iter()
        .next()
        .unwrap()
        .kid()
        .unwrap()
        .to_owned();
    first.stop().await;

    let second = plan(folder.path(), &[]).start().await;
    assert_eq!(
        second.keys.current().iter().next().unwrap().kid(),
        Some(&*kid)
    );
    assert_eq!(
        second.get("/api/v1/users/me", &ada.access).await.status,
        200
    );
    assert_eq!(second.refresh(&ada.refresh).await.status, 200);
    second.stop().await;
}

#[tokio::test]
async fn hosts_that_start_at_once_agree_on_a_key() {
    let folder = tempfile::tempdir().unwrap();
    // Migrated first, so that both really meet at the key.
    plan(folder.path(), &[]).start().await.stop().await;
    let (one, two) = tokio::join!(
        plan(folder.path(), &[]).start(),
        plan(folder.path(), &[]).start()
    );
    let kids = [&one, &two].map(|host| host.keys.current().to_json());
    assert_eq!(kids[0], kids[1]);
    one.stop().await;
    two.stop().await;
}

#[tokio::test]
async fn another_encryption_key_is_noticed() {
    let folder = tempfile::tempdir().unwrap();
    plan(folder.path(), &[]).start().await.stop().await;
    let other = "auth.key_encryption_key=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";
    let host = plan(folder.path(), &[other]).builder.build().unwrap();
    let error = host.start_in_process().await.err().unwrap();
    assert!(
        chain(&error)
            .to_string()
            .contains("auth.key_encryption_key"),
        "{}",
        chain(&error)
    );
}

#[tokio::test]
async fn production_without_an_encryption_key_does_not_start() {
    let folder = tempfile::tempdir().unwrap();
    let host = plan(folder.path(), &["environment=production"])
        .builder
        .build()
        .unwrap();
    let error = host.start_in_process().await.err().unwrap();
    let text = chain(&error).to_string();
    assert!(text.contains("openssl rand -base64 32"), "{text}");
}

#[tokio::test]
async fn what_is_stored_holds_no_secret() {
    let folder = tempfile::tempdir().unwrap();
    let platform = plan(folder.path(), &[]).start().await;
    let ada = platform.session("acme", "ada@example.org").await;
    let secret = ada.refresh.strip_prefix("acme.").unwrap();
    // RFC 8410 §7: how a private Ed25519 key begins in PKCS#8.
    let private_key = [0x06, 0x03, 0x2b, 0x65, 0x70, 0x04, 0x22, 0x04, 0x20];
    let stored = stored_bytes(&folder.path().join("data"));
    assert!(contains(&stored, b"ada@example.org"), "the files were read");
    for secret in [
        PASSWORD.as_bytes(),
        secret.as_bytes(),
        ada.access.as_bytes(),
        &private_key,
    ] {
        assert!(!contains(&stored, secret));
    }
    platform.stop().await;
}

#[tokio::test]
async fn a_login_hashes_the_password_anew_when_the_parameters_have_changed() {
    let folder = tempfile::tempdir().unwrap();
    let first = plan(folder.path(), &[]).start().await;
    assert_eq!(first.register("acme", "ada@example.org").await.status, 201);
    first.stop().await;

    let second = plan(folder.path(), &["identity.hash_memory=9000"])
        .start()
        .await;
    let data = folder.path().join("data");
    assert!(!contains(&stored_bytes(&data), b"$argon2id$v=19$m=9000,"));
    assert_eq!(
        second
            .login("acme", "ada@example.org", PASSWORD)
            .await
            .status,
        200
    );
    assert!(contains(&stored_bytes(&data), b"$argon2id$v=19$m=9000,"));
    assert_eq!(
        second
            .login("acme", "ada@example.org", PASSWORD)
            .await
            .status,
        200
    );
    second.stop().await;
}

/// Everything below a folder.
fn stored_bytes(folder: &Path) -> Vec<u8> {
    let files = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path());
    files
        .filter(|path| path.is_file())
        .flat_map(|path| std::fs::read(path).unwrap())
        .collect()
}

fn contains(bytes: &[u8], part: &[u8]) -> bool {
    bytes.windows(part.len()).any(|window| window == part)
}
