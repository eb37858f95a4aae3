//! `watch`: tells cargo which files a module's manifest macro reads.

use std::{
    fs,
    io::{self, Write},
    path::{Path, PathBuf},
};

/// Has cargo build the package anew when `directory` or anything below it changes.
///
/// `include_manifest!` reads the module's migrations while it compiles, and cargo does not notice a *new* file there by
/// itself. One line in the `build.rs` of the module does it. The path is relative to the package.
///
/// While the directory does not exist, nothing is told to cargo, which then watches every file of the package: the
/// directory is noticed when it appears. (Naming a path that is missing would build the package anew every time.)
///
/// # Panics
///
/// When standard output is closed, or when a directory that exists cannot be read: a build script has no other way
/// to fail.
///
/// # Examples
///
/// ```no_run
/// // The whole `main` of build.rs:
/// goplt_build::watch("migrations");
/// ```
pub fn watch(directory: impl AsRef<Path>) {
    let directory = directory.as_ref();
    let report = lines(directory).and_then(|lines| io::stdout().lock().write_all(lines.as_bytes()));
    if let Err(error) = report {
        panic!(
            "goplt_build::watch cannot follow `{}`: {error}",
            directory.display()
        );
    }
}

/// What is told to cargo: the build script itself (a script that names any file loses the default), the directory,
/// and everything in it.
fn lines(directory: &Path) -> io::Result<String> {
    if !directory.try_exists()? {
        return Ok(String::new());
    }
    let mut lines = String::from("cargo::rerun-if-changed=build.rs\n");
    let mut paths = vec![directory.to_owned()];
    collect(directory, &mut paths)?;
    for path in paths {
        lines.push_str(&format!("cargo::rerun-if-changed={}\n", path.display()));
    }
    Ok(lines)
}

/// Everything below `directory`, in the order of names, so that the output is the same on every machine.
fn collect(directory: &Path, paths: &mut Vec<PathBuf>) -> io::Result<()> {
    let mut entries = fs::read_dir(directory)?
        .map(|entry| entry.map(|entry| entry.path()))
        .collect::<io::Result<Vec<_>>>()?;
    entries.sort();
    for entry in entries {
        let is_dir = entry.is_dir();
        paths.push(entry.clone());
        if is_dir {
            collect(&entry, paths)?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_the_directory_and_each_file_below_it() {
        let root = tempfile::tempdir().unwrap();
        let migrations = root.path().join("migrations");
        fs::create_dir_all(migrations.join("later")).unwrap();
        fs::write(migrations.join("V0002__b.sql"), "").unwrap();
        fs::write(migrations.join("V0001__a.sql"), "").unwrap();
        fs::write(migrations.join("later/V0003__c.sql"), "").unwrap();

        let lines = lines(&migrations)
            .unwrap()
            .replace(&root.path().display().to_string(), "");

        insta::assert_snapshot!(lines, @"
        cargo::rerun-if-changed=build.rs
        cargo::rerun-if-changed=/migrations
        cargo::rerun-if-changed=/migrations/V0001__a.sql
        cargo::rerun-if-changed=/migrations/V0002__b.sql
        cargo::rerun-if-changed=/migrations/later
        cargo::rerun-if-changed=/migrations/later/V0003__c.sql
        ");
    }

    #[test]
    fn a_directory_that_does_not_exist_yet_leaves_cargo_its_default() {
        assert_eq!(lines(Path::new("no-such-directory")).unwrap(), "");
    }
}
