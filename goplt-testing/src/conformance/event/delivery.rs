//! An event that was committed reaches every group once, in the order of its key; one that was
//! rolled back reaches nobody.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use goplt_core::{
    BoxError,
    data::TenantTx,
    event::{EventContext, EventHandlers, EventSettings},
};
use tokio::sync::Notify;

use super::world::{COUNTED, Counted, Seen, World, count, handlers};
use crate::conformance::Engine;

async fn note(
    seen: &Seen,
    cx: &EventContext,
    _: &mut TenantTx,
    event: Counted,
) -> Result<(), BoxError> {
    seen.add(cx, &event);
    Ok(())
}

pub async fn events_of_a_key_arrive_once_and_in_order(engine: Engine) {
    let world = World::new(&engine).await;
    let seen = Arc::new(Seen::default());
    let running = world.start(world.runner(handlers("analytics", &seen, note)));
    for number in 0..50 {
        world
            .publish("acme", &format!("k{}", number % 5), number)
            .await;
    }
    seen.reach(50).await;
    running.stop().await;
    for key in 0..5 {
        let expected: Vec<u32> = (0..50).filter(|number| number % 5 == key).collect();
        assert_eq!(seen.of("acme", &format!("k{key}")), expected);
    }
}

pub async fn a_rolled_back_event_never_happened(engine: Engine) {
    let world = World::new(&engine).await;
    let seen = Arc::new(Seen::default());
    let mut tx = world
        .db
        .begin(world.cx("acme").scope().unwrap())
        .await
        .unwrap();
    let event = Counted {
        key: "k".to_owned(),
        number: 1,
    };
    tx.outbox().publish(COUNTED, &event).await.unwrap();
    drop(tx);
    world.publish("acme", "k", 2).await;
    let running = world.start(world.runner(handlers("analytics", &seen, note)));
    seen.reach(1).await;
    running.stop().await;
    assert_eq!(seen.of("acme", "k"), [2]);
}

pub async fn the_envelope_tells_where_the_event_came_from(engine: Engine) {
    let world = World::new(&engine).await;
    let seen = Arc::new(Seen::default());
    async fn check(
        seen: &Seen,
        cx: &EventContext,
        _: &mut TenantTx,
        event: Counted,
    ) -> Result<(), BoxError> {
        assert_eq!(cx.envelope().name(), "shop.item.counted");
        assert_eq!(cx.envelope().actor().unwrap().subject(), "ada");
        assert_eq!(cx.request().principal().unwrap().subject(), "analytics");
        assert_eq!(cx.request().tenant().unwrap().as_str(), "acme");
        assert_eq!(cx.request().request_id().as_str(), "req-1");
        assert_eq!(cx.attempt(), 1);
        seen.add(cx, &event);
        Ok(())
    }
    world.publish("acme", "k", 1).await;
    let running = world.start(world.runner(handlers("analytics", &seen, check)));
    seen.reach(1).await;
    running.stop().await;
}

pub async fn every_group_has_its_own_progress_and_a_late_one_gets_what_is_kept(engine: Engine) {
    let world = World::new(&engine).await;
    let (early, late) = (Arc::new(Seen::default()), Arc::new(Seen::default()));
    let running = world.start(world.runner(handlers("analytics", &early, note)));
    for number in 0..10 {
        world.publish("acme", "k", number).await;
    }
    early.reach(10).await;
    running.stop().await;

    let mut both = EventHandlers::new();
    let _ = both
        .group("analytics".parse().unwrap(), &early)
        .on(COUNTED, note);
    let _ = both
        .group("audit".parse().unwrap(), &late)
        .on(COUNTED, note);
    let running = world.start(world.runner(both));
    world.publish("acme", "k", 10).await;
    late.reach(11).await;
    early.reach(11).await;
    running.stop().await;
    let all: Vec<u32> = (0..=10).collect();
    assert_eq!(late.of("acme", "k"), all);
    assert_eq!(early.of("acme", "k"), all);
}

