//! Over real sockets: early answers that clients can read, time-outs, draining, both protocols.

use std::{convert::Infallible, io, net::SocketAddr, time::Duration};

use axum::body::Body;
use bytes::Bytes;
use futures_util::stream::{self, StreamExt as _};
use goplt_module::http::{HttpSettings, Server, Serving};
use http::{Request, Version};
use http_body_util::BodyExt as _;
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};

use crate::app::{App, settings};

async fn serve(app: &App, settings: HttpSettings) -> Serving {
    let server = Server::bind("127.0.0.1", 0, settings).await.unwrap();
    server.serve(app.router.clone())
}

/// Sends everything before it reads anything, as simple clients do, and reads until the other end closes.
async fn exchange(address: SocketAddr, head: &str, body: &[u8]) -> String {
    try_exchange(address, head, body).await.unwrap()
}

async fn try_exchange(address: SocketAddr, head: &str, body: &[u8]) -> io::Result<String> {
    let mut socket = TcpStream::connect(address).await?;
    socket.write_all(head.as_bytes()).await?;
    socket.write_all(body).await?;
    let mut answer = Vec::new();
    socket.read_to_end(&mut answer).await?;
    Ok(String::from_utf8(answer).unwrap())
}

const MIB: usize = 1024 * 1024;

#[tokio::test]
async fn a_client_that_sends_too_much_reads_its_413() {
    let app = App::new();
    let serving = serve(&app, HttpSettings::default()).await;
    let body = vec![b'x'; 4 * MIB];
    let head = format!(
        "POST /order HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n",
        body.len()
    );
    let answer = exchange(serving.local_addr(), &head, &body).await;
    assert!(answer.starts_with("HTTP/1.1 413 "), "{answer}");
    assert!(answer.contains("body_too_large"), "{answer}");
}

#[tokio::test]
async fn a_client_that_sends_too_much_in_chunks_reads_its_413() {
    let app = App::new();
    let serving = serve(&app, HttpSettings::default()).await;
    let head = "POST /order HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n";
    let mut body = Vec::new();
    for _ in 0..4 {
        body.extend_from_slice(b"100000\r\n");
        body.resize(body.len() + MIB, b'x');
        body.extend_from_slice(b"\r\n");
    }
    body.extend_from_slice(b"0\r\n\r\n");
    let answer = exchange(serving.local_addr(), head, &body).await;
    assert!(answer.starts_with("HTTP/1.1 413 "), "{answer}");
}

#[tokio::test]
async fn a_client_that_may_not_reads_its_401_whatever_it_sends() {
    let app = App::new();
    let serving = serve(&app, HttpSettings::default()).await;
    let body = vec![b'x'; MIB];
    let head = format!(
        "POST /items HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-length: {MIB}\r\n\r\n"
    );
    let answer = exchange(serving.local_addr(), &head, &body).await;
    assert!(answer.starts_with("HTTP/1.1 401 "), "{answer}");
}

#[tokio::test]
async fn a_client_that_waits_to_be_asked_is_not_asked_for_a_body_that_nobody_wants() {
    let app = App::new();
    let serving = serve(&app, HttpSettings::default()).await;
    let head = "POST /order HTTP/1.1\r\nhost: x\r\nexpect: 100-continue\r\ncontent-type: application/json\r\ncontent-length: 9999999\r\n\r\n";
    let answer = exchange(serving.local_addr(), head, b"").await;
    assert!(answer.starts_with("HTTP/1.1 413 "), "{answer}");
    assert!(!answer.contains("100 Continue"), "{answer}");
}

// Paused time would run on while a socket's bytes are on their way, so these two wait; each would
// wait for an hour if the other's limit ended its connection.

#[tokio::test]
async fn a_head_that_comes_too_slowly_ends_its_connection() {
    let app = App::new();
    let impatient = settings(|settings| {
        settings.header_timeout = Duration::from_millis(50);
        settings.idle_timeout = Duration::from_secs(3600);
    });
    let serving = serve(&app, impatient).await;
    let answer = exchange(serving.local_addr(), "GET /items HTTP/1.1\r\nhost:", b"").await;
    assert_eq!(answer, "");
}

#[tokio::test]
async fn a_connection_without_a_request_ends() {
    let app = App::new();
    let impatient = settings(|settings| {
        settings.header_timeout = Duration::from_secs(3600);
        settings.idle_timeout = Duration::from_millis(200);
    });
    let serving = serve(&app, impatient).await;
    assert_eq!(exchange(serving.local_addr(), "", b"").await, "");
    let kept = "GET /items HTTP/1.1\r\nhost: x\r\n\r\n";
    // On a busy machine the connection may be over before the request has come: then again.
    let answer = loop {
        match try_exchange(serving.local_addr(), kept, b"").await {
            Ok(answer) if !answer.is_empty() => break answer,
            _ => {}
        }
    };
    assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
}

#[tokio::test]
async fn a_request_names_one_host() {
    let app = App::new();
    let serving = serve(&app, HttpSettings::default()).await;
    let ask = async |version: &str, hosts: &str| {
        let head = format!("GET /items HTTP/{version}\r\nconnection: close\r\n{hosts}\r\n");
        let answer = exchange(serving.local_addr(), &head, b"").await;
        answer.split(' ').nth(1).unwrap_or_default().to_owned()
    };
    assert_eq!(ask("1.1", "host: x\r\n").await, "200");
    assert_eq!(ask("1.1", "").await, "400");
    assert_eq!(ask("1.1", "host: x\r\nhost: y\r\n").await, "400");
    assert_eq!(ask("1.0", "").await, "200");
    assert_eq!(ask("1.0", "host: x\r\nhost: y\r\n").await, "400");
}

