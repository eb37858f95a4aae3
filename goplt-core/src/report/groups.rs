//! Grouping: from reports to incidents. No clock and no queue, so that it is easily tested.

use std::{
    collections::{HashMap, hash_map::Entry},
    time::Duration,
};

use super::{ErrorReport, Fingerprint, Incident, Occurrence};

/// The errors of the last interval.
#[derive(Debug, Default)]
pub(super) struct Groups {
    by_fingerprint: HashMap<Fingerprint, Group>,
}

#[derive(Debug)]
struct Group {
    latest: ErrorReport,
    repeats: u64,
}

/// How many kinds of errors are told apart; what exceeds them is counted together.
pub(super) const MOST: usize = 256;

impl Groups {
    /// The incident to tell of at once, if the report is the first of its kind.
    pub(super) fn note(&mut self, report: ErrorReport) -> Option<Incident> {
        let mut fingerprint = Fingerprint::of(&report);
        let is_known = self.by_fingerprint.contains_key(&fingerprint);
        if !is_known && self.by_fingerprint.len() >= MOST {
            fingerprint = Fingerprint::REST;
        }
        match self.by_fingerprint.entry(fingerprint) {
            Entry::Occupied(mut group) => {
                let group = group.get_mut();
                group.latest = report;
                group.repeats += 1;
                None
            }
            Entry::Vacant(place) => {
                let latest = report.clone();
                place.insert(Group { latest, repeats: 0 });
                Some(Incident {
                    fingerprint,
                    report,
                    occurrence: Occurrence::First,
                })
            }
        }
    }

    /// An interval is over: what was repeated in it; what was not is forgotten.
    pub(super) fn turn(&mut self, within: Duration) -> Vec<Incident> {
        self.by_fingerprint.retain(|_, group| group.repeats > 0);
        let repeated = self.by_fingerprint.iter_mut();
        let incidents = repeated.map(|(fingerprint, group)| Incident {
            fingerprint: *fingerprint,
            report: group.latest.clone(),
            occurrence: Occurrence::Repeated {
                count: std::mem::take(&mut group.repeats),
                within,
            },
        });
        incidents.collect()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.by_fingerprint.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{super::Category, *};

    fn report(text: &str) -> ErrorReport {
        ErrorReport::message(Category::Bug, text)
    }

    #[test]
    fn the_first_is_told_at_once_and_the_others_as_a_number() {
        let mut groups = Groups::default();
        assert!(groups.note(report("burns")).is_some());
        assert!(groups.note(report("burns")).is_none());
        assert!(groups.note(report("burns")).is_none());
        let within = Duration::from_secs(60);
        let told = groups.turn(within);
        assert_eq!(told.len(), 1);
        let occurrence = Occurrence::Repeated { count: 2, within };
        assert_eq!(told[0].occurrence, occurrence);
    }

    #[test]
    fn what_was_quiet_for_an_interval_is_new_again() {
        let mut groups = Groups::default();
        groups.note(report("burns"));
        assert!(groups.turn(Duration::ZERO).is_empty());
        assert!(groups.is_empty());
        assert!(groups.note(report("burns")).is_some());
    }

    #[test]
    fn too_many_kinds_are_counted_together() {
        let mut groups = Groups::default();
        // Letters, since numbers do not count.
        let kind = |n: usize| "x".repeat(n + 1);
        let told = (0..2 * MOST).filter_map(|n| groups.note(report(&kind(n))));
        assert_eq!(told.count(), MOST + 1);
        let rest = groups.turn(Duration::ZERO);
        assert_eq!(rest[0].fingerprint, Fingerprint::REST);
        assert_eq!(rest[0].count(), u64::try_from(MOST).unwrap() - 1);
    }

    proptest! {
        /// Nothing is lost and nothing is counted twice, whenever the intervals end.
        #[test]
        fn every_report_is_counted_once(steps in prop::collection::vec((0_usize..5, any::<bool>()), 0..200)) {
            let mut groups = Groups::default();
            let mut told = 0;
            for (kind, turns) in &steps {
                told += groups.note(report(&"y".repeat(*kind))).map_or(0, |incident| incident.count());
                if *turns {
                    told += groups.turn(Duration::ZERO).iter().map(Incident::count).sum::<u64>();
                }
            }
            told += groups.turn(Duration::ZERO).iter().map(Incident::count).sum::<u64>();
            prop_assert_eq!(told, u64::try_from(steps.len()).unwrap());
        }
    }
}
