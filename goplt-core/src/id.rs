//! Parsed names and ids: a value of these types is valid, whatever made it.

use std::{
    borrow::Borrow,
    fmt,
    str::FromStr,
    sync::{Arc, Mutex, PoisonError},
};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use crate::{Clock, Random};

pub use goplt_manifest::ModuleName;

/// The text does not have the form of the id.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{input}` is not a {what}: {grammar}")]
pub struct IdError {
    input: String,
    what: &'static str,
    grammar: &'static str,
}

macro_rules! names {
    ($($(#[$meta:meta])* $name:ident, $what:literal, $grammar:literal, $valid:path;)*) => {$(
        $(#[$meta])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(Arc<str>);

        impl $name {
            /// The text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl FromStr for $name {
            type Err = IdError;

            fn from_str(input: &str) -> Result<Self, IdError> {
                if $valid(input) {
                    return Ok(Self(input.into()));
                }
                // What came from outside is cut before it reaches a log or an answer.
                let input = input.chars().take(80).collect();
                Err(IdError { input, what: $what, grammar: $grammar })
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Debug::fmt(&self.0, f)
            }
        }

        impl Borrow<str> for $name {
            fn borrow(&self) -> &str {
                &self.0
            }
        }

        impl AsRef<str> for $name {
            fn as_ref(&self) -> &str {
                &self.0
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(&self.0)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
                text.parse().map_err(de::Error::custom)
            }
        }
    )*};
}

names! {
    /// Whose data it is: `[a-z0-9][a-z0-9-]{0,62}`.
    ///
    /// # Examples
    ///
    /// ```
    /// use goplt_core::TenantId;
    ///
    /// let acme: TenantId = "acme".parse()?;
    /// assert_eq!(acme.as_str(), "acme");
    /// assert!("Acme Ltd".parse::<TenantId>().is_err());
    /// # Ok::<_, goplt_core::id::IdError>(())
    /// ```
    TenantId, "tenant id", "1 to 63 of `a-z`, `0-9` and `-`, not beginning with `-`", is_label;

    /// A service as discovery knows it: `[a-z0-9][a-z0-9-]{0,62}`.
    ServiceName, "service name", "1 to 63 of `a-z`, `0-9` and `-`, not beginning with `-`", is_label;

    /// A database beside the home one, for tenants that are placed there: `[a-z0-9][a-z0-9-]{0,62}`.
    PlacementName, "placement name", "1 to 63 of `a-z`, `0-9` and `-`, not beginning with `-`", is_label;

    /// One request through the whole platform: 1 to 64 of `A-Z`, `a-z`, `0-9`, `-`, `_`, `.`.
    ///
    /// Taken from `x-request-id` when it has this form, made anew otherwise.
    RequestId, "request id", "1 to 64 of `A-Z`, `a-z`, `0-9`, `-`, `_` and `.`", is_request_id;
}

/// What cannot be the id of a tenant.
const PLATFORM: &str = "@platform";

// === impl TenantId ===

impl TenantId {
    /// Where what belongs to no tenant is written down: the audit log of the platform itself.
    ///
    /// Its text, `@platform`, is not the id of a tenant: it parses nowhere, so that no header,
    /// credential, path or setting can name it, and only a service may
    /// [enter](crate::data::ScopeMint::enter) it.
    ///
    /// # Examples
    ///
    /// ```
    /// use goplt_core::TenantId;
    ///
    /// let platform = TenantId::platform();
    /// assert!(platform.as_str().parse::<TenantId>().is_err());
    /// assert_eq!(TenantId::stored(platform.as_str())?, platform);
    /// # Ok::<_, goplt_core::id::IdError>(())
    /// ```
    #[must_use]
    pub fn platform() -> Self {
        Self(PLATFORM.into())
    }

    /// Whether it is [`platform`](Self::platform).
    #[must_use]
    pub fn is_platform(&self) -> bool {
        &*self.0 == PLATFORM
    }

    /// What a column `tenant_id` holds: the id of a tenant, or [`platform`](Self::platform). For
    /// rows and for operators' commands; what comes with a request is parsed.
    ///
    /// # Errors
    ///
    /// [`IdError`] if it is neither.
    pub fn stored(text: &str) -> Result<Self, IdError> {
        if text == PLATFORM {
            return Ok(Self::platform());
        }
        text.parse()
    }
}

fn is_label(text: &str) -> bool {
    let label = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
    (1..=63).contains(&text.len()) && text.bytes().all(label) && !text.starts_with('-')
}

fn is_request_id(text: &str) -> bool {
    let allowed = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.');
    (1..=64).contains(&text.len()) && text.bytes().all(allowed)
}

/// A UUID (RFC 9562): the id of rows, events and jobs.
///
/// [`Ids`] makes them in order of time. They tell when they were made: never use one as a secret.
///
/// # Examples
///
/// ```
/// use goplt_core::Uuid;
///
/// let id: Uuid = "01890a5d-ac96-774b-bcce-b302099a8057".parse()?;
/// assert_eq!(id.to_string(), "01890a5d-ac96-774b-bcce-b302099a8057");
/// # Ok::<_, goplt_core::id::IdError>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Uuid([u8; 16]);

// === impl Uuid ===

impl Uuid {
    /// From its 16 bytes.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }

    /// Its 16 bytes.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 16] {
        &self.0
    }
}

impl FromStr for Uuid {
    type Err = IdError;

    fn from_str(input: &str) -> Result<Self, IdError> {
        match uuid::Uuid::try_parse(input) {
            Ok(id) if input.len() == 36 => Ok(Self(id.into_bytes())),
            _ => Err(IdError {
                input: input.chars().take(80).collect(),
                what: "UUID",
                grammar: "32 hexadecimal digits as 8-4-4-4-12",
            }),
        }
    }
}

impl fmt::Display for Uuid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        uuid::Uuid::from_bytes(self.0).as_hyphenated().fmt(f)
    }
}

