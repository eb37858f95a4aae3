//! Events of one tenant that share a transaction: in the order of their keys and once, as if each had
//! its own; what goes wrong with one of them is undone for all, and then handled as ever.

use std::sync::{
    Arc,
    atomic::{AtomicU32, Ordering},
};

use goplt_core::{
    BoxError,
    data::TenantTx,
    event::{
        AfterLastAttempt, DeadLetterFilter, DeadLetters, EventContext, EventHandlers, EventPolicy,
        Permanent,
    },
    telemetry::Metrics,
};

use super::world::{COUNTED, Counted, Seen, World, count};
use crate::conformance::Engine;

const TENANT: &str = "acme";

/// Writes what it hears, and stumbles where it is told to.
#[derive(Debug, Default)]
struct Shop {
    seen: Seen,
    calls: AtomicU32,
    manner: Manner,
}

#[derive(Debug, Default, Clone, Copy)]
enum Manner {
    #[default]
    Well,
    /// The event of this number never works.
    Poison(u32),
    /// The event of this number panics the first time.
    Panics(u32),
    /// Publishes another event for each.
    Publishes,
}

impl Shop {
    fn of(manner: Manner) -> Arc<Self> {
        Arc::new(Self {
            manner,
            ..Self::default()
        })
    }

    async fn hear(
        &self,
        cx: &EventContext,
        tx: &mut TenantTx,
        event: Counted,
    ) -> Result<(), BoxError> {
        let calls = self.calls.fetch_add(1, Ordering::SeqCst);
        if event.key == "echo" {
            // Caused by the event of the same number: its request says so.
            let cause = format!("req-{}", event.number);
            assert_eq!(cx.envelope().request_id().as_str(), cause);
            self.seen.add(cx, &event);
            return Ok(());
        }
        count(tx, &event.key, event.number).await?;
        match self.manner {
            Manner::Poison(number) if number == event.number => {
                return Err(Permanent::new("poison").into());
            }
            Manner::Panics(number) if number == event.number && calls <= number => {
                panic!("not yet")
            }
            Manner::Publishes => {
                let echo = Counted {
                    key: "echo".to_owned(),
                    number: event.number,
                };
                tx.outbox().publish(COUNTED, &echo).await?;
            }
            _ => {}
        }
        self.seen.add(cx, &event);
        Ok(())
    }
}

fn handlers(shop: &Arc<Shop>, policy: EventPolicy) -> EventHandlers {
    let mut handlers = EventHandlers::new();
    let _ = handlers
        .group("shop".parse().unwrap(), shop)
        .on_with(COUNTED, policy, Shop::hear);
    handlers
}

fn sharing() -> EventPolicy {
    EventPolicy::new().with_shared_transactions()
}

/// Publishes so many events of one key, each in a request of its own, before anyone hears them.
async fn publish(world: &World, events: u32) {
    publish_to(world, TENANT, &["tea"], events).await;
}

/// The same of several keys in turn, in any tenant.
async fn publish_to(world: &World, tenant: &str, keys: &[&str], events: u32) {
    for number in 0..events {
        let request = format!("req-{number}").parse().unwrap();
        let cx = goplt_core::RequestContext::new(request);
        let cx = world.mint.enter(cx, tenant.parse().unwrap()).unwrap();
        let mut tx = world.db.begin(cx.scope().unwrap()).await.unwrap();
        let key = keys[number as usize % keys.len()];
        let event = Counted {
            key: key.to_owned(),
            number,
        };
        tx.outbox().publish(COUNTED, &event).await.unwrap();
        tx.commit().await.unwrap();
    }
}

async fn numbers(world: &World) -> Vec<u32> {
    let counts = world.counts(TENANT).await;
    counts.into_iter().map(|(_, number)| number).collect()
}

fn commits(metrics: &Metrics) -> u64 {
    let text = metrics.render();
    let lines = text.lines().filter(|line| {
        line.starts_with("db_client_operation_duration_seconds_count")
            && line.contains("db_operation_name=\"COMMIT\"")
    });
    let count = |line: &str| line.rsplit(' ').next().unwrap().parse::<u64>().unwrap();
    lines.map(count).sum()
}

pub async fn they_are_handled_in_order_and_once_with_few_commits(engine: Engine) {
    let mut world = World::new(&engine).await;
    let metrics = Metrics::new();
    world.db = world.db.with_metrics(metrics.clone());
    publish(&world, 40).await;
    let before = commits(&metrics);
    let shop = Shop::of(Manner::Well);
    let running = world.start(world.runner(handlers(&shop, sharing())));
    shop.seen.reach(40).await;
    running.stop().await;
    assert_eq!(numbers(&world).await, Vec::from_iter(0..40));
    assert_eq!(shop.calls.load(Ordering::SeqCst), 40);
    // Leases and progress are most of them.
    let commits = commits(&metrics) - before;
    assert!(commits < 30, "{commits} commits for 40 events");
}

