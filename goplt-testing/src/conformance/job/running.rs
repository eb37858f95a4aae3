//! A job that was enqueued runs once, in time, tenants in turn; one that outlives its lease
//! cannot complete.

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use goplt_core::{
    BoxError, Uuid,
    data::TenantDb,
    event::{Permanent, RetryPolicy},
    job::{
        FinishError, JobContext, JobFilter, JobHandlers, JobKey, JobPolicy, JobRunner, JobSettings,
        JobState, Jobs, NewJob,
    },
    shutdown::Shutdown,
};
use tokio::sync::Notify;

use crate::conformance::{
    Engine,
    event::world::{Running, World, count, cut_off},
};

const COUNT: JobKey = JobKey::__declared("shop", "count", None, None);

struct Shop {
    db: TenantDb,
    attempts: AtomicU32,
    failures: AtomicU32,
    order: Mutex<Vec<String>>,
    gate: Notify,
}

impl Shop {
    fn new(world: &World, failures: u32) -> Arc<Self> {
        Arc::new(Self {
            db: world.db.clone(),
            attempts: AtomicU32::new(0),
            failures: AtomicU32::new(failures),
            order: Mutex::default(),
            gate: Notify::new(),
        })
    }

    async fn count(&self, cx: &JobContext) -> Result<(), BoxError> {
        self.attempts.fetch_add(1, Ordering::SeqCst);
        self.order
            .lock()
            .unwrap()
            .push(cx.tenant().unwrap().to_string());
        let number: u32 = cx.payload()?;
        let take = |left: u32| left.checked_sub(1);
        if self
            .failures
            .fetch_update(Ordering::SeqCst, Ordering::SeqCst, take)
            .is_ok()
        {
            return Err("not today".into());
        }
        let mut tx = self.db.begin(cx.request().scope()?).await?;
        count(&mut tx, "job", number).await?;
        cx.finish(tx).await?;
        Ok(())
    }

    /// Writes only after the gate was opened, whatever has become of the lease.
    async fn late(&self, cx: &JobContext) -> Result<(), BoxError> {
        self.attempts.fetch_add(1, Ordering::SeqCst);
        self.gate.notified().await;
        let mut tx = self.db.begin(cx.request().scope()?).await?;
        count(&mut tx, "late", cx.attempt()).await?;
        match cx.finish(tx).await {
            Err(FinishError::LeaseLost) => {
                self.order.lock().unwrap().push("lost".to_owned());
                Err("lost".into())
            }
            other => Ok(other?),
        }
    }
}

async fn enqueue(world: &World, tenant: &str, job: NewJob) -> Option<Uuid> {
    let mut tx = world
        .db
        .begin(world.cx(tenant).scope().unwrap())
        .await
        .unwrap();
    let id = tx.jobs().enqueue(job).await.unwrap();
    tx.commit().await.unwrap();
    id
}

fn job(number: u32) -> NewJob {
    NewJob::new(COUNT).with_payload(&number).unwrap()
}

fn quick(attempts: u32) -> JobPolicy {
    let retry = RetryPolicy::new(attempts)
        .with_first_pause(Duration::from_millis(5))
        .with_longest_pause(Duration::from_millis(20));
    JobPolicy::new().with_retry(retry)
}

fn runner(world: &World, shop: &Arc<Shop>, policy: JobPolicy) -> JobRunner {
    let mut handlers = JobHandlers::new();
    let _ = handlers.service(shop).on_with(COUNT, policy, Shop::count);
    JobRunner::new(world.db.clone(), world.mint.clone(), handlers)
        .with_settings(JobSettings::new().with_poll(Duration::from_millis(10)))
}

fn start(runner: JobRunner) -> Running {
    let shutdown = Shutdown::new(Duration::from_secs(20));
    let task = tokio::spawn(runner.run(shutdown.token()));
    Running { shutdown, task }
}

