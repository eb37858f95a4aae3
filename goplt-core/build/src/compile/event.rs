//! `(goplt.event)`: messages that are the payload of an event.

use std::collections::HashMap;

use goplt_manifest::{ModuleName, name_tag};
use prost_reflect::{Cardinality, FieldDescriptor, Kind, MessageDescriptor};
use quote::{format_ident, quote};
use syn::{Ident, Item, parse_quote};

use super::{Problem, model::Checker, options::EventOptions};

/// The impls for the events among the messages of one package. What is refused is reported, and left out.
pub(super) fn items(checker: &mut Checker<'_>, package: &str, items: &[Item]) -> Vec<Item> {
    let mut names: HashMap<String, String> = HashMap::new();
    let mut impls = Vec::new();
    for message in checker.sources.pool.all_messages() {
        if message.package_name() != package {
            continue;
        }
        let Some(event) = checker.options.event(&message.options()) else {
            continue;
        };
        let Some(ident) = generated(&message, items) else {
            // The code of the package is elsewhere.
            continue;
        };
        let mut problems = check(&message, &event);
        if let Some(first) = names.insert(event.name.clone(), message.name().to_owned()) {
            problems.push(format!(
                "`{first}` and `{}` are both the event `{}`: an event has one payload",
                message.name(),
                event.name
            ));
        }
        let problems: Vec<Problem> = problems
            .into_iter()
            .map(|text| {
                let file = message.parent_file_descriptor_proto();
                checker.sources.problem(file, message.path(), text)
            })
            .collect();
        if !problems.is_empty() {
            checker.problems.extend(problems);
            continue;
        }
        if let Some(key) = message.get_field_by_name(&event.key) {
            impls.extend(write(&ident, &event, &key));
        }
    }
    impls
}

/// The struct of a message, if it was generated here.
fn generated(message: &MessageDescriptor, items: &[Item]) -> Option<Ident> {
    let module = message.parent_message().is_none();
    items.iter().find_map(|item| match item {
        Item::Struct(item) if module && item.ident == message.name() => Some(item.ident.clone()),
        _ => None,
    })
}

fn check(message: &MessageDescriptor, event: &EventOptions) -> Vec<String> {
    let EventOptions { name, key, version } = event;
    let mut problems = Vec::new();
    if !is_event_name(name) {
        problems.push(format!(
            "`{name}` is not an event: write `module.entity.verb` in lower case, such as `blog.post.created`"
        ));
    }
    if *version == Some(0) {
        problems.push("versions of events begin at 1".to_owned());
    }
    match message.get_field_by_name(key) {
        None => problems.push(format!(
            "the event `{name}` has no key: say `key: \"…\"` with the field that names what it happened to"
        )),
        Some(field) if !is_key(&field) => problems.push(format!(
            "`{key}` cannot be a key: take a plain string or integer, neither `repeated` nor `optional`"
        )),
        Some(_) => {}
    }
    problems
}

/// Three parts of `[a-z0-9_-]+`, the first the name of a module: as manifests have it.
fn is_event_name(name: &str) -> bool {
    let parts: Vec<&str> = name.split('.').collect();
    let holds = |part: &&str| {
        let allowed = |byte: u8| {
            byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'_' | b'-')
        };
        !part.is_empty() && part.bytes().all(allowed)
    };
    parts.len() == 3
        && parts.iter().all(holds)
        && ModuleName::parse(parts[0]).is_ok()
        && name.len() <= 255
}

fn is_key(field: &FieldDescriptor) -> bool {
    let plain = field.cardinality() == Cardinality::Required
        || (field.cardinality() == Cardinality::Optional && field.containing_oneof().is_none());
    plain && (field.kind() == Kind::String || is_integer(&field.kind()))
}

fn is_integer(kind: &Kind) -> bool {
    matches!(
        kind,
        Kind::Int32
            | Kind::Int64
            | Kind::Uint32
            | Kind::Uint64
            | Kind::Sint32
            | Kind::Sint64
            | Kind::Fixed32
            | Kind::Fixed64
            | Kind::Sfixed32
            | Kind::Sfixed64
    )
}

fn write(message: &Ident, event: &EventOptions, key: &FieldDescriptor) -> [Item; 2] {
    let EventOptions { name, version, .. } = event;
    let version = version.unwrap_or(1);
    let tag = name_tag(name);
    let field =
        syn::parse_str::<Ident>(key.name()).unwrap_or_else(|_| format_ident!("r#{}", key.name()));
    let key = if key.kind() == Kind::String {
        quote!(::std::borrow::Cow::Borrowed(self.#field.as_str()))
    } else {
        quote!(::std::borrow::Cow::Owned(::std::string::ToString::to_string(&self.#field)))
    };
    [
        parse_quote! {
            impl ::goplt_core::event::Event for #message {
                const NAME: &'static str = #name;
                const VERSION: u32 = #version;

                fn key(&self) -> ::std::borrow::Cow<'_, str> {
                    #key
                }

                fn encode(&self) -> ::std::vec::Vec<u8> {
                    ::prost::Message::encode_to_vec(self)
                }

                fn decode(
                    payload: &[u8],
                ) -> ::core::result::Result<Self, ::goplt_core::event::DecodeError> {
                    <Self as ::prost::Message>::decode(payload).map_err(|error| {
                        ::goplt_core::event::DecodeError::new(
                            <Self as ::goplt_core::event::Event>::NAME,
                            error,
                        )
                    })
                }
            }
        },
        parse_quote! {
            impl ::goplt_core::event::EventOf<#tag> for #message {}
        },
    ]
}
