//! Begins are never interrupted.

/// Nothing; a braced struct, so that it is made as its twin is.
#[derive(Debug, Default)]
pub(in super::super) struct Chaos {}

impl Chaos {
    #[expect(clippy::unused_self, reason = "as its twin")]
    pub(in super::super) const fn begins_inline(&self) -> bool {
        false
    }
}
