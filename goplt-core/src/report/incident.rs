use std::{fmt, time::Duration};

use super::{ErrorReport, Fingerprint};

/// A group of reports that are alike, as sinks see it.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Incident {
    /// What its reports have in common.
    pub fingerprint: Fingerprint,
    /// One of its reports: the first, or the latest of those that repeat it.
    pub report: ErrorReport,
    /// Whether it is new.
    pub occurrence: Occurrence,
}

/// How often an error was reported.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Occurrence {
    /// It has not been seen in the last interval.
    First,
    /// It was seen again, this often, in this time.
    Repeated {
        /// How often, the first one aside.
        count: u64,
        /// Since it was last told of.
        within: Duration,
    },
}

impl Incident {
    /// How many reports it stands for.
    #[must_use]
    pub const fn count(&self) -> u64 {
        match self.occurrence {
            Occurrence::First => 1,
            Occurrence::Repeated { count, .. } => count,
        }
    }
}

/// `error`, and its causes after colons.
impl fmt::Display for Incident {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (level, cause) in self.report.chain().iter().enumerate() {
            if level > 0 {
                f.write_str(": ")?;
            }
            f.write_str(cause)?;
        }
        Ok(())
    }
}
