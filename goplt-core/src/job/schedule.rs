//! When a schedule is due: pure, so that the exceptions of time zones can be tested.

use std::time::Duration;

use croner::{
    Cron,
    parser::{CronParser, Seconds, Year},
};
use jiff::{Timestamp as JiffTimestamp, Zoned, tz::TimeZone};

use super::{JobKey, MissedRuns};
use crate::{BoxError, Timestamp};

/// A cron pattern in a time zone.
#[derive(Debug, Clone)]
pub(super) struct Schedule {
    cron: Cron,
    zone: TimeZone,
}

/// A run that is no later than this is not missed.
const LATE: Duration = Duration::from_secs(60);

/// How many missed runs are made up for.
const MOST: usize = 1_000;

impl Schedule {
    /// That of the key, if it has one.
    pub(super) fn of(key: JobKey) -> Result<Option<Self>, BoxError> {
        let Some(cron) = key.cron() else {
            return Ok(None);
        };
        let parser = CronParser::builder()
            .seconds(Seconds::Disallowed)
            .year(Year::Disallowed)
            .build();
        Ok(Some(Self {
            cron: parser.parse(cron)?,
            zone: TimeZone::get(key.zone())?,
        }))
    }

    /// The first time it is due after `at`; `None` if that is never.
    pub(super) fn next(&self, at: Timestamp) -> Option<Timestamp> {
        let next = self.cron.find_next_occurrence(&self.zoned(at)?, false);
        next.ok().map(|next| instant(&next))
    }

    /// The last time it was due, `at` included.
    fn last(&self, at: Timestamp) -> Option<Timestamp> {
        let last = self.cron.find_previous_occurrence(&self.zoned(at)?, true);
        last.ok().map(|last| instant(&last))
    }

    /// The runs to make for the time after `seen` up to `now`.
    pub(super) fn due(
        &self,
        seen: Timestamp,
        now: Timestamp,
        missed: MissedRuns,
    ) -> Vec<Timestamp> {
        let after = match missed {
            MissedRuns::One => {
                let last = self.last(now).filter(|last| *last > seen);
                return last.into_iter().collect();
            }
            MissedRuns::Skip => seen.max(now.minus(LATE)),
            MissedRuns::All => seen,
        };
        let first = self.next(after);
        std::iter::successors(first, |at| self.next(*at))
            .take_while(|at| *at <= now)
            .take(MOST)
            .collect()
    }

    fn zoned(&self, at: Timestamp) -> Option<Zoned> {
        let at = JiffTimestamp::from_microsecond(at.as_micros()).ok()?;
        Some(at.to_zoned(self.zone.clone()))
    }
}

fn instant(at: &Zoned) -> Timestamp {
    Timestamp::from_micros(at.timestamp().as_microsecond())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn schedule(cron: &'static str, zone: &'static str) -> Schedule {
        let key = JobKey::__declared("shop", "count", Some(cron), Some(zone));
        Schedule::of(key).unwrap().unwrap()
    }

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn next_three(schedule: &Schedule, from: &str) -> Vec<String> {
        let mut times = Vec::new();
        let mut now = at(from);
        for _ in 0..3 {
            now = schedule.next(now).unwrap();
            times.push(now.to_string());
        }
        times
    }

    #[test]
    fn a_fixed_time_that_the_clocks_leave_out_is_due_once_on_that_day() {
        // Berlin, 2026-03-29: 02:00 becomes 03:00 at 01:00 UTC.
        let times = next_three(
            &schedule("30 2 * * *", "Europe/Berlin"),
            "2026-03-28T00:00:00Z",
        );
        assert_eq!(
            times,
            [
                "2026-03-28T01:30:00Z",
                "2026-03-29T01:00:00Z",
                "2026-03-30T00:30:00Z"
            ]
        );
    }

    #[test]
    fn a_fixed_time_that_comes_twice_is_due_once() {
        // Berlin, 2026-10-25: 03:00 becomes 02:00 at 01:00 UTC.
        let times = next_three(
            &schedule("30 2 * * *", "Europe/Berlin"),
            "2026-10-24T12:00:00Z",
        );
        assert_eq!(
            times,
            [
                "2026-10-25T00:30:00Z",
                "2026-10-26T01:30:00Z",
                "2026-10-27T01:30:00Z"
            ]
        );
    }

    #[test]
    fn an_interval_goes_on_through_the_hour_that_comes_twice() {
        let times = next_three(
            &schedule("*/30 * * * *", "Europe/Berlin"),
            "2026-10-25T00:30:00Z",
        );
        assert_eq!(
            times,
            [
                "2026-10-25T01:00:00Z",
                "2026-10-25T01:30:00Z",
                "2026-10-25T02:00:00Z"
            ]
        );
    }

    #[test]
    fn missed_runs_are_left_out_made_once_or_all_made() {
        let hourly = schedule("0 * * * *", "UTC");
        let (seen, now) = (at("2026-03-01T00:30:00Z"), at("2026-03-01T04:10:00Z"));
        assert!(hourly.due(seen, now, MissedRuns::Skip).is_empty());
        assert_eq!(
            hourly.due(seen, now, MissedRuns::One),
            [at("2026-03-01T04:00:00Z")]
        );
        assert_eq!(hourly.due(seen, now, MissedRuns::All).len(), 4);
        let on_time = at("2026-03-01T04:00:01Z");
        assert_eq!(
            hourly.due(seen, on_time, MissedRuns::Skip),
            [at("2026-03-01T04:00:00Z")]
        );
    }

    #[test]
    fn an_unknown_zone_is_an_error() {
        let key = JobKey::__declared("shop", "count", Some("0 3 * * *"), Some("Europe/Berlln"));
        assert!(
            Schedule::of(key)
                .unwrap_err()
                .to_string()
                .contains("Europe/Berlln")
        );
    }
}