#[tokio::test]
async fn what_is_in_flight_is_answered_while_the_server_drains() {
    let mut app = App::new();
    let serving = serve(&app, HttpSettings::default()).await;
    let address = serving.local_addr();
    let head = "GET /wait HTTP/1.1\r\nhost: x\r\n\r\n";
    let call = tokio::spawn(async move { exchange(address, head, b"").await });
    app.waiting.recv().await.unwrap();
    let mut stop = tokio_test::task::spawn(serving.stop(Duration::from_secs(600)));
    assert!(stop.poll().is_pending());
    app.go_on();
    let report = stop.await;
    let answer = call.await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
    assert!(answer.ends_with("done"), "{answer}");
    assert_eq!(report.open, []);
    assert!(
        TcpStream::connect(address).await.is_err(),
        "nobody accepts any more"
    );
}

#[tokio::test]
async fn what_takes_longer_than_the_grace_is_cut_off_and_reported() {
    let mut app = App::new();
    let serving = serve(&app, HttpSettings::default()).await;
    let mut socket = TcpStream::connect(serving.local_addr()).await.unwrap();
    socket
        .write_all(b"GET /wait HTTP/1.1\r\nhost: x\r\n\r\n")
        .await
        .unwrap();
    let cx = app.waiting.recv().await.unwrap();
    let report = serving.stop(Duration::ZERO).await;
    let [open] = report.open.as_slice() else {
        panic!("{report:?}")
    };
    assert_eq!(open.peer, socket.local_addr().unwrap());
    assert_eq!(open.in_flight, 1);
    assert!(cx.is_cancelled());
}

#[tokio::test]
async fn a_peer_that_hangs_up_cancels_its_request() {
    let mut app = App::new();
    let serving = serve(&app, HttpSettings::default()).await;
    let mut socket = TcpStream::connect(serving.local_addr()).await.unwrap();
    socket
        .write_all(b"GET /wait HTTP/1.1\r\nhost: x\r\n\r\n")
        .await
        .unwrap();
    let cx = app.waiting.recv().await.unwrap();
    drop(socket);
    cx.cancelled().await;
}

#[tokio::test]
async fn beyond_the_most_connections_a_peer_waits_for_its_turn() {
    let app = App::new();
    let serving = serve(&app, settings(|settings| settings.max_connections = 1)).await;
    let ask = b"GET /items HTTP/1.1\r\nhost: x\r\n\r\n";
    let mut first = TcpStream::connect(serving.local_addr()).await.unwrap();
    first.write_all(ask).await.unwrap();
    first.read_exact(&mut [0; 12]).await.unwrap();
    let mut second = TcpStream::connect(serving.local_addr()).await.unwrap();
    second.write_all(ask).await.unwrap();
    assert_eq!(serving.open().len(), 1);
    drop(first);
    let mut start = [0; 12];
    second.read_exact(&mut start).await.unwrap();
    assert_eq!(&start, b"HTTP/1.1 200");
}

#[tokio::test]
async fn http2_is_spoken_to_who_begins_with_it_and_the_peer_is_known() {
    let app = App::new();
    let serving = serve(&app, HttpSettings::default()).await;
    let socket = TcpStream::connect(serving.local_addr()).await.unwrap();
    let (mut sender, connection) =
        hyper::client::conn::http2::handshake(TokioExecutor::new(), TokioIo::new(socket))
            .await
            .unwrap();
    tokio::spawn(connection);
    let request = Request::get("http://x/decide").body(Body::empty()).unwrap();
    let response = sender.send_request(request).await.unwrap();
    assert_eq!(response.version(), Version::HTTP_2);
    assert_eq!(response.collect().await.unwrap().to_bytes(), "127.0.0.1");
}

#[tokio::test]
async fn over_http2_too_what_nobody_wants_is_read_so_that_its_sender_can_read_the_answer() {
    let app = App::new();
    let serving = serve(&app, HttpSettings::default()).await;
    let socket = TcpStream::connect(serving.local_addr()).await.unwrap();
    let (mut sender, connection) =
        hyper::client::conn::http2::handshake(TokioExecutor::new(), TokioIo::new(socket))
            .await
            .unwrap();
    tokio::spawn(connection);
    let (all_taken, taken) = tokio::sync::oneshot::channel();
    let chunk = Bytes::from(vec![b'x'; MIB / 16]);
    let chunks = stream::iter(vec![chunk; 64]).chain(stream::once(async {
        let _ = all_taken.send(());
        Bytes::new()
    }));
    let request = Request::post("http://x/order")
        .header("content-type", "application/json")
        .body(Body::from_stream(chunks.map(Ok::<_, Infallible>)))
        .unwrap();
    let response = sender.send_request(request).await.unwrap();
    assert_eq!(response.status(), 413);
    let body = response.collect().await.unwrap().to_bytes();
    assert!(body.starts_with(b"{"), "{body:?}");
    taken.await.expect("the stream was not reset");
}

#[tokio::test]
async fn a_port_that_is_taken_is_named_with_the_mend() {
    let taken = Server::bind("127.0.0.1", 0, HttpSettings::default())
        .await
        .unwrap();
    let port = taken.local_addr().port();
    let error = Server::bind("127.0.0.1", port, HttpSettings::default())
        .await
        .unwrap_err();
    let message = error.to_string();
    assert!(
        message.starts_with(&format!("cannot listen on 127.0.0.1:{port}: ")),
        "{message}"
    );
    assert!(message.contains("`server.port`"), "{message}");
}
