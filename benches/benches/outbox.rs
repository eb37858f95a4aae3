//! Events from the commit that publishes them to the handler that hears them, and jobs: how soon, and how many in a
//! second. Wall time, since what is waited for is the disk and the next look.
//!
//! `cargo bench -p goplt-benches --bench outbox` measures SQLite in a file; with a PostgreSQL for tests (see
//! `goplt_testing::backend`) that too, beside sqlx alone. `-- postgres` or `-- sqlite` measures that one.

#![expect(clippy::print_stdout, reason = "figures are what it is for")]

mod outbox_world;

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use goplt_benches::process_time;
use goplt_core::{
    BoxError,
    data::TenantTx,
    event::{EventContext, EventHandlers, EventPolicy, EventRunner, EventSettings},
    job::{JobContext, JobHandlers, JobKey, JobRunner, JobSettings, NewJob},
};
use tokio::{
    sync::{Notify, mpsc},
    time::Instant,
};

use outbox_world::{HAPPENED, Happened, Running, World, peer::Peer, write};

const JOB: JobKey = JobKey::__declared("bench", "work", None, None);

/// Tenants, and keys of each.
const TENANTS: usize = 10;
const KEYS: usize = 40;

/// Which handler is measured.
#[derive(Debug, Clone, Copy)]
enum Handler {
    Nothing,
    Writes,
    Shares,
}

/// What handlers tell the benchmark.
#[derive(Debug)]
struct Heard {
    at: mpsc::UnboundedSender<(u32, Instant)>,
    count: AtomicUsize,
    wanted: usize,
    all: Notify,
}

impl Heard {
    fn new(wanted: usize) -> (Arc<Self>, mpsc::UnboundedReceiver<(u32, Instant)>) {
        let (at, heard) = mpsc::unbounded_channel();
        let this = Self {
            at,
            count: AtomicUsize::new(0),
            wanted,
            all: Notify::new(),
        };
        (Arc::new(this), heard)
    }

    fn one(&self) {
        if self.count.fetch_add(1, Ordering::Relaxed) + 1 == self.wanted {
            self.all.notify_one();
        }
    }

    async fn tell(
        &self,
        _: &EventContext,
        _: &mut TenantTx,
        event: Happened,
    ) -> Result<(), BoxError> {
        self.at.send((event.number, Instant::now()))?;
        Ok(())
    }

    /// The least that a handler does: what is written is that it was handled.
    async fn nothing(
        &self,
        _: &EventContext,
        _: &mut TenantTx,
        _: Happened,
    ) -> Result<(), BoxError> {
        self.one();
        Ok(())
    }

    async fn writes(
        &self,
        _: &EventContext,
        tx: &mut TenantTx,
        event: Happened,
    ) -> Result<(), BoxError> {
        write(tx, event.number).await?;
        self.one();
        Ok(())
    }

    async fn work(&self, _: &JobContext) -> Result<(), BoxError> {
        self.one();
        Ok(())
    }
}

fn runner(world: &World, handlers: EventHandlers) -> EventRunner {
    EventRunner::new(world.db.clone(), world.mint.clone(), handlers)
        .with_settings(EventSettings::new().alone())
}

/// One event at a time on an idle machine: from the commit's return to the handler's first line.
async fn latency(world: &World, events: u32) {
    let (heard, mut at) = Heard::new(0);
    let mut handlers = EventHandlers::new();
    let _ = handlers
        .group("bench".parse().expect("a name"), &heard)
        .on(HAPPENED, Heard::tell);
    let running = Running::start(|token| runner(world, handlers).run(token));
    let mut took = Vec::new();
    for number in 0..events + 20 {
        world
            .publish(number as usize % TENANTS, "key", number..number + 1)
            .await;
        let committed = Instant::now();
        let (_, heard) = at.recv().await.expect("the event");
        // The first ones find cold caches.
        if number >= 20 {
            took.push(heard.saturating_duration_since(committed));
        }
    }
    running.stop().await;
    took.sort_unstable();
    let at = |share: f64| took[((took.len() - 1) as f64 * share) as usize];
    println!(
        "{:<10} commit → handler, {events} events one by one: p50 {:.2?}, p99 {:.2?}, max {:.2?}",
        world.name,
        at(0.5),
        at(0.99),
        at(1.0)
    );
}

