//! The whole monolith is killed at named places and at any moment while posts are written and users register over
//! HTTP: what was acknowledged is there, is counted once, and is mailed.
//!
//! `GOPLT_MONOLITH_KILLS` is the number of kills, 200 by default; `.ci/long` asks for more. The order of events is
//! proven in `goplt-core/tests/event_crash.rs`, with as many kills again.
#![cfg(all(unix, feature = "failpoints"))]
#![expect(clippy::unwrap_used, reason = "a test ends where it fails")]

mod common;

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
    process::Stdio,
    time::Duration,
};

use common::{Monolith, command, request, run, try_send};
use http::Method;
use serde_json::{Value, json};
use tokio::process::Command;

/// Every place that this flow comes through.
const PLACES: [&str; 8] = [
    "relay.before_write",
    "relay.before_commit",
    "relay.after_commit",
    "handler.before_commit",
    "handler.after_commit",
    "job.before_claim",
    "job.after_claim",
    "job.before_complete",
];

const POSTS: &str = "/api/v1/blog/posts";
const SUMMARY: &str = "/api/v1/analytics/summary";
const WRITERS: usize = 3;
const POSTS_EACH: usize = 3;

/// What the clients know.
#[derive(Default)]
struct Known {
    acknowledged: BTreeSet<String>,
    attempted: BTreeSet<String>,
    registered: Vec<String>,
}

/// Cheap hashes and long tokens: the test is about neither.
fn monolith(dir: &Path) -> Command {
    let mut command = command(dir);
    for setting in [
        "auth.access_lifetime=12h",
        "identity.hash_memory=8192",
        "identity.hash_passes=1",
        "identity.hash_lanes=1",
        "logging.level=error",
    ] {
        command.args(["--set", setting]);
    }
    command
}

/// One life: clients write and register while the process comes to its end, at `place` if one is named. Says where it
/// ended, if it began.
async fn live(
    dir: &Path,
    life: u32,
    place: Option<(&'static str, u32)>,
    token: &str,
    known: &mut Known,
) -> Option<&'static str> {
    let mut command = monolith(dir);
    if let Some((name, pass)) = place {
        command.env("GOPLT_FAILPOINT", format!("{name}:{pass}"));
    }
    command.stderr(Stdio::inherit());
    let ended_at = place.map_or("any moment", |(name, _)| name);
    let Some(mut monolith) = Monolith::start_or_end(dir, command).await else {
        // What the life before left was delivered at once.
        return Some(ended_at);
    };
    let address = monolith.address;
    let mut clients = tokio::task::JoinSet::new();
    for writer in 0..WRITERS {
        let titles: Vec<_> = (0..POSTS_EACH)
            .map(|post| format!("{life}-{writer}-{post}"))
            .collect();
        known.attempted.extend(titles.iter().cloned());
        let token = token.to_owned();
        clients.spawn(async move {
            let mut acknowledged = Vec::new();
            for title in titles {
                let body = json!({ "title": title, "content": "c" });
                let request = request(Method::POST, POSTS, &token, Some(body));
                if try_send(address, request).await == Some(201) {
                    acknowledged.push(title);
                }
            }
            (acknowledged, None)
        });
    }
    let email = format!("user-{life}@acme.example");
    clients.spawn(async move {
        let body = json!({ "email": email, "password": "correct horse battery" });
        let mut request = request(Method::POST, "/api/v1/users", "", Some(body));
        let tenant = "acme".parse().unwrap();
        request.headers_mut().insert("x-tenant-id", tenant);
        let registered = try_send(address, request).await == Some(201);
        (Vec::new(), registered.then_some(email))
    });
    // Half of the lives that no place ends are cut short in the middle, each at another moment.
    let cut = place.is_none() && life.is_multiple_of(2);
    if cut {
        let moment = Duration::from_micros(500 + u64::from(life) * 997 % 20_000);
        let _ = tokio::time::timeout(moment, std::future::pending::<()>()).await;
        monolith.kill().await;
        collect(&mut clients, known).await;
        return Some(ended_at);
    }
    collect(&mut clients, known).await;
    // What was acknowledged is delivered, and the process ends on the way, or after it.
    let acknowledged = known.acknowledged.len();
    loop {
        if monolith.has_ended() {
            return Some(ended_at);
        }
        if counted(&monolith, token)
            .await
            .is_some_and(|counted| counted >= acknowledged)
        {
            break;
        }
    }
    if place.is_none() {
        // A job that sees its process die again and again is given up. This life comes to an end with all of them.
        for state in ["ready", "running"] {
            while beside(dir, &["jobs", "list", "--state", state]).await != "no jobs\n" {}
        }
    }
    let ended = monolith.has_ended();
    monolith.kill().await;
    (ended || place.is_none()).then_some(ended_at)
}

