//! Modules of goplt: IModule, wiring, lifecycle and the host that runs one or many.
#![cfg_attr(docsrs, feature(doc_cfg))]

pub mod assembly;
mod catalogue;
mod context;
pub mod graph;
pub mod host;
pub mod http;
pub mod lifecycle;
mod module;
mod place;
mod registry;
mod route_key;
mod tasks;
pub mod wiring;

#[doc(inline)]
pub use self::{
    catalogue::{Catalogue, CatalogueEntry},
    context::{HostScopeError, InitContext, ServiceContexts, StartContext, StopContext},
    host::{Host, HostBuilder, HostContext, RunningHost, StartError},
    module::IModule,
    place::Place,
    registry::{Registry, UnknownModule},
    route_key::RouteKey,
    tasks::{StopSignal, Tasks},
    wiring::{Needs, ProblemCode, Provides, StartupProblem, StartupReport, Subject},
};
pub use goplt_macros::{Needs, include_manifest};

/// What generated code names; no part of the interface.
#[doc(hidden)]
pub mod __private {
    pub use goplt_core;
    pub use goplt_macros::{__host_sql as host_sql, __tenant_sql as tenant_sql};
}
