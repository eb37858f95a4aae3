//! Reading: from paths to checked descriptors, with `goplt/options.proto` always at hand.

use std::{
    collections::HashMap,
    path::{Path, PathBuf},
};

use prost_reflect::DescriptorPool;
use prost_types::{FileDescriptorProto, source_code_info::Location};
use protox::file::{
    ChainFileResolver, File, FileResolver, GoogleFileResolver, IncludeFileResolver,
};

use super::{BuildError, Problem};

/// The name by which protos import the options.
pub(super) const OPTIONS_FILE: &str = "goplt/options.proto";

const OPTIONS_SOURCE: &str = include_str!("../../proto/goplt/options.proto");

/// The protos, parsed, linked and checked as protobuf.
pub(super) struct Sources {
    pub(super) pool: DescriptorPool,
    /// What code is generated for: everything but the well-known files and our options.
    pub(super) files: Vec<FileDescriptorProto>,
    paths: HashMap<String, String>,
}

impl Sources {
    pub(super) fn read(includes: &[PathBuf], files: &[PathBuf]) -> Result<Self, BuildError> {
        let mut compiler = protox::Compiler::with_file_resolver(resolver(includes));
        compiler.include_imports(true).include_source_info(true);
        for file in files {
            compiler
                .open_file(file)
                .map_err(|error| refused(&error, includes, file))?;
        }
        let paths = compiler
            .files()
            .filter_map(|file| Some((file.name().to_owned(), file.path()?.display().to_string())))
            .collect();
        let mut files = compiler.file_descriptor_set().file;
        files.retain(|file| {
            file.name() != OPTIONS_FILE && !file.name().starts_with("google/protobuf/")
        });
        Ok(Self {
            pool: compiler.descriptor_pool(),
            files,
            paths,
        })
    }

    /// A problem at the element of `file` with this descriptor path.
    pub(super) fn problem(
        &self,
        file: &FileDescriptorProto,
        path: &[i32],
        message: impl Into<String>,
    ) -> Problem {
        let name = self
            .paths
            .get(file.name())
            .cloned()
            .unwrap_or_else(|| file.name().to_owned());
        Problem::new(name, place(file, path), message.into())
    }
}

fn resolver(includes: &[PathBuf]) -> ChainFileResolver {
    let mut resolver = ChainFileResolver::new();
    // First, so that no file of the same name can take its place.
    resolver.add(OptionsResolver);
    for include in includes {
        resolver.add(IncludeFileResolver::new(include.clone()));
    }
    resolver.add(GoogleFileResolver::new());
    resolver
}

struct OptionsResolver;

impl FileResolver for OptionsResolver {
    fn open_file(&self, name: &str) -> Result<File, protox::Error> {
        match name {
            OPTIONS_FILE => File::from_source(name, OPTIONS_SOURCE),
            _ => Err(protox::Error::file_not_found(name)),
        }
    }
}

/// Line and column, from 1, of the innermost element on `path` that the parser kept a place for.
fn place(file: &FileDescriptorProto, path: &[i32]) -> Option<(usize, usize)> {
    let locations = &file.source_code_info.as_ref()?.location;
    let location = (0..=path.len()).rev().find_map(|length| {
        locations
            .iter()
            .find(|location| location.path == path[..length])
    })?;
    start(location)
}

fn start(location: &Location) -> Option<(usize, usize)> {
    let line = usize::try_from(*location.span.first()?).ok()?;
    let column = usize::try_from(*location.span.get(1)?).ok()?;
    Some((line + 1, column + 1))
}

/// protox prints `name:line:column: message` in its debug form, with the name as imports write it.
fn refused(error: &protox::Error, includes: &[PathBuf], opened: &Path) -> BuildError {
    let Some(name) = error.file() else {
        let message = format!(
            "{error}: add `.include(…)` with the directory that it is imported from, or mend the path"
        );
        return BuildError::Protos(vec![Problem::new(
            opened.display().to_string(),
            None,
            message,
        )]);
    };
    let file = includes
        .iter()
        .map(|include| include.join(name))
        .find(|path| path.exists())
        .map_or_else(|| name.to_owned(), |path| path.display().to_string());
    let text = format!("{error:?}");
    let place = text
        .strip_prefix(name)
        .and_then(|rest| rest.strip_prefix(':'))
        .and_then(leading_place);
    BuildError::Protos(vec![Problem::new(
        file,
        place,
        with_mend(&error.to_string()),
    )])
}

fn leading_place(text: &str) -> Option<(usize, usize)> {
    let mut parts = text.splitn(3, ':');
    Some((parts.next()?.parse().ok()?, parts.next()?.parse().ok()?))
}

fn with_mend(message: &str) -> String {
    let mend = if message.starts_with("name 'goplt.") {
        format!("add `import \"{OPTIONS_FILE}\";`")
    } else if message.contains("'goplt.MethodOptions'") {
        "a method has one access, `permission: \"…\"` or one of `authenticated`, `public` and \
         `internal: true`"
            .to_owned()
    } else if message.starts_with("import") && message.ends_with("not found") {
        "add `.include(…)` with the directory that holds it".to_owned()
    } else {
        return message.to_owned();
    };
    format!("{message}: {mend}")
}
