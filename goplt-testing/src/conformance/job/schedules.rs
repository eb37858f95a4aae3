//! A schedule makes one run for each time that it is due, with any number of runners, and its
//! policies say what happens to missed and overlapping ones.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use goplt_core::{
    BoxError, Timestamp,
    job::{
        JobContext, JobFilter, JobHandlers, JobKey, JobPolicy, JobRunner, JobSettings, JobState,
        Jobs, MissedRuns, Overlap,
    },
    shutdown::Shutdown,
};
use tokio::sync::Notify;

use crate::conformance::{
    Engine,
    event::world::{Running, World},
};

const HOURLY: JobKey = JobKey::__declared("shop", "hourly", Some("0 * * * *"), None);

#[derive(Default)]
struct Shop {
    runs: AtomicU32,
    hang: bool,
    free: Notify,
}

impl Shop {
    async fn run(&self, cx: &JobContext) -> Result<(), BoxError> {
        assert!(cx.due_at().is_some() && cx.tenant().is_none());
        self.runs.fetch_add(1, Ordering::SeqCst);
        if self.hang {
            self.free.notified().await;
        }
        Ok(())
    }
}

fn start(world: &World, shop: &Arc<Shop>, policy: JobPolicy) -> Running {
    let mut handlers = JobHandlers::new();
    let _ = handlers.service(shop).on_with(HOURLY, policy, Shop::run);
    assert!(handlers.problems().is_empty());
    let runner = JobRunner::new(world.db.clone(), world.mint.clone(), handlers)
        .with_settings(JobSettings::new().with_lease(Duration::from_secs(100_000)));
    let shutdown = Shutdown::new(Duration::from_secs(20));
    let task = tokio::spawn(runner.run(shutdown.token()));
    Running { shutdown, task }
}

async fn states(world: &World) -> Vec<JobState> {
    let jobs = Jobs::new(world.db.clone(), &world.mint);
    let jobs = jobs.list(&JobFilter::new()).await.unwrap();
    jobs.into_iter().map(|job| job.state).collect()
}

/// Lets the runners work until the rows satisfy `holds`. Real threads answer for the database, so
/// time is only moved by `tokio::time::advance`.
async fn until(world: &World, holds: impl Fn(&[JobState]) -> bool) {
    for _ in 0..20_000 {
        if holds(&states(world).await) {
            return;
        }
        tokio::task::yield_now().await;
    }
    panic!("{:?}", states(world).await);
}

async fn hours(hours: u64) {
    tokio::time::pause();
    tokio::time::advance(Duration::from_secs(hours * 3_600)).await;
    tokio::time::resume();
}

fn done(runs: usize) -> impl Fn(&[JobState]) -> bool {
    move |states| {
        states
            .iter()
            .filter(|state| **state == JobState::Done)
            .count()
            == runs
    }
}

pub async fn two_runners_fire_once_for_each_time(engine: Engine) {
    let world = World::new(&engine).await;
    let shop = Arc::new(Shop::default());
    let runners = [
        start(&world, &shop, JobPolicy::new()),
        start(&world, &shop, JobPolicy::new()),
    ];
    begun(&world).await;
    for runs in 1..=5 {
        hours(1).await;
        until(&world, done(runs)).await;
    }
    for runner in runners {
        runner.stop().await;
    }
    assert_eq!(shop.runs.load(Ordering::SeqCst), 5);
}

/// Waits until the schedule has been looked at for all time up to `at`.
async fn seen(world: &World, at: Timestamp) {
    let host = world.mint.host_scope("core".parse().unwrap(), "tests look");
    loop {
        let mut tx = world.db.begin_host_read(&host).await.unwrap();
        let seen: Option<Timestamp> = tx
            .fetch_optional(goplt_macros::__host_sql!(
                tables = ["goplt_cron"];
                "SELECT seen_until FROM goplt_cron"
            ))
            .await
            .unwrap();
        if seen.is_some_and(|seen| seen >= at) {
            return;
        }
        tokio::task::yield_now().await;
    }
}

/// Waits until the schedule has been seen for the first time.
async fn begun(world: &World) {
    seen(world, Timestamp::UNIX_EPOCH).await;
}

async fn runs_after_five_hours(engine: &Engine, missed: MissedRuns) -> usize {
    let world = World::new(engine).await;
    let shop = Arc::new(Shop::default());
    let policy = JobPolicy::new()
        .with_missed_runs(missed)
        .with_overlap(Overlap::Allow);
    let first = start(&world, &shop, policy);
    begun(&world).await;
    first.stop().await;
    hours(5).await;
    let second = start(&world, &shop, policy);
    // One more hour passes while it runs, so that there is something to wait for.
    hours(1).await;
    until(&world, |states| {
        !states.is_empty() && done(states.len())(states)
    })
    .await;
    second.stop().await;
    states(&world).await.len()
}

pub async fn missed_runs_are_made_once_or_each(engine: Engine) {
    assert_eq!(runs_after_five_hours(&engine, MissedRuns::One).await, 1);
    assert_eq!(runs_after_five_hours(&engine, MissedRuns::All).await, 6);
}

pub async fn a_run_is_left_out_while_the_one_before_is_not_over(engine: Engine) {
    let world = World::new(&engine).await;
    let shop = Arc::new(Shop {
        hang: true,
        ..Shop::default()
    });
    let policy = JobPolicy::new().with_timeout(Duration::from_secs(1_000_000));
    let running = start(&world, &shop, policy);
    begun(&world).await;
    hours(1).await;
    until(&world, |states| states == [JobState::Running]).await;
    let overlapping = world.clock.now().plus(Duration::from_secs(3_600));
    hours(1).await;
    seen(&world, overlapping).await;
    shop.free.notify_one();
    until(&world, done(1)).await;
    shop.free.notify_one();
    hours(1).await;
    until(&world, done(2)).await;
    running.stop().await;
    assert_eq!(shop.runs.load(Ordering::SeqCst), 2);
}
