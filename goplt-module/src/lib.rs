//! Modules of goplt: IModule, wiring, lifecycle and the host that runs one or many.
#![cfg_attr(docsrs, feature(doc_cfg))]

mod catalogue;
mod context;
mod host;
mod module;
mod place;
mod route_key;
mod tasks;
pub mod wiring;

#[doc(inline)]
pub use self::{
    catalogue::{Catalogue, CatalogueEntry},
    context::{HostScopeError, InitContext, ServiceContexts, StartContext, StopContext},
    host::{EdgeContext, EdgeLayer, HostBuilder, HostContext},
    module::IModule,
    place::Place,
    route_key::RouteKey,
    tasks::{StopSignal, Tasks},
    wiring::{Needs, Provides},
};
pub use goplt_macros::{Needs, include_manifest};

/// What generated code names; no part of the interface.
#[doc(hidden)]
pub mod __private {
    pub use goplt_core;
}
