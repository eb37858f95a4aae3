//! Which reports are alike.

use std::fmt;

use super::ErrorReport;
use crate::manifest::name_tag;

/// The same for errors that differ in ids and numbers alone: of one category, with causes that
/// say the same once every word with a digit is taken out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Fingerprint(u64);

impl Fingerprint {
    /// Of what there were too many kinds to tell apart.
    pub const REST: Self = Self(0);

    /// Of a report.
    #[must_use]
    pub fn of(report: &ErrorReport) -> Self {
        let mut text = report.category().as_str().to_owned();
        for cause in report.chain() {
            text.push('\n');
            normalise(cause, &mut text);
        }
        Self(name_tag(&text).max(1))
    }
}

/// Ids of any alphabet have digits; a word of a message hardly ever does.
fn normalise(cause: &str, text: &mut String) {
    let within = |c: char| c.is_alphanumeric() || c == '_' || c == '-';
    let mut rest = cause;
    while let Some(first) = rest.chars().next() {
        if within(first) {
            let end = rest.find(|c| !within(c)).unwrap_or(rest.len());
            let (word, after) = rest.split_at(end);
            let is_id = word.contains(|c: char| c.is_numeric());
            text.push_str(if is_id { "#" } else { word });
            rest = after;
        } else {
            text.push(first);
            rest = &rest[first.len_utf8()..];
        }
    }
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{super::Category, *};

    fn of(text: &str) -> Fingerprint {
        Fingerprint::of(&ErrorReport::message(Category::Bug, text))
    }

    #[test]
    fn ids_do_not_count() {
        assert_eq!(
            of("post 01890a5d-ac96-774b-bcce-b302099a8057 took 17 ms"),
            of("post 0190aaaa-ac96-774b-bcce-b302099a8057 took 1834 ms")
        );
        assert_ne!(of("post is gone"), of("comment is gone"));
    }

    #[test]
    fn the_category_counts() {
        let bug = ErrorReport::message(Category::Bug, "x");
        let panic = ErrorReport::message(Category::Panic, "x");
        assert_ne!(Fingerprint::of(&bug), Fingerprint::of(&panic));
    }

    proptest! {
        #[test]
        fn numbers_never_count(words in "[a-z ]{0,20}", a: u64, b: u64) {
            prop_assert_eq!(of(&format!("{words} {a} x")), of(&format!("{words} {b} x")));
        }

        #[test]
        fn it_never_panics_and_is_never_that_of_the_rest(text in ".{0,60}") {
            prop_assert_ne!(of(&text), Fingerprint::REST);
        }
    }
}
