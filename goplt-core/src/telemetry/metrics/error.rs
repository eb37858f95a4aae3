use crate::Code;

/// Why a metric cannot be made.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum MetricError {
    /// A name or label is not `[a-z][a-z0-9_]*`, or is kept for the format itself.
    #[error("`{name}` is not the name of a metric or label: `[a-z][a-z0-9_]*`, and not `le`")]
    Name {
        /// The name.
        name: &'static str,
    },
    /// A counter's name does not say that it is one.
    #[error("`{name}` is a counter, its name must end in `_total`")]
    CounterName {
        /// The name.
        name: &'static str,
    },
    /// The name is taken by a metric of another kind, or with other labels.
    #[error("the metric `{name}` exists with another kind or other labels")]
    Taken {
        /// The name.
        name: &'static str,
    },
    /// Bounds of a histogram do not rise, or are not finite.
    #[error("the bounds of `{name}` do not rise")]
    Bounds {
        /// The name.
        name: &'static str,
    },
}

impl MetricError {
    /// [`Code::AlreadyExists`] for a taken name, else [`Code::InvalidArgument`].
    #[must_use]
    pub fn code(&self) -> Code {
        match self {
            Self::Taken { .. } => Code::AlreadyExists,
            Self::Name { .. } | Self::CounterName { .. } | Self::Bounds { .. } => {
                Code::InvalidArgument
            }
        }
    }
}
