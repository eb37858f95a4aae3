//! Runs the monolith as a process of its own and talks to it over HTTP.
#![expect(
    dead_code,
    unreachable_pub,
    reason = "each test file uses a part of it"
)]

use std::{
    net::SocketAddr,
    path::{Path, PathBuf},
    process::{ExitStatus, Stdio},
    time::Duration,
};

use http::{HeaderMap, Method, Request, StatusCode};
use http_body_util::{BodyExt, Full};
use hyper::body::Bytes;
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader, Lines},
    net::TcpStream,
    process::{Child, ChildStdout, Command},
    time::timeout,
};

/// Far longer than anything here takes; a hang ends as a failure.
pub const PATIENCE: Duration = Duration::from_secs(60);
/// Between two questions whether something has happened: each takes a connection.
pub const PAUSE: Duration = Duration::from_millis(10);

pub struct Monolith {
    child: Child,
    stdout: Lines<BufReader<ChildStdout>>,
    pub address: SocketAddr,
    pub data_dir: PathBuf,
    /// What it printed before it was ready.
    pub greeting: Vec<String>,
}

/// How a process that was not to serve ended.
pub struct Ended {
    pub status: ExitStatus,
    pub stdout: String,
    pub stderr: String,
}

#[derive(Debug)]
pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: Bytes,
}

pub fn command(dir: &Path) -> Command {
    command_at(dir, "127.0.0.1:0")
}

/// A monolith in the folder `dir`, its data below, that is to listen at `address`.
pub fn command_at(dir: &Path, address: &str) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_monolith"));
    command
        .current_dir(dir)
        .env_clear()
        .args(["--listen", address, "--data-dir"])
        .arg(dir.join("data"))
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true);
    command
}

/// Runs to its end.
pub async fn run(command: Command) -> Ended {
    run_with_input(command, b"").await
}

/// Runs to its end, with this on standard input.
pub async fn run_with_input(mut command: Command, input: &[u8]) -> Ended {
    let mut child = command.stdin(Stdio::piped()).spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    // Who ends without reading it closes the pipe.
    let _ = stdin.write_all(input).await;
    drop(stdin);
    let output = timeout(PATIENCE, child.wait_with_output())
        .await
        .expect("it ends")
        .unwrap();
    Ended {
        status: output.status,
        stdout: String::from_utf8(output.stdout).unwrap(),
        stderr: String::from_utf8(output.stderr).unwrap(),
    }
}

impl Monolith {
    pub async fn start(dir: &Path) -> Self {
        Self::start_with(dir, &[]).await
    }

    pub async fn start_with(dir: &Path, arguments: &[&str]) -> Self {
        let mut command = command(dir);
        command.args(arguments).stderr(Stdio::inherit());
        let started = Self::start_or_end(dir, command).await;
        started.expect("it says where it listens before it ends")
    }

    /// `None` if it ended before it was ready.
    pub async fn start_or_end(dir: &Path, mut command: Command) -> Option<Self> {
        let mut child = command.spawn().unwrap();
        let mut stdout = BufReader::new(child.stdout.take().unwrap()).lines();
        let mut greeting = Vec::new();
        let address = loop {
            let line = timeout(PATIENCE, stdout.next_line())
                .await
                .expect("it starts")
                .unwrap();
            let Some(line) = line else {
                child.wait().await.unwrap();
                return None;
            };
            if let Some(address) = line.strip_prefix("listening on http://") {
                break address.parse().unwrap();
            }
            greeting.push(line);
        };
        Some(Self {
            child,
            stdout,
            address,
            data_dir: dir.join("data"),
            greeting,
        })
    }

    pub async fn send(&self, request: Request<Full<Bytes>>) -> Answer {
        timeout(PATIENCE, send(self.address, request))
            .await
            .expect("it answers")
    }

    pub async fn get(&self, path: &str, token: &str) -> Answer {
        self.send(request(Method::GET, path, token, None)).await
    }

    pub async fn post(&self, path: &str, token: &str, body: Value) -> Answer {
        self.send(request(Method::POST, path, token, Some(body)))
            .await
    }

    pub async fn put(&self, path: &str, token: &str, body: Value) -> Answer {
        self.send(request(Method::PUT, path, token, Some(body)))
            .await
    }

    pub async fn delete(&self, path: &str, token: &str) -> Answer {
        self.send(request(Method::DELETE, path, token, None)).await
    }

