//! A handler that fails, panics, hangs or is cut off anywhere loses nothing and doubles nothing,
//! and holds up its own key alone.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use goplt_core::{
    BoxError, Random,
    data::TenantTx,
    event::{
        AfterLastAttempt, DeadLetterFilter, DeadLetterState, DeadLetters, EventContext,
        EventHandlers, EventPolicy, EventSettings, Permanent, RetryPolicy,
    },
    shutdown::Shutdown,
};

use super::world::{COUNTED, Counted, Seen, World, count, cut_off};
use crate::conformance::Engine;

/// Fails the event of one number until it was tried often enough.
#[derive(Debug, Default)]
struct Flaky {
    seen: Seen,
    bad: u32,
    failures: AtomicU32,
    how: How,
}

#[derive(Debug, Default, Clone, Copy)]
enum How {
    #[default]
    Error,
    Permanent,
    Panic,
    Hang,
}

impl Flaky {
    fn new(bad: u32, failures: u32, how: How) -> Arc<Self> {
        Arc::new(Self {
            bad,
            failures: AtomicU32::new(failures),
            how,
            ..Self::default()
        })
    }

    async fn handle(
        &self,
        cx: &EventContext,
        _: &mut TenantTx,
        event: Counted,
    ) -> Result<(), BoxError> {
        let left = || {
            let take = |left: u32| left.checked_sub(1);
            self.failures
                .fetch_update(Ordering::SeqCst, Ordering::SeqCst, take)
                .is_ok()
        };
        if event.number == self.bad && left() {
            match self.how {
                How::Error => return Err("not today".into()),
                How::Permanent => return Err(Permanent::new("never").into()),
                How::Panic => panic!("oh"),
                How::Hang => std::future::pending().await,
            }
        }
        self.seen.add(cx, &event);
        Ok(())
    }
}

fn quick(attempts: u32) -> EventPolicy {
    let retry = RetryPolicy::new(attempts)
        .with_first_pause(Duration::from_millis(5))
        .with_longest_pause(Duration::from_millis(20));
    EventPolicy::new().with_retry(retry)
}

fn with_policy(flaky: &Arc<Flaky>, policy: EventPolicy) -> EventHandlers {
    let mut handlers = EventHandlers::new();
    let group = handlers.group("analytics".parse().unwrap(), flaky);
    let _ = group.on_with(COUNTED, policy, Flaky::handle);
    handlers
}

/// What was handled, by key; number 2 fails three times.
async fn handled_when(engine: &Engine, how: How, policy: EventPolicy) -> [Vec<u32>; 2] {
    let world = World::new(engine).await;
    let flaky = Flaky::new(2, 3, how);
    for number in 0..6 {
        world.publish("acme", "a", number).await;
        world.publish("acme", "b", 100 + number).await;
    }
    let running = world.start(world.runner(with_policy(&flaky, policy)));
    world.wait_until_delivered().await;
    running.stop().await;
    ["a", "b"].map(|key| flaky.seen.of("acme", key))
}

const IN_ORDER: [[u32; 6]; 2] = [[0, 1, 2, 3, 4, 5], [100, 101, 102, 103, 104, 105]];

pub async fn a_failing_handler_is_asked_again_and_its_key_waits(engine: Engine) {
    assert_eq!(handled_when(&engine, How::Error, quick(10)).await, IN_ORDER);
}

pub async fn a_panicking_handler_is_asked_again_and_its_key_waits(engine: Engine) {
    assert_eq!(handled_when(&engine, How::Panic, quick(10)).await, IN_ORDER);
}

pub async fn a_hanging_handler_is_asked_again_and_its_key_waits(engine: Engine) {
    let policy = quick(1_000).with_timeout(Duration::from_millis(100));
    let mut handled = handled_when(&engine, How::Hang, policy).await;
    // A call that a busy machine makes late is made again, and only its transaction is undone.
    handled.iter_mut().for_each(Vec::dedup);
    assert_eq!(handled, IN_ORDER);
}

pub async fn a_parked_key_waits_for_a_replay_and_the_others_go_on(engine: Engine) {
    let world = World::new(&engine).await;
    let flaky = Flaky::new(1, 2, How::Error);
    for number in 0..4 {
        world.publish("acme", "a", number).await;
        world.publish("acme", "b", 100 + number).await;
        world.publish("globex", "a", 200 + number).await;
    }
    let running = world.start(world.runner(with_policy(&flaky, quick(2))));
    flaky.seen.reach(9).await;
    world.publish("acme", "a", 4).await;
    world.publish("acme", "b", 104).await;
    flaky.seen.reach(10).await;
    assert_eq!(flaky.seen.of("acme", "a"), [0]);

    let letters = DeadLetters::new(world.db.clone(), &world.mint);
    // The other keys do not wait for the second failure of this one.
    let all = loop {
        let all = letters.list(&DeadLetterFilter::new()).await.unwrap();
        if !all.is_empty() {
            break all;
        }
        tokio::task::yield_now().await;
    };
    assert_eq!(all.len(), 1);
    assert_eq!(all[0].state, DeadLetterState::Parked);
    assert_eq!((all[0].group.as_str(), all[0].attempts), ("analytics", 2));
    assert_eq!(all[0].error, "not today");
    assert_eq!(all[0].event.key(), "a");

    let others = DeadLetterFilter::new().with_tenant("globex");
    assert_eq!(letters.replay(&others).await.unwrap(), 0);
    let mine = DeadLetterFilter::new()
        .with_group("analytics")
        .with_id(all[0].event.id());
    assert_eq!(letters.replay(&mine).await.unwrap(), 1);
    flaky.seen.reach(14).await;
    running.stop().await;
    assert_eq!(flaky.seen.of("acme", "a"), [0, 1, 2, 3, 4]);
    assert!(
        letters
            .list(&DeadLetterFilter::new())
            .await
            .unwrap()
            .is_empty()
    );
}

