//! Contracts: what modules call one another through, in one process or over a network.
//!
//! A contract is a `.proto`. `goplt-build` makes of it an object-safe trait, its messages, an
//! `impl Contract for dyn Trait`, and a guarded wrapper that is itself the trait. A consumer holds
//! `Arc<dyn Trait>`; the wrapper runs the policy of each method before the provider sees the call:
//! access, deadline, span, metrics and panic fence. So a rule never depends on the deployment.
//!
//! A generated wrapper's method is two lines:
//!
//! ```text
//! let call = self.guard.enter(&METHODS[0], cx)?;
//! call.run(self.inner.get_post(call.context(), req)).await
//! ```

mod binding;
mod error;
mod guard;
mod method;
mod run;

use std::sync::Arc;

pub use self::{
    binding::Binding,
    error::RpcError,
    guard::{GuardSettings, LocalCall, LocalGuard},
    method::{Access, Idempotency, MethodMeta, Streaming},
    run::Run,
};

/// A stream of answers; an error ends it.
pub type RpcStream<T> =
    std::pin::Pin<Box<dyn futures_core::Stream<Item = Result<T, RpcError>> + Send + 'static>>;

/// What is known of a service contract at compile time. Implemented for `dyn Trait` by
/// generated code, never by hand.
pub trait Contract: Send + Sync + 'static {
    /// The full name in the `.proto`, as in `blog.v1.BlogService`.
    const NAME: &'static str;
    /// The version of the contract, semver.
    const VERSION: &'static str;
    /// Every method with its policy, in the order of the `.proto`.
    const METHODS: &'static [MethodMeta];

    /// `this` behind the policy of its methods.
    fn guarded(this: Arc<Self>, guard: LocalGuard) -> Arc<Self>;
}
