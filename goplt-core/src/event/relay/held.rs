//! [`Held`]: the events of a group that were loaded and are not through yet, and who of them may
//! begin.
//!
//! Only data and decisions: what is decided here, tasks do.

use std::{
    collections::{HashMap, HashSet, VecDeque},
    mem,
    sync::Arc,
};

use super::load::{Due, Lanes};

/// What is handled in order.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Key {
    pub(super) tenant: String,
    topic: String,
    key: String,
}

/// Events that a task handles.
#[derive(Debug)]
pub(super) struct Lot {
    pub(super) manner: Manner,
    pub(super) keys: Vec<Arc<Key>>,
    pub(super) due: Vec<Due>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Manner {
    /// Events of one key, each in a transaction of its own.
    Alone,
    /// Events of one tenant, many to a transaction.
    Together,
}

/// How a task ended.
#[derive(Debug)]
pub(super) enum Ending {
    /// All events are handled.
    Through,
    /// One was not; what is left of its keys is to be read anew.
    Stopped,
    /// A transaction of several did not work: `alone` are those that were in it, `rest` those that
    /// nobody has tried.
    Apart { alone: Vec<Due>, rest: Vec<Due> },
}

#[derive(Debug, Default)]
pub(super) struct Held {
    strands: HashMap<Arc<Key>, Strand>,
    /// Keys that wait for a task.
    ready: VecDeque<Arc<Key>>,
    /// Tenants that a task handles together. One at a time: two transactions of many events of one
    /// tenant would wait for each other's rows, or in a ring.
    together: HashSet<String>,
    /// Every event here: waiting, with tasks, or handled and not yet removed from the database.
    seqs: HashSet<i64>,
    /// Those that are handled and not yet removed.
    done: HashSet<i64>,
    /// Lanes that are to be given back: nothing new begins in them.
    leaving: HashSet<i64>,
}

/// The events of one key.
#[derive(Debug)]
struct Strand {
    lane: i64,
    /// Whether a task has the key.
    busy: bool,
    waiting: VecDeque<Due>,
}

// === impl Held ===

impl Held {
    /// How many events wait or are with tasks.
    pub(super) fn len(&self) -> usize {
        self.seqs.len() - self.done.len()
    }

    /// The events that need not be loaded.
    pub(super) fn seqs(&self) -> impl Iterator<Item = i64> {
        self.seqs.iter().copied()
    }

    /// The lanes that tasks work in.
    pub(super) fn busy_lanes(&self) -> HashSet<i64> {
        let busy = self.strands.values().filter(|strand| strand.busy);
        busy.map(|strand| strand.lane).collect()
    }

    /// These are handled.
    pub(super) fn handled(&mut self, seqs: Vec<i64>) {
        self.seqs.extend(&seqs);
        self.done.extend(seqs);
    }

    /// What is to be removed from the database. Until it is [`removed`](Self::removed) it stays
    /// here, so that it is not loaded again.
    pub(super) fn to_remove(&self) -> Vec<i64> {
        self.done.iter().copied().collect()
    }

    /// These are gone from the database.
    pub(super) fn removed(&mut self, seqs: &[i64]) {
        for seq in seqs {
            self.seqs.remove(seq);
            self.done.remove(seq);
        }
    }

    /// Lanes that are to be given back.
    pub(super) const fn leaving(&self) -> &HashSet<i64> {
        &self.leaving
    }

    /// Begins nothing more in these lanes.
    pub(super) fn leave(&mut self, lanes: HashSet<i64>) {
        self.leaving = lanes;
    }

    /// Keeps to these lanes: what waits for another one, or with an older token, is forgotten.
    pub(super) fn only(&mut self, lanes: &Lanes) {
        let seqs = &mut self.seqs;
        for strand in self.strands.values_mut() {
            strand.waiting.retain(|due| {
                let stays = lanes.get(&due.lane) == Some(&due.token);
                stays || {
                    seqs.remove(&due.seq);
                    false
                }
            });
        }
        self.strands
            .retain(|_, strand| strand.busy || !strand.waiting.is_empty());
    }

