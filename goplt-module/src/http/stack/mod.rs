//! The layers around all routes, in their one order.

pub(super) mod body_limit;
pub(super) mod log;
