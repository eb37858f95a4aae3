//! Jobs: work that is done later, once for each time that it is due, and again when it failed.
//!
//! A job is a row: enqueued inside the transaction that wants it ([`JobQueue`]), or made by a
//! schedule. A runner leases the rows that are due, tenants in turn, and runs their handlers. A
//! schedule makes one row for each time that it is due, whatever the number of processes.
//!
//! What can go wrong, and what then happens:
//!
//! - A handler fails, panics or takes too long: it is tried again, later and later; after the
//!   last attempt the job is kept as `failed`, to be looked at and tried again ([`Jobs`]).
//! - The process dies: the lease runs out, and the next runner takes the job.
//! - A job outlives its lease: its token is no longer the row's, so it cannot complete. With
//!   [`JobContext::finish`] its last transaction does not commit either, and its effects in the
//!   database happen once.
//! - No process ran when a schedule was due: [`MissedRuns`]. The clocks went forward or back: a
//!   job at a fixed time runs once on that day, just after the hour that is left out, and at the
//!   first of two equal hours.

mod context;
mod handler;
mod key;
mod list;
mod policy;
mod queue;
mod registry;
mod runner;
mod schedule;

pub use self::{
    context::{FinishError, JobContext},
    handler::JobHandler,
    key::JobKey,
    list::{JobFilter, JobInfo, JobState, Jobs},
    policy::{JobPolicy, MissedRuns, Overlap},
    queue::{JobQueue, NewJob},
    registry::{JobHandlers, JobProblem, ModuleJobs},
    runner::{JobRunner, JobSettings},
};
