//! `#[derive(DbValue)]`: a newtype that is kept like what it wraps.

use proc_macro2::TokenStream;
use quote::{quote, quote_spanned};
use syn::{Data, DeriveInput, Error, Fields, Index, Member, Path, Result, spanned::Spanned};

pub(crate) fn expand(input: TokenStream) -> TokenStream {
    syn::parse2(input)
        .and_then(|input| derive(&input))
        .unwrap_or_else(Error::into_compile_error)
}

fn derive(input: &DeriveInput) -> Result<TokenStream> {
    let (member, inner) = newtype(input)?;
    let krate = crate_path(input, "db_value")?;
    let name = &input.ident;
    let (generics, arguments, bounds) = input.generics.split_for_impl();
    let data = quote!(#krate::data);
    // The span of the field, so that a type which is no value is underlined there.
    let ty = quote_spanned!(inner.span()=> <#inner as #data::DbValue>::TYPE);
    Ok(quote! {
        #[automatically_derived]
        impl #generics #data::DbValue for #name #arguments #bounds {
            const TYPE: #data::DbType = #ty;

            #[inline]
            fn from_value(
                value: #data::Value,
            ) -> ::core::result::Result<Self, #data::ValueError> {
                ::core::result::Result::map(
                    <#inner as #data::DbValue>::from_value(value),
                    |value| Self { #member: value },
                )
            }
        }

        #[automatically_derived]
        impl #generics #data::IntoValue for #name #arguments #bounds {
            #[inline]
            fn into_value(self) -> #data::Value {
                #data::IntoValue::into_value(self.#member)
            }
        }
    })
}

/// The one field of a struct.
fn newtype(input: &DeriveInput) -> Result<(Member, &syn::Type)> {
    if let Data::Struct(data) = &input.data {
        let mut fields = data.fields.iter();
        if let (Some(field), None) = (fields.next(), fields.next()) {
            let member = match &data.fields {
                Fields::Named(_) => field.ident.clone().map(Member::Named),
                _ => None,
            };
            return Ok((member.unwrap_or(Member::Unnamed(Index::from(0))), &field.ty));
        }
    }
    Err(Error::new_spanned(
        &input.ident,
        "`DbValue` is derived for structs with one field, which says how they are kept\n\
         help: for an enum, implement `DbValue` and `IntoValue` by way of `String`; \
         for a whole row, derive `FromRow`; for anything else, bind it as `Json`",
    ))
}

/// Where goplt-core is: `::goplt_core`, or what `#[<attribute>(crate = path)]` says.
pub(crate) fn crate_path(input: &DeriveInput, attribute: &str) -> Result<Path> {
    let mut path = syn::parse_quote!(::goplt_core);
    for found in input
        .attrs
        .iter()
        .filter(|found| found.path().is_ident(attribute))
    {
        found.parse_nested_meta(|meta| {
            if !meta.path.is_ident("crate") {
                return Err(meta.error("only `crate = path` can stand here"));
            }
            path = meta.value()?.parse()?;
            Ok(())
        })?;
    }
    Ok(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_enum_is_refused_with_what_to_do_instead() {
        let expanded = expand(quote!(
            enum Colour {
                Red,
                Blue,
            }
        ))
        .to_string();
        assert!(expanded.contains("compile_error") && expanded.contains("by way of `String`"));
    }

    #[test]
    fn a_struct_with_two_fields_is_refused() {
        assert!(
            expand(quote!(
                struct Pair(i32, i32);
            ))
            .to_string()
            .contains("compile_error")
        );
    }
}
