//! What the test of cancellation changes and sees, behind the private feature `_chaos`.

#[cfg(not(feature = "_chaos"))]
mod disabled;
#[cfg(feature = "_chaos")]
mod enabled;

#[cfg(not(feature = "_chaos"))]
pub(super) use self::disabled::Chaos;
#[cfg(feature = "_chaos")]
pub(super) use self::enabled::Chaos;
#[cfg(feature = "_chaos")]
pub use self::enabled::{Naked, begin_inline, naked};
