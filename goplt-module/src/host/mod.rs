//! The host: one process that runs one module or many.

mod builder;
mod context;
mod edge;
mod shared;

pub(crate) use self::shared::{ModuleCell, Shared};
pub use self::{
    builder::HostBuilder,
    context::HostContext,
    edge::{EdgeContext, EdgeLayer},
};
