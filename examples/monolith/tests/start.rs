//! Starting and stopping: what cannot run says why and leaves nothing behind; what is stopped or
//! killed loses nothing.
#![expect(clippy::unwrap_used, reason = "a test ends where it fails")]

mod common;

use std::{fs, net::TcpListener};

use common::{Ended, InFlight, Monolith, command, command_at, run};
use http::Method;
use serde_json::json;

const POSTS: &str = "/api/v1/blog/posts";

/// Ended by itself, not by a panic, with all of `words` on standard error.
fn refused(ended: &Ended, words: &[&str]) {
    let code = ended.status.code().expect("it ended by itself");
    assert!(code != 0 && code != 101, "{code}: {}", ended.stderr);
    for word in words {
        assert!(
            ended.stderr.contains(word),
            "no `{word}` in:\n{}",
            ended.stderr
        );
    }
    assert!(!ended.stdout.contains("listening"), "{}", ended.stdout);
}

#[tokio::test]
async fn a_bad_flag_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let mut command = command(dir.path());
    command.arg("--lisen");
    refused(&run(command).await, &["--lisen", "--listen"]);
    assert!(!dir.path().join("data").exists());
}

#[tokio::test]
async fn every_configuration_error_is_told_at_once_with_its_place() {
    let dir = tempfile::tempdir().unwrap();
    fs::write(
        dir.path().join("mine.yaml"),
        "server:\n  prot: 80\nblog:\n  max_content: lots\n",
    )
    .unwrap();
    let mut command = command(dir.path());
    command.args([
        "--config",
        "mine.yaml",
        "--set",
        "identity.registration=maybe",
    ]);
    command.env("GOPLT__LOGGING__LEVLE", "info");
    let ended = run(command).await;
    refused(
        &ended,
        &[
            "mine.yaml:2:3",
            "port",
            "mine.yaml:4",
            "max_content",
            "registration",
            "LEVEL",
        ],
    );
    assert!(
        !dir.path().join("data").exists(),
        "nothing half-made is left"
    );
}

#[tokio::test]
async fn a_port_in_use_is_named() {
    let dir = tempfile::tempdir().unwrap();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let command = command_at(dir.path(), &address);
    refused(&run(command).await, &[&address]);
    assert!(
        !dir.path().join("data").exists(),
        "nothing half-made is left"
    );
}

#[tokio::test]
async fn a_data_folder_that_cannot_be_made_is_named() {
    let dir = tempfile::tempdir().unwrap();
    fs::write(
        dir.path().join("data"),
        "a file stands where the folder should be",
    )
    .unwrap();
    refused(&run(command(dir.path())).await, &["data"]);
}

#[tokio::test]
async fn a_second_server_on_one_folder_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let monolith = Monolith::start(dir.path()).await;
    refused(&run(command(dir.path())).await, &["data"]);
    monolith.get("/ready", "").await.ok(200);
}

#[tokio::test]
async fn check_and_graph_need_no_folder_and_no_port() {
    let dir = tempfile::tempdir().unwrap();
    let mut check = command(dir.path());
    check.arg("check");
    let ended = run(check).await;
    assert!(ended.status.success(), "{}", ended.stderr);
    assert!(ended.stdout.contains("ok"), "{}", ended.stdout);
    let mut graph = command(dir.path());
    graph.arg("graph");
    let ended = run(graph).await;
    assert!(
        ended.stdout.contains("blog") && ended.stdout.contains("identity"),
        "{}",
        ended.stdout
    );
    assert!(!dir.path().join("data").exists());
}

#[tokio::test]
async fn the_first_start_greets_and_the_second_does_not_seed_again() {
    let dir = tempfile::tempdir().unwrap();
    let monolith = Monolith::start(dir.path()).await;
    let greeting = monolith.greeting.join("\n");
    assert_eq!(
        greeting
            .lines()
            .filter(|line| line.contains("curl -s"))
            .count(),
        4,
        "{greeting}"
    );
    let (email, password) = monolith.credentials("globex", "editor");
    assert!(greeting.contains(&email) && greeting.contains(&password));
    let token = monolith.token("acme", "admin").await;
    assert!(monolith.terminate().await.success());

    let again = Monolith::start(dir.path()).await;
    assert!(again.greeting.is_empty(), "{:?}", again.greeting);
    // Keys are kept: a token of before holds.
    again.get("/api/v1/users/me", &token).await.ok(200);
}

#[tokio::test]
async fn a_termination_answers_what_is_in_flight_and_ends_with_zero() {
    let dir = tempfile::tempdir().unwrap();
    let monolith = Monolith::start(dir.path()).await;
    let token = monolith.token("acme", "editor").await;
    let (email, password) = monolith.credentials("acme", "reader");
    let address = monolith.address;
    let write = InFlight::begin(
        address,
        &format!("POST {POSTS} HTTP/1.1\r\nauthorization: Bearer {token}"),
        &json!({ "title": "t", "content": "c" }),
    )
    .await;
    let login = InFlight::begin(
        address,
        "POST /api/v1/auth/login HTTP/1.1\r\nx-tenant-id: acme",
        &json!({ "email": email, "password": password }),
    )
    .await;
    monolith.ask_to_stop().await;
    common::refuses(address).await;
    let (write, login) = tokio::join!(write.end(), login.end());
    assert!(write.starts_with("HTTP/1.1 201 "), "{write}");
    assert!(login.starts_with("HTTP/1.1 200 "), "{login}");
    assert!(login.contains("access_token"), "{login}");
    assert!(monolith.ended().await.success());
}

