//! The same binary on PostgreSQL: set up by itself in development, by commands in production, and refused when the
//! database does not keep tenants apart.
#![expect(clippy::unwrap_used, reason = "a test ends where it fails")]

mod common;

use common::{Monolith, PAUSE, command, run};
use goplt_testing::backend;
use serde_json::json;
use tokio::process::Command;

const POSTS: &str = "/api/v1/blog/posts";

fn setting(url: &str) -> String {
    format!("database.url={url}")
}

#[tokio::test]
async fn in_development_the_url_of_a_superuser_is_enough() {
    let Some(server) = backend::postgres() else {
        return;
    };
    let (database, dir) = (server.database(), tempfile::tempdir().unwrap());
    let url = setting(&database.url());
    let token = {
        let monolith = Monolith::start_with(dir.path(), &["--set", &url]).await;
        let token = monolith.token("acme", "editor").await;
        let post = json!({ "title": "Hello", "content": "from PostgreSQL" });
        monolith.post(POSTS, &token, post).await.ok(201);
        // By way of outbox, relay and handler.
        let summary = monolith
            .until("/api/v1/analytics/summary", &token, |summary| {
                summary["posts_created"] == 1
            })
            .await;
        assert_eq!(summary["posts_created"], 1);
        assert!(monolith.terminate().await.success());
        token
    };
    let sessions =
        "SELECT count(DISTINCT usename) FROM pg_stat_activity WHERE application_name = 'goplt'";
    // The server ends a session some time after its client did.
    while database.text(sessions).unwrap() != "0" {
        tokio::time::sleep(PAUSE).await;
    }
    assert!(!dir.path().join("data/goplt.db").exists());

    let monolith = Monolith::start_with(dir.path(), &["--set", &url]).await;
    let posts = monolith.get(POSTS, &token).await.ok(200);
    assert_eq!(posts["items"][0]["title"], "Hello");
    let globex = monolith.token("globex", "editor").await;
    let posts = monolith.get(POSTS, &globex).await.ok(200);
    assert_eq!(posts["items"], json!([]));
    // Requests are no superuser's.
    let users = "SELECT string_agg(DISTINCT replace(usename, current_database(), 'shop'), ',') FROM pg_stat_activity \
        WHERE application_name = 'goplt'";
    assert_eq!(database.text(users).unwrap(), "shop_app,shop_host");
    assert!(monolith.terminate().await.success());
}

#[tokio::test]
async fn in_production_commands_set_up_and_a_start_only_looks() {
    let Some(server) = backend::postgres() else {
        return;
    };
    let (database, dir) = (server.database(), tempfile::tempdir().unwrap());
    let admin = database.url();
    let (_, rest) = admin.split_once('@').unwrap();
    let place = setting(&format!("postgres://{rest}"));
    let with = |words: &[&str]| production(command(dir.path()), &["--set", &place], words);

    let ended = run(production(
        command(dir.path()),
        &["--set", &setting(&admin)],
        &[],
    ))
    .await;
    assert!(
        ended
            .stderr
            .contains("requests run as a role that owns nothing"),
        "{}",
        ended.stderr
    );
    let ended = run(with(&[])).await;
    assert!(
        ended.stderr.contains("run `db setup --admin-url URL`"),
        "{}",
        ended.stderr
    );

    let script = run(with(&["db", "setup", "--print"])).await.stdout;
    assert!(script.contains("PASSWORD :'app_password'"), "{script}");
    let ended = run(with(&["db", "setup", "--admin-url", &admin])).await;
    assert!(
        ended.status.success() && ended.stdout.contains("made the role"),
        "{}",
        ended.stderr
    );

    let ended = run(with(&[])).await;
    assert!(
        ended
            .stderr
            .contains("the database lacks migrations that this binary needs"),
        "{}",
        ended.stderr
    );
    assert!(
        ended.stderr.contains("CREATE TABLE blog_posts"),
        "{}",
        ended.stderr
    );
    let plan = run(with(&["migrate", "--plan"])).await.stdout;
    assert!(plan.contains("CREATE TABLE blog_posts"), "{plan}");
    assert!(run(with(&["migrate"])).await.status.success());
    assert_eq!(
        run(with(&["migrate", "--plan"])).await.stdout,
        "nothing to apply\n"
    );
    let ended = run(with(&["doctor"])).await;
    assert!(
        ended.status.success() && ended.stdout.starts_with("healthy: "),
        "{}",
        ended.stderr
    );

    let monolith = Monolith::start_or_end(dir.path(), with(&[]))
        .await
        .expect("it starts");
    assert!(monolith.terminate().await.success());

    database
        .execute(&format!("ALTER ROLE {}_app BYPASSRLS", database.name()))
        .unwrap();
    for words in [&["doctor"][..], &[]] {
        let ended = run(with(words)).await;
        assert!(!ended.status.success());
        assert!(
            ended.stderr.contains("bypasses row-level security"),
            "{}",
            ended.stderr
        );
    }
}

fn production(mut command: Command, settings: &[&str], words: &[&str]) -> Command {
    command
        .args(["--env", "production"])
        .args(settings)
        .args(words)
        .env(
            "GOPLT__AUTH__KEY_ENCRYPTION_KEY",
            "q2d1Yk8zV0x3b2l5c0pHa0VhVXZSdE5wQ2ZYbUl6T0Q=",
        );
    command
}
