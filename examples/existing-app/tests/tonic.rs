//! The tonic application over a loopback socket: who gets in, who does not, and what they are told.

#[path = "../src/bin/tonic.rs"]
#[expect(dead_code, reason = "its `main` is run as a process of its own")]
mod example;
mod keys;

use std::{net::SocketAddr, process::Stdio};

use example::notes::{ListReply, ListRequest, notes_client::NotesClient};
use goplt_auth::jwks::KeyHandle;
use keys::Keys;
use tokio::{
    io::{AsyncBufReadExt as _, BufReader},
    process::Command,
};
use tonic::{
    Code, Request, Status,
    transport::{Channel, server::TcpIncoming},
};

/// Serves the application, which ends with the test's runtime.
async fn serve(keys: KeyHandle) -> NotesClient<Channel> {
    let incoming = TcpIncoming::bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let address = incoming.local_addr().unwrap();
    tokio::spawn(example::serve(incoming, keys));
    connect(address).await
}

async fn connect(address: SocketAddr) -> NotesClient<Channel> {
    let channel = Channel::from_shared(format!("http://{address}")).unwrap();
    NotesClient::new(channel.connect().await.unwrap())
}

/// Calls `List` with these metadata.
async fn list(
    client: &mut NotesClient<Channel>,
    metadata: &[(&'static str, &str)],
) -> Result<ListReply, Status> {
    let mut request = Request::new(ListRequest {});
    for (name, value) in metadata {
        request.metadata_mut().insert(*name, value.parse().unwrap());
    }
    client.list(request).await.map(tonic::Response::into_inner)
}

fn bearer(token: &str) -> (&'static str, String) {
    ("authorization", format!("Bearer {token}"))
}

/// What the caller is told, but for what differs from one answer to the next.
fn told(status: &Status) -> (Code, String, Vec<String>) {
    let metadata = status.metadata().clone().into_headers();
    let mut names: Vec<_> = metadata.keys().map(ToString::to_string).collect();
    names.sort();
    (status.code(), status.message().to_owned(), names)
}

#[tokio::test]
async fn who_has_the_permission_is_served() {
    let keys = Keys::new();
    let mut client = serve(keys.handle()).await;
    let (name, token) = bearer(&keys.token("ada", "acme"));
    assert_eq!(
        list(&mut client, &[(name, &token)]).await.unwrap().text,
        "the notes of acme\n"
    );
}

#[tokio::test]
async fn an_anonymous_caller_is_unauthenticated() {
    let mut client = serve(Keys::new().handle()).await;
    let anonymous = list(&mut client, &[]).await.unwrap_err();
    assert_eq!(anonymous.code(), Code::Unauthenticated, "{anonymous}");
    let named = list(&mut client, &[("x-tenant-id", "acme")])
        .await
        .unwrap_err();
    assert_eq!(
        named.code(),
        Code::Unauthenticated,
        "a tenant is no caller: {named}"
    );
}

#[tokio::test]
async fn expired_and_forged_look_alike() {
    let keys = Keys::new();
    let mut client = serve(keys.handle()).await;
    let mut answers = Vec::new();
    for token in [
        keys.expired("ada", "acme"),
        Keys::new().token("ada", "acme"),
    ] {
        let (name, token) = bearer(&token);
        let refused = list(&mut client, &[(name, &token)]).await.unwrap_err();
        assert_eq!(refused.code(), Code::Unauthenticated, "{refused}");
        answers.push(told(&refused));
    }
    assert_eq!(answers[0], answers[1]);
}

#[tokio::test]
async fn another_tenant_is_forbidden() {
    let keys = Keys::new();
    let mut client = serve(keys.handle()).await;
    let (name, token) = bearer(&keys.token("ada", "acme"));
    let answer = list(&mut client, &[(name, &token), ("x-tenant-id", "globex")]).await;
    assert_eq!(answer.unwrap_err().code(), Code::PermissionDenied);
    list(&mut client, &[(name, &token), ("x-tenant-id", "acme")])
        .await
        .unwrap();
}

#[tokio::test]
async fn who_lacks_the_permission_is_told_which() {
    let keys = Keys::new();
    let mut client = serve(keys.handle()).await;
    let (name, token) = bearer(&keys.token("bob", "acme"));
    let refused = list(&mut client, &[(name, &token)]).await.unwrap_err();
    assert_eq!(refused.code(), Code::PermissionDenied, "{refused}");
    assert!(refused.message().contains("`notes.note.read`"), "{refused}");
}

#[tokio::test]
async fn without_keys_callers_may_come_back() {
    let mut client = serve(KeyHandle::new()).await;
    let (name, token) = bearer(&Keys::new().token("ada", "acme"));
    let refused = list(&mut client, &[(name, &token)]).await.unwrap_err();
    assert_eq!(refused.code(), Code::Unavailable, "{refused}");
}

#[tokio::test]
async fn the_line_that_it_prints_works() {
    let mut process = Command::new(env!("CARGO_BIN_EXE_tonic"))
        .arg("127.0.0.1:0")
        .stdout(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    let mut line = String::new();
    let mut output = BufReader::new(process.stdout.take().unwrap());
    output.read_line(&mut line).await.unwrap();
    // … -H 'authorization: Bearer TOKEN' http://ADDRESS/notes.Notes/List
    let (_, rest) = line.split_once("-H 'authorization: ").unwrap();
    let (token, rest) = rest.split_once("' http://").unwrap();
    let address = rest.trim().strip_suffix("/notes.Notes/List").unwrap();
    let mut client = connect(address.parse().unwrap()).await;
    let reply = list(&mut client, &[("authorization", token)])
        .await
        .unwrap();
    assert_eq!(reply.text, "the notes of acme\n");
}
