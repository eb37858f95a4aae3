//! Signing keys: published, kept, encrypted, agreed on.

use goplt_auth::jwks::KeySet;
use goplt_core::error::chain;

use crate::harness::{Platform, plan};

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
async fn keys_outlive_a_restart_and_lie_encrypted() {
    let folder = tempfile::tempdir().unwrap();
    let first = plan(folder.path(), &[]).start().await;
    let ada = first.session("acme", "ada@example.org").await;
    let kid = first.keys.current().iter().next().unwrap().kid().unwrap().to_owned();
    first.stop().await;

    let second = plan(folder.path(), &[]).start().await;
    assert_eq!(second.keys.current().iter().next().unwrap().kid(), Some(&*kid));
    assert_eq!(second.get("/api/v1/users/me", &ada.access).await.status, 200);
    assert_eq!(second.refresh(&ada.refresh).await.status, 200);
    second.stop().await;
}

#[tokio::test]
async fn hosts_that_start_at_once_agree_on_a_key() {
    let folder = tempfile::tempdir().unwrap();
    // Migrated first, so that both really meet at the key.
    plan(folder.path(), &[]).start().await.stop().await;
    let (one, two) =
        tokio::join!(plan(folder.path(), &[]).start(), plan(folder.path(), &[]).start());
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
    assert!(chain(&error).to_string().contains("auth.key_encryption_key"), "{}", chain(&error));
}

#[tokio::test]
async fn production_without_an_encryption_key_does_not_start() {
    let folder = tempfile::tempdir().unwrap();
    let host = plan(folder.path(), &["environment=production"]).builder.build().unwrap();
    let error = host.start_in_process().await.err().unwrap();
    let text = chain(&error).to_string();
    assert!(text.contains("openssl rand -base64 32"), "{text}");
}
