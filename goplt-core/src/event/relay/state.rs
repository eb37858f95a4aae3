//! What a runner remembers between two looks, and what it does in each.

use std::{
    collections::{BTreeSet, HashMap, HashSet},
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
    time::Duration,
};

use tokio::{
    sync::{Semaphore, mpsc},
    task::{Id, JoinError, JoinSet},
    time::Instant,
};

use super::{
    EventRunner, EventSettings, clean,
    deliver::{Delivery, Report},
    fan_out,
    lanes::Leases,
    load::{self, Due},
    numbers::{self, Numbers},
    progress,
};
use crate::{
    ModuleName, Timestamp, data::DbError, error::chain, failpoint, manifest,
    shutdown::ShutdownToken,
};

/// How long progress may stay unwritten: a crash repeats at most this much.
const FLUSH_AFTER: Duration = Duration::from_millis(200);
const FLUSH_AT: usize = 128;
/// A group with fewer events at work takes more.
const ENOUGH: usize = load::PAGE / 2;
const CLEAN_EVERY: Duration = Duration::from_secs(60);

/// The memory of one runner.
pub(super) struct Relay {
    delivery: Arc<Delivery>,
    settings: EventSettings,
    leases: Leases,
    groups: Vec<Group>,
    entered: bool,
    tasks: JoinSet<()>,
    given: HashMap<Id, Given>,
    reports: mpsc::UnboundedReceiver<Report>,
    report: mpsc::UnboundedSender<Report>,
    done: usize,
    flush_at: Option<Instant>,
    /// When keys that failed are due again.
    retries: BTreeSet<Timestamp>,
    look_at: Instant,
    keep_at: Instant,
    clean_at: Instant,
    measure_at: Instant,
}

struct Group {
    name: ModuleName,
    /// Keys that a task is handling, with their lanes.
    busy: HashMap<Key, i64>,
    /// How many rows those tasks were given.
    given: usize,
    /// Whether there was more than one look takes.
    more: bool,
    /// Busy keys that have more.
    passed_over: HashSet<Key>,
    /// Handled, and not yet removed.
    done: Vec<i64>,
    done_set: HashSet<i64>,
}

/// What a task was given.
struct Given {
    group: usize,
    key: Key,
    rows: usize,
    /// Whether it frees its key, so that what waited is due.
    frees: bool,
}

/// Tenant, topic and key.
type Key = (String, String, String);

impl Relay {
    pub(super) fn new(runner: EventRunner, shutdown: ShutdownToken) -> Self {
        let EventRunner {
            db,
            mint,
            handlers,
            settings,
            reporter,
        } = runner;
        let (report, reports) = mpsc::unbounded_channel();
        let groups = handlers.groups().map(|(name, _)| Group::new(name.clone()));
        let groups = groups.collect();
        let leases = Leases {
            owner: db.seams().ids.next(),
            lease: settings.lease,
        };
        let host = mint.host_scope(
            manifest::ModuleName::from_static("core"),
            "events of all tenants are delivered",
        );
        let now = Instant::now();
        Self {
            delivery: Arc::new(Delivery {
                host,
                mint,
                random: crate::Random::system(),
                handlers,
                permits: Semaphore::new(settings.concurrency),
                leased_until: AtomicI64::new(0),
                shutdown,
                reporter,
                numbers: Numbers::new(db.meter().metrics(), db.placement()),
                db,
            }),
            settings,
            leases,
            groups,
            entered: false,
            tasks: JoinSet::new(),
            given: HashMap::new(),
            reports,
            report,
            done: 0,
            flush_at: None,
            retries: BTreeSet::new(),
            look_at: now,
            keep_at: now,
            clean_at: now + CLEAN_EVERY,
            measure_at: now,
        }
    }

    /// Everything that is due now; when to come back, or `None` for at once.
    pub(super) async fn turn(&mut self) -> Result<Option<Instant>, DbError> {
        self.reap();
        if !self.entered {
            self.enter().await?;
        }
        let now = Instant::now();
        if self.keep_at <= now {
            self.keep().await?;
        }
        let looking = self.look_at <= now || self.retry_is_due();
        let mut more = false;
        if looking {
            self.look_at = now + self.settings.poll;
            more = self.write(true).await?;
            self.load().await?;
        } else if self.flush_is_due(now) {
            self.write(false).await?;
        }
        if self.clean_at <= now {
            self.clean().await?;
            self.clean_at = now + CLEAN_EVERY;
        }
        if self.measure_at <= now {
            self.measure_at = now + numbers::EVERY;
            self.measure().await?;
        }
        if more {
            self.look();
            return Ok(None);
        }
        Ok(Some(self.next()))
    }