/// What lies in the outbox when the runner starts.
async fn throughput(world: &World, events: usize, handler: Handler) {
    let (heard, _at) = Heard::new(events);
    let began = Instant::now();
    world.fill(events, TENANTS, KEYS).await;
    let published = began.elapsed();
    let mut handlers = EventHandlers::new();
    let group = handlers.group("bench".parse().expect("a name"), &heard);
    let _ = match handler {
        Handler::Nothing => group.on(HAPPENED, Heard::nothing),
        Handler::Writes => group.on(HAPPENED, Heard::writes),
        Handler::Shares => {
            let policy = EventPolicy::new().with_shared_transactions();
            group.on_with(HAPPENED, policy, Heard::writes)
        }
    };
    let used = process_time();
    let began = Instant::now();
    let running = Running::start(|token| runner(world, handlers).run(token));
    heard.all.notified().await;
    let took = began.elapsed();
    let used = process_time() - used;
    running.stop().await;
    let does = match handler {
        Handler::Nothing => "writes nothing",
        Handler::Writes => "writes a row",
        Handler::Shares => "writes a row, in shared transactions",
    };
    println!(
        "{:<10} {events} events, a handler that {does}: {:.0} events/s, {:.0} µs of processor time each \
         (published: {:.0}/s)",
        world.name,
        events as f64 / took.as_secs_f64(),
        used.as_secs_f64() * 1e6 / events as f64,
        events as f64 / published.as_secs_f64()
    );
}

/// What is published while the runner runs, by four at once: from the first to the last that is handled.
async fn both_at_once(world: &World, events: usize) {
    let (heard, _at) = Heard::new(events);
    let mut handlers = EventHandlers::new();
    let policy = EventPolicy::new().with_shared_transactions();
    let _ = handlers
        .group("bench".parse().expect("a name"), &heard)
        .on_with(HAPPENED, policy, Heard::writes);
    let running = Running::start(|token| runner(world, handlers).run(token));
    let began = Instant::now();
    let each = events / 4;
    let publish = |of: usize| {
        let first = u32::try_from(of * each).expect("a number");
        world.fill_from(first, each, TENANTS, KEYS)
    };
    tokio::join!(publish(0), publish(1), publish(2), publish(3));
    let published = began.elapsed();
    heard.all.notified().await;
    let took = began.elapsed();
    running.stop().await;
    println!(
        "{:<10} {events} events published and handled at once, in shared transactions: {:.0} events/s \
         (published: {:.0}/s)",
        world.name,
        events as f64 / took.as_secs_f64(),
        events as f64 / published.as_secs_f64()
    );
}

/// What the server gives without us.
async fn peers(peer: &Peer, events: u64) {
    for (connections, share) in [(16, 1), (10, 64)] {
        let rate = peer.throughput(events, connections, share).await;
        assert!(peer.rows().await >= i64::try_from(events).expect("a number"));
        println!(
            "sqlx       {events} events, {share} to a transaction, {connections} connections: {rate:.0} events/s"
        );
    }
}

async fn jobs(world: &World, jobs: usize) {
    let (heard, _at) = Heard::new(jobs);
    for tenant in 0..TENANTS {
        let cx = world.cx(tenant);
        let mut tx = world
            .db
            .begin(cx.scope().expect("a tenant"))
            .await
            .expect("a transaction");
        for _ in 0..jobs / TENANTS {
            tx.jobs().enqueue(NewJob::new(JOB)).await.expect("a job");
        }
        tx.commit().await.expect("a commit");
    }
    let mut handlers = JobHandlers::new();
    let _ = handlers.service(&heard).on(JOB, Heard::work);
    let runner = JobRunner::new(world.db.clone(), world.mint.clone(), handlers)
        .with_settings(JobSettings::new().alone());
    let began = Instant::now();
    let running = Running::start(|token| runner.run(token));
    heard.all.notified().await;
    let took = began.elapsed();
    running.stop().await;
    println!(
        "{:<10} {jobs} jobs that do nothing: {:.0} jobs/s",
        world.name,
        jobs as f64 / took.as_secs_f64()
    );
}

async fn all(mut open: impl AsyncFnMut() -> World, scale: usize) {
    latency(&open().await, 500).await;
    for handler in [Handler::Nothing, Handler::Writes, Handler::Shares] {
        throughput(&open().await, 10_000 * scale, handler).await;
    }
    both_at_once(&open().await, 10_000 * scale).await;
    jobs(&open().await, 2_000).await;
}

fn main() {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .expect("a runtime");
    let only = std::env::args().find(|word| matches!(&**word, "sqlite" | "postgres"));
    let wanted = |name: &str| only.as_deref().is_none_or(|only| only == name);
    runtime.block_on(async {
        if wanted("sqlite") {
            all(World::sqlite, 1).await;
        }
        if let Some(server) = World::postgres_server().filter(|_| wanted("postgres")) {
            peers(&Peer::new(&server), 40_000).await;
            all(async || World::postgres(&server).await, 4).await;
        }
    });
    runtime.shutdown_timeout(Duration::from_secs(1));
}
