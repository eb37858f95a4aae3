//! Configuration: layers of settings, checked as a whole before anything starts.
//!
//! Every setting is declared: the kernel's in [`kernel`], a module's in its `module.yaml`. A
//! module's keys lie under its name, so `page_size` of the module `blog` is `blog.page_size`.
//! A value comes from the highest layer that has one:
//!
//! 1. flags: `--set blog.page_size=50`, and flags of their own such as `--data-dir`; the last wins
//! 2. the environment: `GOPLT__BLOG__PAGE_SIZE=50`
//! 3. files named by `--config`; the last wins
//! 4. `config/{environment}.yaml`, if it exists
//! 5. `config/default.yaml`, if it exists
//! 6. the declared default
//!
//! [`load`] checks all layers and reports every problem at once: unknown keys (with the nearest
//! known one), values of the wrong type or beyond their limits, broken files. A value that a
//! higher layer overrides is checked too. Each value knows its [`Origin`].
//!
//! Under a few keys the names are free: `database.placements.big.url` is the URL of a placement that
//! is called `big` here. In a variable a `-` of such a name is `_`, as in a module's name.
//!
//! # Secrets
//!
//! A value of kind `secret` exists only as [`SecretString`]; no error, `Debug` or listing shows
//! it. Instead of the secret itself one may write where it lies: `file:/run/secrets/db` (its
//! content without the last line break; relative to the working directory) or `env:DB_URL`. What
//! is found there is taken as it is.
//!
//! # Examples
//!
//! ```
//! use goplt_core::config::{self, ConfigDecl, ConfigKind, Section, Sources};
//!
//! let blog = Section::new("blog", vec![ConfigDecl::new("page_size", ConfigKind::Integer)]);
//! let sources = Sources::new("/nowhere")
//!     .with_env([("GOPLT__BLOG__PAGE_SIZE".into(), "50".into())])
//!     .with_set(["server.port=0".into()]);
//! let config = config::load(&sources, &[blog.clone()])?;
//! assert_eq!(config.section("blog").integer("page_size"), Some(50));
//! assert_eq!(config.origin("server.port").unwrap().to_string(), "--set server.port");
//! assert_eq!(config.section("server").string("host").as_deref(), Some("127.0.0.1"));
//!
//! let errors = config::load(&sources.with_set(["blog.pagesize=50".into()]), &[blog]).unwrap_err();
//! assert_eq!(
//!     errors.to_string(),
//!     "--set blog.pagesize: unknown key `blog.pagesize`\n    mend: did you mean `blog.page_size`?",
//! );
//! # Ok::<_, config::ConfigErrors>(())
//! ```

mod convert;
mod environment;
mod error;
mod file;
pub mod kernel;
mod layers;
mod load;
mod names;
mod origin;
mod schema;
mod secret;
mod sources;
mod values;

pub use goplt_manifest::{ConfigDecl, ConfigKind};
pub use secrecy::{ExposeSecret, SecretString};

pub use self::{
    environment::{Environment, EnvironmentError},
    error::{ConfigError, ConfigErrorKind, ConfigErrors},
    load::load,
    origin::Origin,
    schema::Section,
    sources::Sources,
    values::{Config, Setting, Values},
};

/// A type that reads its settings from a section: what `include_manifest!` makes of `config:`.
///
/// A setting with a declared default is a field of its type, any other an `Option`.
///
/// # Examples
///
/// ```
/// use goplt_core::config::{self, ModuleConfig, Sources, kernel::ServerConfig};
///
/// let config = config::load(&Sources::new("/nowhere"), &[])?;
/// let server: ServerConfig = config.get();
/// assert_eq!(server.port, 8080);
/// assert_eq!(ServerConfig::SECTION, "server");
/// # Ok::<_, config::ConfigErrors>(())
/// ```
pub trait ModuleConfig: Sized {
    /// The name of the section: for a module, its name.
    const SECTION: &'static str;

    /// Reads the settings. What is missing takes its declared default.
    fn from_values(values: &Values) -> Self;
}
