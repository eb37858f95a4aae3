use std::{pin::pin, task::Poll};

use sqlx::{Executor, SqliteConnection};

use super::*;
use crate::data::{
    engine::Wanted,
    sql::{Bound, Statement, Text},
};

const ROUNDS: u64 = 600;

async fn pool() -> (Arc<Pool>, Place) {
    let place = Place::parse(":memory:").unwrap();
    place.prepare().unwrap();
    let options = options(&place, &DatabaseSettings::in_memory());
    let pool = Pool::new(options, 1);
    let mut conn = pool.connect().await.unwrap();
    conn.sqlite
        .execute("CREATE TABLE pairs (round INTEGER, half INTEGER)")
        .await
        .unwrap();
    pool.put(conn);
    (pool, place)
}

/// Both halves of a pair, something slow between them, and mostly a commit.
async fn work(pool: Arc<Pool>, round: u64) -> Result<(), DbError> {
    let mut session = SqliteSession::new(pool.begin(Access::Write, pool.permit().await?).await?);
    for sql in [
        "INSERT INTO pairs VALUES (?1, 1)",
        "WITH RECURSIVE n(i) AS (SELECT ?1 UNION ALL SELECT i + 1 FROM n LIMIT 5000) SELECT count(*) FROM n",
        "INSERT INTO pairs VALUES (?1, 2)",
    ] {
        let values = vec![crate::data::Value::I64(i64::try_from(round).unwrap())];
        let statement = Text::Shared(Arc::new(Statement {
            sqlite: sql.into(),
            postgres: "".into(),
            params: 1,
            takes_tenant: false,
            of_all_tenants: false,
            writes: true,
        }));
        session
            .run(Bound { statement, values }, Wanted::All, &mut |_| Ok(()))
            .await?;
    }
    if round.is_multiple_of(5) {
        return Ok(());
    }
    Box::new(session).commit().await
}

/// Polls a few times, at moments that differ, and drops.
async fn cut_off(work: impl Future, polls: u32, random: &crate::Random) {
    let mut work = pin!(work);
    for _ in 0..polls {
        if std::future::poll_fn(|cx| Poll::Ready(work.as_mut().poll(cx)))
            .await
            .is_ready()
        {
            return;
        }
        for _ in 0..u32::from(random.bytes::<1>()[0]) {
            std::thread::yield_now();
        }
        tokio::task::yield_now().await;
    }
}

/// What the next borrower would meet, were it to begin nothing.
async fn naked(sqlite: &mut SqliteConnection) -> (i64, String) {
    let commit = sqlite.execute("COMMIT").await.unwrap_err().to_string();
    let halves =
        "SELECT count(*) FROM (SELECT round FROM pairs GROUP BY round HAVING count(*) <> 2)";
    (
        sqlx::query_scalar(halves).fetch_one(sqlite).await.unwrap(),
        commit,
    )
}

#[tokio::test]
async fn wherever_a_request_is_dropped_its_connection_comes_back_outside_a_transaction() {
    let (pool, _place) = pool().await;
    let random = crate::Random::seeded(7);
    let mut kept = 0;
    for round in 0..ROUNDS {
        let polls = u32::from(random.bytes::<1>()[0] % 24);
        cut_off(work(pool.clone(), round), polls, &random).await;
        // Free only after the cleaning up.
        let lease = pool.permit().await.unwrap();
        if let Some(mut conn) = pool.take() {
            let (halves, commit) = naked(&mut conn.sqlite).await;
            assert!(
                commit.contains("no transaction is active"),
                "round {round}: {commit}"
            );
            assert_eq!(halves, 0, "round {round}");
            pool.put(conn);
            kept += 1;
        }
        drop(lease);
    }
    // They were given back, not thrown away.
    assert_eq!(kept, ROUNDS);
}

#[test]
fn a_lease_that_outlives_its_runtime_leaves_no_transaction() {
    let runtime = || {
        tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap()
    };
    let first = runtime();
    let ((pool, _place), lease) = first.block_on(async {
        let (pool, place) = pool().await;
        let mut lease = pool
            .begin(Access::Write, pool.permit().await.unwrap())
            .await
            .unwrap();
        lease.set(pool::State::Running);
        ((pool, place), lease)
    });
    drop(first);
    drop(lease);
    runtime().block_on(async {
        drop(
            pool.begin(Access::Write, pool.permit().await.unwrap())
                .await
                .unwrap(),
        );
    });
}
