use std::time::Duration;

/// Parses a length of time as it stands in configuration: `500ms`, `30s`, `5m`, `12h`, `7d`, or several: `1h30m`.
///
/// Units go from large to small and each stands at most once; numbers are whole.
///
/// ```
/// use std::time::Duration;
/// use goplt_manifest::parse_duration;
///
/// assert_eq!(parse_duration("1h30m")?, Duration::from_secs(5_400));
/// assert!(parse_duration("30").is_err());
/// # Ok::<(), goplt_manifest::DurationError>(())
/// ```
///
/// # Errors
///
/// Returns [`DurationError`], which names the grammar, when the text does not follow it or is too large.
pub fn parse_duration(text: &str) -> Result<Duration, DurationError> {
    read(text).ok_or_else(|| DurationError {
        text: crate::error::shorten(text),
    })
}

/// The text is not a duration.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{text}` is not a duration: write a number and a unit, such as `500ms`, `30s`, `5m`, `12h`, `7d` or `1h30m`"
)]
pub struct DurationError {
    text: String,
}

/// From large to small, in milliseconds.
const UNITS: [(&str, u64); 5] = [
    ("d", 86_400_000),
    ("h", 3_600_000),
    ("m", 60_000),
    ("s", 1_000),
    ("ms", 1),
];

fn read(text: &str) -> Option<Duration> {
    let mut rest = text;
    let mut units = UNITS.as_slice();
    let mut total = 0_u64;
    loop {
        let digits = rest.find(|character: char| !character.is_ascii_digit())?;
        let number: u64 = rest[..digits].parse().ok()?;
        rest = &rest[digits..];
        let end = rest
            .find(|character: char| !character.is_ascii_lowercase())
            .unwrap_or(rest.len());
        let index = units.iter().position(|(unit, _)| *unit == &rest[..end])?;
        total = total.checked_add(number.checked_mul(units[index].1)?)?;
        units = &units[index + 1..];
        rest = &rest[end..];
        if rest.is_empty() {
            return Some(Duration::from_millis(total));
        }
    }
}