    /// Takes up events, in their order.
    pub(super) fn load(&mut self, due: impl IntoIterator<Item = Due>) {
        for due in due {
            if !self.seqs.insert(due.seq) {
                continue;
            }
            let key = Arc::new(Key::of(&due));
            let strand = self.strands.entry(key.clone());
            let strand = strand.or_insert_with(|| Strand::new(due.lane));
            if !strand.busy && strand.waiting.is_empty() {
                self.ready.push_back(key);
            }
            strand.waiting.push_back(due);
        }
    }

    /// What can begin: of each key that no task has, the first events that are handled in the same
    /// manner.
    pub(super) fn begin(&mut self, shares: impl Fn(&Due) -> bool) -> Vec<Lot> {
        let mut alone = Vec::new();
        let mut together: HashMap<String, Lot> = HashMap::new();
        for key in mem::take(&mut self.ready) {
            let Some(strand) = self.strands.get_mut(&key) else {
                continue;
            };
            let Some(first) = strand.waiting.front().filter(|_| !strand.busy) else {
                continue;
            };
            if !shares(first) {
                let due = strand.take(|due| !shares(due));
                alone.push(Lot::alone(key, due));
            } else if self.together.contains(&key.tenant) {
                self.ready.push_back(key);
            } else {
                let due = strand.take(&shares);
                let lot = together
                    .entry(key.tenant.clone())
                    .or_insert_with(Lot::empty);
                lot.keys.push(key);
                lot.due.extend(due);
            }
        }
        for (tenant, mut lot) in together {
            if lot.due.len() == 1 {
                lot.manner = Manner::Alone;
            } else {
                lot.due.sort_unstable_by_key(|due| due.seq);
                self.together.insert(tenant);
            }
            alone.push(lot);
        }
        alone
    }

    /// Frees what a task had: its keys, and its events. What is to be handled alone comes back as
    /// lots; the second is whether something was left, to be read anew.
    pub(super) fn end(&mut self, given: &Given, ending: Ending) -> (Vec<Lot>, bool) {
        for seq in given.seqs.iter().filter(|seq| !self.done.contains(seq)) {
            self.seqs.remove(seq);
        }
        if given.manner == Manner::Together {
            self.together.remove(&given.keys[0].tenant);
        }
        match ending {
            Ending::Through => {
                given.keys.iter().for_each(|key| self.free(key));
                (Vec::new(), false)
            }
            Ending::Stopped => {
                for key in &given.keys {
                    let waiting = self.strands.remove(key).map(|strand| strand.waiting);
                    for due in waiting.into_iter().flatten() {
                        self.seqs.remove(&due.seq);
                    }
                }
                (Vec::new(), true)
            }
            Ending::Apart { alone, rest } => {
                for due in rest.into_iter().rev() {
                    self.seqs.insert(due.seq);
                    if let Some(strand) = self.strands.get_mut(&Key::of(&due)) {
                        strand.waiting.push_front(due);
                    }
                }
                let mut lots: Vec<Lot> = Vec::new();
                let mut places: HashMap<Key, usize> = HashMap::new();
                for due in alone {
                    self.seqs.insert(due.seq);
                    let place = *places.entry(Key::of(&due)).or_insert(lots.len());
                    if place == lots.len() {
                        lots.push(Lot::alone(Arc::new(Key::of(&due)), Vec::new()));
                    }
                    lots[place].due.push(due);
                }
                let freed = given.keys.iter().filter(|key| !places.contains_key(key));
                freed.for_each(|key| self.free(key));
                (lots, false)
            }
        }
    }

    /// No task has the key any more.
    fn free(&mut self, key: &Arc<Key>) {
        let Some(strand) = self.strands.get_mut(key) else {
            return;
        };
        strand.busy = false;
        if strand.waiting.is_empty() {
            self.strands.remove(key);
        } else {
            self.ready.push_back(key.clone());
        }
    }
}

/// What a task was given.
#[derive(Debug)]
pub(super) struct Given {
    pub(super) group: usize,
    manner: Manner,
    keys: Vec<Arc<Key>>,
    seqs: Vec<i64>,
}

// === impl Given ===

impl Given {
    pub(super) fn new(group: usize, lot: &Lot) -> Self {
        Self {
            group,
            manner: lot.manner,
            keys: lot.keys.clone(),
            seqs: lot.due.iter().map(|due| due.seq).collect(),
        }
    }
}

// === impl Strand ===

impl Strand {
    const fn new(lane: i64) -> Self {
        Self {
            lane,
            busy: false,
            waiting: VecDeque::new(),
        }
    }

