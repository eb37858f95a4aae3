//! `#[derive(Entity)]`: the statements of a row that has an id, for `goplt_core::data::Repo`.
//!
//! They are written as calls of the module's own `tenant_sql!`, so that they are rewritten and checked by it like any other.

use proc_macro2::{Span, TokenStream};
use quote::{ToTokens, quote};
use syn::{DeriveInput, Error, Field, Ident, LitStr, Path, Result, Type};

use crate::from_row::{self, Column};

pub(crate) fn expand(input: TokenStream) -> TokenStream {
    syn::parse2(input)
        .and_then(|input| derive(&input))
        .unwrap_or_else(Error::into_compile_error)
}

/// What `#[entity(…)]` on the struct says.
struct Settings {
    krate: Path,
    sql: Path,
    table: LitStr,
}

struct Member<'a> {
    ident: &'a Ident,
    ty: &'a Type,
    column: Column,
    id: bool,
    version: bool,
}

fn derive(input: &DeriveInput) -> Result<TokenStream> {
    let settings = settings(input)?;
    let members = members(input)?;
    let id = one(&members, |member| member.id, "id")?
        .or_else(|| members.iter().find(|member| *member.ident == "id"))
        .ok_or_else(|| {
            Error::new_spanned(
                &input.ident,
                "an entity has an id\nhelp: name the field `id`, or mark it with `#[entity(id)]`",
            )
        })?;
    let version = one(&members, |member| member.version, "version")?;

    let entity = entity(input, &settings, &members, id);
    let versioned = version.map(|version| versioned(input, &settings, &members, id, version));
    Ok(quote!(#entity #versioned))
}

fn entity(
    input: &DeriveInput,
    settings: &Settings,
    members: &[Member<'_>],
    id: &Member<'_>,
) -> TokenStream {
    let Settings { krate, sql, table } = settings;
    let data = quote!(#krate::data);
    let name = &input.ident;
    let (generics, arguments, bounds) = input.generics.split_for_impl();
    let (id_field, id_type, id_column) = (id.ident, id.ty, id.column.name.value());
    let columns = list(members.iter().map(|member| member.column.name.value()));
    let marks = list(members.iter().map(|_| "?".to_owned()));
    let values = members.iter().map(|member| member.bind(&data));
    let table_name = table.value();
    let text = |text: String| LitStr::new(&text, table.span());

    let find = text(format!(
        "SELECT {columns} FROM {table_name} WHERE {id_column} = ?"
    ));
    let insert = text(format!(
        "INSERT INTO {table_name} ({columns}) VALUES ({marks})"
    ));
    let delete = text(format!("DELETE FROM {table_name} WHERE {id_column} = ?"));
    let newest = text(format!(
        "SELECT {columns} FROM {table_name} ORDER BY {id_column} DESC LIMIT ?"
    ));
    let older = text(format!(
        "SELECT {columns} FROM {table_name} WHERE {id_column} < ? ORDER BY {id_column} DESC LIMIT ?"
    ));
    quote! {
        #[automatically_derived]
        impl #generics #data::Entity for #name #arguments #bounds {
            type Id = #id_type;

            fn id(&self) -> Self::Id {
                ::core::clone::Clone::clone(&self.#id_field)
            }

            fn __find(id: Self::Id) -> #data::TenantSql {
                #sql!(#find, id)
            }

            fn __insert(&self) -> #data::TenantSql {
                #sql!(#insert, #(#values),*)
            }

            fn __delete(id: Self::Id) -> #data::TenantSql {
                #sql!(#delete, id)
            }

            fn __newest(rows: i64) -> #data::TenantSql {
                #sql!(#newest, rows)
            }

            fn __older(id: Self::Id, rows: i64) -> #data::TenantSql {
                #sql!(#older, id, rows)
            }
        }
    }
}

fn versioned(
    input: &DeriveInput,
    settings: &Settings,
    members: &[Member<'_>],
    id: &Member<'_>,
    version: &Member<'_>,
) -> TokenStream {
    let Settings { krate, sql, table } = settings;
    let data = quote!(#krate::data);
    let name = &input.ident;
    let (generics, arguments, bounds) = input.generics.split_for_impl();
    let (id_field, id_column) = (id.ident, id.column.name.value());
    let (version_field, version_column) = (version.ident, version.column.name.value());
    let changed = || {
        members
            .iter()
            .filter(|member| member.ident != id.ident && member.ident != version.ident)
    };
    let sets = changed().map(|member| format!("{} = ?", member.column.name.value()));
    let sets = list(sets.chain([format!("{version_column} = {version_column} + 1")]));
    let values = changed().map(|member| member.bind(&data));
    let table_name = table.value();
    let text = |text: String| LitStr::new(&text, table.span());

    let update = text(format!(
        "UPDATE {table_name} SET {sets} WHERE {id_column} = ? AND {version_column} = ? RETURNING {version_column}"
    ));
    let present = text(format!(
        "SELECT {version_column} FROM {table_name} WHERE {id_column} = ?"
    ));
    quote! {
        #[automatically_derived]
        impl #generics #data::Versioned for #name #arguments #bounds {
            fn version(&self) -> #data::RowVersion {
                self.#version_field
            }

            fn __set_version(&mut self, version: #data::RowVersion) {
                self.#version_field = version;
            }

            fn __update(&self) -> #data::TenantSql {
                #sql!(#update, #(#values,)* &self.#id_field, self.#version_field)
            }

            fn __version_of(id: <Self as #data::Entity>::Id) -> #data::TenantSql {
                #sql!(#present, id)
            }
        }
    }
}

