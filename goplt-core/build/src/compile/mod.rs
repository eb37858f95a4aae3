//! The generator: `.proto` in, one Rust file out.

mod assemble;
mod contract;
mod docs;
mod error;
mod event;
mod fake;
mod messages;
mod model;
mod options;
mod secret;
mod source;

use std::{
    env, fs,
    path::{Path, PathBuf},
};

use self::{
    messages::Packages, model::Checker, options::Options, secret::Secrets, source::Sources,
};

pub use self::error::{BuildError, Problem};

/// Compiles protos into one Rust file: messages, a trait for each service, and what the host needs to bind it.
///
/// Paths are relative to the current directory, which for tests and build scripts is the package.
///
/// # Examples
///
/// The test that keeps the committed code of a contract crate true:
///
/// ```no_run
/// #[test]
/// fn committed_code_matches_the_protos() -> Result<(), goplt_build::BuildError> {
///     goplt_build::Compiler::new()
///         .include("proto")
///         .file("proto/blog.proto")
///         .check_or_bless("src/generated.rs")
/// }
/// # fn main() {}
/// ```
#[derive(Debug, Clone, Default)]
#[must_use = "a compiler does nothing until asked to `generate`, `write` or `check`"]
pub struct Compiler {
    includes: Vec<PathBuf>,
    files: Vec<PathBuf>,
    externs: Vec<(String, String)>,
    fakes: bool,
}

impl Compiler {
    /// A compiler without files.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a directory that imports are looked up in. Earlier ones win.
    ///
    /// `goplt/options.proto` and the files of `google/protobuf/` are always found.
    pub fn include(mut self, directory: impl Into<PathBuf>) -> Self {
        self.includes.push(directory.into());
        self
    }

    /// Adds a proto, which must lie below one of the included directories. Code is also generated for what it imports,
    /// unless [`extern_path`](Self::extern_path) says that the code is elsewhere.
    pub fn file(mut self, path: impl Into<PathBuf>) -> Self {
        self.files.push(path.into());
        self
    }

    /// The code of `package` is found at `rust_path`, as in `.extern_path("goplt.identity.v1", "::goplt_contracts::identity")`.
    pub fn extern_path(mut self, package: impl Into<String>, rust_path: impl Into<String>) -> Self {
        self.externs.push((package.into(), rust_path.into()));
        self
    }

    /// Adds a `FakeX` for each service `X`, for the tests of those who call it. It stands behind a feature `fake`, which
    /// the contract crate must declare.
    pub fn with_fakes(mut self) -> Self {
        self.fakes = true;
        self
    }

    /// The generated code, formatted.
    ///
    /// # Errors
    ///
    /// [`BuildError::Protos`] with every fault of goplt's own rules, or with the first fault of protobuf's.
    pub fn generate(&self) -> Result<String, BuildError> {
        let sources = Sources::read(&self.includes, &self.files)?;
        let options = Options::of(&sources.pool);
        let mut problems = Vec::new();
        let secrets = Secrets::of(&sources, &options, &mut problems);
        let packages = messages::generate(&sources.files, &self.externs, &secrets)?;
        let checker = Checker {
            sources: &sources,
            options: &options,
            problems,
        };
        let packages = self.complete(packages, checker)?;
        let protos: Vec<String> = self
            .files
            .iter()
            .map(|file| file.display().to_string())
            .collect();
        Ok(assemble::file(packages, &protos))
    }

    /// Generates into `path`. A file that is already right is not touched.
    ///
    /// # Errors
    ///
    /// Those of [`generate`](Self::generate), and [`BuildError::Io`].
    pub fn write(&self, path: impl AsRef<Path>) -> Result<(), BuildError> {
        let path = path.as_ref();
        let code = self.generate()?;
        if fs::read_to_string(path).is_ok_and(|committed| committed == code) {
            return Ok(());
        }
        if let Some(parent) = path.parent() {
            fs::create_dir_all(parent).map_err(|source| io_error("write", path, source))?;
        }
        fs::write(path, code).map_err(|source| io_error("write", path, source))
    }

    /// Compares `path` with what would be generated.
    ///
    /// # Errors
    ///
    /// Those of [`generate`](Self::generate), [`BuildError::Stale`] when the file differs, and [`BuildError::Io`].
    pub fn check(&self, path: impl AsRef<Path>) -> Result<(), BuildError> {
        let path = path.as_ref();
        let code = self.generate()?;
        let committed =
            fs::read_to_string(path).map_err(|source| io_error("read", path, source))?;
        match first_difference(&committed, &code) {
            None => Ok(()),
            Some(line) => Err(BuildError::Stale {
                path: path.to_owned(),
                line,
            }),
        }
    }

    /// [`check`](Self::check), or [`write`](Self::write) when the environment says `GOPLT_BLESS=1`: for the test of a
    /// contract crate.
    ///
    /// # Errors
    ///
    /// Those of `check` and `write`.
    pub fn check_or_bless(&self, path: impl AsRef<Path>) -> Result<(), BuildError> {
        if env::var_os("GOPLT_BLESS").is_some_and(|value| value == "1") {
            return self.write(path);
        }
        self.check(path)
    }

    /// Everything that prost-build does not do: services, redaction, documentation.
    fn complete(
        &self,
        packages: Packages,
        mut checker: Checker<'_>,
    ) -> Result<Vec<(String, Vec<syn::Item>)>, BuildError> {
        let mut complete = Vec::new();
        for (name, package) in packages {
            let mut items = package.items;
            secret::redact(&mut items);
            docs::complete(&mut items);
            for service in &package.services {
                let Some(service) = checker.service(service)? else {
                    continue;
                };
                items.extend(contract::items(&service));
                if self.fakes {
                    items.extend(fake::items(&service));
                }
            }
            let events = event::items(&mut checker, &name, &items);
            items.extend(events);
            complete.push((name, items));
        }
        if checker.problems.is_empty() {
            return Ok(complete);
        }
        checker.problems.sort();
        Err(BuildError::Protos(checker.problems))
    }
}

/// The first line, from 1, in which the texts differ. Line ends do not count: git may have changed them.
fn first_difference(committed: &str, generated: &str) -> Option<usize> {
    let mut lines = committed.lines().zip(generated.lines()).enumerate();
    let differing = lines
        .find(|(_, (committed, generated))| committed != generated)
        .map(|(index, _)| index + 1);
    differing.or_else(|| {
        let (committed, generated) = (committed.lines().count(), generated.lines().count());
        (committed != generated).then(|| committed.min(generated) + 1)
    })
}

fn io_error(action: &'static str, path: &Path, source: std::io::Error) -> BuildError {
    BuildError::Io {
        action,
        path: path.to_owned(),
        source,
    }
}
