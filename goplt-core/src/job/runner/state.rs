//! What a runner remembers between two looks, and what it does in each.

use std::{collections::HashMap, time::Duration};

use tokio::{
    task::{AbortHandle, JoinError, JoinSet},
    time::Instant,
};

use super::{
    JobRunner, JobSettings,
    claim::{self, Turns},
    cron,
    finish::{self, Ended},
    numbers::{self, Numbers},
    work::Tools,
};
use crate::{
    Random, RequestContext, Timestamp, Uuid,
    data::{DbError, HostScope, HostTx, TenantDb},
    error::chain,
    failpoint,
    job::{JobHandlers, context::JobRows},
    manifest::ModuleName,
};

const CLEAN_EVERY: Duration = Duration::from_secs(60);

/// The memory of one runner.
pub(super) struct Runner {
    db: TenantDb,
    host: HostScope,
    handlers: JobHandlers,
    settings: JobSettings,
    tools: Tools,
    owner: Uuid,
    turns: Turns,
    tasks: JoinSet<Ended>,
    running: HashMap<(Uuid, i64), Running>,
    /// Ends that are not written yet.
    ends: Vec<Ended>,
    entered: bool,
    next_cron: Option<Timestamp>,
    look_at: Instant,
    beat_at: Instant,
    clean_at: Instant,
    measure_at: Instant,
}

struct Running {
    request: Option<RequestContext>,
    task: AbortHandle,
}

impl Runner {
    pub(super) fn new(runner: JobRunner) -> Self {
        let JobRunner {
            db,
            mint,
            handlers,
            settings,
            reporter,
        } = runner;
        let seams = db.seams();
        let now = Instant::now();
        let host = mint.host_scope(
            ModuleName::from_static("core"),
            "jobs of all tenants are run",
        );
        Self {
            owner: seams.ids.next(),
            tools: Tools {
                mint,
                rows: JobRows {
                    db: db.clone(),
                    host: host.clone(),
                },
                clock: seams.clock.clone(),
                random: Random::system(),
                reporter,
                numbers: Numbers::new(db.meter().metrics(), db.placement()),
            },
            turns: Turns::default(),
            tasks: JoinSet::new(),
            running: HashMap::new(),
            ends: Vec::new(),
            entered: false,
            // A schedule is one, however many databases there are.
            next_cron: db.is_home().then_some(Timestamp::UNIX_EPOCH),
            look_at: now,
            beat_at: now + settings.lease / 3,
            clean_at: now + CLEAN_EVERY,
            measure_at: now,
            db,
            host,
            handlers,
            settings,
        }
    }

    /// Writes what has ended, and starts what is due; when to come back.
    pub(super) async fn turn(&mut self) -> Result<Instant, DbError> {
        while let Some(ended) = self.tasks.try_join_next() {
            self.note(ended);
        }
        let now = Instant::now();
        if self.beat_at <= now {
            self.heartbeat().await?;
        }
        if self.look_at <= now || self.cron_is_due() || !self.ends.is_empty() {
            self.look_at = now + self.settings.poll;
            self.work().await?;
        }
        if self.clean_at <= now {
            self.clean().await?;
            self.clean_at = now + CLEAN_EVERY;
        }
        if self.measure_at <= now {
            self.measure_at = now + numbers::EVERY;
            self.measure().await?;
        }
        Ok(self.next())
    }

    /// Looks for due jobs in the next turn.
    pub(super) fn look(&mut self) {
        self.look_at = Instant::now();
    }

    /// Resolves when a job has ended.
    pub(super) async fn ended(&mut self) {
        match self.tasks.join_next().await {
            Some(ended) => self.note(ended),
            None => std::future::pending().await,
        }
    }

    /// Waits for the jobs at work and writes their ends, renewing their leases meanwhile.
    pub(super) async fn drain(mut self) {
        while !self.tasks.is_empty() {
            let beat_at = self.beat_at;
            tokio::select! {
                () = self.ended() => {}
                () = tokio::time::sleep_until(beat_at) => self.beat().await,
            }
        }
        let left = async {
            let mut tx = self.db.begin_host(&self.host).await?;
            self.write_ends(&mut tx).await?;
            finish::release(&mut tx, self.owner).await?;
            tx.commit().await
        };
        if let Err(error) = left.await {
            tracing::warn!(error = %chain(&error), "the leases of jobs run out by themselves");
        }
    }

