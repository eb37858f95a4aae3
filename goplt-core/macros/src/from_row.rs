//! `#[derive(FromRow)]`: a struct read from the columns that its fields name.

use proc_macro2::TokenStream;
use quote::{quote, quote_spanned};
use syn::{
    Data, DeriveInput, Error, Field, Fields, LitStr, Result, ext::IdentExt, spanned::Spanned,
};

use crate::db_value::crate_path;

pub(crate) fn expand(input: TokenStream) -> TokenStream {
    syn::parse2(input)
        .and_then(|input| derive(&input))
        .unwrap_or_else(Error::into_compile_error)
}

/// What the attributes of a field say.
pub(crate) struct Column {
    pub(crate) name: LitStr,
    pub(crate) json: bool,
}

fn derive(input: &DeriveInput) -> Result<TokenStream> {
    let krate = crate_path(input, "row")?;
    let data = quote!(#krate::data);
    let fields = fields(input)?;
    let mut names = Vec::new();
    let mut reads = Vec::new();
    for (index, field) in fields.iter().enumerate() {
        let column = column(field)?;
        let (ident, ty) = (&field.ident, &field.ty);
        let read = if column.json {
            quote_spanned!(ty.span()=> row.__field::<#data::Json<#ty>>(Self::FIELDS, #index)?.0)
        } else {
            quote_spanned!(ty.span()=> row.__field::<#ty>(Self::FIELDS, #index)?)
        };
        reads.push(quote!(#ident: #read));
        names.push(column.name);
    }
    let name = &input.ident;
    let (generics, arguments, bounds) = input.generics.split_for_impl();
    Ok(quote! {
        #[automatically_derived]
        impl #generics #data::FromRow for #name #arguments #bounds {
            const FIELDS: &'static [&'static str] = &[#(#names),*];

            fn from_row(
                row: &#data::Row<'_>,
            ) -> ::core::result::Result<Self, #data::DbError> {
                ::core::result::Result::Ok(Self { #(#reads),* })
            }
        }
    })
}

pub(crate) fn fields(input: &DeriveInput) -> Result<Vec<&Field>> {
    if let Data::Struct(data) = &input.data
        && let Fields::Named(fields) = &data.fields
    {
        return Ok(fields.named.iter().collect());
    }
    Err(Error::new_spanned(
        &input.ident,
        "`FromRow` is derived for structs with named fields\n\
         help: read a row without names as a tuple, and a single column as its type",
    ))
}

pub(crate) fn column(field: &Field) -> Result<Column> {
    let ident = field
        .ident
        .as_ref()
        .expect("only structs with named fields come here");
    let mut column = Column {
        name: LitStr::new(&ident.unraw().to_string(), ident.span()),
        json: false,
    };
    for attribute in field
        .attrs
        .iter()
        .filter(|attribute| attribute.path().is_ident("row"))
    {
        attribute.parse_nested_meta(|meta| {
            if meta.path.is_ident("json") {
                column.json = true;
            } else if meta.path.is_ident("rename") {
                column.name = meta.value()?.parse()?;
            } else {
                return Err(meta.error("unknown; write `json` or `rename = \"column\"`"));
            }
            Ok(())
        })?;
    }
    Ok(column)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_become_columns() {
        let expanded = expand(quote! {
            struct Post { r#type: String, #[row(rename = "author_id")] author: Uuid, #[row(json)] tags: Tags }
        });
        let expanded = expanded.to_string();
        assert!(
            expanded.contains(r#"& ["type" , "author_id" , "tags"]"#),
            "{expanded}"
        );
        assert!(expanded.contains("Json < Tags >"), "{expanded}");
    }

    #[test]
    fn what_cannot_be_read_is_refused_with_what_to_do_instead() {
        assert!(
            expand(quote!(
                struct Pair(i32, i32);
            ))
            .to_string()
            .contains("as a tuple")
        );
        let unknown = expand(quote!(
            struct A {
                #[row(skip)]
                a: i32,
            }
        ))
        .to_string();
        assert!(unknown.contains("unknown; write `json`"));
    }
}