    /// An anonymous call that names its tenant.
    pub async fn post_as_tenant(&self, path: &str, tenant: &str, body: Value) -> Answer {
        let mut request = request(Method::POST, path, "", Some(body));
        request
            .headers_mut()
            .insert("x-tenant-id", tenant.parse().unwrap());
        self.send(request).await
    }

    /// The answer to a login with the seeded password.
    pub async fn login(&self, tenant: &str, role: &str) -> Value {
        let (email, password) = self.credentials(tenant, role);
        let body = json!({ "email": email, "password": password });
        let answer = self
            .post_as_tenant("/api/v1/auth/login", tenant, body)
            .await;
        assert_eq!(answer.status, 200, "{answer:?}");
        answer.json()
    }

    pub async fn token(&self, tenant: &str, role: &str) -> String {
        self.login(tenant, role).await["access_token"]
            .as_str()
            .unwrap()
            .to_owned()
    }

    /// The id of whose token it is.
    pub async fn me(&self, token: &str) -> String {
        let me = self.get("/api/v1/users/me", token).await.ok(200);
        me["id"].as_str().unwrap().to_owned()
    }

    /// Asks again until the answer is as it should be: what follows from events comes soon, and not at once. The last
    /// answer is returned, whatever it is.
    pub async fn until(&self, path: &str, token: &str, is: impl Fn(&Value) -> bool) -> Value {
        let asking = async {
            loop {
                let found = self.get(path, token).await.ok(200);
                if is(&found) {
                    return found;
                }
            }
        };
        match timeout(PATIENCE, asking).await {
            Ok(found) => found,
            Err(_) => self.get(path, token).await.ok(200),
        }
    }

    /// The token of the first mail to this address about this that comes to lie in the data folder.
    pub async fn mailed(&self, to: &str, subject: &str) -> String {
        let (to, subject) = (format!("To: {to}\r\n"), format!("Subject: {subject}\r\n"));
        let looking = async {
            loop {
                if let Some(mail) = self
                    .mails()
                    .find(|mail| mail.contains(&to) && mail.contains(&subject))
                {
                    let token = mail.lines().find_map(|line| line.strip_prefix("    "));
                    return token.expect("a mail that holds a token").to_owned();
                }
                tokio::time::sleep(PAUSE).await;
            }
        };
        timeout(PATIENCE, looking).await.expect("the mail comes")
    }

    /// All mails that were sent, in no order.
    pub fn mails(&self) -> impl Iterator<Item = String> {
        let files = std::fs::read_dir(self.data_dir.join("mail")).into_iter();
        let paths = files.flatten().map(|file| file.unwrap().path());
        let finished = paths.filter(|path| path.extension().is_some_and(|ending| ending == "eml"));
        finished.map(|path| std::fs::read_to_string(path).unwrap())
    }

    pub fn credentials(&self, tenant: &str, role: &str) -> (String, String) {
        let text = std::fs::read_to_string(self.data_dir.join("dev-logins.txt")).unwrap();
        let mut lines = text
            .lines()
            .map(|line| line.split('\t').collect::<Vec<_>>());
        let line = lines
            .find(|line| line[0] == tenant && line[3] == role)
            .unwrap();
        (line[1].to_owned(), line[2].to_owned())
    }

    /// Whether it has ended by itself.
    pub fn has_ended(&mut self) -> bool {
        self.child.try_wait().unwrap().is_some()
    }

    pub async fn kill(mut self) {
        self.child.kill().await.unwrap();
    }

    /// Asks it to stop, and tells how it ended.
    pub async fn terminate(self) -> ExitStatus {
        self.ask_to_stop().await;
        self.ended().await
    }

    pub async fn ask_to_stop(&self) {
        let id = self.process_id().to_string();
        let kill = Command::new("kill").args(["-TERM", &id]).status().await;
        assert!(kill.unwrap().success());
    }

    pub async fn ended(mut self) -> ExitStatus {
        timeout(PATIENCE, self.child.wait())
            .await
            .expect("it stops")
            .unwrap()
    }

    pub fn process_id(&self) -> u32 {
        self.child.id().unwrap()
    }
}

