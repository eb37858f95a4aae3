//! Waiting until something has happened, without sleeping: [`TestHost::eventually`].

use goplt_core::{
    data::DbError,
    event::{DeadLetterFilter, DeadLetters, EventLog},
    job::{JobFilter, JobState, Jobs},
};
use tokio::task::yield_now;

use super::TestHost;

/// What a check of [`TestHost::eventually`] may return: `bool`, or an `Option` of what it found.
///
/// Sealed: these two are what there is to say.
pub trait Reached: sealed::Sealed {
    /// What was found.
    type Found;

    /// `None` while it is not reached.
    fn reached(self) -> Option<Self::Found>;
}

mod sealed {
    #[expect(unnameable_types, reason = "sealed")]
    pub trait Sealed {}
    impl Sealed for bool {}
    impl<T> Sealed for Option<T> {}
}

impl Reached for bool {
    type Found = ();

    fn reached(self) -> Option<()> {
        self.then_some(())
    }
}

impl<T> Reached for Option<T> {
    type Found = T;

    fn reached(self) -> Self {
        self
    }
}

/// How often a check is repeated when nothing is left to do: a module may have tasks of its own.
const LAST_TURNS: u32 = 50;

/// What a host still has to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Work {
    /// Something is under way or due.
    Due,
    /// Something failed and rests before the next attempt, or has a time to come.
    Later,
    /// Nothing.
    Nothing,
}

impl TestHost {
    /// Waits until `check` holds, and returns what it found.
    ///
    /// It is asked again whenever something was committed, not after some time. When no event and
    /// no job is left to be handled and it still does not hold, it never will.
    ///
    /// # Panics
    ///
    /// If it will never hold.
    ///
    /// # Examples
    ///
    /// ```
    /// # async fn example(host: &goplt_testing::TestHost) {
    /// let reader = host.acme().reader();
    /// host.eventually(async || reader.get("/api/v1/analytics/summary").await.json()["posts"] == 1).await;
    /// # }
    /// ```
    pub async fn eventually<R: Reached>(&self, mut check: impl AsyncFnMut() -> R) -> R::Found {
        let mut commits = self.running.db().commits();
        let mut turns = 0;
        loop {
            // Looked at before the check: what is done between the two is seen by the check.
            let work = self.work().await;
            if let Some(found) = check().await.reached() {
                return found;
            }
            match work {
                Work::Due => commits.next().await,
                Work::Later if !self.is_frozen() => commits.next().await,
                Work::Nothing | Work::Later => {
                    let resting = match work {
                        Work::Later => "; something failed or has a time to come: advance the time",
                        Work::Due | Work::Nothing => "",
                    };
                    assert!(
                        turns < LAST_TURNS,
                        "it will never hold: nothing is left to do{resting}. {}",
                        self.failures().await
                    );
                    turns += 1;
                    yield_now().await;
                }
            }
        }
    }

    /// Waits until no event and no job is left that is due; those that have failed and rest are.
    pub async fn settle(&self) {
        let mut commits = self.running.db().commits();
        loop {
            self.jobs().caught_up().await;
            if self.work().await != Work::Due {
                return;
            }
            commits.next().await;
        }
    }

    /// The jobs of all tenants: those to come, and those that were done or given up.
    #[must_use]
    pub fn jobs(&self) -> Jobs {
        Jobs::new(self.running.db(), &self.mint)
    }

    /// The events of all tenants that were given up.
    #[must_use]
    pub fn dead_letters(&self) -> DeadLetters {
        DeadLetters::new(self.running.db(), &self.mint)
    }

    async fn work(&self) -> Work {
        let work = self.try_work().await;
        work.unwrap_or_else(|error| panic!("what is left to do cannot be read: {error}"))
    }

    async fn try_work(&self) -> Result<Work, DbError> {
        let log = EventLog::new(self.running.db(), &self.mint);
        let backlog = log.backlog().await?;
        let mut later = backlog.resting > 0;
        if !backlog.is_empty() && self.has_events() {
            return Ok(Work::Due);
        }
        let now = self.context().clock().now();
        for state in [JobState::Ready, JobState::Running, JobState::Scheduled] {
            for job in self
                .jobs()
                .list(&JobFilter::new().with_state(state))
                .await?
            {
                if state != JobState::Scheduled || job.run_at <= now {
                    return Ok(Work::Due);
                }
                later = true;
            }
        }
        Ok(if later { Work::Later } else { Work::Nothing })
    }

    /// Whether something of this host spreads events: without, they stay where they are.
    fn has_events(&self) -> bool {
        self.running.modules().all().any(|module| {
            let events = module.manifest().events();
            !events.publishes.is_empty() || !events.subscribes.is_empty()
        })
    }

    /// What has failed, for a message.
    async fn failures(&self) -> String {
        let jobs = self.jobs().list(&JobFilter::new()).await;
        let jobs = jobs.into_iter().flatten().filter_map(|job| {
            let error = job.error?;
            Some(format!("the job {}/{}: {error}", job.module, job.name))
        });
        let letters = self.dead_letters().list(&DeadLetterFilter::new()).await;
        let letters = letters.into_iter().flatten().map(|letter| {
            let event = letter.event.name();
            format!("{event} in {}: {}", letter.group, letter.error)
        });
        let failures: Vec<_> = jobs.chain(letters).collect();
        if failures.is_empty() {
            return String::new();
        }
        format!("Failed: {}", failures.join("; "))
    }
}