pub async fn a_poison_event_takes_nothing_of_the_others_with_it(engine: Engine) {
    let world = World::new(&engine).await;
    publish(&world, 10).await;
    let shop = Shop::of(Manner::Poison(4));
    let policy = sharing().with_after_last_attempt(AfterLastAttempt::Skip);
    let running = world.start(world.runner(handlers(&shop, policy)));
    // Those before it are heard twice: with it, and alone.
    shop.seen.reach(13).await;
    running.stop().await;
    let dead = DeadLetters::new(world.db.clone(), &world.mint);
    let dead = dead.list(&DeadLetterFilter::new()).await.unwrap();
    assert_eq!(dead.len(), 1);
    assert_eq!(numbers(&world).await, [0, 1, 2, 3, 5, 6, 7, 8, 9]);
}

pub async fn a_panic_undoes_what_all_did_and_each_is_handled_alone(engine: Engine) {
    let world = World::new(&engine).await;
    publish(&world, 8).await;
    let shop = Shop::of(Manner::Panics(5));
    let running = world.start(world.runner(handlers(&shop, sharing())));
    shop.seen.reach(13).await;
    running.stop().await;
    assert_eq!(numbers(&world).await, Vec::from_iter(0..8));
}

pub async fn what_one_publishes_belongs_to_its_own_request(engine: Engine) {
    let world = World::new(&engine).await;
    publish(&world, 6).await;
    let shop = Shop::of(Manner::Publishes);
    let running = world.start(world.runner(handlers(&shop, sharing())));
    shop.seen.reach(12).await;
    running.stop().await;
    let of_key = |key| shop.seen.of(TENANT, key);
    assert_eq!(of_key("tea"), [0, 1, 2, 3, 4, 5]);
    assert_eq!(of_key("echo"), [0, 1, 2, 3, 4, 5]);
}

const KEYS: [&str; 5] = ["tea", "milk", "rice", "salt", "oil"];

/// What a tenant's handlers wrote for a key, in the order of their statements.
async fn of_key(world: &World, tenant: &str, key: &str) -> Vec<u32> {
    let counts = world.counts(tenant).await;
    let of_key = counts.into_iter().filter(|(item, _)| item == key);
    of_key.map(|(_, number)| number).collect()
}

/// The numbers of a key when so many events were published to all in turn.
fn in_turn(place: u32, events: u32) -> Vec<u32> {
    (place..events).step_by(KEYS.len()).collect()
}

pub async fn keys_of_one_tenant_share_and_those_of_another_do_not(engine: Engine) {
    let mut world = World::new(&engine).await;
    let metrics = Metrics::new();
    world.db = world.db.with_metrics(metrics.clone());
    for tenant in ["acme", "umbrella"] {
        publish_to(&world, tenant, &KEYS, 100).await;
    }
    let before = commits(&metrics);
    let shop = Shop::of(Manner::Well);
    let running = world.start(world.runner(handlers(&shop, sharing())));
    shop.seen.reach(200).await;
    running.stop().await;
    for tenant in ["acme", "umbrella"] {
        assert_eq!(world.counts(tenant).await.len(), 100);
        for (place, key) in (0..).zip(KEYS) {
            assert_eq!(of_key(&world, tenant, key).await, in_turn(place, 100));
        }
    }
    assert_eq!(shop.calls.load(Ordering::SeqCst), 200);
    // Leases and progress are most of them.
    let commits = commits(&metrics) - before;
    assert!(commits < 30, "{commits} commits for 200 events");
}

pub async fn a_poison_event_parks_its_key_and_no_other(engine: Engine) {
    let world = World::new(&engine).await;
    publish_to(&world, TENANT, &KEYS, 50).await;
    // Of the key `rice`.
    let shop = Shop::of(Manner::Poison(12));
    let running = world.start(world.runner(handlers(&shop, sharing())));
    let mut commits = world.db.commits();
    let done = async {
        while world.counts(TENANT).await.len() < 42 {
            commits.next().await;
        }
    };
    tokio::time::timeout(std::time::Duration::from_secs(60), done)
        .await
        .expect("the other keys go on");
    running.stop().await;
    for (place, key) in (0..).zip(KEYS) {
        let mut wanted = in_turn(place, 50);
        if key == "rice" {
            wanted.retain(|number| *number < 12);
        }
        assert_eq!(of_key(&world, TENANT, key).await, wanted);
    }
    let dead = DeadLetters::new(world.db.clone(), &world.mint);
    assert_eq!(dead.list(&DeadLetterFilter::new()).await.unwrap().len(), 1);
    // Replayed by a handler that can: the key goes on where it stood.
    dead.replay(&DeadLetterFilter::new()).await.unwrap();
    let shop = Shop::of(Manner::Well);
    let running = world.start(world.runner(handlers(&shop, sharing())));
    world.wait_until_delivered().await;
    running.stop().await;
    assert_eq!(of_key(&world, TENANT, "rice").await, in_turn(2, 50));
}

pub async fn two_runners_share_and_double_nothing(engine: Engine) {
    let world = World::new(&engine).await;
    publish_to(&world, TENANT, &KEYS, 200).await;
    let shop = Shop::of(Manner::Well);
    let first = world.start(world.runner(handlers(&shop, sharing())));
    let second = world.start(world.runner(handlers(&shop, sharing())));
    publish_to(&world, "umbrella", &KEYS, 100).await;
    world.wait_until_delivered().await;
    first.stop().await;
    second.stop().await;
    for (tenant, events) in [(TENANT, 200), ("umbrella", 100)] {
        for (place, key) in (0..).zip(KEYS) {
            assert_eq!(of_key(&world, tenant, key).await, in_turn(place, events));
        }
    }
}
