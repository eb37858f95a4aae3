//! Health: checks by name, and what `/ready` says of them.
//!
//! `/healthz` answers as long as the process runs and asks nobody. `/ready` shows
//! [`Health::report`]: 200 while the process can do its work, perhaps with less than all of it,
//! 503 before it has started, while it drains, and when a critical check fails.
//!
//! # Examples
//!
//! ```
//! use goplt_core::health::{Criticality, Health, HealthStatus};
//!
//! # #[tokio::main(flavor = "current_thread")] async fn main() {
//! let health = Health::new();
//! health.register("database", Criticality::Critical, || async { Ok(()) });
//! health.register("mail", Criticality::NonCritical, || async { Err("no answer".to_owned()) });
//! health.set_ready(true);
//!
//! let report = health.report().await;
//! assert_eq!(report.status, HealthStatus::Degraded);
//! assert_eq!(report.http_status(), 200);
//! assert_eq!(report.checks["mail"].message.as_deref(), Some("no answer"));
//! # }
//! ```

use std::{
    collections::BTreeMap,
    fmt,
    pin::Pin,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use http::StatusCode;
use serde::Serialize;
use tokio::{
    task::{Id, JoinSet},
    time::{Instant, timeout},
};

/// The checks of a process, and whether it takes work. Clones share them.
#[derive(Clone, Default)]
pub struct Health {
    inner: Arc<Inner>,
}

#[derive(Default)]
struct Inner {
    ready: AtomicBool,
    checks: Mutex<BTreeMap<String, Check>>,
    /// Held while checks run, so that callers at the same time share one run.
    last: tokio::sync::Mutex<Option<Last>>,
}

#[derive(Clone)]
struct Check {
    criticality: Criticality,
    run: Arc<dyn Fn() -> CheckFuture + Send + Sync>,
}

type CheckFuture = Pin<Box<dyn Future<Output = Result<(), String>> + Send>>;

struct Last {
    at: Instant,
    results: BTreeMap<String, CheckReport>,
}

/// What the failure of a check means.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[expect(
    clippy::exhaustive_enums,
    reason = "the process either works without it or does not"
)]
pub enum Criticality {
    /// Without it nothing works: the process is unavailable.
    Critical,
    /// Without it some things work: the process is degraded.
    NonCritical,
}

/// How the process or one of its checks is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum HealthStatus {
    /// All is well.
    Ok,
    /// It works with less than all of its parts.
    Degraded,
    /// It does not work.
    Unavailable,
}

/// The answer of `/ready`; serialises to its JSON.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct HealthReport {
    /// The worst that follows from the checks; unavailable while the process is not ready.
    pub status: HealthStatus,
    /// Whether the process has started and is not stopping.
    pub ready: bool,
    /// Each check by name.
    pub checks: BTreeMap<String, CheckReport>,
}

/// How one check went.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct CheckReport {
    /// Ok; degraded if it failed and is not critical; unavailable if it failed and is.
    pub status: HealthStatus,
    /// How long it took, in milliseconds.
    pub duration_ms: u64,
    /// Why it failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
}

const TIMEOUT: Duration = Duration::from_secs(5);
const FRESH: Duration = Duration::from_secs(1);
const LONGEST_MESSAGE: usize = 200;

// === impl Health ===

impl Health {
    /// No checks, not ready.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a check, or replaces the one of this name.
    ///
    /// It runs at most once a second, only when somebody asks, beside the others, and has 5 s. A
    /// panic is a failure. Its message is public: name what is wrong, without addresses or
    /// secrets (a password in a URL is cut out, and so is what exceeds 200 characters).
    pub fn register<C, F>(&self, name: impl Into<String>, criticality: Criticality, check: C)
    where
        C: Fn() -> F + Send + Sync + 'static,
        F: Future<Output = Result<(), String>> + Send + 'static,
    {
        let run = Arc::new(move || Box::pin(check()) as CheckFuture);
        self.checks()
            .insert(name.into(), Check { criticality, run });
    }

    /// Ready once everything has started; not ready again while the process drains.
    pub fn set_ready(&self, ready: bool) {
        self.inner.ready.store(ready, Ordering::Release);
    }

    /// Whether the process has started and is not stopping.
    #[must_use]
    pub fn is_ready(&self) -> bool {
        self.inner.ready.load(Ordering::Acquire)
    }

