//! Procedural macros of goplt: `include_manifest!`, `tenant_sql!`, derives.

mod include_manifest;
mod needs;

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
