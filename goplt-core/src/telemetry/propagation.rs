//! W3C Trace Context (Level 1): `traceparent` in and out.

use std::{fmt, str::FromStr};

use crate::Random;

/// Which trace a request belongs to, and below which span: the header `traceparent`.
///
/// The default belongs to no trace.
///
/// # Examples
///
/// ```
/// use goplt_core::telemetry::TraceContext;
///
/// let header = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
/// let trace: TraceContext = header.parse()?;
/// assert!(trace.is_sampled());
/// assert_eq!(trace.to_string(), header);
/// # Ok::<_, goplt_core::telemetry::TraceParentError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct TraceContext {
    trace_id: u128,
    span_id: u64,
    flags: u8,
}

/// The header is not a `traceparent`; it is then ignored, as W3C asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a `traceparent` header (W3C Trace Context §3.2)")]
pub struct TraceParentError;

const SAMPLED: u8 = 1;

impl TraceContext {
    /// Of the given ids.
    #[must_use]
    pub const fn new(trace_id: u128, span_id: u64, sampled: bool) -> Self {
        Self {
            trace_id,
            span_id,
            flags: if sampled { SAMPLED } else { 0 },
        }
    }

    /// The root of a new trace.
    #[must_use]
    pub fn root(random: &Random, sampled: bool) -> Self {
        // Zero means "none"; the lowest bit keeps ids off it.
        let trace_id = u128::from_le_bytes(random.id_bytes()) | 1;
        Self::new(trace_id, u64::from_le_bytes(random.id_bytes()) | 1, sampled)
    }

    /// A new span in the same trace.
    #[must_use]
    pub fn child(self, random: &Random) -> Self {
        Self {
            span_id: u64::from_le_bytes(random.id_bytes()) | 1,
            ..self
        }
    }

    /// The id shared by the whole trace; 0 for none.
    #[must_use]
    pub const fn trace_id(self) -> u128 {
        self.trace_id
    }

    /// The id of this span; 0 for none.
    #[must_use]
    pub const fn span_id(self) -> u64 {
        self.span_id
    }

    /// Whether the trace is recorded.
    #[must_use]
    pub const fn is_sampled(self) -> bool {
        self.flags & SAMPLED != 0
    }

    /// Whether there is a trace at all.
    #[must_use]
    pub const fn is_valid(self) -> bool {
        self.trace_id != 0 && self.span_id != 0
    }
}

impl fmt::Display for TraceContext {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "00-{:032x}-{:016x}-{:02x}",
            self.trace_id, self.span_id, self.flags
        )
    }
}

impl FromStr for TraceContext {
    type Err = TraceParentError;

    fn from_str(header: &str) -> Result<Self, TraceParentError> {
        parse(header)
            .filter(|trace| trace.is_valid())
            .ok_or(TraceParentError)
    }
}

/// `version "-" trace-id "-" parent-id "-" flags`; a later version may go on after another `-`.
fn parse(header: &str) -> Option<TraceContext> {
    let mut parts = header.splitn(5, '-');
    let version = hex(parts.next()?, 2)?;
    let trace_id = hex(parts.next()?, 32)?;
    let span_id = hex(parts.next()?, 16)?;
    let flags = hex(parts.next()?, 2)?;
    if version == 0xff || (version == 0 && parts.next().is_some()) {
        return None;
    }
    Some(TraceContext {
        trace_id,
        span_id: u64::try_from(span_id).ok()?,
        flags: u8::try_from(flags).ok()? & SAMPLED,
    })
}

fn hex(part: &str, digits: usize) -> Option<u128> {
    let lower = |b: u8| b.is_ascii_digit() || (b'a'..=b'f').contains(&b);
    if part.len() != digits || !part.bytes().all(lower) {
        return None;
    }
    u128::from_str_radix(part, 16).ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const GOOD: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

    #[test]
    fn a_child_stays_in_its_trace() {
        let parent: TraceContext = GOOD.parse().unwrap();
        let child = parent.child(&Random::seeded(1));
        assert_eq!(child.trace_id(), parent.trace_id());
        assert_ne!(child.span_id(), parent.span_id());
        assert!(child.is_sampled());
    }

    #[test]
    fn later_versions_may_carry_more() {
        assert!(
            format!("01-{}-more", &GOOD[3..])
                .parse::<TraceContext>()
                .is_ok()
        );
        assert!(format!("{GOOD}-more").parse::<TraceContext>().is_err());
    }

    #[test]
    fn zero_ids_upper_case_and_version_ff_are_refused() {
        for bad in [
            "00-00000000000000000000000000000000-b7ad6b7169203331-01",
            "00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01",
            "00-0AF7651916CD43DD8448EB211C80319C-b7ad6b7169203331-01",
            "ff-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
            "",
        ] {
            assert_eq!(bad.parse::<TraceContext>(), Err(TraceParentError), "{bad}");
        }
    }

    proptest! {
        #[test]
        fn parsing_never_panics(text in ".{0,70}") {
            let _ = text.parse::<TraceContext>();
        }

        #[test]
        fn what_is_written_is_read(trace in 1_u128.., span in 1_u64.., sampled: bool) {
            let context = TraceContext::new(trace, span, sampled);
            prop_assert_eq!(context.to_string().parse(), Ok(context));
        }
    }
}
