//! Data that belongs to tenants: scopes, and the SQL that runs within them.
//!
//! A [`TenantScope`] opens transactions on one tenant's rows and can only be made by a
//! [`ScopeMint`]. The assembly (or an existing application) makes one mint and gives it to the
//! layer that resolves tenants; modules never see it.
#![cfg_attr(feature = "data", doc = include_str!("data.md"))]

#[cfg(feature = "data")]
mod catalogue;
#[cfg(feature = "data")]
mod commits;
#[cfg(feature = "data")]
mod databases;
#[cfg(feature = "data")]
mod db;
#[cfg(feature = "data")]
pub mod doctor;
#[cfg(feature = "data")]
pub(crate) mod engine;
#[cfg(feature = "data")]
mod error;
#[cfg(feature = "data")]
mod guard;
#[cfg(feature = "data")]
mod instance;
#[cfg(feature = "data")]
pub(crate) mod kernel;
#[cfg(feature = "data")]
mod meter;
#[cfg(feature = "data")]
pub mod migration;
#[cfg(feature = "data")]
mod page;
#[cfg(feature = "data")]
mod placement;
#[cfg(feature = "data")]
mod repo;
#[cfg(feature = "data")]
mod row;
mod scope;
#[cfg(feature = "data")]
mod settings;
#[cfg(feature = "data")]
pub mod setup;
#[cfg(feature = "data")]
mod sql;
#[cfg(feature = "data")]
mod tx;
#[cfg(feature = "data")]
mod value;

/// For one test of our own.
#[cfg(feature = "_chaos")]
#[doc(hidden)]
pub mod __chaos {
    pub use super::engine::postgres::chaos::{Naked, begin_inline, naked};
}

pub use scope::{HostScope, NoTenant, ScopeMint, TenantMismatch, TenantScope};

#[cfg(feature = "data")]
pub use self::kernel::kernel_migrations;
#[cfg(feature = "data")]
#[doc(hidden)]
pub use self::sql::Statement as __Statement;
#[cfg(feature = "data")]
pub use self::{
    commits::Commits,
    db::TenantDb,
    error::{ConstraintKind, DbError},
    instance::Instance,
    page::{Cursor, CursorError, MAX_PAGE, Page},
    repo::{Entity, Repo, RowVersion, Versioned},
    row::{FromRow, Row},
    settings::DatabaseSettings,
    sql::{HostSql, TenantSql},
    tx::{HostTx, TenantTx},
    value::{DbType, DbValue, IntoValue, Json, Value, ValueError},
};
#[cfg(feature = "data")]
pub(crate) use self::{db::Place, placement::on_each, tx::Refused};
/// SQL on tenant tables that are named in place: for applications without a manifest. Modules have
/// a `tenant_sql!` of their own from `include_manifest!`, which knows their tables.
///
/// A table that is not named is refused. An application writes the names once:
///
/// ```
/// macro_rules! notes_sql {
///     ($($sql:tt)*) => { goplt_core::data::tenant_sql!(tables = ["notes"]; $($sql)*) };
/// }
///
/// let one = notes_sql!("SELECT text FROM notes WHERE id = ?", 7_i64);
/// ```
///
/// ```compile_fail
/// let all = goplt_core::data::tenant_sql!(tables = ["notes"]; "SELECT text FROM invoices");
/// ```
#[cfg(feature = "data")]
#[doc(inline)]
pub use goplt_macros::__tenant_sql as tenant_sql;
#[cfg(feature = "data")]
#[doc(inline)]
pub use goplt_macros::{DbValue, Entity, FromRow};

#[cfg(all(doctest, feature = "data"))]
#[doc = include_str!("misuse.md")]
struct Misuse;