#[tokio::test]
async fn what_was_acknowledged_outlives_a_kill_at_any_moment() {
    let dir = tempfile::tempdir().unwrap();
    let mut acknowledged = Vec::new();
    for round in 0..8_u32 {
        let monolith = Monolith::start(dir.path()).await;
        let token = monolith.token("acme", "editor").await;
        let listed = titles(&monolith, &token).await;
        for title in &acknowledged {
            assert!(
                listed.contains(title),
                "{title} was acknowledged and is lost"
            );
        }
        // One is waited for, however busy the machine is; the kill comes among the next.
        let title = format!("{round}-0");
        let body = json!({ "title": title, "content": "c" });
        monolith.post(POSTS, &token, body).await.ok(201);
        acknowledged.push(title);
        let writer = async {
            for number in 1.. {
                let title = format!("{round}-{number}");
                let body = json!({ "title": title, "content": "c" });
                let request = common::request(Method::POST, POSTS, &token, Some(body));
                if common::try_send(monolith.address, request).await == Some(201) {
                    acknowledged.push(title);
                }
            }
        };
        // Another moment of the write in each round.
        let moment = std::time::Duration::from_micros(5_000 + u64::from(round) * 1_337);
        let _ = tokio::time::timeout(moment, writer).await;
        monolith.kill().await;
    }
}

async fn titles(monolith: &Monolith, token: &str) -> Vec<String> {
    let mut titles = Vec::new();
    let mut path = format!("{POSTS}?limit=100");
    loop {
        let page = monolith.get(&path, token).await.ok(200);
        let items = page["items"].as_array().unwrap().iter();
        titles.extend(items.map(|item| item["title"].as_str().unwrap().to_owned()));
        let Some(cursor) = page["next_cursor"].as_str() else {
            return titles;
        };
        path = format!("{POSTS}?limit=100&cursor={cursor}");
    }
}

#[tokio::test]
async fn production_seeds_nothing_and_admin_create_makes_the_first_login() {
    let dir = tempfile::tempdir().unwrap();
    // 32 bytes in base64.
    let key = "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=";
    let production = ["--env", "production", "--set"];
    let setting = format!("auth.key_encryption_key={key}");
    let mut create = command(dir.path());
    create.args(production).arg(&setting);
    create.args([
        "admin",
        "create",
        "--tenant",
        "initech",
        "--email",
        "root@initech.example",
    ]);
    let ended = common::run_with_input(create, b"a long enough password\n").await;
    assert!(ended.status.success(), "{}", ended.stderr);

    let arguments = [production[0], production[1], production[2], &setting];
    let monolith = Monolith::start_with(dir.path(), &arguments).await;
    assert!(!dir.path().join("data/dev-logins.txt").exists());
    let body = json!({ "email": "root@initech.example", "password": "a long enough password" });
    let login = monolith
        .post_as_tenant("/api/v1/auth/login", "initech", body)
        .await
        .ok(200);
    let token = login["access_token"].as_str().unwrap();
    monolith.get("/api/v1/users", token).await.ok(200);
    // Registration is closed.
    let new = json!({ "email": "x@initech.example", "password": "a long enough password" });
    monolith
        .post_as_tenant("/api/v1/users", "initech", new.clone())
        .await
        .refused(401, "unauthenticated");
    monolith.post("/api/v1/users", token, new).await.ok(201);
}

#[tokio::test]
async fn an_administrator_made_beside_a_server_is_one_for_that_server_too() {
    let dir = tempfile::tempdir().unwrap();
    let monolith = Monolith::start(dir.path()).await;
    let create = async |password: &str| {
        let mut create = command(dir.path());
        create.args([
            "admin",
            "create",
            "--tenant",
            "initech",
            "--email",
            "root@initech.example",
        ]);
        common::run_with_input(create, format!("{password}\n").as_bytes()).await
    };
    let body = json!({ "email": "root@initech.example", "password": "a long enough password" });
    // What is refused makes no half of it.
    refused(&create("short").await, &["at least 12 characters"]);
    monolith
        .post_as_tenant("/api/v1/users", "initech", body.clone())
        .await
        .refused(404, "not_found");
    let ended = create("a long enough password").await;
    assert!(ended.status.success(), "{}", ended.stderr);

    let login = monolith
        .post_as_tenant("/api/v1/auth/login", "initech", body)
        .await
        .ok(200);
    let token = login["access_token"].as_str().unwrap();
    // The server hears of the new roles by their events.
    let allowed = async {
        while monolith.get("/api/v1/users", token).await.status != 200 {
            tokio::time::sleep(common::PAUSE).await;
        }
    };
    tokio::time::timeout(common::PATIENCE, allowed)
        .await
        .expect("the server follows");
}

#[tokio::test]
async fn production_without_a_key_for_keys_does_not_start() {
    let dir = tempfile::tempdir().unwrap();
    let mut command = command(dir.path());
    command.args(["--env", "production"]);
    refused(&run(command).await, &["auth.key_encryption_key"]);
}

#[tokio::test]
async fn mail_that_comes_from_nowhere_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let mut command = command(dir.path());
    command.args(["--set", "mail.from=nobody"]);
    let ended = run(command).await;
    assert!(!ended.status.success());
    assert!(ended.stderr.contains("`mail.from`"), "{}", ended.stderr);
    assert!(!dir.path().join("data").exists());
}