impl Member<'_> {
    fn bind(&self, data: &TokenStream) -> TokenStream {
        let ident = self.ident;
        if self.column.json {
            quote!(#data::Json(&self.#ident))
        } else {
            quote!(&self.#ident)
        }
    }
}

fn list(items: impl Iterator<Item = String>) -> String {
    items.collect::<Vec<_>>().join(", ")
}

fn settings(input: &DeriveInput) -> Result<Settings> {
    let (mut krate, mut sql) = (
        syn::parse_quote!(::goplt_core),
        syn::parse_quote!(crate::tenant_sql),
    );
    let mut table = None;
    for attribute in attributes(&input.attrs) {
        attribute.parse_nested_meta(|meta| {
            if meta.path.is_ident("table") {
                table = Some(meta.value()?.parse()?);
            } else if meta.path.is_ident("sql") {
                sql = meta.value()?.parse()?;
            } else if meta.path.is_ident("crate") {
                krate = meta.value()?.parse()?;
            } else {
                return Err(
                    meta.error("unknown; write `table = \"…\"`, `sql = macro` or `crate = path`")
                );
            }
            Ok(())
        })?;
    }
    let table = table.ok_or_else(|| {
        Error::new(
            Span::call_site(),
            "whose rows are these?\nhelp: write `#[entity(table = \"…\")]` with a table of the manifest",
        )
    })?;
    Ok(Settings { krate, sql, table })
}

fn members(input: &DeriveInput) -> Result<Vec<Member<'_>>> {
    from_row::fields(input)?.into_iter().map(member).collect()
}

fn member(field: &Field) -> Result<Member<'_>> {
    let (mut id, mut version) = (false, false);
    for attribute in attributes(&field.attrs) {
        attribute.parse_nested_meta(|meta| {
            if meta.path.is_ident("id") {
                id = true;
            } else if meta.path.is_ident("version") {
                version = true;
            } else {
                return Err(meta.error("unknown; write `id` or `version`"));
            }
            Ok(())
        })?;
    }
    Ok(Member {
        ident: field
            .ident
            .as_ref()
            .expect("only structs with named fields come here"),
        ty: &field.ty,
        column: from_row::column(field)?,
        id,
        version,
    })
}

fn attributes(attributes: &[syn::Attribute]) -> impl Iterator<Item = &syn::Attribute> {
    attributes
        .iter()
        .filter(|attribute| attribute.path().is_ident("entity"))
}

/// The one member that is marked, if there is one.
fn one<'a, 'm>(
    members: &'a [Member<'m>],
    marked: impl Fn(&Member<'m>) -> bool,
    what: &str,
) -> Result<Option<&'a Member<'m>>> {
    let mut found = members.iter().filter(|member| marked(member));
    let first = found.next();
    match found.next() {
        None => Ok(first),
        Some(second) => Err(Error::new_spanned(
            second.ident.to_token_stream(),
            format!("a second field is marked as the {what}\nhelp: mark one"),
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_statement_goes_through_the_modules_own_macro() {
        let expanded = expand(quote! {
            #[entity(table = "blog_posts")]
            struct Post { id: Uuid, #[row(rename = "author_id")] author: String, #[row(json)] tags: Tags, #[entity(version)] version: RowVersion }
        });
        let expanded = expanded.to_string();
        for statement in [
            "crate :: tenant_sql ! (\"SELECT id, author_id, tags, version FROM blog_posts WHERE id = ?\" , id)",
            "(\"INSERT INTO blog_posts (id, author_id, tags, version) VALUES (?, ?, ?, ?)\"",
            "(\"UPDATE blog_posts SET author_id = ?, tags = ?, version = version + 1 WHERE id = ? AND version = ? RETURNING version\"",
            ":: goplt_core :: data :: Json (& self . tags)",
        ] {
            assert!(expanded.contains(statement), "{statement}\n{expanded}");
        }
    }

    #[test]
    fn without_a_version_there_is_no_update() {
        let expanded = expand(quote! {
            #[entity(table = "notes", sql = notes_sql)]
            struct Note { #[entity(id)] number: i64, text: String }
        });
        let expanded = expanded.to_string();
        assert!(!expanded.contains("Versioned"), "{expanded}");
        assert!(
            expanded.contains("notes_sql ! (\"DELETE FROM notes WHERE number = ?\""),
            "{expanded}"
        );
    }

    #[test]
    fn what_is_missing_is_said_with_the_mend() {
        let refused = |input| expand(input).to_string();
        assert!(
            refused(quote!(
                struct Note {
                    id: i64,
                }
            ))
            .contains("whose rows are these?")
        );
        assert!(
            refused(quote!(
                #[entity(table = "notes")]
                struct Note {
                    text: String,
                }
            ))
            .contains("an entity has an id")
        );
        let twice = quote! {
            #[entity(table = "notes")]
            struct Note { #[entity(id)] a: i64, #[entity(id)] b: i64 }
        };
        assert!(refused(twice).contains("a second field is marked as the id"));
    }
}
