//! What anybody may see.

use std::process::Stdio;

use http::Method;
use tokio::process::Command;

use crate::{
    POSTS,
    common::{Monolith, command, request},
    monolith, post,
};

#[tokio::test]
async fn health_metrics_and_keys_are_public() {
    let (_dir, monolith) = monolith().await;
    monolith.get("/healthz", "").await.ok(200);
    let ready = monolith.get("/ready", "").await.ok(200);
    assert_eq!(ready["status"], "ok");
    assert!(ready["checks"]["database"].is_object(), "{ready}");
    let keys = monolith.get("/.well-known/jwks.json", "").await;
    assert!(!keys.header("cache-control").is_empty());
    let keys = keys.ok(200);
    assert!(!keys["keys"].as_array().unwrap().is_empty());
    assert!(
        !keys.to_string().contains("\"d\""),
        "no private key is published"
    );
    let metrics = monolith.get("/metrics", "").await;
    let text = String::from_utf8(metrics.body.to_vec()).unwrap();
    assert!(
        text.contains("http_server_request_duration_seconds_bucket"),
        "{text}"
    );
    let mut traced = request(Method::GET, "/healthz", "", None);
    traced
        .headers_mut()
        .insert("x-request-id", "my-own-id".parse().unwrap());
    assert_eq!(
        monolith.send(traced).await.header("x-request-id"),
        "my-own-id"
    );
}

/// A limit on the length of files stands for the disk that takes no more.
#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_disk_that_takes_no_more_is_not_ready_until_it_does() {
    let dir = tempfile::tempdir().unwrap();
    let plain = command(dir.path());
    let plain = plain.as_std();
    let mut limited = Command::new("/bin/sh");
    // Told of the limit by an error, as of a full disk, rather than ended by a signal.
    limited
        .args(["-c", "trap '' XFSZ; exec \"$0\" \"$@\""])
        .arg(plain.get_program())
        .args(plain.get_args())
        .current_dir(dir.path())
        .env_clear()
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .kill_on_drop(true);
    let monolith = Monolith::start_or_end(dir.path(), limited).await.unwrap();
    let limit = async |bytes: &str| {
        let pid = monolith.process_id().to_string();
        let limit = Command::new("prlimit")
            .args(["--pid", &pid, &format!("--fsize={bytes}")])
            .status();
        assert!(limit.await.unwrap().success());
    };
    let editor = monolith.token("acme", "editor").await;
    monolith.post(POSTS, &editor, post("before")).await.ok(201);

    limit("1024:unlimited").await;
    monolith
        .post(POSTS, &editor, post("full"))
        .await
        .refused(503, "unavailable");
    monolith.get(POSTS, &editor).await.ok(200);
    until_ready(&monolith, 503).await;

    limit("unlimited:unlimited").await;
    monolith.post(POSTS, &editor, post("after")).await.ok(201);
    until_ready(&monolith, 200).await;
}

/// What was found is kept for a moment.
async fn until_ready(monolith: &Monolith, status: u16) {
    for _ in 0..100_000 {
        if monolith.get("/ready", "").await.status == status {
            return;
        }
    }
    panic!("/ready is not {status}");
}