pub async fn two_runners_share_the_work_and_double_nothing(engine: Engine) {
    let world = World::new(&engine).await;
    let seen = Arc::new(Seen::default());
    let first = world.start(world.runner(handlers("analytics", &seen, note)));
    let second = world.start(world.runner(handlers("analytics", &seen, note)));
    for number in 0..60 {
        world
            .publish("acme", &format!("k{}", number % 7), number)
            .await;
    }
    seen.reach(60).await;
    first.stop().await;
    // What the first held is free, and the second goes on with it.
    for number in 60..80 {
        world
            .publish("acme", &format!("k{}", number % 7), number)
            .await;
    }
    seen.reach(80).await;
    second.stop().await;
    assert_eq!(seen.total(), 80);
    for key in 0..7 {
        let numbers = seen.of("acme", &format!("k{key}"));
        assert!(numbers.is_sorted(), "{numbers:?}");
    }
}

pub async fn two_handlers_of_one_group_for_one_event_clash(_: Engine) {
    let seen = Arc::new(Seen::default());
    let mut handlers = handlers("analytics", &seen, note);
    let _ = handlers
        .group("analytics".parse().unwrap(), &seen)
        .on(COUNTED, note);
    assert_eq!(
        handlers.clashes()[0].to_string(),
        "the module `analytics` has two handlers for `shop.item.counted`: keep one, and call both from it"
    );
}

pub async fn a_transaction_opens_at_the_first_statement_of_its_handler(engine: Engine) {
    async fn lazy(
        seen: &Seen,
        cx: &EventContext,
        tx: &mut TenantTx,
        event: Counted,
    ) -> Result<(), BoxError> {
        // While nothing is open, contracts may be called.
        assert!(!cx.request().scope()?.has_open_write());
        count(tx, &event.key, event.number).await?;
        assert!(cx.request().scope()?.has_open_write());
        seen.add(cx, &event);
        Ok(())
    }
    let world = World::new(&engine).await;
    let seen = Arc::new(Seen::default());
    world.publish("acme", "k", 1).await;
    let running = world.start(world.runner(handlers("analytics", &seen, lazy)));
    seen.reach(1).await;
    running.stop().await;
    assert_eq!(world.counts("acme").await, [("k".to_owned(), 1)]);
}

/// Holds its first call back until the gate opens.
#[derive(Default)]
struct Gated {
    calls: AtomicU32,
    began: Notify,
    gate: Notify,
    refused: Notify,
}

impl Gated {
    async fn handle(
        &self,
        _: &EventContext,
        tx: &mut TenantTx,
        event: Counted,
    ) -> Result<(), BoxError> {
        let first = self.calls.fetch_add(1, Ordering::SeqCst) == 0;
        if first {
            self.began.notify_one();
            self.gate.notified().await;
        }
        let counted = count(tx, &event.key, event.number).await;
        if first {
            assert!(counted.is_err(), "the lane has another owner");
            self.refused.notify_one();
        }
        Ok(counted?)
    }
}

pub async fn a_runner_that_lost_its_lease_cannot_commit(engine: Engine) {
    let world = World::new(&engine).await;
    let gated = Arc::new(Gated::default());
    world.publish("acme", "k", 1).await;
    let first = world.start(world.runner(handlers("analytics", &gated, Gated::handle)));
    gated.began.notified().await;
    let alone = EventSettings::new()
        .with_poll(Duration::from_millis(5))
        .alone();
    let runner = world.runner(handlers("analytics", &gated, Gated::handle));
    let second = world.start(runner.with_settings(alone));
    world.publish("acme", "k", 2).await;
    world.wait_until_delivered().await;
    gated.gate.notify_one();
    gated.refused.notified().await;
    first.stop().await;
    second.stop().await;
    let counts = world.counts("acme").await;
    assert_eq!(counts, [("k".to_owned(), 1), ("k".to_owned(), 2)]);
}
