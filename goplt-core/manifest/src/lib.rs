#![doc = include_str!("../README.md")]
#![cfg_attr(docsrs, feature(doc_cfg))]

mod constant;
mod dependency;
mod duration;
mod error;
mod manifest;
mod migration;
mod name;
mod pattern;
mod permission;
mod read;
mod schema;
mod suggest;
mod tag;
mod text;
mod version;
pub mod yaml;

#[doc(inline)]
pub use self::{
    constant::{constant_name, constant_name_in},
    dependency::{Dependency, DependencyError},
    duration::{DurationError, parse_duration},
    error::{ManifestError, ManifestErrors},
    manifest::{
        ConfigDecl, ConfigKind, EventDecl, Events, HostDecl, JobDecl, Manifest, Method,
        PermissionDecl, RoleDecl, RouteAccess, RouteDecl, TenantSource,
    },
    migration::{Dialect, Migration, MigrationError, MigrationHeader, Phase},
    name::{ModuleName, ModuleNameError},
    pattern::{PermissionPattern, PermissionPatternError},
    permission::{Permission, PermissionError},
    read::{Parsed, parse},
    schema::json_schema,
    suggest::suggest,
    tag::name_tag,
    version::{PLATFORM_VERSION, Version, VersionError, VersionRange},
};