    fn next(&self) -> Instant {
        let mut at = self.look_at.min(self.beat_at).min(self.clean_at);
        if self.tools.numbers.is_some() {
            at = at.min(self.measure_at);
        }
        match self.next_cron {
            Some(due) => at.min(Instant::now() + due.since(self.now())),
            None => at,
        }
    }

    fn now(&self) -> Timestamp {
        self.db.seams().clock.now()
    }

    fn cron_is_due(&self) -> bool {
        self.next_cron.is_some_and(|due| due <= self.now())
    }

    // === Work ===

    /// One transaction: ends, schedules, leases.
    async fn work(&mut self) -> Result<(), DbError> {
        let now = self.now();
        let mut tx = self.db.begin_host(&self.host).await?;
        self.write_ends(&mut tx).await?;
        if self.settings.alone && !self.entered {
            claim::take_over(&mut tx).await?;
        }
        let mut next_cron = self.next_cron;
        if self.cron_is_due() {
            next_cron = cron::tick(&mut tx, &self.handlers, &self.db.seams().ids, now).await?;
        }
        claim::promote(&mut tx, now).await?;
        let free = self.settings.concurrency - self.running.len().min(self.settings.concurrency);
        let lease = (now, now.plus(self.settings.lease));
        let claimed = self
            .turns
            .claim(&mut tx, &self.handlers, self.owner, free, lease)
            .await?;
        failpoint::point("job.before_claim");
        tx.commit().await?;

        self.ends.clear();
        self.entered = true;
        self.next_cron = next_cron;
        self.db.seams().looked.send();
        for job in claimed {
            let Some(registered) = self.handlers.get(&job.module, &job.name).cloned() else {
                continue;
            };
            let key = (job.id, job.token);
            let (span, trace) = self.tools.span(&job);
            let cx = self.tools.context(&registered, &job, trace);
            let request = cx.as_ref().ok().map(|cx| cx.request().clone());
            let task = self
                .tasks
                .spawn(self.tools.clone().attempt(registered, job, span, cx));
            self.running.insert(key, Running { request, task });
        }
        Ok(())
    }

    async fn write_ends(&self, tx: &mut HostTx) -> Result<(), DbError> {
        let now = self.now();
        for ended in &self.ends {
            if !finish::write(tx, ended, now).await? {
                tracing::warn!(job_id = %ended.id, "a job outlived its lease: its end is not taken");
            }
        }
        Ok(())
    }

    async fn clean(&self) -> Result<(), DbError> {
        loop {
            let before = self.now().minus(self.settings.kept);
            let mut tx = self.db.begin_host(&self.host).await?;
            let more = finish::clean(&mut tx, before).await?;
            tx.commit().await?;
            if !more {
                return Ok(());
            }
        }
    }

    async fn measure(&self) -> Result<(), DbError> {
        let Some(numbers) = &self.tools.numbers else {
            return Ok(());
        };
        let mut tx = self.db.begin_host_read(&self.host).await?;
        numbers.measure(&mut tx, self.now()).await
    }

    // === Leases ===

    async fn beat(&mut self) {
        if let Err(error) = self.heartbeat().await {
            tracing::warn!(error = %chain(&error), "the leases of jobs were not renewed");
            self.beat_at = Instant::now() + self.settings.poll;
        }
    }

    /// Renews the leases, and stops jobs that have lost theirs.
    async fn heartbeat(&mut self) -> Result<(), DbError> {
        let until = self.now().plus(self.settings.lease);
        let mut tx = self.db.begin_host(&self.host).await?;
        let held = finish::heartbeat(&mut tx, self.owner, until).await?;
        for (id, token) in held.iter().filter(|key| !self.knows(**key)) {
            // Leased by a transaction whose commit was not seen.
            finish::forget(&mut tx, *id, *token).await?;
        }
        tx.commit().await?;
        self.running.retain(|key, running| {
            let keeps = held.contains(key) || running.task.is_finished();
            if !keeps {
                running.stop();
            }
            keeps
        });
        self.beat_at = Instant::now() + self.settings.lease / 3;
        Ok(())
    }

    fn knows(&self, key: (Uuid, i64)) -> bool {
        let ended = |ended: &Ended| (ended.id, ended.token) == key;
        self.running.contains_key(&key) || self.ends.iter().any(ended)
    }

    fn note(&mut self, ended: Result<Ended, JoinError>) {
        // A task that was stopped has nothing to say.
        if let Ok(ended) = ended {
            self.running.remove(&(ended.id, ended.token));
            self.ends.push(ended);
        }
    }
}

impl Running {
    fn stop(&self) {
        if let Some(request) = &self.request {
            request.cancel();
        }
        self.task.abort();
    }
}