    /// Gives a task the first events, as long as they are of this kind.
    fn take(&mut self, kind: impl Fn(&Due) -> bool) -> Vec<Due> {
        self.busy = true;
        let other = self.waiting.iter().position(|due| !kind(due));
        let count = other.unwrap_or(self.waiting.len());
        self.waiting.drain(..count).collect()
    }
}

// === impl Lot ===

impl Lot {
    fn alone(key: Arc<Key>, due: Vec<Due>) -> Self {
        Self {
            manner: Manner::Alone,
            keys: vec![key],
            due,
        }
    }

    const fn empty() -> Self {
        Self {
            manner: Manner::Together,
            keys: Vec::new(),
            due: Vec::new(),
        }
    }
}

// === impl Key ===

impl Key {
    fn of(due: &Due) -> Self {
        Self {
            tenant: due.event.tenant.clone(),
            topic: due.event.topic().to_owned(),
            key: due.event.key.clone(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Timestamp, Uuid, event::event_row::EventRow};

    fn due(seq: i64, tenant: &str, key: &str) -> Due {
        Due {
            seq,
            retried: false,
            attempts: 0,
            lane: i64::try_from(key.len()).unwrap(),
            token: 1,
            seen: false,
            event: EventRow::of(
                Uuid::from_bytes([0; 16]),
                tenant,
                "shop.item.sold",
                key,
                Timestamp::UNIX_EPOCH,
            ),
        }
    }

    fn held(all: impl IntoIterator<Item = Due>) -> Held {
        let mut held = Held::default();
        held.load(all);
        held
    }

    /// The lots as tenant or key and numbers, in a fixed order.
    fn seqs(lots: &[Lot]) -> Vec<(Manner, Vec<i64>)> {
        let seqs = |lot: &Lot| lot.due.iter().map(|due| due.seq).collect();
        let mut all: Vec<_> = lots.iter().map(|lot| (lot.manner, seqs(lot))).collect();
        all.sort_unstable_by_key(|(_, seqs): &(_, Vec<i64>)| seqs.clone());
        all
    }

    const ALONE: Manner = Manner::Alone;
    const TOGETHER: Manner = Manner::Together;

    #[test]
    fn a_key_has_one_task_and_what_comes_later_waits_for_it() {
        let mut held = held([
            due(1, "acme", "a"),
            due(2, "acme", "b"),
            due(3, "acme", "a"),
        ]);
        let lots = held.begin(|_| false);
        assert_eq!(seqs(&lots), [(ALONE, vec![1, 3]), (ALONE, vec![2])]);
        held.load([due(4, "acme", "a"), due(3, "acme", "a")]);
        assert!(held.begin(|_| false).is_empty());
        for lot in &lots {
            let given = Given::new(0, lot);
            let (alone, left) = held.end(&given, Ending::Through);
            assert!(alone.is_empty() && !left);
        }
        // What was loaded twice is there once.
        assert_eq!(seqs(&held.begin(|_| false)), [(ALONE, vec![4])]);
        assert_eq!(held.len(), 1);
    }

    #[test]
    fn keys_of_a_tenant_go_together_and_a_tenant_has_one_such_task() {
        let mut held = held([
            due(1, "acme", "a"),
            due(2, "umbrella", "a"),
            due(3, "acme", "b"),
            due(4, "umbrella", "b"),
        ]);
        let lots = held.begin(|_| true);
        assert_eq!(
            seqs(&lots),
            [(TOGETHER, vec![1, 3]), (TOGETHER, vec![2, 4])]
        );
        // Another key of the tenant waits until its task has ended.
        held.load([due(5, "acme", "c"), due(6, "acme", "d")]);
        assert!(held.begin(|_| true).is_empty());
        for lot in &lots {
            let _ = held.end(&Given::new(0, lot), Ending::Through);
        }
        assert_eq!(seqs(&held.begin(|_| true)), [(TOGETHER, vec![5, 6])]);
    }

    #[test]
    fn what_is_handled_is_not_loaded_again_until_it_is_removed() {
        let mut held = held([due(1, "acme", "a")]);
        let lots = held.begin(|_| false);
        held.handled(vec![1]);
        let _ = held.end(&Given::new(0, &lots[0]), Ending::Through);
        held.load([due(1, "acme", "a")]);
        assert!(held.begin(|_| false).is_empty());
        let done = held.to_remove();
        assert_eq!(done, [1]);
        held.removed(&done);
        assert_eq!(held.len(), 0);
        assert!(held.to_remove().is_empty());
    }

    #[test]
    fn a_single_event_shares_with_nobody() {
        let mut held = held([due(1, "acme", "a")]);
        assert_eq!(seqs(&held.begin(|_| true)), [(ALONE, vec![1])]);
    }

    #[test]
    fn a_key_keeps_its_order_where_the_manner_changes() {
        let even = |due: &Due| due.seq % 2 == 0;
        let mut held = held([2, 4, 5, 6].map(|seq| due(seq, "acme", "a")));
        let mut all = Vec::new();
        while held.len() > 0 {
            let lots = held.begin(even);
            assert_eq!(lots.len(), 1);
            all.extend(lots[0].due.iter().map(|due| due.seq));
            let _ = held.end(&Given::new(0, &lots[0]), Ending::Through);
        }
        assert_eq!(all, [2, 4, 5, 6]);
    }

    #[test]
    fn what_a_key_that_failed_had_waiting_is_forgotten() {
        let mut held = held([due(1, "acme", "a")]);
        let lots = held.begin(|_| false);
        held.load([due(2, "acme", "a"), due(3, "acme", "b")]);
        let (alone, left) = held.end(&Given::new(0, &lots[0]), Ending::Stopped);
        assert!(alone.is_empty() && left);
        assert_eq!(Vec::from_iter(held.seqs()), [3]);
        assert_eq!(seqs(&held.begin(|_| false)), [(ALONE, vec![3])]);
    }

    #[test]
    fn what_came_apart_is_alone_key_by_key_and_the_rest_goes_on_in_order() {
        let all = [(1, "a"), (2, "b"), (3, "a"), (4, "b"), (5, "c"), (6, "c")];
        let mut held = held(all.map(|(seq, key)| due(seq, "acme", key)));
        let mut lots = held.begin(|_| true);
        held.load([due(7, "acme", "a"), due(8, "acme", "c")]);
        let given = Given::new(0, &lots[0]);
        let mut alone = lots.remove(0).due;
        let rest = alone.split_off(3);
        let (alone, left) = held.end(&given, Ending::Apart { alone, rest });
        assert!(!left);
        assert_eq!(seqs(&alone), [(ALONE, vec![1, 3]), (ALONE, vec![2])]);
        // The key that nobody has tried goes on; the others wait for their own tasks.
        assert_eq!(seqs(&held.begin(|_| true)), [(TOGETHER, vec![5, 6, 8])]);
        for lot in &alone {
            let _ = held.end(&Given::new(0, lot), Ending::Through);
        }
        let mut later: Vec<i64> = held.seqs().collect();
        later.sort_unstable();
        assert_eq!(later, [4, 5, 6, 7, 8]);
    }

    #[test]
    fn nothing_begins_in_a_lane_that_is_lost_or_given_back() {
        let all = [
            due(1, "acme", "a"),
            due(2, "acme", "bb"),
            due(3, "acme", "ccc"),
        ];
        let mut held = held(all);
        // The second has a new token, so somebody else had it in between.
        held.only(&Lanes::from([(1, 1), (2, 2)]));
        assert_eq!(seqs(&held.begin(|_| false)), [(ALONE, vec![1])]);
        assert_eq!(held.len(), 1);
        assert_eq!(held.busy_lanes(), HashSet::from([1]));
    }
}
