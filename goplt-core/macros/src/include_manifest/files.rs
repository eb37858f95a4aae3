//! The files that the macro reads.

use std::{
    env, fs,
    path::{Path, PathBuf},
};

use goplt_manifest::{Dialect, Migration};

/// A manifest on disk.
pub(super) struct ManifestFile {
    /// Where it is.
    pub(super) path: PathBuf,
    /// What messages call it: relative to the directory that the compiler runs in, as its own messages are.
    pub(super) shown: String,
    pub(super) text: String,
}

/// A migration on disk.
pub(super) struct MigrationFile {
    pub(super) path: PathBuf,
    pub(super) migration: Migration,
}

impl ManifestFile {
    /// The manifest at `path`, relative to the package, or to the file that names it.
    pub(super) fn read(path: &str, named_in: Option<&Path>) -> Result<Self, String> {
        let package = env::var_os("CARGO_MANIFEST_DIR")
            .map(PathBuf::from)
            .unwrap_or_default();
        let in_package = package.join(path);
        let beside = named_in
            .and_then(Path::parent)
            .map(|folder| folder.join(path));
        let full = match beside.filter(|beside| !in_package.exists() && beside.exists()) {
            Some(beside) => beside.canonicalize().unwrap_or(beside),
            None => in_package,
        };
        let text = fs::read_to_string(&full).map_err(|error| {
            format!("cannot read the manifest `{path}` (relative to the package): {error}")
        })?;
        let shown = shown(&full, &package, path);
        Ok(Self {
            path: full,
            shown,
            text,
        })
    }

    /// The migrations in `migrations/` beside the manifest, in order; what is wrong with the others is added to
    /// `messages`.
    pub(super) fn migrations(&self, messages: &mut Vec<String>) -> Vec<MigrationFile> {
        let directory = self.path.with_file_name("migrations");
        let prefix = self
            .shown
            .rsplit_once('/')
            .map_or("", |(directory, _)| directory);
        let prefix = if prefix.is_empty() {
            String::new()
        } else {
            format!("{prefix}/")
        };
        let mut files = Vec::new();
        for name in file_names(&directory, messages) {
            let path = directory.join(&name);
            match Migration::parse_file_name(&name) {
                Ok(migration) => {
                    messages.extend(
                        wrong_flags(&path, &migration)
                            .into_iter()
                            .map(|error| format!("{prefix}migrations: {error}")),
                    );
                    files.push(MigrationFile { path, migration });
                }
                Err(error) => messages.push(format!("{prefix}migrations/{name}: {error}")),
            }
        }
        files.sort_by_key(|file| (file.migration.version, file.migration.dialect));
        let mut migrations: Vec<_> = files.iter().map(|file| file.migration.clone()).collect();
        if let Err(errors) = Migration::check(&mut migrations) {
            messages.extend(
                errors
                    .iter()
                    .map(|error| format!("{prefix}migrations: {error}")),
            );
        }
        files
    }
}

impl MigrationFile {
    /// The name of the variant of `Dialect`.
    pub(super) fn dialect(&self) -> &'static str {
        match self.migration.dialect {
            Dialect::Sqlite => "Sqlite",
            Dialect::Postgres => "Postgres",
            _ => "Any",
        }
    }
}

/// A file that cannot be read is told by `include_str!`, which comes next.
fn wrong_flags(path: &Path, migration: &Migration) -> Vec<goplt_manifest::MigrationError> {
    let text = fs::read_to_string(path).unwrap_or_default();
    let read = migration.clone().with_sql(text).header();
    read.err().unwrap_or_default()
}

fn shown(full: &Path, package: &Path, path: &str) -> String {
    let relative = env::current_dir().ok().and_then(|cwd| {
        let rest = full.strip_prefix(cwd).ok()?;
        Some(rest.to_string_lossy().replace('\\', "/"))
    });
    relative.unwrap_or_else(|| {
        // A package from elsewhere: its name tells more than a path of this machine.
        let package = env::var("CARGO_PKG_NAME").unwrap_or_else(|_| package.display().to_string());
        format!("{package}/{path}")
    })
}

/// The names in a directory, sorted; none if it is not there.
fn file_names(directory: &Path, messages: &mut Vec<String>) -> Vec<String> {
    let entries = match fs::read_dir(directory) {
        Ok(entries) => entries,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Vec::new(),
        Err(error) => {
            messages.push(format!("cannot read the directory `migrations`: {error}"));
            return Vec::new();
        }
    };
    let mut names: Vec<_> = entries
        .filter_map(Result::ok)
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        // Editors and file managers leave files that begin with a dot or end with a tilde.
        .filter(|name| !name.starts_with('.') && !name.ends_with('~'))
        .collect();
    names.sort();
    names
}
