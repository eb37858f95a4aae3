use std::{fmt, str::FromStr};

/// The version of the platform: what a manifest's `core >= 1.0.0` is compared with.
pub const PLATFORM_VERSION: &str = "1.0.0";

/// A version by Semantic Versioning 2.0, such as `1.2.0` or `2.0.0-rc.1`.
///
/// Ordered by precedence.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Version(semver::Version);

/// A range of versions, such as `>= 1.0.0`, `^1`, `~1.2` or `>= 1.2, < 3`; no range at all (`*`) takes every version.
///
/// A bare version is a caret range: `1.2` is `^1.2`. A pre-release lies in a range only if one of the range's own
/// bounds is a pre-release of the same version.
///
/// ```
/// use goplt_manifest::{Version, VersionRange};
///
/// let range: VersionRange = ">= 1.0.0".parse()?;
/// assert!(range.matches(&Version::parse("1.4.2")?));
/// assert_eq!(
///     range.mismatch(&Version::parse("2.0.0-rc.1")?).as_deref(),
///     Some("2.0.0-rc.1 is a pre-release: it satisfies only a range that names a pre-release of 2.0.0"),
/// );
/// # Ok::<(), goplt_manifest::VersionError>(())
/// ```
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct VersionRange(semver::VersionReq);

/// The text is not a version or not a range of versions.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is not {expected}: {reason}")]
pub struct VersionError {
    text: String,
    expected: &'static str,
    reason: String,
}

// === impl Version ===

impl Version {
    /// What a manifest without a usable version gets.
    pub(crate) const ZERO: Self = Self(semver::Version::new(0, 0, 0));

    /// Parses a version: `major.minor.patch`, then optionally `-pre.release` and `+build`.
    ///
    /// # Errors
    ///
    /// Returns [`VersionError`] when the text is not a version.
    pub fn parse(text: &str) -> Result<Self, VersionError> {
        semver::Version::parse(text).map(Self).map_err(|reason| {
            let expected = "a version such as `1.2.0`";
            VersionError::new(text, expected, &reason)
        })
    }

    /// The version of the platform, [`PLATFORM_VERSION`].
    pub fn platform() -> Self {
        // INVARIANT: PLATFORM_VERSION in numbers; a test compares them.
        Self(semver::Version::new(1, 0, 0))
    }

    /// Whether this is a pre-release, such as `2.0.0-rc.1`.
    pub fn is_prerelease(&self) -> bool {
        !self.0.pre.is_empty()
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

impl fmt::Debug for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Version({self})")
    }
}

impl FromStr for Version {
    type Err = VersionError;

    fn from_str(text: &str) -> Result<Self, VersionError> {
        Self::parse(text)
    }
}

// === impl VersionRange ===

impl VersionRange {
    /// Parses a range: comparators (`=`, `>`, `>=`, `<`, `<=`, `~`, `^`, or none for `^`) joined by commas, or `*`.
    ///
    /// # Errors
    ///
    /// Returns [`VersionError`] when the text is not a range.
    pub fn parse(text: &str) -> Result<Self, VersionError> {
        semver::VersionReq::parse(text).map(Self).map_err(|reason| {
            let expected = "a range of versions such as `>= 1.0.0` or `^1`";
            VersionError::new(text, expected, &reason)
        })
    }

    /// Whether the version lies in the range.
    pub fn matches(&self, version: &Version) -> bool {
        self.0.matches(&version.0)
    }

    /// Why the version does not lie in the range, in words; `None` if it does.
    pub fn mismatch(&self, version: &Version) -> Option<String> {
        if self.matches(version) {
            return None;
        }
        let mut released = version.0.clone();
        released.pre = semver::Prerelease::EMPTY;
        released.build = semver::BuildMetadata::EMPTY;
        if version.is_prerelease() && self.0.matches(&released) {
            return Some(format!(
                "{version} is a pre-release: it satisfies only a range that names a pre-release of {released}"
            ));
        }
        Some(format!("{version} does not satisfy {self}"))
    }
}

impl fmt::Display for VersionRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

impl fmt::Debug for VersionRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "VersionRange({self})")
    }
}

impl FromStr for VersionRange {
    type Err = VersionError;

    fn from_str(text: &str) -> Result<Self, VersionError> {
        Self::parse(text)
    }
}

// === impl VersionError ===

impl VersionError {
    fn new(text: &str, expected: &'static str, reason: &semver::Error) -> Self {
        Self {
            text: crate::error::shorten(text),
            expected,
            reason: reason.to_string(),
        }
    }
}
