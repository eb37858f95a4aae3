//! Configuration files.

use std::{io::Read, path::Path, sync::Arc};

use goplt_manifest::yaml::{self, MAX_SIZE, Node, Value, YamlError};

use super::{
    ConfigError, ConfigErrorKind, Origin,
    convert::Raw,
    layers::Layers,
    schema::{Known, Schema, join},
};

/// A file that was read, perhaps in part.
pub(super) struct File {
    pub(super) name: Arc<str>,
    pub(super) root: Node,
}

/// `None` if the file does not exist, or cannot be read: then `errors` tells.
pub(super) fn read(
    working_dir: &Path,
    path: &Path,
    required: bool,
    schema: &Schema,
    errors: &mut Vec<ConfigError>,
) -> Option<File> {
    let name: Arc<str> = path.display().to_string().into();
    let mut fail = |message: String| {
        errors.push(ConfigError::new(ConfigErrorKind::File, &name, message));
    };
    let bytes = match read_limited(&working_dir.join(path)) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound && !required => return None,
        Err(error) => {
            fail(format!("cannot be read: {error}"));
            return None;
        }
    };
    let Ok(text) = String::from_utf8(bytes) else {
        fail("is not UTF-8 text".to_owned());
        return None;
    };
    let partial = yaml::parse_all(&text);
    for error in partial.errors {
        errors.push(yaml_error(&name, &text, schema, error));
    }
    Some(File {
        name,
        root: partial.root,
    })
}

/// One byte more than is allowed, so that the reader of YAML sees that it is too much.
fn read_limited(path: &Path) -> std::io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let limit = u64::try_from(MAX_SIZE)
        .unwrap_or(u64::MAX)
        .saturating_add(1);
    std::fs::File::open(path)?
        .take(limit)
        .read_to_end(&mut bytes)?;
    Ok(bytes)
}

fn yaml_error(name: &str, text: &str, schema: &Schema, error: YamlError) -> ConfigError {
    let origin = format!("{name}:{}", error.mark);
    // The message may quote the value, which stands on the key's line or the next.
    let lines = text.lines().skip(error.mark.line.saturating_sub(2)).take(2);
    let secret = lines.into_iter().any(|line| schema.names_secret(line));
    if secret {
        let message = "not valid YAML; the line may hold a secret and is not shown";
        return ConfigError::new(ConfigErrorKind::File, origin, message)
            .with_help("put the text into double quotes");
    }
    ConfigError::new(ConfigErrorKind::File, origin, error.message).with_help_if(error.help)
}

impl Layers<'_> {
    /// The values of a file.
    pub(super) fn file(&mut self, file: &File) {
        match &file.root.value {
            Value::Map(_) | Value::Null => self.walk(file, "", &file.root),
            other => {
                let origin = Origin::File {
                    path: file.name.clone(),
                    mark: file.root.mark,
                };
                let message = format!("the file holds {}, not a map of sections", other.kind());
                self.errors
                    .push(ConfigError::new(ConfigErrorKind::File, &origin, message));
            }
        }
    }

    fn walk(&mut self, file: &File, parent: &str, node: &Node) {
        for (key, child) in node.entries().unwrap_or_default() {
            let path = join(parent, &key.name);
            let at_key = Origin::File {
                path: file.name.clone(),
                mark: key.mark,
            };
            // A key with a dot in it must not reach what lies deeper.
            let known = if key.name.contains('.') {
                Known::Nothing
            } else {
                self.schema().find(&path)
            };
            match (known, &child.value) {
                (Known::Setting(index), _) => {
                    let origin = Origin::File {
                        path: file.name.clone(),
                        mark: child.mark,
                    };
                    self.offer(index, Raw::Node(child), origin);
                }
                (Known::Parent, Value::Map(_)) => self.walk(file, &path, child),
                (Known::Parent, Value::Null) => {}
                (Known::Nothing, _) if !matches!(self.schema().find(&path), Known::Nothing) => {
                    let message = format!("the key `{}` is written with dots", key.name);
                    let help = "write each part on a line of its own, indented below the other";
                    let error = ConfigError::of(ConfigErrorKind::Syntax, &at_key, &path, message);
                    self.errors.push(error.with_help(help));
                }
                (Known::Parent | Known::Nothing, _) => self.unknown(&at_key, &path, str::to_owned),
            }
        }
    }
}
