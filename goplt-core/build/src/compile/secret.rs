//! `(goplt.field).secret`: a hand-written `Debug` for the messages that hold secrets.

use prost_build::Config;
use quote::quote;
use syn::{Attribute, Fields, Item, ItemStruct, parse_quote};

use super::{Problem, options::Options, source::Sources};

/// Put on secret fields by prost-build at our request, and taken away again by [`redact`].
const MARKER: &str = "goplt_secret";

/// The secret fields of all messages.
#[derive(Default)]
pub(super) struct Secrets {
    fields: Vec<(String, String)>,
}

impl Secrets {
    pub(super) fn of(sources: &Sources, options: &Options, problems: &mut Vec<Problem>) -> Self {
        let mut secrets = Self::default();
        for message in sources.pool.all_messages() {
            for field in message
                .fields()
                .filter(|field| options.is_secret(&field.options()))
            {
                // A `optional` of proto3 is a oneof of its own, of one field.
                let in_oneof = field
                    .containing_oneof()
                    .is_some_and(|oneof| !oneof.is_synthetic());
                if in_oneof {
                    problems.push(sources.problem(
                        message.parent_file_descriptor_proto(),
                        field.path(),
                        format!("`{}` is secret and part of a oneof: move it out, into a message of its own", field.name()),
                    ));
                    continue;
                }
                secrets
                    .fields
                    .push((message.full_name().to_owned(), field.name().to_owned()));
            }
        }
        secrets
    }

    pub(super) fn mark(&self, config: &mut Config) {
        for (message, field) in &self.fields {
            config.field_attribute(format!(".{message}.{field}"), format!("#[{MARKER}]"));
        }
    }
}

/// Adds a `Debug` after each message with marked fields, in nested modules too, and takes the marks away.
pub(super) fn redact(items: &mut Vec<Item>) {
    let mut result = Vec::with_capacity(items.len());
    for mut item in items.drain(..) {
        let debug = match &mut item {
            Item::Struct(message) => debug_of(message),
            Item::Mod(module) => {
                if let Some((_, items)) = &mut module.content {
                    redact(items);
                }
                None
            }
            _ => None,
        };
        result.push(item);
        result.extend(debug);
    }
    *items = result;
}

fn debug_of(message: &mut ItemStruct) -> Option<Item> {
    let Fields::Named(fields) = &mut message.fields else {
        return None;
    };
    let mut any = false;
    let mut lines = Vec::new();
    for field in &mut fields.named {
        let before = field.attrs.len();
        field.attrs.retain(|attribute| !is_marker(attribute));
        let secret = field.attrs.len() < before;
        any |= secret;
        let ident = field.ident.as_ref()?;
        let label = ident.to_string();
        let label = label.trim_start_matches("r#");
        lines.push(if secret {
            quote!(.field(#label, &"[redacted]"))
        } else {
            quote!(.field(#label, &self.#ident))
        });
    }
    if !any {
        return None;
    }
    // Here, and not by prost-build's setting of that name, which holds for nested messages as well.
    message.attrs.push(parse_quote!(#[prost(skip_debug)]));
    let ident = &message.ident;
    let label = ident.to_string();
    Some(parse_quote! {
        impl ::core::fmt::Debug for #ident {
            fn fmt(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
                f.debug_struct(#label) #(#lines)* .finish()
            }
        }
    })
}

fn is_marker(attribute: &Attribute) -> bool {
    attribute.path().is_ident(MARKER)
}
