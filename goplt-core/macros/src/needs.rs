//! `#[derive(Needs)]`: each field is a need, and keeps its place.

use proc_macro2::{Span, TokenStream};
use quote::{ToTokens, quote, quote_spanned};
use syn::{Data, DeriveInput, Error, Field, Fields, Member};

pub(crate) fn expand(input: TokenStream) -> TokenStream {
    syn::parse2(input)
        .and_then(|input| derive(&input))
        .unwrap_or_else(Error::into_compile_error)
}

fn derive(input: &DeriveInput) -> syn::Result<TokenStream> {
    let Data::Struct(data) = &input.data else {
        let message = "`Needs` is derived for a struct, whose fields are the contracts";
        return Err(Error::new_spanned(&input.ident, message));
    };
    let declare = members(&data.fields).map(|(member, field)| {
        let ty = &field.ty;
        let name = member.to_token_stream().to_string();
        let place = place(field);
        quote_spanned! { span(field) =>
            list.field::<#ty>(#name, #place);
        }
    });
    let resolve = members(&data.fields).map(|(member, field)| {
        let ty = &field.ty;
        quote_spanned! { span(field) =>
            #member: <#ty as ::goplt_module::Needs>::resolve(contracts)?,
        }
    });
    let ident = &input.ident;
    let (generics, arguments, bounds) = input.generics.split_for_impl();
    Ok(quote! {
        #[automatically_derived]
        impl #generics ::goplt_module::Needs for #ident #arguments #bounds {
            fn declare(list: &mut ::goplt_module::wiring::NeedList) {
                let _ = &list;
                #(#declare)*
            }

            fn resolve(
                contracts: &::goplt_module::wiring::Contracts,
            ) -> ::core::result::Result<Self, ::goplt_module::wiring::Unresolved> {
                let _ = contracts;
                ::core::result::Result::Ok(Self { #(#resolve)* })
            }
        }
    })
}

fn members(fields: &Fields) -> impl Iterator<Item = (Member, &Field)> {
    fields.members().zip(fields)
}

fn span(field: &Field) -> Span {
    use syn::spanned::Spanned;
    field.ty.span().resolved_at(Span::call_site())
}

/// The field's place; the spans of `file!()` and its kin decide what they say.
fn place(field: &Field) -> TokenStream {
    use syn::spanned::Spanned;
    let span = field
        .ident
        .as_ref()
        .map_or_else(|| field.ty.span(), syn::Ident::span);
    quote_spanned! { span =>
        ::goplt_module::Place::new(::core::file!(), ::core::line!(), ::core::column!())
    }
}
