//! [`Rung`]: where a server came from; what happens when there is none.

use std::{fmt, io::Write as _};

/// Where a server came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Rung {
    /// An address given in the environment.
    Url,
    /// A container.
    Container,
    /// The server's binaries on this machine.
    Local,
}

impl Rung {
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Url => "url",
            Self::Container => "container",
            Self::Local => "local",
        }
    }

    pub(super) fn parse(text: &str) -> Option<Self> {
        [Self::Url, Self::Container, Self::Local]
            .into_iter()
            .find(|rung| rung.as_str() == text)
    }
}

impl fmt::Display for Rung {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Why no rung held, one reason each.
#[derive(Debug)]
pub(super) struct Refusals {
    pub(super) server: &'static str,
    pub(super) reasons: Vec<String>,
}

impl Refusals {
    /// Says so once, loudly: past the capture of output by the test harness.
    ///
    /// # Panics
    ///
    /// If `required`.
    pub(super) fn skip(&self, required: bool) {
        let reasons = self.reasons.join("; ");
        let server = self.server;
        assert!(
            !required,
            "no {server}, and GOPLT_REQUIRE_BACKENDS is set: {reasons}"
        );
        let line = format!("SKIPPED: tests that need {server}: {reasons}\n");
        // Nobody is left to tell when standard error is closed.
        let _ = std::io::stderr().write_all(line.as_bytes());
    }
}
