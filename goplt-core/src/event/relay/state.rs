//! What a runner remembers between two looks, and what it does in each.

use std::{
    collections::{BTreeSet, HashMap},
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
    held::{Ending, Given, Held, Lot},
    lanes::Leases,
    load::Due,
    look::{self, Found, Wanted},
    numbers::{self, Numbers},
};
use crate::{
    ModuleName, Timestamp, data::DbError, error::chain, manifest, shutdown::ShutdownToken,
};

/// How long progress may stay unwritten: a crash repeats at most this much.
const FLUSH_AFTER: Duration = Duration::from_millis(200);
const FLUSH_AT: usize = 1_024;
/// While more events than a few are at work, looks begin no sooner one after the other: each then
/// finds more.
const BREATH: Duration = Duration::from_millis(3);
const FEW: usize = 32;
/// How many events of a group are held in memory at most, and with how many payload bytes.
const MOST: usize = 4_096;
const MOST_BYTES: usize = 16 * 1_024 * 1_024;
/// As long as nobody knows how long they are.
const FIRST: usize = 256;
const CLEAN_EVERY: Duration = Duration::from_secs(60);

/// The memory of one runner.
pub(super) struct Relay {
    delivery: Arc<Delivery>,
    settings: EventSettings,
    leases: Leases,
    groups: Vec<Group>,
    entered: bool,
    tasks: JoinSet<Ending>,
    given: HashMap<Id, Given>,
    reports: mpsc::UnboundedReceiver<Report>,
    report: mpsc::UnboundedSender<Report>,
    done: usize,
    flush_at: Option<Instant>,
    /// When keys that failed are due again.
    retries: BTreeSet<Timestamp>,
    look_at: Instant,
    looked_at: Instant,
    keep_at: Instant,
    clean_at: Instant,
    measure_at: Instant,
}

