//! The payload of a token as it was read: typed, each claim at most once, nothing believed yet.

use std::{borrow::Cow, fmt};

use goplt_core::Timestamp;
use serde::{
    Deserialize, Deserializer,
    de::{self, IgnoredAny, MapAccess, SeqAccess, Visitor},
};

use crate::TokenError;

/// The claims of RFC 7519 §4.1, and ours: the tenant and `roles`.
#[derive(Default)]
pub(crate) struct Payload<'a> {
    pub(crate) iss: Option<Cow<'a, str>>,
    pub(crate) sub: Option<Cow<'a, str>>,
    pub(crate) aud: Option<Audience<'a>>,
    pub(crate) exp: Option<NumericDate>,
    pub(crate) nbf: Option<NumericDate>,
    pub(crate) iat: Option<NumericDate>,
    pub(crate) jti: Option<Cow<'a, str>>,
    pub(crate) tenant_id: Option<Cow<'a, str>>,
    pub(crate) roles: Option<Vec<String>>,
}

/// One string, or a list of them (RFC 7519 §4.1.3).
pub(crate) enum Audience<'a> {
    One(Cow<'a, str>),
    Many(Vec<Cow<'a, str>>),
}

/// Seconds since 1970, whole or not (RFC 7519 §2), up to the year 9999.
#[derive(Clone, Copy)]
pub(crate) struct NumericDate(pub(crate) Timestamp);

#[derive(Deserialize)]
#[serde(transparent)]
struct Text<'a>(#[serde(borrow)] Cow<'a, str>);

/// More than anyone's tokens have; looking for doubles is quadratic.
const MAX_CLAIMS: usize = 64;
const MAX_SECONDS: i64 = 253_402_300_799;

impl<'a> Payload<'a> {
    /// Reads an object of claims, the tenant from the one that `tenant_claim` names.
    pub(crate) fn parse(json: &'a [u8], tenant_claim: &str) -> Result<Self, TokenError> {
        // Checked once as a whole, which is faster than string by string.
        let json = std::str::from_utf8(json).map_err(|_| TokenError::Malformed)?;
        let mut source = serde_json::Deserializer::from_str(json);
        let payload = source.deserialize_map(PayloadVisitor { tenant_claim });
        let payload = payload.and_then(|payload| source.end().map(|()| payload));
        payload.map_err(|_| TokenError::Malformed)
    }
}

impl Audience<'_> {
    pub(crate) fn contains(&self, wanted: &str) -> bool {
        match self {
            Self::One(audience) => audience == wanted,
            Self::Many(all) => all.iter().any(|audience| audience == wanted),
        }
    }
}

struct PayloadVisitor<'c> {
    tenant_claim: &'c str,
}

impl<'de> Visitor<'de> for PayloadVisitor<'_> {
    type Value = Payload<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object of claims")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut payload = Payload::default();
        let mut others = Vec::new();
        while let Some(Text(name)) = map.next_key()? {
            match name.as_ref() {
                "iss" => once(&mut payload.iss, text(&mut map)?)?,
                "sub" => once(&mut payload.sub, text(&mut map)?)?,
                "aud" => once(&mut payload.aud, map.next_value()?)?,
                "exp" => once(&mut payload.exp, map.next_value()?)?,
                "nbf" => once(&mut payload.nbf, map.next_value()?)?,
                "iat" => once(&mut payload.iat, map.next_value()?)?,
                "jti" => once(&mut payload.jti, text(&mut map)?)?,
                "roles" => once(&mut payload.roles, map.next_value()?)?,
                claim if claim == self.tenant_claim => {
                    once(&mut payload.tenant_id, text(&mut map)?)?;
                }
                _ => {
                    map.next_value::<IgnoredAny>()?;
                    if others.contains(&name) || others.len() == MAX_CLAIMS {
                        return Err(de::Error::custom(
                            "a claim is doubled, or there are too many",
                        ));
                    }
                    others.push(name);
                }
            }
        }
        Ok(payload)
    }
}

fn text<'de, A: MapAccess<'de>>(map: &mut A) -> Result<Cow<'de, str>, A::Error> {
    map.next_value().map(|Text(text)| text)
}

/// RFC 7519 §4: a doubled claim makes the token mean two things.
fn once<T, E: de::Error>(slot: &mut Option<T>, value: T) -> Result<(), E> {
    match slot.replace(value) {
        None => Ok(()),
        Some(_) => Err(E::custom("a claim is doubled")),
    }
}

impl<'de> Deserialize<'de> for Audience<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(AudienceVisitor)
    }
}

struct AudienceVisitor;

impl<'de> Visitor<'de> for AudienceVisitor {
    type Value = Audience<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a string or a list of strings")
    }

    fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Self::Value, E> {
        Ok(Audience::One(Cow::Borrowed(text)))
    }

    fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
        Ok(Audience::One(Cow::Owned(text.to_owned())))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
        let mut all = Vec::new();
        while let Some(Text(text)) = seq.next_element()? {
            all.push(text);
        }
        Ok(Audience::Many(all))
    }
}

impl<'de> Deserialize<'de> for NumericDate {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(DateVisitor)
    }
}

struct DateVisitor;

impl Visitor<'_> for DateVisitor {
    type Value = NumericDate;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("seconds since 1970")
    }

    fn visit_u64<E: de::Error>(self, seconds: u64) -> Result<NumericDate, E> {
        match i64::try_from(seconds) {
            Ok(seconds) if seconds <= MAX_SECONDS => {
                Ok(NumericDate(Timestamp::from_micros(seconds * 1_000_000)))
            }
            _ => Err(E::custom("past the year 9999")),
        }
    }

    #[expect(
        clippy::cast_possible_truncation,
        reason = "the range is checked first"
    )]
    fn visit_f64<E: de::Error>(self, seconds: f64) -> Result<NumericDate, E> {
        let micros = seconds * 1e6;
        if (0.0..=253_402_300_799e6).contains(&micros) {
            return Ok(NumericDate(Timestamp::from_micros(micros as i64)));
        }
        Err(E::custom("before 1970 or past the year 9999"))
    }
}
