//! Transactions that stand in each other's way: one of them is ended, and runs again.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use goplt_core::{
    Code,
    data::{DbError, TenantTx},
};
use goplt_testing::conformance::data::shop::context;
use tokio::{sync::Barrier, time::Instant};

use crate::{shop, tenant_sql};

async fn rename(tx: &mut TenantTx, id: i64, name: &str) -> Result<u64, DbError> {
    let sql = tenant_sql!("UPDATE shop_items SET name = ? WHERE id = ?", name, id);
    tx.execute(sql).await
}

#[tokio::test]
async fn transactions_that_wait_for_each_other_both_come_through() {
    let Some((shop, _database)) = shop(|settings| settings).await else {
        return;
    };
    shop.add("acme", 1, "one").await;
    shop.add("acme", 2, "two").await;
    let (met, runs) = (Arc::new(Barrier::new(2)), Arc::new(AtomicU32::new(0)));
    let run = |ids: [i64; 2], name: &'static str| {
        let (db, scope) = (shop.db.clone(), shop.scope("acme"));
        let (met, runs) = (met.clone(), runs.clone());
        async move {
            let mut first = true;
            db.retrying::<_, DbError, _>(&scope, move |tx| {
                runs.fetch_add(1, Ordering::SeqCst);
                let met = std::mem::take(&mut first).then(|| met.clone());
                Box::pin(async move {
                    rename(tx, ids[0], &format!("{name} {}", ids[0])).await?;
                    if let Some(met) = met {
                        met.wait().await;
                    }
                    rename(tx, ids[1], &format!("{name} {}", ids[1]))
                        .await
                        .map(drop)
                })
            })
            .await
        }
    };
    let (one, two) = tokio::join!(run([1, 2], "a"), run([2, 1], "b"));
    one.unwrap();
    two.unwrap();
    assert_eq!(runs.load(Ordering::SeqCst), 3);
    let items = shop.items("acme").await;
    // Both of whoever committed last.
    assert_eq!(items[0].name[..1], items[1].name[..1]);
}

#[tokio::test]
async fn a_deadlock_is_a_conflict_that_may_be_tried_again() {
    let Some((shop, _database)) = shop(|settings| settings).await else {
        return;
    };
    shop.add("acme", 1, "one").await;
    shop.add("acme", 2, "two").await;
    let scope = shop.scope("acme");
    let (mut a, mut b) = (
        shop.db.begin(&scope).await.unwrap(),
        shop.db.begin(&scope).await.unwrap(),
    );
    rename(&mut a, 1, "a 1").await.unwrap();
    rename(&mut b, 2, "b 2").await.unwrap();
    let (one, two) = tokio::join!(rename(&mut a, 2, "a 2"), async {
        let done = rename(&mut b, 1, "b 1").await;
        if done.is_err() {
            // Ended: what it held is free.
            drop(b);
        }
        done
    });
    let error = one.err().or(two.err()).expect("one of them was ended");
    assert!(matches!(error, DbError::Conflict(_)), "{error:?}");
    assert_eq!(error.code(), Code::Aborted);
    assert!(error.is_retryable());
}

#[tokio::test]
async fn the_server_ends_a_statement_at_the_deadline_by_itself() {
    let Some((shop, database)) = shop(|settings| settings).await else {
        return;
    };
    shop.add("acme", 1, "one").await;
    let mut holder = shop.db.begin(&shop.scope("acme")).await.unwrap();
    rename(&mut holder, 1, "held").await.unwrap();
    let cx = context().with_deadline(Instant::now() + Duration::from_millis(300));
    let mut waiter = shop.db.begin(&shop.enter(cx, "acme")).await.unwrap();
    let error = rename(&mut waiter, 1, "late").await.unwrap_err();
    assert!(matches!(error, DbError::Deadline), "{error:?}");
    drop(waiter);
    // Nobody asked it to stop, and it has.
    let waiting = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'";
    while database.text(waiting).unwrap() != "0" {
        tokio::task::yield_now().await;
    }
    holder.commit().await.unwrap();
}
