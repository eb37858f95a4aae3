//! A small tree with places, read from YAML 1.2: for `module.yaml` here and for configuration files in the kernel.
//!
//! Readers that deserialise into types stop at the first problem and forget where a value stood. This tree keeps the
//! line and column of every key and value, so that whoever walks it can report every problem at once.
//!
//! Supported is what configuration needs: maps with text keys, lists, and scalars of the core schema. Duplicate keys,
//! anchors, aliases, tags, merge keys and a second document are errors, and so are texts above [`MAX_SIZE`] and nesting
//! above [`MAX_DEPTH`].
//!
//! ```
//! use goplt_manifest::yaml::{self, Value};
//!
//! let root = yaml::parse("server:\n  port: 8080\n  release: 1.20\n")?;
//! let server = root.get("server").expect("the key is there");
//! assert_eq!(server.get("port").map(|node| &node.value), Some(&Value::Int(8080)));
//! assert_eq!(server.get("release").and_then(yaml::Node::text), Some("1.20"));
//!
//! let error = yaml::parse("a: 1\na: 2\n").expect_err("the key stands twice");
//! assert_eq!(error.to_string(), "2:1: the key `a` stands twice, first at line 1");
//! # Ok::<(), yaml::YamlError>(())
//! ```

mod error;
mod node;
mod reader;
mod scalar;
mod trap;

pub use self::{
    error::YamlError,
    node::{Key, Mark, Node, Value},
    reader::{Partial, parse, parse_all},
    scalar::scalar,
};

/// The deepest nesting of lists and maps that is read.
pub const MAX_DEPTH: usize = 64;

/// The largest text that is read, in bytes: 1 MiB.
pub const MAX_SIZE: usize = 1 << 20;
