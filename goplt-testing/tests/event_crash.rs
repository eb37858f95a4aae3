//! A process that is killed at named places of relay, handler and job runner, again and again,
//! loses no event and no job, doubles none, and keeps the order of each key; whether events share
//! transactions or not, which changes from life to life.
//!
//! `GOPLT_KILLS` is the number of kills, 200 by default.
#![cfg(all(unix, feature = "failpoints"))]
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::{
    collections::BTreeMap,
    process::{Command, Stdio},
    sync::Arc,
    time::Duration,
};

use goplt_core::{
    BoxError, Clock, Random,
    data::{DatabaseSettings, TenantDb, TenantTx},
    event::{EventContext, EventHandlers, EventPolicy, EventRunner, EventSettings, RetryPolicy},
    job::{
        JobContext, JobFilter, JobHandlers, JobKey, JobRunner, JobSettings, JobState, Jobs, NewJob,
    },
    shutdown::Shutdown,
};
use goplt_testing::conformance::{
    Ground,
    event::world::{COUNTED, Counted, World, count},
};

/// Every place that a process can be killed at.
const PLACES: [&str; 12] = [
    "relay.before_write",
    "relay.before_commit",
    "relay.after_commit",
    "relay.before_failure",
    "relay.after_failure",
    "handler.before_commit",
    "handler.after_commit",
    "job.before_claim",
    "job.after_claim",
    "job.before_finish",
    "job.after_finish",
    "job.before_complete",
];

/// Where the database is, for a life: the URLs of its roles.
const DATABASE: &str = "GOPLT_CRASH_DATABASE";
/// Set for lives in which events share transactions.
const SHARES: &str = "GOPLT_CRASH_SHARES";
const COUNT: JobKey = JobKey::__declared("shop", "count", None, None);
/// How many events one life of the process publishes.
const EVENTS: u32 = 6;
const KEYS: u32 = 3;

struct Shop {
    db: TenantDb,
}

impl Shop {
    /// Writes the event down, and has a job do so too. Each seventh event fails at first.
    async fn on_counted(
        &self,
        cx: &EventContext,
        tx: &mut TenantTx,
        event: Counted,
    ) -> Result<(), BoxError> {
        count(tx, "event", event.number).await?;
        tx.jobs()
            .enqueue(NewJob::new(COUNT).with_payload(&event.number)?)
            .await?;
        if event.number.is_multiple_of(7) && cx.attempt() == 1 {
            return Err("not at first".into());
        }
        Ok(())
    }

    async fn count(&self, cx: &JobContext) -> Result<(), BoxError> {
        let mut tx = self.db.begin(cx.request().scope()?).await?;
        count(&mut tx, "job", cx.payload()?).await?;
        Ok(cx.finish(tx).await?)
    }
}

/// On SQLite one URL, on PostgreSQL those of its three roles.
fn settings(database: &str) -> DatabaseSettings {
    match database.split(' ').collect::<Vec<_>>()[..] {
        [app, host, owner] => DatabaseSettings::new(app)
            .with_host_url(host)
            .with_owner_url(owner)
            .with_search_path(["goplt", "shop"]),
        _ => DatabaseSettings::new(database),
    }
}

/// One life: publishes, handles, and ends when nothing is left, if it is not killed before.
async fn live(database: &str, events: u32) -> World {
    let settings = settings(database);
    let world = World::open(Ground::new(settings), Clock::system(), Random::system()).await;
    let shop = Arc::new(Shop {
        db: world.db.clone(),
    });

    let retry = RetryPolicy::new(1_000)
        .with_first_pause(Duration::from_millis(2))
        .with_longest_pause(Duration::from_millis(2));
    let mut handlers = EventHandlers::new();
    let group = handlers.group("shop".parse().unwrap(), &shop);
    let policy = EventPolicy::new().with_retry(retry);
    let policy = match std::env::var(SHARES) {
        Ok(_) => policy.with_shared_transactions(),
        Err(_) => policy,
    };
    let _ = group.on_with(COUNTED, policy, Shop::on_counted);
    let mut jobs = JobHandlers::new();
    let policy = goplt_core::job::JobPolicy::new().with_retry(retry);
    let _ = jobs.service(&shop).on_with(COUNT, policy, Shop::count);

    let poll = Duration::from_millis(5);
    let shutdown = Shutdown::new(Duration::from_secs(10));
    let events_run = EventRunner::new(world.db.clone(), world.mint.clone(), handlers)
        .with_settings(EventSettings::new().with_poll(poll).alone())
        .run(shutdown.token());
    let jobs_run = JobRunner::new(world.db.clone(), world.mint.clone(), jobs)
        .with_settings(JobSettings::new().with_poll(poll).alone())
        .run(shutdown.token());
    let tasks = [tokio::spawn(events_run), tokio::spawn(jobs_run)];

    for _ in 0..events {
        publish(&world).await;
    }
    world.wait_until_delivered().await;
    wait_for_jobs(&world).await;
    shutdown.drain();
    for task in tasks {
        task.await.unwrap();
    }
    world
}

