//! [`Outcome`]: what came of a call.

/// What came of a call.
#[derive(Debug)]
pub(super) struct Outcome {
    pub(super) succeeded: bool,
    /// All of it, to look for marks in.
    pub(super) text: String,
}

impl Outcome {
    pub(super) const fn success(text: String) -> Self {
        Self {
            succeeded: true,
            text,
        }
    }

    pub(super) const fn failure(text: String) -> Self {
        Self {
            succeeded: false,
            text,
        }
    }

    /// Short enough for a message.
    pub(super) fn shown(&self) -> &str {
        const LONGEST: usize = 500;
        &self.text[..self.text.floor_char_boundary(LONGEST)]
    }
}
