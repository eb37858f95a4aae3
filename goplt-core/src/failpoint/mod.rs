//! Named places where a crash test can end the process. Without the feature `failpoints` they are
//! nothing.

#[cfg(not(feature = "failpoints"))]
mod disabled;
#[cfg(feature = "failpoints")]
mod enabled;

#[cfg(not(feature = "failpoints"))]
pub(crate) use disabled::point;
#[cfg(feature = "failpoints")]
pub(crate) use enabled::point;
