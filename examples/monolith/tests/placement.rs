//! A tenant in a database of its own, behind the same API: nothing of it is anywhere else.
#![expect(clippy::unwrap_used, reason = "a test ends where it fails")]

mod common;

use std::{fs, path::Path};

use common::{Monolith, command, run};
use goplt_testing::backend;
use serde_json::json;

const POSTS: &str = "/api/v1/blog/posts";
const SUMMARY: &str = "/api/v1/analytics/summary";

const PLACED: [&str; 4] = [
    "--set",
    "database.placements.big.url=sqlite:big.db",
    "--set",
    "database.placements.big.tenants=globex",
];

/// Whether the file of a database, or what SQLite keeps beside it, says this.
fn says(file: &Path, text: &str) -> bool {
    let folder = fs::read_dir(file.parent().unwrap()).unwrap();
    let name = file.file_name().unwrap().to_str().unwrap();
    folder
        .map(|entry| entry.unwrap().path())
        .filter(|path| {
            path.file_name()
                .unwrap()
                .to_str()
                .unwrap()
                .starts_with(name)
        })
        .any(|path| {
            let bytes = fs::read(path).unwrap();
            bytes
                .windows(text.len())
                .any(|window| window == text.as_bytes())
        })
}

/// Posts of both tenants, and what follows from them.
async fn use_it(monolith: &Monolith) {
    for tenant in ["acme", "globex"] {
        let editor = monolith.token(tenant, "editor").await;
        let post = json!({ "title": format!("secret of {tenant}"), "content": "text" });
        monolith.post(POSTS, &editor, post).await.ok(201);
        let posts = monolith.get(POSTS, &editor).await.ok(200);
        assert_eq!(posts["items"].as_array().unwrap().len(), 1);
        // By way of outbox, relay and handler of its own database.
        let summary = monolith
            .until(SUMMARY, &editor, |summary| summary["posts_created"] == 1)
            .await;
        assert_eq!(summary["posts_created"], 1);
    }
    let ready = monolith.get("/ready", "").await.ok(200);
    assert_eq!(ready["checks"]["database.big"]["status"], "ok");
}

#[tokio::test]
async fn a_placed_tenant_is_served_like_any_other_and_is_nowhere_else() {
    let dir = tempfile::tempdir().unwrap();
    let monolith = Monolith::start_with(dir.path(), &PLACED).await;
    use_it(&monolith).await;
    let editor = monolith.token("globex", "editor").await;
    assert!(monolith.terminate().await.success());

    let (home, placed) = (dir.path().join("data/goplt.db"), dir.path().join("big.db"));
    assert!(says(&placed, "secret of globex") && !says(&home, "secret of globex"));
    assert!(says(&home, "secret of acme") && !says(&placed, "secret of acme"));

    // The policy is loaded from both, and the log holds in both.
    let monolith = Monolith::start_with(dir.path(), &PLACED).await;
    let post = json!({ "title": "again", "content": "text" });
    monolith.post(POSTS, &editor, post).await.ok(201);
    monolith
        .until(SUMMARY, &editor, |summary| summary["posts_created"] == 2)
        .await;
    assert!(monolith.terminate().await.success());
    for tenant in ["acme", "globex"] {
        let mut command = command(dir.path());
        command.args(["audit", "verify", "--tenant", tenant]);
        let ended = run({
            command.args(PLACED);
            command
        })
        .await;
        assert!(ended.status.success(), "{}{}", ended.stdout, ended.stderr);
        assert!(!ended.stdout.contains(" 0 entries"), "{}", ended.stdout);
    }
    let mut heads = command(dir.path());
    heads.args(["audit", "heads"]).args(PLACED);
    let ended = run(heads).await;
    assert!(
        ended.stdout.contains("acme") && ended.stdout.contains("globex"),
        "{}{}",
        ended.stdout,
        ended.stderr
    );
}

#[tokio::test]
async fn what_is_wrong_with_placements_is_told_at_once() {
    let dir = tempfile::tempdir().unwrap();
    let mut command = command(dir.path());
    command.args([
        "--set",
        "database.placements.big.url=sqlite:data/goplt.db",
        "--set",
        "database.placements.big.tenants=globex,Bad",
        "--set",
        "database.placements.huge.tenants=globex",
    ]);
    command.env(
        "GOPLT__DATABASE__PLACEMENTS__OTHER__URL",
        "postgres://127.0.0.1/shop",
    );
    command.env("GOPLT__DATABASE__PLACEMENTS__OTHER__TENNANTS", "acme");
    let ended = run(command).await;
    assert!(!ended.status.success());
    for problem in [
        "`database.placements.big.url` is the home database",
        "`Bad` is not a tenant id",
        "the placement `huge` names no database",
        "the tenant `globex` is placed in `big` and in `huge`",
        "is on PostgreSQL, and `database.url` on SQLite",
        "GOPLT__DATABASE__PLACEMENTS__OTHER__TENANTS",
    ] {
        assert!(
            ended.stderr.contains(problem),
            "no {problem} in:\n{}",
            ended.stderr
        );
    }
    assert!(!dir.path().join("data").exists());
}

#[tokio::test]
async fn on_postgres_a_placement_is_set_up_by_itself_or_by_command() {
    let Some(server) = backend::postgres() else {
        return;
    };
    let (home, placed) = (server.database(), server.database());
    let dir = tempfile::tempdir().unwrap();
    let settings = [
        format!("database.url={}", home.url()),
        format!("database.placements.big.url={}", placed.url()),
        "database.placements.big.tenants=globex".to_owned(),
    ];
    let settings: Vec<_> = settings
        .iter()
        .flat_map(|setting| ["--set", setting])
        .collect();
    {
        let monolith = Monolith::start_with(dir.path(), &settings).await;
        use_it(&monolith).await;
        assert!(monolith.terminate().await.success());
    }
    let titles = "SELECT string_agg(title, ',') FROM blog.blog_posts";
    assert_eq!(home.text(titles).unwrap(), "secret of acme");
    assert_eq!(placed.text(titles).unwrap(), "secret of globex");

    // Elsewhere nobody knows the passwords: the mend names the placement.
    let other = tempfile::tempdir().unwrap();
    let strip = |url: &str| format!("postgres://{}", url.split_once('@').unwrap().1);
    let mut start = command(other.path());
    start.args(["--env", "production"]).args([
        "--set",
        &format!("database.url={}", home.url()),
        "--set",
        &format!("database.host_url={}", home.url()),
        "--set",
        &format!("database.placements.big.url={}", strip(&placed.url())),
    ]);
    let ended = run(start).await;
    assert!(
        ended
            .stderr
            .contains("db setup --admin-url URL --placement big"),
        "{}",
        ended.stderr
    );

    let set_up = |placement: &str| {
        let mut setup = command(dir.path());
        setup
            .args(["db", "setup", "--placement", placement])
            .args(["--admin-url", &placed.url()])
            .args(&settings);
        run(setup)
    };
    let ended = set_up("big").await;
    assert!(ended.status.success(), "{}", ended.stderr);
    let ended = set_up("bigg").await;
    assert!(
        ended
            .stderr
            .contains("there is no placement `bigg`: known are `big`"),
        "{}",
        ended.stderr
    );
}
