//! `event::…` and `job::…`.

use std::collections::BTreeMap;

use goplt_manifest::{Manifest, constant_name, constant_name_in, name_tag};
use proc_macro2::TokenStream;
use quote::{format_ident, quote};

use super::constants::described;

/// What the manifest allows the module to do with an event.
#[derive(Clone, Copy)]
struct Role {
    publishes: bool,
    subscribes: bool,
}

pub(super) fn events(manifest: &Manifest) -> TokenStream {
    let mut roles: BTreeMap<&str, Role> = BTreeMap::new();
    let none = Role {
        publishes: false,
        subscribes: false,
    };
    for event in &manifest.events().publishes {
        roles.entry(&event.name).or_insert(none).publishes = true;
    }
    for event in &manifest.events().subscribes {
        roles.entry(&event.name).or_insert(none).subscribes = true;
    }
    let constants = roles.iter().map(|(event, role)| {
        let name = format_ident!("{}", constant_name_in(manifest.name(), event));
        let tag = name_tag(event);
        let (role, what) = match role {
            Role {
                publishes: true,
                subscribes: true,
            } => ("Both", "published and heard"),
            Role {
                publishes: true, ..
            } => ("Publishes", "published"),
            Role { .. } => ("Subscribes", "heard"),
        };
        let role = format_ident!("{role}");
        let docs = format!("`{event}`, {what}.");
        quote! {
            #[doc = #docs]
            pub const #name: ::goplt_module::__private::goplt_core::event::EventKey<
                #tag,
                ::goplt_module::__private::goplt_core::event::#role,
            > = ::goplt_module::__private::goplt_core::event::EventKey::__declared(#event);
        }
    });
    quote! {
        /// The events that the module publishes and hears.
        #[allow(dead_code, reason = "an event that is not handled is reported when the host starts")]
        pub mod event { #(#constants)* }
    }
}

pub(super) fn jobs(manifest: &Manifest) -> TokenStream {
    let module = manifest.name().as_str();
    let constants = manifest.jobs().iter().map(|job| {
        let id = &job.name;
        let name = format_ident!("{}", constant_name(id));
        let optional = |text: &Option<String>| match text {
            Some(text) => quote!(::core::option::Option::Some(#text)),
            None => quote!(::core::option::Option::None),
        };
        let (cron, zone) = (optional(&job.cron), optional(&job.zone));
        let what = match &job.cron {
            Some(cron) => format!("`{id}`, due at `{cron}` ({})", job.zone.as_deref().unwrap_or("UTC")),
            None => format!("`{id}`, due when it is enqueued"),
        };
        let docs = described(&what, &job.description);
        quote! {
            #[doc = #docs]
            pub const #name: ::goplt_module::__private::goplt_core::job::JobKey =
                ::goplt_module::__private::goplt_core::job::JobKey::__declared(#module, #id, #cron, #zone);
        }
    });
    quote! {
        /// The jobs that the module runs.
        #[allow(dead_code, reason = "a job without handler is reported when the host starts")]
        pub mod job { #(#constants)* }
    }
}