impl fmt::Debug for Uuid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Serialize for Uuid {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Uuid {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        text.parse().map_err(de::Error::custom)
    }
}

/// Makes UUIDv7 that never go backwards within a process; clones share the order.
///
/// # Examples
///
/// ```
/// use goplt_core::{Clock, Random, id::Ids};
///
/// let ids = Ids::new(Clock::system(), Random::system());
/// assert!(ids.next() < ids.next());
/// ```
#[derive(Debug, Clone)]
pub struct Ids {
    clock: Clock,
    random: Random,
    last: Arc<Mutex<u128>>,
}

// === impl Ids ===

const VERSION_7: u128 = 0x7 << 76;
const VARIANT: u128 = 0b10 << 62;
/// The 74 bits that are neither time, version nor variant: 12 above, 62 below.
const LOW_BITS: u32 = 62;
const COUNTER_BITS: u32 = 74;

impl Ids {
    /// With the time of `clock` and the randomness of `random`.
    #[must_use]
    pub fn new(clock: Clock, random: Random) -> Self {
        Self {
            clock,
            random,
            last: Arc::default(),
        }
    }

    /// The next id: later than every one before it, also when the clock goes back.
    #[must_use]
    pub fn next(&self) -> Uuid {
        let millis = u128::try_from(self.clock.now().as_micros() / 1_000).unwrap_or(0);
        let random = u128::from_le_bytes(self.random.id_bytes()) >> (128 - COUNTER_BITS);
        // RFC 9562 §6.2, method 2: time and counter as one number, which only grows.
        let fresh = (millis & ((1 << 48) - 1)) << COUNTER_BITS | random;
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        *last = if fresh > *last { fresh } else { *last + 1 };
        Uuid(spread(*last).to_be_bytes())
    }

    /// A fresh request id.
    #[must_use]
    pub fn request_id(&self) -> RequestId {
        let id = uuid::Uuid::from_bytes(self.next().0).hyphenated();
        RequestId((&*id.encode_lower(&mut [0; 36])).into())
    }
}

/// Puts version and variant between the bits of time and counter.
fn spread(value: u128) -> u128 {
    let low = value & ((1 << LOW_BITS) - 1);
    let middle = (value >> LOW_BITS) & 0xfff;
    let time = value >> COUNTER_BITS;
    time << 80 | VERSION_7 | middle << 64 | VARIANT | low
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::Timestamp;

    #[test]
    fn ids_grow_while_the_clock_stands_still() {
        let ids = Ids::new(
            Clock::starting_at(Timestamp::from_micros(1)),
            Random::seeded(3),
        );
        let made: Vec<_> = (0..1_000).map(|_| ids.next()).collect();
        assert!(made.is_sorted_by(|a, b| a < b));
        assert!(
            made.iter()
                .all(|id| uuid::Uuid::from_bytes(id.0).get_version_num() == 7)
        );
    }

    #[test]
    fn an_id_tells_the_time_it_was_made() {
        let ids = Ids::new(
            Clock::starting_at(Timestamp::from_micros(1_234_000)),
            Random::seeded(3),
        );
        let bytes = ids.next().0;
        assert_eq!(bytes[..6], 1_234_u64.to_be_bytes()[2..]);
    }

    #[test]
    fn an_id_from_outside_is_cut_in_the_error() {
        let error = "x".repeat(5_000).parse::<TenantId>().unwrap_err();
        assert!(error.to_string().len() < 250);
    }

    proptest! {
        #[test]
        fn parsing_never_panics_and_shows_what_it_took(text in ".{0,80}") {
            if let Ok(tenant) = text.parse::<TenantId>() {
                prop_assert_eq!(tenant.to_string(), text.clone());
            }
            if let Ok(id) = text.parse::<Uuid>() {
                prop_assert_eq!(id.to_string(), text.to_ascii_lowercase());
            }
        }

        #[test]
        fn no_tenant_is_the_platform(text in "[@a-z0-9-]{1,12}|@platform") {
            if let Ok(tenant) = text.parse::<TenantId>() {
                prop_assert!(!tenant.is_platform());
            }
        }

        #[test]
        fn tenants_have_their_grammar(text in "[a-z0-9][a-z0-9-]{0,62}") {
            prop_assert!(text.parse::<TenantId>().is_ok());
        }
    }
}
