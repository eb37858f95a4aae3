//! Modules of goplt, and the host that runs one of them or many in a process.
//!
//! A module is written once: its manifest says what it declares ([`include_manifest!`]), its types say which contracts
//! it [needs](Needs) and [provides](Provides), and its hooks are those of [`IModule`]. A binary is an explicit list of
//! modules ([`assembly`]). The [host](Host) checks the whole list before it does anything, reports every problem at
//! once ([`StartupReport`]), then initialises, migrates and starts in the order of the dependencies, serves, and stops
//! in reverse.
//!
//! It is no web framework: handlers are functions of axum, behind the checks and the one stack of [`http`]. Who is
//! calling and what they may do is decided by the layers and the policy that the assembly gives to the host.
//!
//! # Examples
//!
//! A module without manifest file, in a host without listener:
//!
//! ```
//! use std::sync::Arc;
//!
//! use goplt_core::{BoxError, manifest::Manifest};
//! use goplt_module::{Host, IModule, InitContext};
//!
//! struct Hello(Manifest);
//!
//! impl IModule for Hello {
//!     type Needs = ();
//!     type Provides = ();
//!
//!     fn manifest(&self) -> &Manifest {
//!         &self.0
//!     }
//!
//!     async fn init(&self, _: (), cx: &mut InitContext<'_>) -> Result<(), BoxError> {
//!         cx.tasks().spawn("greet", async |_| Ok(println!("hello")));
//!         Ok(())
//!     }
//! }
//!
//! let manifest = Manifest::parse("module.yaml", "name: hello\nversion: 1.0.0\n")?;
//! let host = Host::builder().module(Hello(manifest)).build()?;
//! assert_eq!(host.modules().get("hello")?.version().to_string(), "1.0.0");
//! # Ok::<_, BoxError>(())
//! ```
//!
//! # Features
//!
//! | feature | what it adds |
//! |---|---|
//! | `sqlite`, `postgres`, `postgres-tls`, `otel` | the features of `goplt-core` of these names |
//! | `cli` | the binary `cargo goplt`, which runs the commands of the assembly in the current package |
//!
//! None is on by default: an assembly names the databases that it is built with.
//!
//! The minimum supported Rust version is 1.94.
#![cfg_attr(docsrs, feature(doc_cfg))]

// What `include_manifest!` writes names this crate, also within it.
extern crate self as goplt_module;

pub mod assembly;
mod catalogue;
mod context;
pub mod graph;
pub mod host;
pub mod http;
pub mod lifecycle;
mod module;
pub mod operations;
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
/// Implements [`Needs`](trait@Needs) for a struct whose fields are needs.
///
/// Messages about a need that cannot be met then name the place of its field. See the [trait](trait@Needs).
pub use goplt_macros::Needs;
/// Turns a module's `module.yaml`, and the migrations in `migrations/` beside it, into code.
///
/// The path is relative to the package, or else to the file that names it. It makes, where it stands:
///
/// - `MANIFEST`, a `LazyLock<Manifest>` with the migrations
/// - `permission::…` and `route::…`, a constant for each that is declared
/// - `Config`, a struct of the settings, read by [`InitContext::config`]
/// - `tenant_sql!` and `host_sql!`, which know the tables of the manifest
///
/// A mistake in the manifest is a compile error with file, line and column, all of them at once; what is right can be
/// used nevertheless. A changed manifest or migration builds the module anew; for a *new* migration to be noticed,
/// the `build.rs` of the module says `goplt_build::watch("migrations")`.
///
/// # Examples
///
/// ```
/// goplt_module::include_manifest!("tests/fixture/module.yaml");
///
/// # fn main() {
/// assert_eq!(MANIFEST.name().as_str(), "fixture");
/// assert_eq!(permission::ITEM_CREATE.as_str(), "fixture.item.create");
/// assert_eq!(route::CREATE_ITEM.id(), "create_item");
/// # }
/// ```
pub use goplt_macros::include_manifest;

/// What generated code names; no part of the interface.
#[doc(hidden)]
pub mod __private {
    pub use goplt_core;
    pub use goplt_macros::{__host_sql as host_sql, __tenant_sql as tenant_sql};
}