/// Publishes the next number, and writes down that it did.
async fn publish(world: &World) {
    let mut tx = world
        .db
        .begin(world.cx("acme").scope().unwrap())
        .await
        .unwrap();
    let number: i64 = tx
        .fetch_one(goplt_macros::__tenant_sql!(
            tables = ["shop_counts"];
            "SELECT count(*) FROM shop_counts WHERE item = 'published'"
        ))
        .await
        .unwrap();
    let number = u32::try_from(number).unwrap();
    count(&mut tx, "published", number).await.unwrap();
    let event = Counted {
        key: (number % KEYS).to_string(),
        number,
    };
    tx.outbox().publish(COUNTED, &event).await.unwrap();
    tx.commit().await.unwrap();
}

async fn wait_for_jobs(world: &World) {
    let jobs = Jobs::new(world.db.clone(), &world.mint);
    let open = [JobState::Scheduled, JobState::Ready, JobState::Running];
    for state in open {
        let filter = JobFilter::new().with_state(state).with_limit(1);
        while !jobs.list(&filter).await.unwrap().is_empty() {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    }
}

#[test]
#[ignore = "the life of one process; `killed_anywhere…` starts it"]
fn life() {
    let Ok(database) = std::env::var(DATABASE) else {
        return;
    };
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(live(&database, EVENTS));
}

fn kills() -> u32 {
    std::env::var("GOPLT_KILLS").map_or(200, |kills| kills.parse().unwrap())
}

#[test]
fn killed_anywhere_it_loses_and_doubles_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let database = format!("sqlite:{}", folder.path().join("shop.db").display());
    loses_and_doubles_nothing(&database, kills());
}

#[cfg(feature = "postgres")]
#[test]
fn killed_anywhere_on_postgres_it_loses_and_doubles_nothing() {
    use secrecy::ExposeSecret;

    let Some(server) = goplt_testing::backend::postgres() else {
        return;
    };
    let (_database, settings) = goplt_testing::conformance::postgres::prepared(&server);
    let roles = [
        settings.url(),
        settings.host_url().unwrap(),
        settings.owner_url().unwrap(),
    ];
    let urls = roles.map(ExposeSecret::expose_secret).join(" ");
    // Each life connects, which takes longer than opening a file.
    loses_and_doubles_nothing(&urls, kills().div_ceil(4));
}

fn loses_and_doubles_nothing(database: &str, kills: u32) {
    let mut died: BTreeMap<&str, u32> = BTreeMap::new();
    let (mut killed, mut round) = (0, 0_usize);
    while killed < kills {
        let place = PLACES[round % PLACES.len()];
        let pass = 1 + (round / PLACES.len()) % 4;
        round += 1;
        if is_killed(database, place, pass) {
            *died.entry(place).or_default() += 1;
            killed += 1;
        }
        assert!(
            round < 20 * usize::try_from(kills).unwrap() + 20,
            "{died:?}"
        );
    }
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let counts = runtime.block_on(async { live(database, 0).await.counts("acme").await });

    let of = |item: &str| -> Vec<u32> {
        let of = counts.iter().filter(|(found, _)| found == item);
        of.map(|(_, number)| *number).collect()
    };
    let published = of("published");
    for item in ["event", "job"] {
        let mut numbers = of(item);
        if item == "event" {
            for key in 0..KEYS {
                let of_key = numbers.iter().filter(|number| *number % KEYS == key);
                assert!(of_key.is_sorted(), "the order of key {key}");
            }
        }
        numbers.sort_unstable();
        assert_eq!(numbers, published, "{item}s of {killed} kills {died:?}");
    }
    let missing: Vec<_> = PLACES
        .iter()
        .filter(|place| !died.contains_key(*place))
        .collect();
    assert!(
        kills < 100 || missing.is_empty(),
        "never passed: {missing:?}"
    );
}

/// Runs one life with a place armed; whether it was killed there.
fn is_killed(database: &str, place: &str, pass: usize) -> bool {
    let shares = pass.is_multiple_of(2).then_some((SHARES, "1"));
    let status = Command::new(std::env::current_exe().unwrap())
        .envs(shares)
        .args(["life", "--exact", "--ignored"])
        .env(DATABASE, database)
        .env("GOPLT_FAILPOINT", format!("{place}:{pass}"))
        .env("RUST_BACKTRACE", "0")
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .unwrap();
    let killed = {
        use std::os::unix::process::ExitStatusExt;
        status.signal().is_some()
    };
    assert!(
        killed || status.success(),
        "a life ended by itself: {status}"
    );
    killed
}
