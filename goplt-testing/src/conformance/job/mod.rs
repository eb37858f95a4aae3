//! What jobs keep: run once, in time, tenants in turn.

pub mod running;
pub mod schedules;
