//! The one status vocabulary, and its one mapping to HTTP and gRPC.

use std::fmt;

use http::StatusCode;

/// What became of a call, in the vocabulary of [`google.rpc.Code`].
///
/// Every error of goplt has a `code()`, whatever the transport. The mapping to
/// HTTP and gRPC is here and nowhere else.
///
/// # Examples
///
/// ```
/// use goplt_core::Code;
///
/// assert_eq!(Code::NotFound.http_status(), 404);
/// assert_eq!(Code::NotFound.grpc_status(), 5);
/// assert_eq!(Code::NotFound.as_str(), "not_found");
/// ```
///
/// [`google.rpc.Code`]: https://github.com/googleapis/googleapis/blob/master/google/rpc/code.proto
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[expect(
    clippy::exhaustive_enums,
    reason = "gRPC closed this list; a new code would change every transport"
)]
pub enum Code {
    /// Done.
    Ok,
    /// The caller gave up.
    Cancelled,
    /// A failure that says nothing of itself.
    Unknown,
    /// The request is wrong whatever the state of the system.
    InvalidArgument,
    /// The time given for the call ran out.
    DeadlineExceeded,
    /// No such thing, or none that this caller may know of.
    NotFound,
    /// What was to be made exists.
    AlreadyExists,
    /// The caller is known and may not do this.
    PermissionDenied,
    /// A limit or quota is used up.
    ResourceExhausted,
    /// The state of the system does not allow it.
    FailedPrecondition,
    /// A concurrent change won; read again and repeat.
    Aborted,
    /// Past the end of what exists.
    OutOfRange,
    /// No such operation here.
    Unimplemented,
    /// A defect of ours.
    Internal,
    /// Not now; the same call may succeed later.
    Unavailable,
    /// Stored data is lost or damaged.
    DataLoss,
    /// The caller did not show who it is.
    Unauthenticated,
}

impl Code {
    /// Every code, in the order of its gRPC number.
    pub const ALL: [Self; 17] = [
        Self::Ok,
        Self::Cancelled,
        Self::Unknown,
        Self::InvalidArgument,
        Self::DeadlineExceeded,
        Self::NotFound,
        Self::AlreadyExists,
        Self::PermissionDenied,
        Self::ResourceExhausted,
        Self::FailedPrecondition,
        Self::Aborted,
        Self::OutOfRange,
        Self::Unimplemented,
        Self::Internal,
        Self::Unavailable,
        Self::DataLoss,
        Self::Unauthenticated,
    ];

    /// The HTTP status that an answer with this code carries.
    #[must_use]
    pub fn http_status(self) -> StatusCode {
        match self {
            Self::Ok => StatusCode::OK,
            Self::InvalidArgument | Self::FailedPrecondition | Self::OutOfRange => {
                StatusCode::BAD_REQUEST
            }
            Self::Unauthenticated => StatusCode::UNAUTHORIZED,
            Self::PermissionDenied => StatusCode::FORBIDDEN,
            Self::NotFound => StatusCode::NOT_FOUND,
            Self::AlreadyExists | Self::Aborted => StatusCode::CONFLICT,
            Self::ResourceExhausted => StatusCode::TOO_MANY_REQUESTS,
            // Not registered, but what logs of other servers call a caller that left.
            Self::Cancelled => StatusCode::from_u16(499).unwrap_or(StatusCode::BAD_REQUEST),
            Self::Unimplemented => StatusCode::NOT_IMPLEMENTED,
            Self::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
            Self::DeadlineExceeded => StatusCode::GATEWAY_TIMEOUT,
            Self::Unknown | Self::Internal | Self::DataLoss => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    /// The number of `grpc-status`.
    #[must_use]
    pub const fn grpc_status(self) -> u8 {
        self as u8
    }

    /// The code of a `grpc-status` number, [`Unknown`](Self::Unknown) for a foreign one.
    #[must_use]
    pub const fn from_grpc_status(number: u8) -> Self {
        if (number as usize) < Self::ALL.len() {
            Self::ALL[number as usize]
        } else {
            Self::Unknown
        }
    }

    /// The name in lower case, as in the `code` member of a problem.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Cancelled => "cancelled",
            Self::Unknown => "unknown",
            Self::InvalidArgument => "invalid_argument",
            Self::DeadlineExceeded => "deadline_exceeded",
            Self::NotFound => "not_found",
            Self::AlreadyExists => "already_exists",
            Self::PermissionDenied => "permission_denied",
            Self::ResourceExhausted => "resource_exhausted",
            Self::FailedPrecondition => "failed_precondition",
            Self::Aborted => "aborted",
            Self::OutOfRange => "out_of_range",
            Self::Unimplemented => "unimplemented",
            Self::Internal => "internal",
            Self::Unavailable => "unavailable",
            Self::DataLoss => "data_loss",
            Self::Unauthenticated => "unauthenticated",
        }
    }

    /// What a caller is told when nothing more exact may be said.
    #[must_use]
    pub const fn title(self) -> &'static str {
        match self {
            Self::Ok => "OK",
            Self::Cancelled => "The caller cancelled the request",
            Self::Unknown | Self::Internal => "Something went wrong on our side",
            Self::InvalidArgument => "The request is not valid",
            Self::DeadlineExceeded => "The request took too long",
            Self::NotFound => "Not found",
            Self::AlreadyExists => "It exists already",
            Self::PermissionDenied => "Permission denied",
            Self::ResourceExhausted => "Too many requests",
            Self::FailedPrecondition => "Not possible in the present state",
            Self::Aborted => "A concurrent change won",
            Self::OutOfRange => "Out of range",
            Self::Unimplemented => "Not implemented",
            Self::Unavailable => "Not available now",
            Self::DataLoss => "Stored data is damaged",
            Self::Unauthenticated => "Authentication is required",
        }
    }

    /// Whether the fault is ours: such answers say nothing of their cause.
    #[must_use]
    pub const fn is_server_fault(self) -> bool {
        matches!(
            self,
            Self::Unknown
                | Self::DeadlineExceeded
                | Self::Unimplemented
                | Self::Internal
                | Self::Unavailable
                | Self::DataLoss
        )
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_statuses_are_those_of_google_rpc() {
        let http = [
            200, 499, 500, 400, 504, 404, 409, 403, 429, 400, 409, 400, 501, 500, 503, 500, 401,
        ];
        for (number, code) in Code::ALL.into_iter().enumerate() {
            assert_eq!(usize::from(code.grpc_status()), number);
            assert_eq!(Code::from_grpc_status(code.grpc_status()), code);
            assert_eq!(code.http_status().as_u16(), http[number], "{code}");
        }
        assert_eq!(Code::from_grpc_status(99), Code::Unknown);
    }

    #[test]
    fn names_are_distinct_snake_case() {
        let mut names: Vec<_> = Code::ALL.iter().map(|c| c.as_str()).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), Code::ALL.len());
        assert!(
            names
                .iter()
                .all(|n| n.chars().all(|c| c.is_ascii_lowercase() || c == '_'))
        );
    }
}
