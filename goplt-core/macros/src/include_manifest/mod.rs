//! `include_manifest!`: a manifest and its migrations, as code.

mod config;
mod constants;
mod files;
mod sql;
mod statics;
mod work;

use goplt_manifest::{Manifest, Parsed};
use proc_macro2::TokenStream;
use quote::{quote, quote_spanned};
use syn::LitStr;

use self::files::{ManifestFile, MigrationFile};

pub(crate) fn expand(input: TokenStream) -> TokenStream {
    let path: LitStr = match syn::parse2(input) {
        Ok(path) => path,
        Err(error) => return error.into_compile_error(),
    };
    let file = match ManifestFile::read(&path.value(), path.span().local_file().as_deref()) {
        Ok(file) => file,
        Err(message) => return syn::Error::new(path.span(), message).into_compile_error(),
    };
    let Parsed {
        manifest, errors, ..
    } = goplt_manifest::parse(&file.shown, &file.text);
    let mut messages: Vec<String> = errors.iter().map(ToString::to_string).collect();
    let migrations = file.migrations(&mut messages);
    let good = generate(&file, &manifest, &migrations);
    // A bad manifest yields its good items too, so that its errors are not buried under unknown names.
    let errors = messages.iter().map(|message| {
        quote_spanned! { path.span() => ::core::compile_error!(#message); }
    });
    quote! { #(#errors)* #good }
}

fn generate(file: &ManifestFile, manifest: &Manifest, migrations: &[MigrationFile]) -> TokenStream {
    let statics = statics::manifest(file, migrations);
    let permissions = constants::permissions(manifest);
    let routes = constants::routes(manifest);
    let events = work::events(manifest);
    let jobs = work::jobs(manifest);
    let config = config::config(manifest);
    let sql = sql::macros(manifest);
    quote! { #statics #permissions #routes #events #jobs #config #sql }
}
