//! A client of HTTP/1.1: what comes over the wire, as it comes.

use std::net::SocketAddr;

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};

/// The answer to a request without body and with these header lines, but for what differs from
/// one answer to the next.
pub(crate) async fn ask(address: SocketAddr, method_and_path: &str, headers: &[&str]) -> String {
    let mut socket = TcpStream::connect(address).await.unwrap();
    let mut request = format!("{method_and_path} HTTP/1.1\r\nhost: {address}\r\n");
    for header in headers {
        request += &format!("{header}\r\n");
    }
    request += "connection: close\r\nx-request-id: r-1\r\n\r\n";
    socket.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    socket.read_to_string(&mut answer).await.unwrap();
    let lines = answer.lines().filter(|line| !line.starts_with("date:"));
    lines.collect::<Vec<_>>().join("\n")
}

/// The header of a token.
pub(crate) fn bearer(token: &str) -> String {
    format!("authorization: Bearer {token}")
}