/// Waits until so many jobs are in this state.
async fn reach(world: &World, state: JobState, enough: usize) {
    let jobs = Jobs::new(world.db.clone(), &world.mint);
    let filter = JobFilter::new().with_state(state).with_limit(1_000);
    let reached = async {
        while jobs.list(&filter).await.unwrap().len() < enough {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    };
    if tokio::time::timeout(Duration::from_secs(60), reached)
        .await
        .is_err()
    {
        panic!("{:?}", jobs.list(&JobFilter::new()).await);
    }
}

pub async fn a_job_runs_once_in_its_tenant(engine: Engine) {
    let world = World::new(&engine).await;
    let shop = Shop::new(&world, 0);
    let running = start(runner(&world, &shop, quick(3)));
    for number in 0..20 {
        enqueue(&world, "acme", job(number)).await.unwrap();
    }
    reach(&world, JobState::Done, 20).await;
    running.stop().await;
    let mut numbers: Vec<_> = world
        .counts("acme")
        .await
        .into_iter()
        .map(|(_, number)| number)
        .collect();
    numbers.sort_unstable();
    assert_eq!(numbers, (0..20).collect::<Vec<_>>());
    assert!(world.counts("globex").await.is_empty());
}

pub async fn a_unique_key_is_taken_until_the_job_is_over(engine: Engine) {
    let world = World::new(&engine).await;
    let unique = || job(1).with_unique_key("one");
    assert!(enqueue(&world, "acme", unique()).await.is_some());
    assert!(enqueue(&world, "acme", unique()).await.is_none());
    assert!(enqueue(&world, "globex", unique()).await.is_some());
    let running = start(runner(&world, &Shop::new(&world, 0), quick(3)));
    reach(&world, JobState::Done, 2).await;
    running.stop().await;
    assert!(enqueue(&world, "acme", unique()).await.is_some());
}

pub async fn a_failed_job_is_tried_again_kept_and_retried_by_hand(engine: Engine) {
    let world = World::new(&engine).await;
    let shop = Shop::new(&world, 3);
    enqueue(&world, "acme", job(1)).await.unwrap();
    let running = start(runner(&world, &shop, quick(3)));
    reach(&world, JobState::Failed, 1).await;
    assert_eq!(shop.attempts.load(Ordering::SeqCst), 3);
    let jobs = Jobs::new(world.db.clone(), &world.mint);
    let failed = jobs
        .list(&JobFilter::new().with_state(JobState::Failed))
        .await
        .unwrap();
    assert_eq!(failed[0].error.as_deref(), Some("not today"));
    assert_eq!(
        jobs.retry(&JobFilter::new().with_id(failed[0].id))
            .await
            .unwrap(),
        1
    );
    reach(&world, JobState::Done, 1).await;
    running.stop().await;
    assert_eq!(world.counts("acme").await, [("job".to_owned(), 1)]);
}

pub async fn a_permanent_failure_is_not_tried_again(engine: Engine) {
    async fn never(shop: &Shop, _: &JobContext) -> Result<(), Permanent> {
        shop.attempts.fetch_add(1, Ordering::SeqCst);
        Err(Permanent::new("never"))
    }
    let world = World::new(&engine).await;
    let shop = Shop::new(&world, 0);
    let mut handlers = JobHandlers::new();
    let _ = handlers.service(&shop).on(COUNT, never);
    enqueue(&world, "acme", job(1)).await.unwrap();
    let running = start(JobRunner::new(
        world.db.clone(),
        world.mint.clone(),
        handlers,
    ));
    reach(&world, JobState::Failed, 1).await;
    running.stop().await;
    assert_eq!(shop.attempts.load(Ordering::SeqCst), 1);
}

pub async fn a_job_waits_for_its_time(engine: Engine) {
    let world = World::new(&engine).await;
    let now = world.clock.now();
    let (soon, late) = (
        now.plus(Duration::from_millis(150)),
        now.plus(Duration::from_secs(3_600)),
    );
    for (number, at) in [(1, late), (2, soon), (3, now)] {
        enqueue(&world, "acme", job(number).with_run_at(at))
            .await
            .unwrap();
    }
    let running = start(runner(&world, &Shop::new(&world, 0), quick(3)));
    reach(&world, JobState::Done, 2).await;
    assert!(world.clock.now() >= soon);
    running.stop().await;
    let mut numbers: Vec<_> = world
        .counts("acme")
        .await
        .into_iter()
        .map(|(_, number)| number)
        .collect();
    numbers.sort_unstable();
    assert_eq!(numbers, [2, 3]);
    reach(&world, JobState::Scheduled, 1).await;
}

pub async fn a_tenant_with_many_jobs_does_not_keep_the_others_waiting(engine: Engine) {
    let world = World::new(&engine).await;
    let shop = Shop::new(&world, 0);
    for number in 0..30 {
        enqueue(&world, "acme", job(number)).await.unwrap();
    }
    enqueue(&world, "globex", job(1)).await.unwrap();
    enqueue(&world, "initech", job(1)).await.unwrap();
    let alone = JobSettings::new()
        .with_concurrency(1)
        .with_poll(Duration::from_millis(5));
    let running = start(runner(&world, &shop, quick(3)).with_settings(alone));
    reach(&world, JobState::Done, 32).await;
    running.stop().await;
    let order = shop.order.lock().unwrap().clone();
    if world.db.databases().count() > 1 {
        // Each database has its own turns.
        let others = order[..10].iter().filter(|tenant| *tenant != "acme");
        assert_eq!(others.collect::<Vec<_>>(), ["globex", "initech"]);
        return;
    }
    assert_eq!(order[..4], ["acme", "globex", "initech", "acme"]);
}

pub async fn a_job_that_outlives_its_lease_cannot_complete(engine: Engine) {
    let world = World::new(&engine).await;
    let shop = Shop::new(&world, 0);
    let handlers = || {
        let mut handlers = JobHandlers::new();
        let _ = handlers.service(&shop).on(COUNT, Shop::late);
        handlers
    };
    enqueue(&world, "acme", job(1)).await.unwrap();
    // The first runner takes the job and is then not heard of any more: its runner is cut off,
    // while its job goes on as a process that hangs does.
    let first = claimed_elsewhere(&world, &shop).await;
    let running = start(
        JobRunner::new(world.db.clone(), world.mint.clone(), handlers()).with_settings(
            JobSettings::new()
                .with_poll(Duration::from_millis(5))
                .alone(),
        ),
    );
    while shop.attempts.load(Ordering::SeqCst) < 2 {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    let mut tx = world
        .db
        .begin(first.request().scope().unwrap())
        .await
        .unwrap();
    count(&mut tx, "stale", 1).await.unwrap();
    assert!(matches!(
        first.finish(tx).await,
        Err(FinishError::LeaseLost)
    ));
    shop.gate.notify_one();
    reach(&world, JobState::Done, 1).await;
    running.stop().await;
    assert_eq!(world.counts("acme").await, [("late".to_owned(), 2)]);
}

/// The context of a job whose runner died after it had begun.
async fn claimed_elsewhere(world: &World, shop: &Arc<Shop>) -> JobContext {
    struct Thief {
        context: Mutex<Option<JobContext>>,
        taken: Notify,
        shop: Arc<Shop>,
    }
    async fn take(thief: &Thief, cx: &JobContext) -> Result<(), BoxError> {
        thief.shop.attempts.fetch_add(1, Ordering::SeqCst);
        *thief.context.lock().unwrap() = Some(cx.clone());
        thief.taken.notify_one();
        std::future::pending().await
    }
    let thief = Arc::new(Thief {
        context: Mutex::default(),
        taken: Notify::new(),
        shop: shop.clone(),
    });
    let mut handlers = JobHandlers::new();
    let _ = handlers.service(&thief).on(COUNT, take);
    let runner = JobRunner::new(world.db.clone(), world.mint.clone(), handlers);
    let shutdown = Shutdown::new(Duration::ZERO);
    tokio::select! {
        () = runner.run(shutdown.token()) => {}
        () = thief.taken.notified() => {}
    }
    let taken = thief.context.lock().unwrap().take();
    taken.expect("it was taken")
}

pub async fn runners_dropped_anywhere_lose_and_double_nothing(engine: Engine) {
    let world = World::new(&engine).await;
    let shop = Shop::new(&world, 10);
    for number in 0..30 {
        enqueue(&world, "acme", job(number)).await.unwrap();
    }
    let alone = JobSettings::new()
        .with_poll(Duration::from_millis(5))
        .alone();
    for polls in 1..80 {
        let shutdown = Shutdown::new(Duration::ZERO);
        let runner = runner(&world, &shop, quick(1_000)).with_settings(alone);
        cut_off(runner.run(shutdown.token()), polls).await;
    }
    let running = start(runner(&world, &shop, quick(1_000)).with_settings(alone));
    reach(&world, JobState::Done, 30).await;
    running.stop().await;
    let mut numbers: Vec<_> = world
        .counts("acme")
        .await
        .into_iter()
        .map(|(_, number)| number)
        .collect();
    numbers.sort_unstable();
    assert_eq!(numbers, (0..30).collect::<Vec<_>>());
}
