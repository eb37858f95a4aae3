//! The end is orderly, has a limit, and says what it waited for.

use std::{future::pending, time::Duration};

use goplt_core::shutdown::{Cause, Phase, Shutdown};
use tokio::time::Instant;

const GRACE: Duration = Duration::from_secs(20);

#[tokio::test(start_paused = true)]
async fn the_first_signal_drains_and_work_is_waited_for() {
    let shutdown = Shutdown::new(GRACE);
    let token = shutdown.token();
    assert!(!token.is_draining());
    let work = tokio::spawn({
        let open = token.hold("request");
        async move {
            token.draining().await;
            tokio::time::sleep(Duration::from_secs(3)).await;
            drop(open);
        }
    });
    let start = Instant::now();
    shutdown.signal();
    assert_eq!(shutdown.phase(), Phase::Draining);
    shutdown
        .wait_for_open_work("finish requests")
        .await
        .unwrap();
    assert_eq!(start.elapsed().as_secs(), 3);
    work.await.unwrap();
    assert_eq!(shutdown.open_work(), []);
}

#[tokio::test(start_paused = true)]
async fn a_second_signal_ends_at_once_and_names_what_is_open() {
    let shutdown = Shutdown::new(GRACE);
    let token = shutdown.token();
    let _open = [
        token.hold("connection"),
        token.hold("connection"),
        token.hold("task blog/sweep"),
    ];
    shutdown.signal();
    let second = shutdown.clone();
    tokio::spawn(async move {
        tokio::time::sleep(Duration::from_secs(1)).await;
        second.signal();
    });
    let start = Instant::now();
    let interrupted = shutdown
        .wait_for_open_work("finish open work")
        .await
        .unwrap_err();
    assert_eq!(start.elapsed().as_secs(), 1);
    assert_eq!(interrupted.cause(), Cause::Signal);
    assert_eq!(
        interrupted.to_string(),
        "a second signal cut short `finish open work`; still open: connection (2), task blog/sweep",
    );
    token.forced().await;
}

#[tokio::test(start_paused = true)]
async fn the_grace_period_covers_all_stages_together() {
    let shutdown = Shutdown::new(GRACE);
    let start = Instant::now();
    shutdown
        .stage(
            "stop accepting",
            tokio::time::sleep(Duration::from_secs(15)),
        )
        .await
        .unwrap();
    assert_eq!(shutdown.remaining().as_secs(), 5);
    let interrupted = shutdown
        .stage("stop module blog", pending::<()>())
        .await
        .unwrap_err();
    assert_eq!(start.elapsed().as_secs(), 20);
    assert_eq!(
        interrupted.to_string(),
        "the end of the grace period cut short `stop module blog`"
    );
}

#[tokio::test(start_paused = true)]
async fn who_forces_the_end_when_the_grace_period_is_over_is_no_second_signal() {
    let shutdown = Shutdown::new(GRACE);
    shutdown.signal();
    tokio::time::advance(GRACE).await;
    shutdown.force();
    let interrupted = shutdown
        .stage("finish requests in flight", pending::<()>())
        .await
        .unwrap_err();
    assert_eq!(interrupted.cause(), Cause::GracePeriod);
}

#[tokio::test(start_paused = true)]
async fn a_stage_with_nothing_to_wait_for_passes_even_when_forced() {
    let shutdown = Shutdown::new(GRACE);
    shutdown.force();
    assert_eq!(shutdown.stage("flush", async { 7 }).await, Ok(7));
    assert_eq!(shutdown.wait_for_open_work("finish").await, Ok(()));
    assert!(shutdown.stage("more", pending::<()>()).await.is_err());
}

#[tokio::test]
async fn draining_begins_once_and_a_forced_end_does_not_go_back() {
    let shutdown = Shutdown::new(GRACE);
    assert!(shutdown.drain());
    assert!(!shutdown.drain());
    shutdown.force();
    shutdown.drain();
    assert_eq!(shutdown.phase(), Phase::Forced);
}

#[tokio::test(start_paused = true)]
async fn a_late_token_sees_that_draining_began() {
    let shutdown = Shutdown::new(GRACE);
    shutdown.drain();
    shutdown.token().draining().await;
}
