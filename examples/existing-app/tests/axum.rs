//! The axum application over a loopback socket: who gets in, who does not, and what they are told.

#[path = "../src/bin/axum.rs"]
#[expect(dead_code, reason = "its `main` is run as a process of its own")]
mod example;
mod http;
mod keys;

use std::{net::SocketAddr, process::Stdio};

use goplt_auth::jwks::KeyHandle;
use http::{ask, bearer};
use keys::Keys;
use tokio::{
    io::{AsyncBufReadExt as _, BufReader},
    net::TcpListener,
    process::Command,
};

/// Serves the application, which ends with the test's runtime.
async fn serve(keys: KeyHandle) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(axum::serve(listener, example::app(keys).unwrap()).into_future());
    address
}

async fn get(address: SocketAddr, headers: &[&str]) -> String {
    ask(address, "GET /notes", headers).await
}

#[tokio::test]
async fn who_has_the_permission_is_served() {
    let keys = Keys::new();
    let address = serve(keys.handle()).await;
    let answer = get(address, &[&bearer(&keys.token("ada", "acme"))]).await;
    assert!(answer.starts_with("HTTP/1.1 200 OK"), "{answer}");
    assert!(answer.ends_with("the notes of acme"), "{answer}");
}

#[tokio::test]
async fn an_anonymous_caller_is_unauthenticated() {
    let address = serve(Keys::new().handle()).await;
    let anonymous = get(address, &[]).await;
    assert!(anonymous.starts_with("HTTP/1.1 401"), "{anonymous}");
    assert!(
        anonymous.contains("www-authenticate: Bearer"),
        "{anonymous}"
    );
    assert!(
        anonymous.contains("application/problem+json"),
        "{anonymous}"
    );
    let named = get(address, &["x-tenant-id: acme"]).await;
    assert!(
        named.starts_with("HTTP/1.1 401"),
        "a tenant is no caller: {named}"
    );
}

#[tokio::test]
async fn expired_and_forged_look_alike() {
    let keys = Keys::new();
    let address = serve(keys.handle()).await;
    let expired = get(address, &[&bearer(&keys.expired("ada", "acme"))]).await;
    let forged = get(address, &[&bearer(&Keys::new().token("ada", "acme"))]).await;
    assert!(expired.starts_with("HTTP/1.1 401"), "{expired}");
    assert_eq!(expired, forged);
}

#[tokio::test]
async fn another_tenant_is_forbidden() {
    let keys = Keys::new();
    let address = serve(keys.handle()).await;
    let token = bearer(&keys.token("ada", "acme"));
    let answer = get(address, &[&token, "x-tenant-id: globex"]).await;
    assert!(answer.starts_with("HTTP/1.1 403"), "{answer}");
    assert!(answer.contains(r#""code":"tenant_mismatch""#), "{answer}");
    let own = get(address, &[&token, "x-tenant-id: acme"]).await;
    assert!(own.starts_with("HTTP/1.1 200"), "{own}");
    let elsewhere = get(address, &[&bearer(&keys.token("ada", "globex"))]).await;
    assert!(
        elsewhere.starts_with("HTTP/1.1 403"),
        "her roles are acme's: {elsewhere}"
    );
}

#[tokio::test]
async fn who_lacks_the_permission_is_told_which() {
    let keys = Keys::new();
    let address = serve(keys.handle()).await;
    let answer = get(address, &[&bearer(&keys.token("bob", "acme"))]).await;
    assert!(answer.starts_with("HTTP/1.1 403"), "{answer}");
    assert!(answer.contains("`notes.note.read`"), "{answer}");
}

#[tokio::test]
async fn without_keys_callers_may_come_back() {
    let address = serve(KeyHandle::new()).await;
    let answer = get(address, &[&bearer(&Keys::new().token("ada", "acme"))]).await;
    assert!(answer.starts_with("HTTP/1.1 503"), "{answer}");
    assert!(answer.contains("retry-after:"), "{answer}");
}

#[tokio::test]
async fn new_keys_of_the_provider_hold_from_the_next_request_on() {
    let (old, new) = (Keys::new(), Keys::new());
    let handle = old.handle();
    let address = serve(handle.clone()).await;
    let tokens = [
        bearer(&old.token("ada", "acme")),
        bearer(&new.token("ada", "acme")),
    ];
    for (published, statuses) in [(&old, ["200", "401"]), (&new, ["401", "200"])] {
        handle.publish(published.published());
        for (token, status) in tokens.iter().zip(statuses) {
            let answer = get(address, &[token]).await;
            assert!(
                answer.starts_with(&format!("HTTP/1.1 {status}")),
                "{answer}"
            );
        }
    }
}

#[tokio::test]
async fn the_line_that_it_prints_works() {
    let mut process = Command::new(env!("CARGO_BIN_EXE_axum"))
        .arg("127.0.0.1:0")
        .stdout(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    let mut line = String::new();
    let mut output = BufReader::new(process.stdout.take().unwrap());
    output.read_line(&mut line).await.unwrap();
    // curl http://ADDRESS/notes -H 'authorization: Bearer …'
    let (address, rest) = line
        .strip_prefix("curl http://")
        .unwrap()
        .split_once("/notes")
        .unwrap();
    let header = rest
        .trim()
        .strip_prefix("-H '")
        .unwrap()
        .strip_suffix('\'')
        .unwrap();
    let answer = get(address.parse().unwrap(), &[header]).await;
    assert!(answer.ends_with("the notes of acme"), "{answer}");
}
