//! Procedural macros of goplt: `include_manifest!`, `tenant_sql!`, derives.

mod db_value;
mod entity;
mod from_row;
mod include_manifest;
mod needs;
mod tenant_sql;

use proc_macro::TokenStream;

/// Turns a module's manifest into code: `MANIFEST`, `permission`, `route`, `Config`, `tenant_sql!`, `host_sql!`.
///
/// See `goplt_module::include_manifest`.
#[proc_macro]
pub fn include_manifest(input: TokenStream) -> TokenStream {
    include_manifest::expand(input.into()).into()
}

/// Implements `goplt_module::Needs` for a struct whose fields are needs.
#[proc_macro_derive(Needs)]
pub fn derive_needs(input: TokenStream) -> TokenStream {
    needs::expand(input.into()).into()
}

/// Implements `goplt_core::data::DbValue` and `IntoValue` for a struct with one field.
///
/// `#[db_value(crate = path)]` names goplt-core if it is not `::goplt_core`.
#[proc_macro_derive(DbValue, attributes(db_value))]
pub fn derive_db_value(input: TokenStream) -> TokenStream {
    db_value::expand(input.into()).into()
}

/// Implements `goplt_core::data::FromRow` for a struct: a field is read from the column of its name.
///
/// `#[row(rename = "column")]` names another column, `#[row(json)]` reads a serde type from JSON;
/// on the struct, `#[row(crate = path)]` names goplt-core if it is not `::goplt_core`.
#[proc_macro_derive(FromRow, attributes(row))]
pub fn derive_from_row(input: TokenStream) -> TokenStream {
    from_row::expand(input.into()).into()
}

/// Implements `goplt_core::data::Entity` for a struct that derives `FromRow`, and `Versioned` if a field is marked.
///
/// `#[entity(table = "…")]` on the struct names the table, `#[entity(id)]` on a field the id (if it is not called `id`),
/// `#[entity(version)]` the version. The statements are calls of `crate::tenant_sql!`, or of the macro in
/// `#[entity(sql = macro)]`; `#[entity(crate = path)]` names goplt-core if it is not `::goplt_core`.
#[proc_macro_derive(Entity, attributes(entity, row))]
pub fn derive_entity(input: TokenStream) -> TokenStream {
    entity::expand(input.into()).into()
}

/// What a module's `tenant_sql!` stands for; `include_manifest!` writes the tables.
#[doc(hidden)]
#[proc_macro]
pub fn __tenant_sql(input: TokenStream) -> TokenStream {
    tenant_sql::expand(tenant_sql::Door::Tenant, input.into()).into()
}

/// What a module's `host_sql!` stands for; `include_manifest!` writes the tables.
#[doc(hidden)]
#[proc_macro]
pub fn __host_sql(input: TokenStream) -> TokenStream {
    tenant_sql::expand(tenant_sql::Door::Host, input.into()).into()
}