pub fn request(
    method: Method,
    path: &str,
    token: &str,
    body: Option<Value>,
) -> Request<Full<Bytes>> {
    let mut request = Request::builder()
        .method(method)
        .uri(path)
        .header("host", "localhost");
    if !token.is_empty() {
        request = request.header("authorization", format!("Bearer {token}"));
    }
    if body.is_some() {
        request = request.header("content-type", "application/json");
    }
    let body = body
        .map(|body| Bytes::from(body.to_string()))
        .unwrap_or_default();
    request.body(Full::new(body)).unwrap()
}

/// A request that the server has begun to answer: it asks for the body, which waits here.
pub struct InFlight {
    stream: TcpStream,
    body: String,
}

impl InFlight {
    pub async fn begin(address: SocketAddr, head: &str, body: &Value) -> Self {
        let body = body.to_string();
        let mut stream = TcpStream::connect(address).await.unwrap();
        let head = format!(
            "{head}\r\nhost: localhost\r\ncontent-type: application/json\r\n\
             content-length: {}\r\nexpect: 100-continue\r\n\r\n",
            body.len()
        );
        stream.write_all(head.as_bytes()).await.unwrap();
        let mut asked = [0; b"HTTP/1.1 100 Continue\r\n\r\n".len()];
        timeout(PATIENCE, stream.read_exact(&mut asked))
            .await
            .expect("the server asks for the body")
            .unwrap();
        assert!(asked.starts_with(b"HTTP/1.1 100 "));
        Self { stream, body }
    }

    /// Sends the body, and reads until the server ends the connection.
    pub async fn end(mut self) -> String {
        self.stream.write_all(self.body.as_bytes()).await.unwrap();
        let mut answer = String::new();
        timeout(PATIENCE, self.stream.read_to_string(&mut answer))
            .await
            .expect("it answers")
            .unwrap();
        answer
    }
}

/// Until nobody accepts connections there.
pub async fn refuses(address: SocketAddr) {
    let refused = async {
        while TcpStream::connect(address).await.is_ok() {
            tokio::time::sleep(PAUSE).await;
        }
    };
    timeout(PATIENCE, refused)
        .await
        .expect("it stops to accept");
}

pub async fn send(address: SocketAddr, request: Request<Full<Bytes>>) -> Answer {
    exchange(address, request)
        .await
        .expect("the server answers")
}

/// The status, or `None` if the connection ended before it.
pub async fn try_send(address: SocketAddr, request: Request<Full<Bytes>>) -> Option<u16> {
    Some(exchange(address, request).await?.status.as_u16())
}

/// The answer, or `None` if the connection ended before it.
pub async fn try_answer(address: SocketAddr, request: Request<Full<Bytes>>) -> Option<Answer> {
    exchange(address, request).await
}

async fn exchange(address: SocketAddr, request: Request<Full<Bytes>>) -> Option<Answer> {
    let stream = TcpStream::connect(address).await.ok()?;
    let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream))
        .await
        .ok()?;
    let connection = tokio::spawn(connection);
    let (parts, body) = sender.send_request(request).await.ok()?.into_parts();
    let body = body.collect().await.ok()?.to_bytes();
    drop(sender);
    let _ = connection.await;
    Some(Answer {
        status: parts.status,
        headers: parts.headers,
        body,
    })
}

impl Answer {
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body)
            .unwrap_or_else(|_| panic!("no JSON: {}", String::from_utf8_lossy(&self.body)))
    }

    pub fn header(&self, name: &str) -> &str {
        self.headers
            .get(name)
            .unwrap_or_else(|| panic!("no {name} in {self:?}"))
            .to_str()
            .unwrap()
    }

    /// Asserts a problem of this status and code, in the form that every refusal has.
    #[track_caller]
    pub fn refused(&self, status: u16, code: &str) -> Value {
        assert_eq!(
            self.status.as_u16(),
            status,
            "{}",
            String::from_utf8_lossy(&self.body)
        );
        assert_eq!(self.header("content-type"), "application/problem+json");
        let problem = self.json();
        assert_eq!(problem["status"], status);
        assert_eq!(problem["code"], code, "{problem}");
        assert_eq!(problem["request_id"], self.header("x-request-id"));
        assert!(problem["title"].is_string() && problem["type"].is_string());
        problem
    }

    #[track_caller]
    pub fn ok(&self, status: u16) -> Value {
        assert_eq!(
            self.status.as_u16(),
            status,
            "{}",
            String::from_utf8_lossy(&self.body)
        );
        assert!(!self.header("x-request-id").is_empty());
        if self.body.is_empty() {
            Value::Null
        } else {
            self.json()
        }
    }
}
