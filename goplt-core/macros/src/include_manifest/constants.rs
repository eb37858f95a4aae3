//! `permission::…` and `route::…`.

use goplt_manifest::{Manifest, RouteAccess, constant_name, constant_name_in};
use proc_macro2::TokenStream;
use quote::{format_ident, quote};

pub(super) fn permissions(manifest: &Manifest) -> TokenStream {
    let constants = manifest.permissions().iter().map(|declared| {
        let text = declared.permission.as_str();
        let name = format_ident!("{}", constant_name_in(manifest.name(), text));
        let docs = described(&format!("`{text}`"), &declared.description);
        quote! {
            #[doc = #docs]
            pub const #name: ::goplt_module::__private::goplt_core::Permission =
                ::goplt_module::__private::goplt_core::Permission::from_static(#text);
        }
    });
    quote! {
        /// The permissions of the module.
        #[allow(dead_code, reason = "a permission may be checked by routes alone")]
        pub mod permission { #(#constants)* }
    }
}

pub(super) fn routes(manifest: &Manifest) -> TokenStream {
    let module = manifest.name().as_str();
    let constants = manifest.routes().iter().map(|route| {
        let id = &route.id;
        let name = format_ident!("{}", constant_name(id));
        let access = match &route.access {
            RouteAccess::Permission(permission) => format!("permission `{permission}`"),
            RouteAccess::Authenticated => "authenticated".to_owned(),
            RouteAccess::Public => "public".to_owned(),
            _ => "decided in the handler".to_owned(),
        };
        let what = format!("`{} {}` ({access})", route.method, route.path);
        let docs = described(&what, &route.description);
        quote! {
            #[doc = #docs]
            pub const #name: ::goplt_module::RouteKey =
                ::goplt_module::RouteKey::__declared(#module, #id);
        }
    });
    quote! {
        /// The routes of the module.
        #[allow(dead_code, reason = "a route that is not mounted is reported when the host starts")]
        pub mod route { #(#constants)* }
    }
}

pub(super) fn described(what: &str, description: &str) -> String {
    if description.is_empty() {
        return format!("{what}.");
    }
    format!("{what}: {description}.")
}
