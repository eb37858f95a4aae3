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
        assert!(!required, "GOPLT_REQUIRE_BACKENDS is set, and {self}");
        let line = format!("SKIPPED: {self}\n");
        // Nobody is left to tell when standard error is closed.
        let _ = std::io::stderr().write_all(line.as_bytes());
    }
}

impl fmt::Display for Refusals {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { server, reasons } = self;
        write!(f, "there is no {server}: {}", reasons.join("; "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusals() -> Refusals {
        let reasons = vec!["it is not there".to_owned(), "nor there".to_owned()];
        Refusals {
            server: "server",
            reasons,
        }
    }

    #[test]
    #[should_panic(expected = "GOPLT_REQUIRE_BACKENDS is set, and there is no server")]
    fn a_server_that_is_required_and_missing_fails() {
        refusals().skip(true);
    }

    #[test]
    fn every_reason_is_told() {
        assert_eq!(
            refusals().to_string(),
            "there is no server: it is not there; nor there"
        );
    }

    #[test]
    fn a_rung_is_read_as_it_is_written() {
        for rung in [Rung::Url, Rung::Container, Rung::Local] {
            assert_eq!(Rung::parse(&rung.to_string()), Some(rung));
        }
    }
}