async fn collect(
    clients: &mut tokio::task::JoinSet<(Vec<String>, Option<String>)>,
    known: &mut Known,
) {
    while let Some(client) = clients.join_next().await {
        let (acknowledged, registered) = client.unwrap();
        known.acknowledged.extend(acknowledged);
        known.registered.extend(registered);
    }
}

/// How many posts analytics knows; `None` if nobody answers.
async fn counted(monolith: &Monolith, token: &str) -> Option<usize> {
    let request = request(Method::GET, SUMMARY, token, None);
    let answer = common::try_answer(monolith.address, request).await?;
    let counted = answer.json()["posts_created"].as_u64()?;
    usize::try_from(counted).ok()
}

/// The titles of all posts that there are.
async fn titles(monolith: &Monolith, token: &str) -> Vec<String> {
    let mut titles = Vec::new();
    let mut path = format!("{POSTS}?limit=100");
    loop {
        let page = monolith.get(&path, token).await.ok(200);
        let items = page["items"].as_array().unwrap();
        titles.extend(
            items
                .iter()
                .map(|item| item["title"].as_str().unwrap().to_owned()),
        );
        let Some(cursor) = page["next_cursor"].as_str() else {
            return titles;
        };
        path = format!("{POSTS}?limit=100&cursor={cursor}");
    }
}

/// What a subcommand prints, beside the server.
async fn beside(dir: &Path, words: &[&str]) -> String {
    let mut command = monolith(dir);
    command.args(words);
    let ended = run(command).await;
    assert!(ended.status.success(), "{}", ended.stderr);
    ended.stdout
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_anywhere_it_keeps_and_counts_what_it_acknowledged() {
    let kills = std::env::var("GOPLT_MONOLITH_KILLS").map_or(200, |kills| kills.parse().unwrap());
    let dir = tempfile::tempdir().unwrap();
    let first = Monolith::start_or_end(dir.path(), monolith(dir.path()))
        .await
        .unwrap();
    let token = first.token("acme", "editor").await;
    first.kill().await;

    let mut known = Known::default();
    let mut ended: BTreeMap<&str, u32> = BTreeMap::new();
    let (mut killed, mut life) = (0_u32, 0_u32);
    while killed < kills {
        let round = usize::try_from(life).unwrap();
        let armed = PLACES.get(round % (PLACES.len() + 2));
        let pass = 1 + life / 10 % 3;
        let place = armed.map(|name| (*name, pass));
        if let Some(place) = live(dir.path(), life, place, &token, &mut known).await {
            *ended.entry(place).or_default() += 1;
            killed += 1;
        }
        life += 1;
        assert!(life < 10 * kills + 100, "{ended:?}");
    }

    let monolith = Monolith::start_or_end(dir.path(), monolith(dir.path()))
        .await
        .unwrap();
    let listed = titles(&monolith, &token).await;
    let there: BTreeSet<_> = listed.iter().cloned().collect();
    assert_eq!(listed.len(), there.len(), "a post is there twice");
    assert!(
        there.is_superset(&known.acknowledged),
        "an acknowledged post is lost"
    );
    assert!(there.is_subset(&known.attempted));

    let posts = listed.len();
    let enough = |summary: &Value| summary["posts_created"].as_u64() >= u64::try_from(posts).ok();
    let summary = monolith.until(SUMMARY, &token, enough).await;
    assert_eq!(
        summary["posts_created"], posts,
        "of {killed} kills {ended:?}"
    );
    assert_eq!(summary["by_author"][0]["posts_created"], posts);
    for email in &known.registered {
        monolith.mailed(email, "Confirm your address").await;
    }
    // The backlog is done: what is counted now stays so.
    assert_eq!(monolith.get(SUMMARY, &token).await.ok(200), summary);
    assert_eq!(
        beside(dir.path(), &["dead-letters", "list"]).await,
        "no dead letters\n"
    );
    let failed = beside(dir.path(), &["jobs", "list", "--state", "failed"]).await;
    assert_eq!(failed, "no jobs\n");
    let verified = beside(dir.path(), &["audit", "verify"]).await;
    assert!(verified.contains("acme: "), "{verified}");
    assert!(monolith.terminate().await.success());
    let missing: Vec<_> = PLACES
        .iter()
        .filter(|place| !ended.contains_key(*place))
        .collect();
    assert!(
        kills < 60 || missing.is_empty(),
        "never passed: {missing:?}"
    );
    eprintln!(
        "{killed} kills of {life} lives, {ended:?}; {posts} posts, {} of them acknowledged; {} users",
        known.acknowledged.len(),
        known.registered.len()
    );
}
