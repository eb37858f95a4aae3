//! What a `.proto` says of a method: who may call it, for how long, whether again.

use std::time::Duration;

use goplt_manifest::Permission;

/// One method of a contract. Generated.
#[derive(Debug, Clone)]
#[expect(
    clippy::exhaustive_structs,
    reason = "generated code makes it as a constant"
)]
pub struct MethodMeta {
    /// The name in the `.proto`, as in `GetPost`.
    pub name: &'static str,
    /// Whether a call may be made again.
    pub idempotency: Idempotency,
    /// Whether the answer is a stream.
    pub streaming: Streaming,
    /// The longest a call may take; the caller's deadline may be shorter.
    pub timeout: Option<Duration>,
    /// Who may call it.
    pub access: Access,
}

/// Who may call a method. A method without one does not pass the generator.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Access {
    /// Everybody, anonymous callers too.
    Public,
    /// Every verified principal.
    Authenticated,
    /// Who has the permission in the tenant of the call.
    Permission(Permission),
    /// Modules and services of the platform only.
    Internal,
}

/// The standard option `idempotency_level`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Idempotency {
    /// A second call may do the work twice: never retried.
    None,
    /// It changes nothing (`NO_SIDE_EFFECTS`).
    NoSideEffects,
    /// A second call changes nothing more (`IDEMPOTENT`).
    Idempotent,
}

/// The shape of the answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Streaming {
    /// One message.
    Unary,
    /// A stream of messages.
    Server,
}
