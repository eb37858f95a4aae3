//! Entries of the log, and where it ends.

use goplt_core::{
    Timestamp, Uuid,
    data::{DbError, FromRow, Row},
    event::Actor,
};

/// What was done, when, by whom: an entry without its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct NewEntry {
    pub(super) id: Uuid,
    pub(super) actor: Who,
    pub(super) action: String,
    pub(super) resource: String,
    pub(super) resource_id: Option<String>,
    pub(super) ip_address: Option<String>,
    pub(super) user_agent: Option<String>,
    pub(super) request_id: String,
    /// A JSON object.
    pub(super) metadata: String,
    pub(super) timestamp: Timestamp,
}

/// Who acted. As text, since what is read for verification is taken as it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Who {
    /// `user`, `service` or `anonymous`.
    pub(super) kind: String,
    pub(super) id: Option<String>,
}

/// An entry in its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Entry {
    /// From 1, without gaps.
    pub(super) sequence: i64,
    pub(super) content: NewEntry,
    /// The hash of the entry before it.
    pub(super) previous_hash: Vec<u8>,
    pub(super) hash: Vec<u8>,
}

/// Where a log ends.
#[derive(Debug, Clone, PartialEq, Eq, FromRow)]
pub(super) struct Head {
    /// The place of the last entry; 0 before the first.
    pub(super) sequence: i64,
    pub(super) hash: Vec<u8>,
}

/// Which entries are wanted: all, until narrowed.
#[derive(Debug, Clone, Default)]
pub(super) struct Filter {
    pub(super) actor_id: Option<String>,
    pub(super) action: Option<String>,
    pub(super) resource: Option<String>,
    pub(super) from: Option<Timestamp>,
    pub(super) to: Option<Timestamp>,
}

impl Who {
    pub(super) fn of(actor: Option<&Actor>) -> Self {
        let (kind, id) = match actor {
            Some(actor) => (actor.kind(), Some(actor.subject().to_owned())),
            None => ("anonymous", None),
        };
        Self {
            kind: kind.to_owned(),
            id,
        }
    }
}

impl FromRow for Entry {
    fn from_row(row: &Row<'_>) -> Result<Self, DbError> {
        let content = NewEntry {
            id: row.get("id")?,
            actor: Who {
                kind: row.get("actor_kind")?,
                id: row.get("actor_id")?,
            },
            action: row.get("action")?,
            resource: row.get("resource")?,
            resource_id: row.get("resource_id")?,
            ip_address: row.get("ip_address")?,
            user_agent: row.get("user_agent")?,
            request_id: row.get("request_id")?,
            metadata: row.get("metadata")?,
            timestamp: row.get("timestamp")?,
        };
        Ok(Self {
            sequence: row.get("sequence")?,
            content,
            previous_hash: row.get("previous_hash")?,
            hash: row.get("hash")?,
        })
    }
}

/// Bytes in hexadecimal, as people copy them.
pub(super) fn to_hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    let mut text = String::with_capacity(2 * bytes.len());
    for byte in bytes {
        // Writing to a `String` cannot fail.
        let _ = write!(text, "{byte:02x}");
    }
    text
}

/// The bytes of hexadecimal digits, if the text is nothing else.
pub(super) fn from_hex(text: &str) -> Option<Vec<u8>> {
    let digits = text
        .chars()
        .map(|digit| {
            digit
                .to_digit(16)
                .and_then(|digit| u8::try_from(digit).ok())
        })
        .collect::<Option<Vec<u8>>>()?;
    let pairs = digits.chunks_exact(2);
    pairs
        .remainder()
        .is_empty()
        .then(|| pairs.map(|pair| pair[0] << 4 | pair[1]).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hexadecimal_goes_there_and_back() {
        assert_eq!(from_hex(&to_hex(&[0, 7, 255])), Some(vec![0, 7, 255]));
        for bad in ["abc", "zz", "ä"] {
            assert_eq!(from_hex(bad), None, "{bad}");
        }
    }
}
