//! A binary: an explicit list of modules, behind the flags and subcommands that every binary of goplt has.
//!
//! ```text
//! NAME [--listen ADDR:PORT] [--data-dir DIR] [--config FILE]… [--set KEY=VALUE]… [--env NAME] [COMMAND]
//! ```
//!
//! Without a command it serves until SIGTERM or SIGINT, and prints `listening on http://ADDR:PORT` on standard output
//! when it is ready. The commands:
//!
//! | command | what it does |
//! |---|---|
//! | `check` | checks the composition as a start does, up to `init`, without touching data |
//! | `graph` | prints the modules, their contracts and their order; `--format dot` for Graphviz |
//! | `migrate` | applies pending migrations; `--plan` only prints them |
//! | `migrate repair` | prints migrations that differ from what was applied; `--accept` takes them for it |
//! | `doctor` | checks that the database keeps tenants apart |
//! | `db setup --admin-url URL` | makes roles, database and schemas on PostgreSQL; `--print` prints a script for `psql` |
//! | `dead-letters list`, `replay`, `purge` | look after events that were given up |
//! | `jobs list`, `retry`, `purge` | look after jobs |
//! | `config` | prints every setting with its value and where it comes from; secrets are hidden |
//!
//! An assembly adds its own with [`Assembly::command`]. Whatever goes wrong is told in full on standard error; the
//! exit code is 0 for success, 2 for a bad flag, 1 for everything else.
//!
//! # Examples
//!
//! ```no_run
//! use std::process::ExitCode;
//! use goplt_module::assembly::{self, Assembly};
//!
//! fn shop(assembly: Assembly) -> Assembly {
//!     assembly.about("A shop") // .module(Blog::new()).module(…)
//! }
//!
//! fn main() -> ExitCode {
//!     assembly::main(shop)
//! }
//! ```

mod check;
mod command;
mod composition;
mod database;
mod flags;
mod graph;
mod run;
mod serve;
mod work;

use std::{fmt, sync::Arc};

use goplt_core::{
    Authorizer, BoxError,
    contract::{Binding, Contract},
    data::ScopeMint,
    mail::Mailer,
    report::ErrorSink,
};

use crate::{
    HostBuilder, HostContext, IModule,
    host::{EdgeContext, EdgeLayer},
};

pub use self::{
    command::{Args, Command, read_secret},
    composition::assert_composition,
    run::main,
};

/// What a binary is made of: a [`HostBuilder`], commands, and what `--help` says.
#[must_use = "an assembly does nothing until `main`"]
pub struct Assembly {
    name: String,
    version: String,
    about: String,
    host: HostBuilder,
    commands: Vec<Command>,
}

impl Assembly {
    /// An empty list, named after the program.
    pub(crate) fn new() -> Self {
        let program = std::env::args_os().next().map(std::path::PathBuf::from);
        let name = program.as_deref().and_then(|path| path.file_stem());
        Self {
            name: name.map_or_else(
                || "goplt".to_owned(),
                |name| name.to_string_lossy().into_owned(),
            ),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            about: String::new(),
            host: HostBuilder::new(),
            commands: Vec::new(),
        }
    }

    /// What `--version` says: `env!("CARGO_PKG_VERSION")`. Without it, the version of goplt.
    pub fn version(mut self, version: impl Into<String>) -> Self {
        self.version = version.into();
        self
    }

    /// What `--help` says of the binary.
    pub fn about(mut self, about: impl Into<String>) -> Self {
        self.about = about.into();
        self
    }

    /// Adds a command of the binary's own.
    pub fn command(mut self, command: Command) -> Self {
        self.commands.push(command);
        self
    }

    /// Changes the host in ways that have no method here.
    pub fn host(mut self, change: impl FnOnce(HostBuilder) -> HostBuilder) -> Self {
        self.host = change(self.host);
        self
    }

    /// See [`HostBuilder::module`].
    pub fn module(self, module: impl IModule) -> Self {
        self.host(|host| host.module(module))
    }

    /// See [`HostBuilder::bind`].
    pub fn bind<C: Contract + ?Sized>(self, binding: Binding) -> Self {
        self.host(|host| host.bind::<C>(binding))
    }

    /// See [`HostBuilder::supply`].
    pub fn supply<C: Contract + ?Sized>(self, provider: Arc<C>) -> Self {
        self.host(|host| host.supply(provider))
    }

    /// See [`HostBuilder::auth`].
    pub fn auth(self, layer: impl EdgeLayer) -> Self {
        self.host(|host| host.auth(layer))
    }

    /// See [`HostBuilder::auth_with`].
    pub fn auth_with<L: EdgeLayer>(
        self,
        make: impl FnOnce(&EdgeContext) -> Result<L, BoxError> + Send + 'static,
    ) -> Self {
        self.host(|host| host.auth_with(make))
    }

    /// See [`HostBuilder::tenant`].
    pub fn tenant(self, layer: impl EdgeLayer) -> Self {
        self.host(|host| host.tenant(layer))
    }

    /// See [`HostBuilder::tenant_with`].
    pub fn tenant_with<L: EdgeLayer>(
        self,
        make: impl FnOnce(&EdgeContext) -> Result<L, BoxError> + Send + 'static,
    ) -> Self {
        self.host(|host| host.tenant_with(make))
    }

    /// See [`HostBuilder::authorizer`].
    pub fn authorizer(self, authorizer: Arc<dyn Authorizer>) -> Self {
        self.host(|host| host.authorizer(authorizer))
    }

    /// See [`HostBuilder::mailer`].
    pub fn mailer(self, mailer: Arc<dyn Mailer>) -> Self {
        self.host(|host| host.mailer(mailer))
    }

    /// See [`HostBuilder::mint`].
    pub fn mint(self, mint: ScopeMint) -> Self {
        self.host(|host| host.mint(mint))
    }

    /// See [`HostBuilder::error_sink`].
    pub fn error_sink(self, sink: Arc<dyn ErrorSink>) -> Self {
        self.host(|host| host.error_sink(sink))
    }

    /// See [`HostBuilder::seed`].
    pub fn seed<F>(self, seed: impl FnOnce(HostContext) -> F + Send + 'static) -> Self
    where
        F: Future<Output = Result<(), BoxError>> + Send + 'static,
    {
        self.host(|host| host.seed(seed))
    }
}

impl fmt::Debug for Assembly {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Assembly")
            .field("name", &self.name)
            .field("version", &self.version)
            .field("host", &self.host)
            .field("commands", &self.commands)
            .finish_non_exhaustive()
    }
}