    /// Looks for due events in the next turn.
    pub(super) fn look(&mut self) {
        self.look_at = Instant::now();
    }

    /// Resolves when a task has something to say.
    pub(super) async fn reported(&mut self) {
        tokio::select! {
            Some(report) = self.reports.recv() => self.note(report),
            Some(ended) = self.tasks.join_next_with_id() => self.ended(ended),
            else => std::future::pending().await,
        }
    }

    /// Waits for the handlers at work, writes what they did and gives the leases back.
    pub(super) async fn drain(mut self) {
        while let Some(ended) = self.tasks.join_next_with_id().await {
            self.ended(ended);
        }
        self.reap();
        let left = async {
            self.write(false).await?;
            let mut tx = self.delivery.db.begin_host(&self.delivery.host).await?;
            self.leases.leave(&mut tx).await?;
            tx.commit().await
        };
        if let Err(error) = left.await {
            tracing::warn!(error = %chain(&error), "the leases of events run out by themselves");
        }
    }

    fn next(&self) -> Instant {
        let mut at = self.look_at.min(self.keep_at).min(self.clean_at);
        if self.delivery.numbers.is_some() {
            at = at.min(self.measure_at);
        }
        if let Some(flush) = self.flush_at {
            at = at.min(flush);
        }
        if let Some(retry) = self.retries.first() {
            at = at.min(Instant::now() + retry.since(self.now()));
        }
        at
    }

    fn now(&self) -> Timestamp {
        self.delivery.db.seams().clock.now()
    }

    fn retry_is_due(&self) -> bool {
        let now = self.now();
        self.retries.first().is_some_and(|at| *at <= now)
    }

    fn flush_is_due(&self, now: Instant) -> bool {
        self.done >= FLUSH_AT || self.flush_at.is_some_and(|at| at <= now)
    }

    // === Leases ===

    /// Subscribes, and takes the first leases.
    async fn enter(&mut self) -> Result<(), DbError> {
        let now = self.now();
        let mut tx = self.delivery.db.begin_host(&self.delivery.host).await?;
        let mut whole = true;
        for (group, names) in self.delivery.handlers.groups() {
            fan_out::subscribe(&mut tx, group, &names, now).await?;
            whole &= self
                .leases
                .enter(&mut tx, group, self.settings.alone, now)
                .await?;
        }
        tx.commit().await?;
        self.kept(now, whole);
        self.entered = true;
        Ok(())
    }

    async fn keep(&mut self) -> Result<(), DbError> {
        let now = self.now();
        let mut tx = self.delivery.db.begin_host(&self.delivery.host).await?;
        let mut whole = true;
        for group in &self.groups {
            let busy: Vec<i64> = group.busy.values().copied().collect();
            whole &= self.leases.keep(&mut tx, &group.name, &busy, now).await?;
        }
        tx.commit().await?;
        self.kept(now, whole);
        Ok(())
    }

    /// Whoever has not its share of the lanes yet asks again soon: others are giving theirs back, or
    /// a handler of a runner that died is being rolled back.
    fn kept(&mut self, at: Timestamp, whole: bool) {
        let until = at.plus(self.settings.lease);
        self.delivery
            .leased_until
            .store(until.as_micros(), Ordering::Release);
        let pause = if whole {
            self.settings.lease / 3
        } else {
            self.settings.poll.min(self.settings.lease / 3)
        };
        self.keep_at = Instant::now() + pause;
    }

    // === Writing ===

    /// Removes what was handled and, if asked, makes deliveries of new events; whether there are
    /// more of those.
    async fn write(&mut self, outbox: bool) -> Result<bool, DbError> {
        let db = &self.delivery.db;
        let outbox = outbox && {
            let mut tx = db.begin_host_read(&self.delivery.host).await?;
            fan_out::is_due(&mut tx).await?
        };
        if !outbox && self.done == 0 {
            return Ok(false);
        }
        failpoint::point("relay.before_write");
        let mut tx = db.begin_host(&self.delivery.host).await?;
        let taken = if outbox {
            fan_out::fan_out(&mut tx).await?
        } else {
            0
        };
        for group in &self.groups {
            progress::remove(&mut tx, &group.name, &group.done).await?;
        }
        failpoint::point("relay.before_commit");
        tx.commit().await?;
        failpoint::point("relay.after_commit");
        for group in &mut self.groups {
            group.done.clear();
            group.done_set.clear();
        }
        self.done = 0;
        self.flush_at = None;
        Ok(taken >= u64::from(fan_out::BATCH))
    }

