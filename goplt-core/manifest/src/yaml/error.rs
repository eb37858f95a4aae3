use super::Mark;

/// Why a text is not YAML that goplt reads.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{mark}: {message}")]
#[non_exhaustive]
pub struct YamlError {
    /// Where the problem stands.
    pub mark: Mark,
    /// The problem, in one sentence without a full stop.
    pub message: String,
    /// What to write instead, where that is known.
    pub help: Option<String>,
}

impl YamlError {
    pub(crate) fn new(mark: Mark, message: impl Into<String>) -> Self {
        Self {
            mark,
            message: message.into(),
            help: None,
        }
    }

    pub(crate) fn with_help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }
}
