//! `MANIFEST`.

use proc_macro2::TokenStream;
use quote::{format_ident, quote};

use super::files::{ManifestFile, MigrationFile};

pub(super) fn manifest(file: &ManifestFile, migrations: &[MigrationFile]) -> TokenStream {
    let shown = &file.shown;
    // By `include_str!`, so that a change of the file builds the module anew.
    let text = file.path.to_string_lossy();
    let migrations = migrations.iter().map(|file| {
        let (version, name) = (file.migration.version, &*file.migration.name);
        let dialect = format_ident!("{}", file.dialect());
        let sql = file.path.to_string_lossy();
        quote! {
            manifest::Migration::from_static(
                #version, #name, manifest::Dialect::#dialect, ::core::include_str!(#sql),
            )
        }
    });
    let docs = format!("What `{shown}` declares, with the migrations beside it.");
    quote! {
        #[doc = #docs]
        pub static MANIFEST: ::std::sync::LazyLock<::goplt_module::__private::goplt_core::manifest::Manifest> =
            ::std::sync::LazyLock::new(|| {
                use ::goplt_module::__private::goplt_core::manifest;
                const MIGRATIONS: &[manifest::Migration] = &[#(#migrations),*];
                manifest::Manifest::parse(#shown, ::core::include_str!(#text))
                    .expect("the manifest was read when this was compiled")
                    .with_migrations(MIGRATIONS.to_vec())
            });
    }
}
