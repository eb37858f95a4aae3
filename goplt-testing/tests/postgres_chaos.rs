//! However many requests are dropped, wherever they are: no connection comes back in a transaction, and a query
//! without a tenant sees no row. Without the detached begin, it does.
#![cfg(all(feature = "postgres", feature = "_chaos"))]
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::{pin::pin, task::Poll};

use goplt_core::{
    Random,
    data::{
        __chaos::{begin_inline, naked},
        DbError,
    },
};
use goplt_testing::conformance::{Engine, data::shop::Shop};

macro_rules! tenant_sql {
    ($($sql:tt)*) => {
        goplt_macros::__tenant_sql!(tables = ["shop_items"]; $($sql)*)
    };
}

/// For each size of the pool.
const DROPS: u32 = 6_000;

/// A request that reads, writes, and mostly commits.
async fn request(shop: &Shop, id: i64, what: u8) -> Result<(), DbError> {
    if what.is_multiple_of(4) {
        let mut tx = shop.db.begin_read(&shop.scope("acme")).await?;
        let all = tenant_sql!("SELECT count(*) FROM shop_items");
        assert!(tx.fetch_one::<i64>(all).await? >= 100);
        return Ok(());
    }
    let mut tx = shop.db.begin(&shop.scope("acme")).await?;
    let name = id.to_string();
    tx.execute(tenant_sql!(
        "INSERT INTO shop_items (id, name) VALUES (?, ?)",
        id,
        name
    ))
    .await?;
    let newest = tenant_sql!("DELETE FROM shop_items WHERE id = ?", id);
    assert_eq!(tx.execute(newest).await?, 1);
    if what.is_multiple_of(5) {
        return Ok(());
    }
    tx.commit().await
}

/// Polls so often, at moments that differ, and drops; whether it was dropped before its end.
async fn cut_off(
    work: impl Future<Output = Result<(), DbError>>,
    random: &Random,
    most: u64,
) -> bool {
    let mut work = pin!(work);
    for _ in 0..random.below(most) {
        let polled = std::future::poll_fn(|cx| Poll::Ready(work.as_mut().poll(cx))).await;
        if let Poll::Ready(done) = polled {
            done.unwrap();
            return false;
        }
        for _ in 0..random.below(90) {
            tokio::task::yield_now().await;
        }
    }
    true
}

async fn shop(engine: &Engine, pool: u32) -> Shop {
    let ground = engine
        .ground()
        .map(|settings| settings.with_max_connections(pool));
    let shop = Shop::on(ground).await;
    for id in 0..100 {
        shop.add("acme", id, &id.to_string()).await;
    }
    shop
}

/// What is left behind by so many dropped requests: `(drops, connections seen, leaks)`.
async fn left_behind(shop: &Shop, pool: u32, drops: u32) -> (u32, usize, usize) {
    let random = Random::seeded(u64::from(pool));
    let (mut dropped, mut seen, mut leaks, mut id) = (0, 0, 0, 1_000);
    while dropped < drops {
        id += 2;
        let [what, other] = random.bytes::<2>();
        // A few go on for long, most are dropped early, many in the middle of the begin.
        let most = [3, 12, 60][usize::from(what % 3)];
        let one = cut_off(request(shop, id, what), &random, most);
        let two = cut_off(request(shop, id + 1, other), &random, most);
        if pool == 1 {
            dropped += u32::from(one.await);
        } else {
            let (one, two) = tokio::join!(one, two);
            dropped += u32::from(one) + u32::from(two);
        }
        for found in naked(&shop.db, "shop_items").await.unwrap() {
            seen += 1;
            leaks +=
                usize::from(found.rows > 0 || found.in_transaction || !found.tenant.is_empty());
        }
    }
    (dropped, seen, leaks)
}

fn run<T>(work: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap()
        .block_on(work)
}

fn nothing_is_left_behind(pool: u32) {
    let Some(engine) = Engine::postgres() else {
        return;
    };
    run(async {
        let shop = shop(&engine, pool).await;
        let (dropped, seen, leaks) = left_behind(&shop, pool, DROPS).await;
        eprintln!("pool of {pool}: {dropped} drops, {seen} connections looked at, {leaks} leaks");
        assert_eq!(leaks, 0);
        // They were given back and looked at, not thrown away.
        assert!(seen >= dropped as usize / 2, "{seen} of {dropped}");
    });
}

#[test]
fn no_connection_of_one_comes_back_in_a_transaction() {
    nothing_is_left_behind(1);
}

#[test]
fn no_connection_of_two_comes_back_in_a_transaction() {
    nothing_is_left_behind(2);
}

#[test]
fn without_the_detached_begin_one_does() {
    let Some(engine) = Engine::postgres() else {
        return;
    };
    run(async {
        let shop = shop(&engine, 1).await;
        begin_inline(&shop.db);
        let random = Random::seeded(1);
        let mut leaks = 0;
        for _ in 0..400 {
            // Whoever comes next may well fail: what it fails on is what is looked for.
            let begin = async {
                let tx = shop.db.begin(&shop.scope("acme")).await;
                drop(tx);
                Ok(())
            };
            cut_off(begin, &random, 12).await;
            let found = naked(&shop.db, "shop_items").await;
            leaks += found.map_or(1, |found| {
                found
                    .iter()
                    .filter(|found| found.rows > 0 || found.in_transaction)
                    .count()
            });
        }
        eprintln!("without the detached begin: {leaks} leaks in 400 drops");
        assert!(leaks > 0);
    });
}