pub async fn a_purged_dead_letter_lets_its_key_go_on(engine: Engine) {
    let world = World::new(&engine).await;
    let flaky = Flaky::new(1, u32::MAX, How::Permanent);
    for number in 0..4 {
        world.publish("acme", "a", number).await;
    }
    world.publish("acme", "b", 9).await;
    let running = world.start(world.runner(with_policy(&flaky, quick(5))));
    flaky.seen.reach(2).await;
    let letters = DeadLetters::new(world.db.clone(), &world.mint);
    loop {
        // A permanent failure is not tried again.
        if letters
            .purge(&DeadLetterFilter::new().with_event("shop.item.counted"))
            .await
            .unwrap()
            == 1
        {
            break;
        }
        tokio::task::yield_now().await;
    }
    flaky.seen.reach(4).await;
    running.stop().await;
    assert_eq!(flaky.seen.of("acme", "a"), [0, 2, 3]);
}

pub async fn a_skipped_event_is_a_dead_letter_and_its_key_goes_on(engine: Engine) {
    let world = World::new(&engine).await;
    let flaky = Flaky::new(1, 2, How::Error);
    for number in 0..4 {
        world.publish("acme", "a", number).await;
    }
    let policy = quick(2).with_after_last_attempt(AfterLastAttempt::Skip);
    let running = world.start(world.runner(with_policy(&flaky, policy)));
    flaky.seen.reach(3).await;
    let letters = DeadLetters::new(world.db.clone(), &world.mint);
    assert_eq!(letters.replay(&DeadLetterFilter::new()).await.unwrap(), 1);
    flaky.seen.reach(4).await;
    running.stop().await;
    assert_eq!(flaky.seen.of("acme", "a"), [0, 2, 3, 1]);
}

/// Writes rows, and fails at random before and after.
struct Recorder {
    random: Random,
}

impl Recorder {
    async fn handle(
        &self,
        _: &EventContext,
        tx: &mut TenantTx,
        event: Counted,
    ) -> Result<(), BoxError> {
        self.waver().await?;
        count(tx, &event.key, event.number).await?;
        self.waver().await
    }

    async fn waver(&self) -> Result<(), BoxError> {
        for _ in 0..self.random.below(4) {
            tokio::task::yield_now().await;
        }
        match self.random.below(12) {
            0 => Err("not today".into()),
            1 => panic!("oh"),
            _ => Ok(()),
        }
    }
}

/// With an odd seed, events share transactions.
fn recorded(seed: u64) -> EventHandlers {
    let recorder = Arc::new(Recorder {
        random: Random::seeded(seed),
    });
    let mut handlers = EventHandlers::new();
    let group = handlers.group("analytics".parse().unwrap(), &recorder);
    let policy = match seed % 2 {
        0 => quick(1_000),
        _ => quick(1_000).with_shared_transactions(),
    };
    let _ = group.on_with(COUNTED, policy, Recorder::handle);
    handlers
}

async fn assert_each_once_in_order(world: &World, events: u32, keys: u32) {
    let counts = world.counts("acme").await;
    let mut numbers: Vec<_> = counts.iter().map(|(_, number)| *number).collect();
    numbers.sort_unstable();
    assert_eq!(numbers, (0..events).collect::<Vec<_>>());
    for key in 0..keys {
        let of_key = counts.iter().filter(|(_, number)| number % keys == key);
        let numbers: Vec<_> = of_key.map(|(_, number)| *number).collect();
        assert!(numbers.is_sorted(), "{numbers:?}");
    }
}

pub async fn runners_dropped_anywhere_lose_and_double_nothing(engine: Engine) {
    for seed in 0..4 {
        let world = World::new(&engine).await;
        for number in 0..40 {
            world
                .publish("acme", &format!("k{}", number % 4), number)
                .await;
        }
        for polls in 1..60 {
            let runner = world.runner(recorded(seed * 100 + u64::from(polls)));
            let settings = EventSettings::new()
                .with_poll(Duration::from_millis(2))
                .alone();
            let shutdown = Shutdown::new(Duration::ZERO);
            cut_off(
                runner.with_settings(settings).run(shutdown.token()),
                polls * 3,
            )
            .await;
        }
        let running = world.start(
            world.runner(recorded(seed)).with_settings(
                EventSettings::new()
                    .with_poll(Duration::from_millis(5))
                    .alone(),
            ),
        );
        world.wait_until_delivered().await;
        running.stop().await;
        assert_each_once_in_order(&world, 40, 4).await;
    }
}

pub async fn two_runners_and_random_failures_keep_the_order_of_each_key(engine: Engine) {
    let world = World::new(&engine).await;
    let runners = [1, 2].map(|seed| world.start(world.runner(recorded(seed))));
    for number in 0..60 {
        world
            .publish("acme", &format!("k{}", number % 5), number)
            .await;
    }
    world.wait_until_delivered().await;
    for runner in runners {
        runner.stop().await;
    }
    assert_each_once_in_order(&world, 60, 5).await;
}