struct Group {
    name: ModuleName,
    held: Held,
    /// Whether there was more than one look takes.
    more: bool,
    /// The bytes of a payload, on average, when it was last looked.
    payload: usize,
}

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
            looked_at: now,
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
            self.looked_at = now;
            self.look_at = now + self.settings.poll;
            more = self.look_now().await?;
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
            self.look_at = Instant::now();
            return Ok(None);
        }
        Ok(Some(self.next()))
    }

    /// Looks for due events soon; at once if there is little else to do.
    pub(super) fn look(&mut self) {
        let now = Instant::now();
        let at_work: usize = self.groups.iter().map(|group| group.held.len()).sum();
        let at = if at_work < FEW {
            now
        } else {
            now.max(self.looked_at + BREATH)
        };
        self.look_at = self.look_at.min(at);
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
            let share = self.leases.enter(&mut tx, group, self.settings.alone, now);
            whole &= share.await?.whole;
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
        for group in &mut self.groups {
            let busy = group.held.busy_lanes();
            let share = self.leases.keep(&mut tx, &group.name, &busy, now).await?;
            whole &= share.whole;
            group.held.leave(share.leaving);
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

    // === Looking ===

    /// Writes and reads; whether more new events are to be fanned out.
    async fn look_now(&mut self) -> Result<bool, DbError> {
        let backlog = self.groups.iter().any(|group| group.more);
        if !backlog {
            // What is fanned out now is then found at once.
            let more = self.write(true).await?;
            let wanted = self.wanted();
            let found = look::find(&self.delivery, self.leases.owner, wanted).await?;
            self.take_up(found);
            return Ok(more);
        }
        let (done, wanted) = (self.done(), self.wanted());
        let (written, found) = tokio::join!(
            look::write(&self.delivery, &done, true),
            look::find(&self.delivery, self.leases.owner, wanted),
        );
        let more = written?;
        self.removed(&done);
        self.take_up(found?);
        Ok(more)
    }

    /// Removes what was handled and, if asked, makes deliveries of new events; whether there are
    /// more of those.
    async fn write(&mut self, outbox: bool) -> Result<bool, DbError> {
        let done = self.done();
        let more = look::write(&self.delivery, &done, outbox).await?;
        self.removed(&done);
        Ok(more)
    }

    /// What each group has handled, and the database does not know of.
    fn done(&self) -> Vec<(ModuleName, Vec<i64>)> {
        let done = self
            .groups
            .iter()
            .map(|group| (group.name.clone(), group.held.to_remove()));
        done.filter(|(_, seqs)| !seqs.is_empty()).collect()
    }

    fn removed(&mut self, done: &[(ModuleName, Vec<i64>)]) {
        for (name, seqs) in done {
            let group = self.groups.iter_mut().find(|group| group.name == *name);
            group.into_iter().for_each(|group| group.held.removed(seqs));
        }
        self.done = 0;
        self.flush_at = None;
    }

    /// What to ask for the groups that are not busy enough.
    fn wanted(&mut self) -> Vec<Wanted> {
        let mut wanted = Vec::new();
        for (index, group) in self.groups.iter_mut().enumerate() {
            let rows = group.room();
            if rows == 0 {
                group.more = true;
                continue;
            }
            wanted.push(Wanted {
                index,
                group: group.name.clone(),
                leaving: group.held.leaving().clone(),
                held: group.held.seqs().collect(),
                rows,
            });
        }
        wanted
    }

    /// Takes up what was found, and gives it to tasks.
    fn take_up(&mut self, found: Vec<Found>) {
        let now = self.now();
        self.retries.retain(|at| *at > now);
        for found in found {
            let group = &mut self.groups[found.index];
            group.more = found.more;
            group.weigh(&found.pending);
            group.held.only(&found.lanes);
            group.held.load(found.retries);
            group.held.load(found.pending);
            self.begin(found.index);
        }
    }

    /// Gives tasks what can begin.
    fn begin(&mut self, index: usize) {
        let Group { name, held, .. } = &mut self.groups[index];
        let lots = held.begin(|due| self.delivery.shares(name, due));
        for lot in lots {
            self.give(index, lot);
        }
    }

    fn give(&mut self, index: usize, lot: Lot) {
        let given = Given::new(index, &lot);
        let to = (index, self.groups[index].name.clone());
        let work = self.delivery.clone().lot(to, lot, self.report.clone());
        self.given.insert(self.tasks.spawn(work).id(), given);
    }

    // === Housekeeping ===

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
            Report::Done { group, seqs } => {
                self.done += seqs.len();
                self.groups[group].held.handled(seqs);
                self.flush_at
                    .get_or_insert_with(|| Instant::now() + FLUSH_AFTER);
            }
            Report::RetryAt(at) => {
                self.retries.insert(at);
            }
        }
    }

    fn ended(&mut self, ended: Result<(Id, Ending), JoinError>) {
        let (id, ending) = match ended {
            Ok(ended) => ended,
            Err(error) => (error.id(), Ending::Stopped),
        };
        let Some(given) = self.given.remove(&id) else {
            return;
        };
        let index = given.group;
        let (alone, left) = self.groups[index].held.end(&given, ending);
        for lot in alone {
            self.give(index, lot);
        }
        self.begin(index);
        let group = &self.groups[index];
        if left || (group.more && !group.is_busy()) {
            self.look();
        }
    }
}

// === impl Group ===

impl Group {
    fn new(name: ModuleName) -> Self {
        Self {
            name,
            held: Held::default(),
            more: false,
            payload: MOST_BYTES / FIRST,
        }
    }

    /// How many more events to take: as many as memory has room for, or none while it is half full.
    fn room(&self) -> usize {
        if self.is_busy() {
            return 0;
        }
        self.most() - self.held.len()
    }

    fn is_busy(&self) -> bool {
        self.held.len() >= self.most().div_ceil(2)
    }

    fn most(&self) -> usize {
        (MOST_BYTES / self.payload.max(1)).clamp(1, MOST)
    }

    fn weigh(&mut self, found: &[Due]) {
        let bytes: usize = found.iter().map(|due| due.event.size()).sum();
        if let Some(average) = bytes.checked_div(found.len()) {
            self.payload = average;
        }
    }
}
