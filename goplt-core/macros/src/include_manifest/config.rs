//! `Config`: a field for each setting.

use goplt_manifest::{
    ConfigDecl, ConfigKind, Manifest, parse_duration,
    yaml::{Node, Value},
};
use proc_macro2::TokenStream;
use quote::{format_ident, quote};

pub(super) fn config(manifest: &Manifest) -> TokenStream {
    let section = manifest.name().as_str();
    let fields = manifest.config().iter().map(|setting| {
        let name = field_name(setting);
        let ty = field_type(setting);
        let docs = docs(section, setting);
        quote! { #[doc = #docs] pub #name: #ty, }
    });
    let values = manifest.config().iter().map(|setting| {
        let name = field_name(setting);
        let value = value(setting);
        quote! { #name: #value, }
    });
    quote! {
        /// The settings of the module.
        #[derive(Debug, Clone)]
        #[allow(dead_code, reason = "a setting may be declared before it is read")]
        #[allow(clippy::exhaustive_structs, reason = "tests write it as a literal")]
        pub struct Config { #(#fields)* }

        impl ::goplt_module::__private::goplt_core::config::ModuleConfig for Config {
            const SECTION: &'static str = #section;

            fn from_values(values: &::goplt_module::__private::goplt_core::config::Values) -> Self {
                let _ = values;
                Self { #(#values)* }
            }
        }
    }
}

/// Keywords are raw identifiers; the manifest refuses the few that cannot be.
fn field_name(setting: &ConfigDecl) -> syn::Ident {
    syn::parse_str(&setting.name).unwrap_or_else(|_| format_ident!("r#{}", setting.name))
}

/// The type of the field: with a default the plain one.
fn field_type(setting: &ConfigDecl) -> TokenStream {
    let ty = match setting.kind {
        ConfigKind::Integer => quote!(i64),
        ConfigKind::Number => quote!(f64),
        ConfigKind::Boolean => quote!(bool),
        ConfigKind::Duration => quote!(::core::time::Duration),
        ConfigKind::StringList => quote!(::std::vec::Vec<::std::string::String>),
        ConfigKind::Secret => quote!(::goplt_module::__private::goplt_core::config::SecretString),
        _ => quote!(::std::string::String),
    };
    match setting.default {
        Some(_) => ty,
        None => quote!(::core::option::Option<#ty>),
    }
}

fn value(setting: &ConfigDecl) -> TokenStream {
    let key = &setting.name;
    let method = match setting.kind {
        ConfigKind::Integer => quote!(integer),
        ConfigKind::Number => quote!(number),
        ConfigKind::Boolean => quote!(boolean),
        ConfigKind::Duration => quote!(duration),
        ConfigKind::StringList => quote!(strings),
        ConfigKind::Secret => quote!(secret),
        _ => quote!(string),
    };
    match &setting.default {
        None => quote! { values.#method(#key) },
        Some(default) => {
            let default = literal(setting.kind, default);
            quote! { values.#method(#key).unwrap_or_else(|| #default) }
        }
    }
}

/// The declared default as an expression; the manifest has checked that it fits.
fn literal(kind: ConfigKind, value: &Value) -> TokenStream {
    match (kind, value) {
        (ConfigKind::Duration, Value::String(text)) => {
            let duration = parse_duration(text).unwrap_or_default();
            let (seconds, nanos) = (duration.as_secs(), duration.subsec_nanos());
            quote!(::core::time::Duration::new(#seconds, #nanos))
        }
        (_, Value::Int(number)) => quote!(#number),
        (_, Value::Float(number)) => quote!(#number),
        (_, Value::Bool(truth)) => quote!(#truth),
        (_, Value::List(items)) => {
            let items = items.iter().filter_map(Node::text);
            quote!(::std::vec![#(::std::string::String::from(#items)),*])
        }
        (_, Value::String(text)) => quote!(::core::convert::Into::into(#text)),
        (_, Value::Null | Value::Map(_)) => quote!(::core::default::Default::default()),
    }
}

fn docs(section: &str, setting: &ConfigDecl) -> String {
    let ConfigDecl {
        name,
        kind,
        description,
        ..
    } = setting;
    let default = match &setting.default {
        Some(default) => format!("default `{default}`"),
        None => "no default".to_owned(),
    };
    let what = format!("`{section}.{name}` ({kind}, {default})");
    match description.as_str() {
        "" => format!("{what}."),
        description => format!("{what}: {description}."),
    }
}
