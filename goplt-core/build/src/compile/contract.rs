//! What is written for a service: the trait, its `Contract`, and the guarded wrapper.
//!
//! Each pass takes the whole service and answers with items, so that transports add passes of their own.

use proc_macro2::{Ident, Literal, TokenStream};
use prost_types::method_options::IdempotencyLevel;
use quote::{format_ident, quote};
use syn::{Item, parse_quote};

use super::{
    docs,
    model::{Method, Service},
    options::Access,
};

/// All items of one service.
pub(super) fn items(service: &Service) -> Vec<Item> {
    vec![contract_trait(service), local(service)]
}

// === The trait ===

fn contract_trait(service: &Service) -> Item {
    let Service {
        ident,
        docs,
        methods,
        ..
    } = service;
    let methods = methods.iter().map(|method| {
        let docs = method_docs(service, method);
        let signature = signature(method);
        quote!(#(#docs)* #signature;)
    });
    parse_quote! {
        #(#docs)*
        #[::async_trait::async_trait]
        pub trait #ident: ::core::marker::Send + ::core::marker::Sync + 'static {
            #(#methods)*
        }
    }
}

/// One method, as trait and wrappers declare it.
pub(super) fn signature(method: &Method) -> TokenStream {
    let Method { ident, input, .. } = method;
    let answer = answer(method);
    quote! {
        async fn #ident(&self, cx: &::goplt_core::RequestContext, req: #input) -> #answer
    }
}

/// What a call comes to.
pub(super) fn answer(method: &Method) -> TokenStream {
    let output = &method.output;
    let output = if method.streaming {
        quote!(::goplt_core::contract::RpcStream<#output>)
    } else {
        quote!(#output)
    };
    quote!(::core::result::Result<#output, ::goplt_core::contract::RpcError>)
}

/// The comment of the proto, then the policy in words.
fn method_docs(service: &Service, method: &Method) -> Vec<syn::Attribute> {
    let mut attributes = method.docs.clone();
    if attributes.is_empty() {
        attributes.push(docs::line(&format!(
            "Calls `{}/{}`.",
            service.full_name, method.name
        )));
    }
    let mut policy = match &method.access {
        Access::Public => "Anybody may call it.".to_owned(),
        Access::Authenticated => "Any authenticated caller may call it.".to_owned(),
        Access::Permission(permission) => format!("Needs the permission `{permission}`."),
        Access::Internal => "Only modules and services may call it.".to_owned(),
    };
    match method.idempotency {
        IdempotencyLevel::NoSideEffects => policy.push_str(" It changes nothing."),
        IdempotencyLevel::Idempotent => {
            policy.push_str(" Calling it twice does no more than once.")
        }
        IdempotencyLevel::IdempotencyUnknown => {}
    }
    if let Some(timeout) = method.timeout {
        policy.push_str(&format!(" It may take {timeout:?}."));
    }
    docs::append(&mut attributes, &policy);
    attributes
}

// === The contract and the local wrapper ===

/// In a nameless constant, so that the wrapper's name cannot clash with a message.
fn local(service: &Service) -> Item {
    let Service {
        ident,
        full_name,
        version,
        methods,
        ..
    } = service;
    let wrapper = format_ident!("Guarded{ident}");
    let metas = methods.iter().map(meta);
    let calls = methods
        .iter()
        .enumerate()
        .map(|(index, method)| guarded_call(ident, index, method));
    parse_quote! {
        const _: () = {
            impl ::goplt_core::contract::Contract for dyn #ident {
                const NAME: &'static str = #full_name;
                const VERSION: &'static str = #version;
                const METHODS: &'static [::goplt_core::contract::MethodMeta] = &[#(#metas),*];

                fn guarded(
                    this: ::std::sync::Arc<Self>,
                    guard: ::goplt_core::contract::LocalGuard,
                ) -> ::std::sync::Arc<Self> {
                    ::std::sync::Arc::new(#wrapper { inner: this, guard })
                }
            }

            struct #wrapper {
                inner: ::std::sync::Arc<dyn #ident>,
                guard: ::goplt_core::contract::LocalGuard,
            }

            #[::async_trait::async_trait]
            impl #ident for #wrapper {
                #(#calls)*
            }
        };
    }
}

fn meta(method: &Method) -> TokenStream {
    let name = &method.name;
    let idempotency = match method.idempotency {
        IdempotencyLevel::IdempotencyUnknown => quote!(None),
        IdempotencyLevel::NoSideEffects => quote!(NoSideEffects),
        IdempotencyLevel::Idempotent => quote!(Idempotent),
    };
    let streaming = if method.streaming {
        quote!(Server)
    } else {
        quote!(Unary)
    };
    let timeout = match method.timeout.map(|timeout| timeout.as_millis()) {
        Some(ms) => {
            let ms = Literal::u128_unsuffixed(ms);
            quote!(::core::option::Option::Some(::core::time::Duration::from_millis(#ms)))
        }
        None => quote!(::core::option::Option::None),
    };
    let access = match &method.access {
        Access::Public => quote!(Public),
        Access::Authenticated => quote!(Authenticated),
        Access::Internal => quote!(Internal),
        Access::Permission(name) => {
            quote!(Permission(::goplt_core::Permission::from_static(#name)))
        }
    };
    quote! {
        ::goplt_core::contract::MethodMeta {
            name: #name,
            idempotency: ::goplt_core::contract::Idempotency::#idempotency,
            streaming: ::goplt_core::contract::Streaming::#streaming,
            timeout: #timeout,
            access: ::goplt_core::contract::Access::#access,
        }
    }
}

fn guarded_call(service: &Ident, index: usize, method: &Method) -> TokenStream {
    let ident = &method.ident;
    let signature = signature(method);
    let index = Literal::usize_unsuffixed(index);
    quote! {
        #signature {
            let method = &<dyn #service as ::goplt_core::contract::Contract>::METHODS[#index];
            let call = self.guard.enter(method, cx)?;
            call.run(self.inner.#ident(call.context(), req)).await
        }
    }
}
