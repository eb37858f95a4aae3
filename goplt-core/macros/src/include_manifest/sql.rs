//! The module's own `tenant_sql!` and `host_sql!`, which know its tables.

use goplt_manifest::{HostDecl, Manifest};
use proc_macro2::TokenStream;
use quote::quote;

pub(super) fn macros(manifest: &Manifest) -> TokenStream {
    let tables = manifest.tables();
    let host_tables = manifest
        .host()
        .map(|HostDecl { tables, .. }| tables.as_slice())
        .unwrap_or_default();
    let of_tenants: Vec<_> = host_tables
        .iter()
        .filter(|table| tables.contains(table))
        .collect();
    quote! {
        /// SQL on the tenant tables of the manifest, rewritten to the tenant of the scope when this is compiled.
        #[allow(unused_macros, reason = "a module may have no tables")]
        macro_rules! tenant_sql {
            ($($sql:tt)*) => {
                ::goplt_module::__private::tenant_sql!(tables = [#(#tables),*]; $($sql)*)
            };
        }
        #[allow(unused_imports, reason = "a module may have no tables")]
        pub(crate) use tenant_sql;

        /// SQL on the tables that the manifest names under `host`, across tenants.
        #[allow(unused_macros, reason = "a module may have no host tables")]
        macro_rules! host_sql {
            ($($sql:tt)*) => {
                ::goplt_module::__private::host_sql!(
                    tables = [#(#host_tables),*]; of_tenants = [#(#of_tenants),*]; $($sql)*
                )
            };
        }
        #[allow(unused_imports, reason = "a module may have no host tables")]
        pub(crate) use host_sql;
    }
}