    async fn clean(&mut self) -> Result<(), DbError> {
        loop {
            let now = self.now();
            let mut tx = self.delivery.db.begin_host(&self.delivery.host).await?;
            let more = clean::clean(&mut tx, self.settings.kept, now).await?;
            tx.commit().await?;
            if !more {
                return Ok(());
            }
        }
    }

    async fn measure(&self) -> Result<(), DbError> {
        let Some(numbers) = &self.delivery.numbers else {
            return Ok(());
        };
        let mut tx = self
            .delivery
            .db
            .begin_host_read(&self.delivery.host)
            .await?;
        let groups = self.groups.iter().map(|group| &group.name);
        numbers.measure(&mut tx, groups, self.now()).await
    }

    // === Reading ===

    /// Gives every key that has something due to a task.
    async fn load(&mut self) -> Result<(), DbError> {
        let now = self.now();
        self.retries.retain(|at| *at > now);
        let mut tx = self
            .delivery
            .db
            .begin_host_read(&self.delivery.host)
            .await?;
        let owner = self.leases.owner;
        for index in 0..self.groups.len() {
            let group = &mut self.groups[index];
            if group.given >= load::PAGE {
                group.more = true;
                continue;
            }
            let mut found = load::retries(&mut tx, &group.name, owner, now).await?;
            found.retain(|due| group.is_free(due));
            let mut after = 0;
            group.more = loop {
                let page = load::pending(&mut tx, &group.name, owner, after).await?;
                let whole = page.len() == load::PAGE;
                after = page.last().map_or(after, |due| due.seq);
                // A page may hold nothing but events of keys that are busy: then the next one.
                found.extend(page.into_iter().filter(|due| group.is_free(due)));
                if !whole || found.len() >= ENOUGH {
                    break whole;
                }
            };
            self.give(index, found);
        }
        Ok(())
    }

    fn give(&mut self, index: usize, found: Vec<Due>) {
        let mut keys: Vec<(Key, Vec<Due>)> = Vec::new();
        let mut places: HashMap<Key, usize> = HashMap::new();
        for due in found {
            let key = due.key();
            let place = *places.entry(key.clone()).or_insert(keys.len());
            if place == keys.len() {
                keys.push((key, Vec::new()));
            }
            keys[place].1.push(due);
        }
        let group = &mut self.groups[index];
        for (key, due) in keys {
            group.given += due.len();
            group.busy.insert(key.clone(), due[0].lane);
            let given = Given {
                group: index,
                key,
                rows: due.len(),
                frees: due[0].retried,
            };
            let to = (index, group.name.clone());
            let work = self.delivery.clone().key(to, due, self.report.clone());
            self.given.insert(self.tasks.spawn(work).id(), given);
        }
    }

    // === Reports ===

    fn reap(&mut self) {
        while let Ok(report) = self.reports.try_recv() {
            self.note(report);
        }
        while let Some(ended) = self.tasks.try_join_next_with_id() {
            self.ended(ended);
        }
        // A task reports before it ends.
        while let Ok(report) = self.reports.try_recv() {
            self.note(report);
        }
    }

    fn note(&mut self, report: Report) {
        match report {
            Report::Done { group, seq } => {
                self.groups[group].done.push(seq);
                self.groups[group].done_set.insert(seq);
                self.done += 1;
                self.flush_at
                    .get_or_insert_with(|| Instant::now() + FLUSH_AFTER);
            }
            Report::RetryAt(at) => {
                self.retries.insert(at);
            }
        }
    }

    fn ended(&mut self, ended: Result<(Id, ()), JoinError>) {
        let id = match ended {
            Ok((id, ())) => id,
            Err(error) => error.id(),
        };
        let Some(given) = self.given.remove(&id) else {
            return;
        };
        let group = &mut self.groups[given.group];
        group.busy.remove(&given.key);
        group.given -= given.rows;
        let passed_over = group.passed_over.remove(&given.key);
        if passed_over || given.frees || (group.more && group.given < ENOUGH) {
            self.look();
        }
    }
}

// === impl Group ===

impl Group {
    fn new(name: ModuleName) -> Self {
        Self {
            name,
            busy: HashMap::new(),
            given: 0,
            more: false,
            passed_over: HashSet::new(),
            done: Vec::new(),
            done_set: HashSet::new(),
        }
    }

    /// Whether a task can be given this event now.
    fn is_free(&mut self, due: &Due) -> bool {
        if self.done_set.contains(&due.seq) {
            return false;
        }
        let key = due.key();
        if self.busy.contains_key(&key) {
            self.passed_over.insert(key);
            return false;
        }
        true
    }
}