    /// Runs the checks, or repeats what they said within the last second.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future drops the checks that run; the next caller starts them anew.
    pub async fn report(&self) -> HealthReport {
        let mut last = self.inner.last.lock().await;
        let fresh = last.take().filter(|last| last.at.elapsed() < FRESH);
        let last = match fresh {
            Some(fresh) => last.insert(fresh),
            None => {
                let checks = self.checks().clone();
                let results = run(checks).await;
                last.insert(Last {
                    at: Instant::now(),
                    results,
                })
            }
        };
        self.judge(last.results.clone())
    }

    fn judge(&self, checks: BTreeMap<String, CheckReport>) -> HealthReport {
        let ready = self.is_ready();
        let is_some = |status| checks.values().any(|check| check.status == status);
        let status = if !ready || is_some(HealthStatus::Unavailable) {
            HealthStatus::Unavailable
        } else if is_some(HealthStatus::Degraded) {
            HealthStatus::Degraded
        } else {
            HealthStatus::Ok
        };
        HealthReport {
            status,
            ready,
            checks,
        }
    }

    fn checks(&self) -> std::sync::MutexGuard<'_, BTreeMap<String, Check>> {
        self.inner
            .checks
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Health {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<String> = self.checks().keys().cloned().collect();
        f.debug_struct("Health")
            .field("ready", &self.is_ready())
            .field("checks", &names)
            .finish()
    }
}

/// All at once, each in a task of its own: one that panics harms no other.
async fn run(checks: BTreeMap<String, Check>) -> BTreeMap<String, CheckReport> {
    let start = Instant::now();
    let mut running = JoinSet::new();
    let mut names: BTreeMap<Id, (String, Criticality)> = BTreeMap::new();
    for (name, check) in checks {
        let task = running.spawn(async move {
            let outcome = match timeout(TIMEOUT, (check.run)()).await {
                Ok(outcome) => outcome,
                Err(_) => Err(format!("no answer within {} s", TIMEOUT.as_secs())),
            };
            (outcome, start.elapsed())
        });
        names.insert(task.id(), (name, check.criticality));
    }
    let mut results = BTreeMap::new();
    while let Some(joined) = running.join_next_with_id().await {
        let (id, outcome, took) = match joined {
            Ok((id, (outcome, took))) => (id, outcome, took),
            Err(error) => (
                error.id(),
                Err("the check panicked".to_owned()),
                start.elapsed(),
            ),
        };
        if let Some((name, criticality)) = names.remove(&id) {
            results.insert(name, CheckReport::new(criticality, outcome, took));
        }
    }
    results
}

// === impl HealthReport ===

impl HealthReport {
    /// 200, or 503 if unavailable.
    #[must_use]
    pub fn http_status(&self) -> StatusCode {
        match self.status {
            HealthStatus::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
            HealthStatus::Ok | HealthStatus::Degraded => StatusCode::OK,
        }
    }
}

// === impl CheckReport ===

impl CheckReport {
    fn new(criticality: Criticality, outcome: Result<(), String>, took: Duration) -> Self {
        let status = match (&outcome, criticality) {
            (Ok(()), _) => HealthStatus::Ok,
            (Err(_), Criticality::NonCritical) => HealthStatus::Degraded,
            (Err(_), Criticality::Critical) => HealthStatus::Unavailable,
        };
        Self {
            status,
            duration_ms: u64::try_from(took.as_millis()).unwrap_or(u64::MAX),
            message: outcome.err().map(|message| public(&message)),
        }
    }
}

/// The message without the user and password of a URL, cut to its limit.
fn public(message: &str) -> String {
    let mut shown = String::with_capacity(message.len());
    let mut rest = message;
    while let Some(scheme) = rest.find("://") {
        let (before, after) = rest.split_at(scheme + 3);
        shown.push_str(before);
        let end = after.find(|c: char| c.is_whitespace() || "/?#".contains(c));
        let authority = &after[..end.unwrap_or(after.len())];
        rest = authority.rfind('@').map_or(after, |at| &after[at + 1..]);
    }
    shown.push_str(rest);
    match shown.char_indices().nth(LONGEST_MESSAGE) {
        None => shown,
        Some((end, _)) => format!("{}…", &shown[..end]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_loses_the_password_of_a_url() {
        let message = "cannot reach postgres://app:s3cr@t@db:5432/shop or http://x/@y";
        assert_eq!(
            public(message),
            "cannot reach postgres://db:5432/shop or http://x/@y"
        );
        assert_eq!(
            public(&"x".repeat(300)).chars().count(),
            LONGEST_MESSAGE + 1
        );
    }
}
