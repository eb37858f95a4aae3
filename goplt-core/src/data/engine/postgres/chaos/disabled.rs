//! Begins are never interrupted.

/// Nothing.
#[derive(Debug, Default)]
pub(in super::super) struct Chaos;

impl Chaos {
    #[expect(clippy::unused_self, reason = "as its twin")]
    pub(in super::super) const fn begins_inline(&self) -> bool {
        false
    }
}
