//! Proves what `write` and `check` do to the committed file.

use std::{fs, path::PathBuf};

use goplt_build::{BuildError, Compiler};
use tempfile::TempDir;

fn project() -> (TempDir, Compiler, PathBuf) {
    let root = tempfile::tempdir().expect("a directory");
    fs::write(
        root.path().join("note.proto"),
        "syntax = \"proto3\"; message Note { string text = 1; }",
    )
    .expect("a proto");
    let compiler = Compiler::new()
        .include(root.path())
        .file(root.path().join("note.proto"));
    let path = root.path().join("src/generated.rs");
    (root, compiler, path)
}

#[test]
fn what_was_written_passes_the_check() {
    let (_root, compiler, path) = project();

    compiler.write(&path).unwrap();

    compiler.check(&path).unwrap();
}

#[test]
fn line_ends_of_another_system_pass_the_check() {
    let (_root, compiler, path) = project();
    compiler.write(&path).unwrap();

    fs::write(
        &path,
        fs::read_to_string(&path).unwrap().replace('\n', "\r\n"),
    )
    .unwrap();

    compiler.check(&path).unwrap();
}

#[test]
fn an_edited_file_is_stale_and_the_line_is_named() {
    let (_root, compiler, path) = project();
    compiler.write(&path).unwrap();
    let code = fs::read_to_string(&path).unwrap();
    fs::write(
        &path,
        code.replacen("pub struct Note", "pub struct Memo", 1),
    )
    .unwrap();

    let error = compiler.check(&path).unwrap_err();

    let BuildError::Stale { line, .. } = &error else {
        panic!("{error:?}")
    };
    let expected = code
        .lines()
        .position(|line| line.starts_with("pub struct Note"))
        .unwrap()
        + 1;
    assert_eq!(*line, expected);
    assert!(error.to_string().contains("GOPLT_BLESS=1"), "{error}");
}

#[test]
fn a_file_cut_short_is_stale() {
    let (_root, compiler, path) = project();
    compiler.write(&path).unwrap();
    let code = fs::read_to_string(&path).unwrap();
    fs::write(&path, code.trim_end().trim_end_matches('}')).unwrap();

    assert!(matches!(
        compiler.check(&path),
        Err(BuildError::Stale { .. })
    ));
}

#[test]
fn a_missing_file_is_an_error_that_names_it() {
    let (_root, compiler, path) = project();

    let error = compiler.check(&path).unwrap_err();

    assert!(
        matches!(&error, BuildError::Io { action: "read", .. }),
        "{error:?}"
    );
    assert!(error.to_string().contains("generated.rs"), "{error}");
}

#[test]
fn a_file_that_is_right_is_not_touched() {
    let (_root, compiler, path) = project();
    compiler.write(&path).unwrap();
    let mut permissions = fs::metadata(&path).unwrap().permissions();
    let before = fs::metadata(&path).unwrap().modified().unwrap();
    permissions.set_readonly(true);
    fs::set_permissions(&path, permissions).unwrap();

    compiler.write(&path).unwrap();

    assert_eq!(fs::metadata(&path).unwrap().modified().unwrap(), before);
}
