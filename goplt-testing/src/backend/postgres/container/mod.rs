//! The rung of containers, if it was compiled in.

#[cfg(not(feature = "containers"))]
mod disabled;
#[cfg(feature = "containers")]
mod enabled;

#[cfg(not(feature = "containers"))]
pub(super) use disabled::start;
#[cfg(feature = "containers")]
pub(super) use enabled::start;
