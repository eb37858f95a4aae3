//! A fake of each service for the tests of its consumers, behind the contract crate's feature `fake`.

use proc_macro2::{Ident, TokenStream};
use quote::{format_ident, quote};
use syn::{Item, ext::IdentExt, parse_quote};

use super::{
    contract::{answer, signature},
    model::{Method, Service},
};

/// All items of the fake.
pub(super) fn items(service: &Service) -> Vec<Item> {
    let fake = format_ident!("Fake{}", service.ident);
    vec![
        definition(service, &fake),
        builders(service, &fake),
        implementation(service, &fake),
        debug(&fake),
    ]
}

fn definition(service: &Service, fake: &Ident) -> Item {
    let docs = format!(
        " A [`{}`] for tests: it answers with what it was given, and other methods with `unimplemented`.",
        service.ident
    );
    let fields = service.methods.iter().map(|method| {
        let Method { ident, .. } = method;
        let function = function(method);
        quote!(#ident: ::core::option::Option<::std::boxed::Box<dyn #function>>)
    });
    parse_quote! {
        #[doc = #docs]
        #[cfg(feature = "fake")]
        #[derive(Default)]
        #[must_use]
        pub struct #fake { #(#fields),* }
    }
}

fn builders(service: &Service, fake: &Ident) -> Item {
    let builders = service.methods.iter().map(|method| {
        let Method { ident, name, .. } = method;
        let on = format_ident!("on_{}", ident.unraw());
        let function = function(method);
        let docs = format!(" Answers `{name}`.");
        quote! {
            #[doc = #docs]
            pub fn #on(mut self, answer: impl #function + 'static) -> Self {
                self.#ident = ::core::option::Option::Some(::std::boxed::Box::new(answer));
                self
            }
        }
    });
    parse_quote! {
        #[cfg(feature = "fake")]
        impl #fake {
            /// A fake without an answer.
            pub fn new() -> Self {
                Self::default()
            }

            #(#builders)*
        }
    }
}

fn implementation(service: &Service, fake: &Ident) -> Item {
    let contract = &service.ident;
    let methods = service.methods.iter().map(|method| {
        let Method { ident, name, .. } = method;
        let signature = signature(method);
        let message =
            format!("the fake has no answer to `{name}`: give it one with `on_{}`", ident.unraw());
        quote! {
            #signature {
                match &self.#ident {
                    ::core::option::Option::Some(answer) => answer(cx, req),
                    ::core::option::Option::None => ::core::result::Result::Err(
                        ::goplt_core::contract::RpcError::new(::goplt_core::Code::Unimplemented, #message),
                    ),
                }
            }
        }
    });
    parse_quote! {
        #[cfg(feature = "fake")]
        #[::async_trait::async_trait]
        impl #contract for #fake { #(#methods)* }
    }
}

fn debug(fake: &Ident) -> Item {
    let label = fake.to_string();
    parse_quote! {
        #[cfg(feature = "fake")]
        impl ::core::fmt::Debug for #fake {
            fn fmt(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
                f.debug_struct(#label).finish_non_exhaustive()
            }
        }
    }
}

/// What a test gives as the answer to one method.
fn function(method: &Method) -> TokenStream {
    let input = &method.input;
    let answer = answer(method);
    quote! {
        Fn(&::goplt_core::RequestContext, #input) -> #answer
            + ::core::marker::Send
            + ::core::marker::Sync
    }
}
