//! What a pooler in transaction mode does, with a single session behind it: whoever speaks gets that one.

use std::{
    io::{self, Read, Write},
    net::{SocketAddr, TcpListener, TcpStream},
    sync::{Arc, Mutex},
    thread,
};

/// The first client logs in to the server; the session stays, and all later clients get it without being asked.
pub(crate) fn start(server: String) -> SocketAddr {
    let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let address = listener.local_addr().unwrap();
    let session = Arc::new(Mutex::new(None));
    thread::spawn(move || {
        for client in listener.incoming().flatten() {
            let (session, server) = (Arc::clone(&session), server.clone());
            // A client that goes away ends its thread.
            thread::spawn(move || drop(serve(client, &session, &server)));
        }
    });
    address
}

fn serve(
    mut client: TcpStream,
    session: &Mutex<Option<TcpStream>>,
    server: &str,
) -> io::Result<()> {
    let hello = loop {
        let message = untyped(&mut client)?;
        // A request for encryption.
        if message[4..8] == 80_877_103_i32.to_be_bytes() {
            client.write_all(b"N")?;
        } else {
            break message;
        }
    };
    {
        let mut session = session.lock().unwrap();
        if session.is_none() {
            let mut behind = TcpStream::connect(server)?;
            behind.write_all(&hello)?;
            log_in(&mut client, &mut behind)?;
            *session = Some(behind);
        } else {
            client.write_all(&[b'R', 0, 0, 0, 8, 0, 0, 0, 0])?;
            client.write_all(&[b'K', 0, 0, 0, 12, 0, 0, 0, 1, 0, 0, 0, 1])?;
            client.write_all(&[b'Z', 0, 0, 0, 5, b'I'])?;
        }
    }
    let mut asked = Vec::new();
    loop {
        let message = typed(&mut client)?;
        let kind = message[0];
        if kind == b'X' {
            return Ok(());
        }
        asked.extend(message);
        if matches!(kind, b'Q' | b'S') {
            let mut session = session.lock().unwrap();
            let behind = session.as_mut().unwrap();
            behind.write_all(&std::mem::take(&mut asked))?;
            while answer(&mut client, behind)? != b'Z' {}
        }
    }
}

fn log_in(client: &mut TcpStream, behind: &mut TcpStream) -> io::Result<()> {
    loop {
        let message = typed(behind)?;
        client.write_all(&message)?;
        let is_question = message[0] == b'R'
            && !matches!(
                i32::from_be_bytes(message[5..9].try_into().unwrap()),
                0 | 12
            );
        if is_question {
            behind.write_all(&typed(client)?)?;
        }
        if message[0] == b'Z' {
            return Ok(());
        }
    }
}

fn answer(client: &mut TcpStream, behind: &mut TcpStream) -> io::Result<u8> {
    let message = typed(behind)?;
    client.write_all(&message)?;
    Ok(message[0])
}

fn typed(stream: &mut TcpStream) -> io::Result<Vec<u8>> {
    let mut kind = [0; 1];
    stream.read_exact(&mut kind)?;
    let mut message = kind.to_vec();
    message.extend(untyped(stream)?);
    Ok(message)
}

fn untyped(stream: &mut TcpStream) -> io::Result<Vec<u8>> {
    let mut length = [0; 4];
    stream.read_exact(&mut length)?;
    let mut message = length.to_vec();
    message.resize(u32::from_be_bytes(length) as usize, 0);
    stream.read_exact(&mut message[4..])?;
    Ok(message)
}
