//! The chain of hashes: pure.

use goplt_core::TenantId;
use sha2::{Digest, Sha256};

use super::domain::{Entry, Head, NewEntry};

/// What the first entry holds as the hash of the entry before it.
pub(super) const START: [u8; 32] = [0; 32];

/// What the hashes begin with, so that none of them is a hash of something else.
const FORMAT: &[u8] = b"goplt.audit.v1";

/// The first place where a log is not as it was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Broken {
    pub(super) sequence: i64,
    /// The id of the entry there, if there is one.
    pub(super) id: Option<String>,
    pub(super) kind: BrokenKind,
}

/// In which way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum BrokenKind {
    /// Its hash is not that of what it holds.
    Changed,
    /// There is no entry at this place, but later ones.
    Missing,
    /// It stands before the beginning, or twice at one place.
    Misplaced,
    /// It was written after another entry than the one that is before it now.
    Unlinked,
    /// The log ends before it, and did not.
    CutOff,
    /// The head does not know of it.
    BeyondHead,
    /// It is another one than the head says that was kept elsewhere.
    NotAsKept,
}

/// Goes through a log from its first entry to its last.
#[derive(Debug)]
pub(super) struct Verifier<'a> {
    tenant: &'a TenantId,
    /// A head that was kept elsewhere.
    kept: Option<Head>,
    /// The last entry that holds.
    last: Head,
}

/// The entry in the place after `head`.
pub(super) fn seal(tenant: &TenantId, content: NewEntry, head: &Head) -> Entry {
    let mut entry = Entry {
        sequence: head.sequence.saturating_add(1),
        content,
        previous_hash: head.hash.clone(),
        hash: Vec::new(),
    };
    entry.hash = hash(tenant, &entry);
    entry
}

/// SHA-256 over all that an entry holds but its own hash. Each field has its length in front, an
/// absent one is told from an empty one: no two entries have the same bytes.
fn hash(tenant: &TenantId, entry: &Entry) -> Vec<u8> {
    let NewEntry {
        id,
        actor,
        action,
        resource,
        resource_id,
        ip_address,
        user_agent,
        request_id,
        metadata,
        timestamp,
    } = &entry.content;
    let mut digest = Sha256::new();
    let mut field = |bytes: Option<&[u8]>| {
        digest.update([u8::from(bytes.is_some())]);
        let bytes = bytes.unwrap_or_default();
        digest.update(u64::try_from(bytes.len()).unwrap_or(u64::MAX).to_be_bytes());
        digest.update(bytes);
    };
    field(Some(FORMAT));
    field(Some(tenant.as_str().as_bytes()));
    field(Some(&entry.sequence.to_be_bytes()));
    field(Some(id.as_bytes()));
    field(Some(actor.kind.as_bytes()));
    field(actor.id.as_deref().map(str::as_bytes));
    field(Some(action.as_bytes()));
    field(Some(resource.as_bytes()));
    field(resource_id.as_deref().map(str::as_bytes));
    field(ip_address.as_deref().map(str::as_bytes));
    field(user_agent.as_deref().map(str::as_bytes));
    field(Some(request_id.as_bytes()));
    field(Some(metadata.as_bytes()));
    field(Some(&timestamp.as_micros().to_be_bytes()));
    field(Some(&entry.previous_hash));
    digest.finalize().to_vec()
}

// === impl Verifier ===

impl<'a> Verifier<'a> {
    pub(super) fn new(tenant: &'a TenantId, kept: Option<Head>) -> Self {
        let last = Head {
            sequence: 0,
            hash: START.to_vec(),
        };
        Self { tenant, kept, last }
    }

    /// How many entries hold so far.
    pub(super) fn entries(&self) -> i64 {
        self.last.sequence
    }

    /// The next entry, in the order of their places.
    pub(super) fn check(&mut self, entry: &Entry) -> Result<(), Broken> {
        let due = self.last.sequence + 1;
        let broken = |sequence, kind| Err(Broken::at(sequence, Some(entry), kind));
        if entry.sequence < due {
            return broken(entry.sequence, BrokenKind::Misplaced);
        }
        if entry.sequence > due {
            return Err(Broken::at(due, None, BrokenKind::Missing));
        }
        if hash(self.tenant, entry) != entry.hash {
            return broken(due, BrokenKind::Changed);
        }
        if entry.previous_hash != self.last.hash {
            return broken(due, BrokenKind::Unlinked);
        }
        let kept = self.kept.as_ref().filter(|kept| kept.sequence == due);
        if kept.is_some_and(|kept| kept.hash != entry.hash) {
            return broken(due, BrokenKind::NotAsKept);
        }
        self.last = Head {
            sequence: due,
            hash: entry.hash.clone(),
        };
        Ok(())
    }

    /// There are no more entries, and the head beside them is `head`.
    pub(super) fn finish(self, head: Option<Head>) -> Result<Head, Broken> {
        let Self { kept, last, .. } = self;
        let next = last.sequence + 1;
        // Before the first entry there may be no head yet.
        let head = head.unwrap_or(Head {
            sequence: 0,
            hash: START.to_vec(),
        });
        let ends_at = kept.map_or(0, |kept| kept.sequence).max(head.sequence);
        if ends_at > last.sequence {
            return Err(Broken::at(next, None, BrokenKind::CutOff));
        }
        if head.sequence < last.sequence {
            let first = head.sequence.max(0) + 1;
            return Err(Broken::at(first, None, BrokenKind::BeyondHead));
        }
        if head.hash != last.hash {
            return Err(Broken::at(last.sequence, None, BrokenKind::Changed));
        }
        Ok(last)
    }
}

// === impl Broken ===

impl Broken {
    fn at(sequence: i64, entry: Option<&Entry>, kind: BrokenKind) -> Self {
        Self {
            sequence,
            id: entry.map(|entry| entry.content.id.to_string()),
            kind,
        }
    }
}

impl std::fmt::Display for Broken {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { sequence, .. } = self;
        match self.kind {
            BrokenKind::Changed => write!(f, "entry {sequence} was changed")?,
            BrokenKind::Missing => write!(f, "entry {sequence} is missing")?,
            BrokenKind::Misplaced => write!(f, "an entry stands at {sequence}, where none can be")?,
            BrokenKind::Unlinked => write!(
                f,
                "entry {sequence} was written after another entry than the one before it now"
            )?,
            BrokenKind::CutOff => write!(f, "the log was cut off before entry {sequence}")?,
            BrokenKind::BeyondHead => {
                write!(f, "the head of the log does not know entry {sequence}")?
            }
            BrokenKind::NotAsKept => {
                write!(
                    f,
                    "entry {sequence} is not the one whose hash was kept elsewhere"
                )?;
            }
        }
        match &self.id {
            Some(id) => write!(f, " (id {id})"),
            None => Ok(()),
        }
    }
}

impl BrokenKind {
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Changed => "changed",
            Self::Missing => "missing",
            Self::Misplaced => "misplaced",
            Self::Unlinked => "unlinked",
            Self::CutOff => "cut_off",
            Self::BeyondHead => "beyond_head",
            Self::NotAsKept => "not_as_kept",
        }
    }
}

#[cfg(test)]
mod tests;
