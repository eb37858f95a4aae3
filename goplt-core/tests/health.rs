//! Health tells the worst of its checks, asks each in time, and does not ask too often.

use std::{
    future::pending,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use goplt_core::health::{Criticality, Health, HealthStatus};
use tokio::time::{Instant, advance};

fn ready() -> Health {
    let health = Health::new();
    health.set_ready(true);
    health
}

#[tokio::test]
async fn without_checks_readiness_alone_decides() {
    let health = Health::new();
    assert_eq!(health.report().await.http_status(), 503);
    health.set_ready(true);
    assert_eq!(health.report().await.status, HealthStatus::Ok);
    health.set_ready(false);
    assert_eq!(health.report().await.status, HealthStatus::Unavailable);
}

#[tokio::test]
async fn a_failed_critical_check_makes_unavailable() {
    let health = ready();
    health.register("cache", Criticality::NonCritical, || async {
        Err("away".into())
    });
    health.register("database", Criticality::Critical, || async {
        Err("locked".into())
    });
    let report = health.report().await;
    assert_eq!(report.http_status(), 503);
    let mut json = serde_json::to_value(&report).unwrap();
    for check in ["cache", "database"] {
        json["checks"][check]["duration_ms"] = 0.into();
    }
    insta::assert_snapshot!(serde_json::to_string_pretty(&json).unwrap(), @r#"
        {
          "checks": {
            "cache": {
              "duration_ms": 0,
              "message": "away",
              "status": "degraded"
            },
            "database": {
              "duration_ms": 0,
              "message": "locked",
              "status": "unavailable"
            }
          },
          "ready": true,
          "status": "unavailable"
        }
        "#);
}

#[tokio::test]
async fn a_failed_check_that_is_not_critical_degrades() {
    let health = ready();
    health.register("database", Criticality::Critical, || async { Ok(()) });
    health.register("cache", Criticality::NonCritical, || async {
        Err("away".into())
    });
    let report = health.report().await;
    assert_eq!(report.status, HealthStatus::Degraded);
    assert_eq!(report.http_status(), 200);
}

#[tokio::test(start_paused = true)]
async fn checks_that_never_answer_cost_five_seconds_together() {
    let health = ready();
    health.register("one", Criticality::NonCritical, pending);
    health.register("two", Criticality::NonCritical, pending);
    let start = Instant::now();
    let report = health.report().await;
    assert_eq!(start.elapsed().as_secs(), 5);
    assert_eq!(
        report.checks["two"].message.as_deref(),
        Some("no answer within 5 s")
    );
    assert_eq!(report.checks["two"].duration_ms / 1_000, 5);
}

#[tokio::test]
async fn a_check_that_panics_has_failed() {
    let health = ready();
    health.register("bad", Criticality::Critical, || async { panic!("boom") });
    let report = health.report().await;
    assert_eq!(
        report.checks["bad"].message.as_deref(),
        Some("the check panicked")
    );
}

#[tokio::test(start_paused = true)]
async fn asks_once_a_second_however_many_ask() {
    let (health, asked) = (ready(), Arc::new(AtomicUsize::new(0)));
    let counter = asked.clone();
    health.register("database", Criticality::Critical, move || {
        counter.fetch_add(1, Ordering::Relaxed);
        async {
            tokio::task::yield_now().await;
            Ok(())
        }
    });
    tokio::join!(health.report(), health.report(), health.report());
    assert_eq!(asked.load(Ordering::Relaxed), 1);
    advance(Duration::from_millis(1_001)).await;
    health.report().await;
    assert_eq!(asked.load(Ordering::Relaxed), 2);
}

#[tokio::test]
async fn draining_shows_at_once_though_results_are_kept() {
    let health = ready();
    health.register("database", Criticality::Critical, || async { Ok(()) });
    assert_eq!(health.report().await.http_status(), 200);
    health.set_ready(false);
    let report = health.report().await;
    assert_eq!(report.http_status(), 503);
    assert!(!report.ready);
}

#[tokio::test(start_paused = true)]
async fn a_caller_that_leaves_does_not_block_the_next() {
    let health = ready();
    health.register("slow", Criticality::NonCritical, pending);
    let left = tokio::time::timeout(Duration::from_millis(10), health.report()).await;
    assert!(left.is_err());
    assert_eq!(health.report().await.status, HealthStatus::Degraded);
}
