//! Doc comments: those of the proto, and a plain one where the proto has none.

use prost_build::Comments;
use syn::{Attribute, Fields, Item, parse::Parser, parse_quote};

use super::BuildError;

/// The comment of a proto element as attributes, escaped for rustdoc the way prost-build does it for messages.
pub(super) fn of_comments(comments: &Comments) -> Result<Vec<Attribute>, BuildError> {
    let mut text = String::new();
    comments.append_with_indent(0, &mut text);
    Attribute::parse_outer
        .parse_str(&text)
        .map_err(|error| BuildError::Generator(Box::new(error)))
}

/// One line of documentation.
pub(super) fn line(text: &str) -> Attribute {
    let text = format!(" {text}");
    parse_quote!(#[doc = #text])
}

/// Gives everything public a summary, and opens enums for variants to come: a proto may gain some at any time.
pub(super) fn complete(items: &mut [Item]) {
    for item in items {
        match item {
            Item::Struct(message) => {
                document(
                    &mut message.attrs,
                    &format!("The message `{}`.", message.ident),
                );
                if let Fields::Named(fields) = &mut message.fields {
                    for field in &mut fields.named {
                        let name = field
                            .ident
                            .as_ref()
                            .map(ToString::to_string)
                            .unwrap_or_default();
                        document(
                            &mut field.attrs,
                            &format!("The field `{}`.", name.trim_start_matches("r#")),
                        );
                    }
                }
            }
            Item::Enum(choice) => {
                document(
                    &mut choice.attrs,
                    &format!("The choices of `{}`.", choice.ident),
                );
                choice.attrs.push(parse_quote!(#[non_exhaustive]));
                for variant in &mut choice.variants {
                    document(
                        &mut variant.attrs,
                        &format!("The choice `{}`.", variant.ident),
                    );
                }
            }
            Item::Mod(module) => {
                if let Some((_, items)) = &mut module.content {
                    complete(items);
                }
            }
            _ => {}
        }
    }
}

fn document(attributes: &mut Vec<Attribute>, fallback: &str) {
    if !attributes
        .iter()
        .any(|attribute| attribute.path().is_ident("doc"))
    {
        attributes.insert(0, line(fallback));
    }
}

/// A paragraph after what is there.
pub(super) fn append(attributes: &mut Vec<Attribute>, text: &str) {
    if !attributes.is_empty() {
        attributes.push(parse_quote!(#[doc = ""]));
    }
    attributes.push(line(text));
}
