//! The tutorial shows this module, whole and as it is.

const TUTORIAL: &str = include_str!("../../../../docs/tutorial.md");

/// Every file that a reader has to write, with the language of its block.
const FILES: [(&str, &str, &str); 11] = [
    ("Cargo.toml", "toml", include_str!("../Cargo.toml")),
    ("build.rs", "rust", include_str!("../build.rs")),
    ("module.yaml", "yaml", include_str!("../module.yaml")),
    (
        "migrations/V0001__tasks.sql",
        "sql",
        include_str!("../migrations/V0001__tasks.sql"),
    ),
    ("src/api.rs", "rust", include_str!("../src/api.rs")),
    (
        "contract/Cargo.toml",
        "toml",
        include_str!("../contract/Cargo.toml"),
    ),
    (
        "contract/proto/tasks.proto",
        "proto",
        include_str!("../contract/proto/tasks.proto"),
    ),
    (
        "contract/src/lib.rs",
        "rust",
        include_str!("../contract/src/lib.rs"),
    ),
    (
        "contract/tests/drift.rs",
        "rust",
        include_str!("../contract/tests/drift.rs"),
    ),
    ("src/work.rs", "rust", include_str!("../src/work.rs")),
    ("src/lib.rs", "rust", include_str!("../src/lib.rs")),
];

/// Those beside this one.
const TESTS: [(&str, &str, &str); 2] = [
    ("tests/tasks.rs", "rust", include_str!("tasks.rs")),
    ("tests/isolation.rs", "rust", include_str!("isolation.rs")),
];

/// The blocks of code on the page: their language and what is in them.
fn blocks() -> Vec<(&'static str, &'static str)> {
    let fences = TUTORIAL.split("```").skip(1).step_by(2);
    let blocks = fences.map(|fence| fence.split_once('\n').unwrap_or_default());
    blocks.filter(|(language, _)| *language != "text").collect()
}

#[test]
fn every_block_is_a_file_and_every_file_a_block() {
    let files: Vec<_> = FILES.into_iter().chain(TESTS).collect();
    let blocks = blocks();
    for (path, language, text) in &files {
        assert!(
            blocks.contains(&(*language, *text)),
            "the tutorial shows another {path}"
        );
    }
    for (language, text) in &blocks {
        assert!(
            files
                .iter()
                .any(|file| (file.1, file.2) == (*language, *text)),
            "no file of the package is this:\n{text}"
        );
    }
}

#[test]
fn nothing_of_the_package_is_left_out() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    let known = FILES.into_iter().chain(TESTS).map(|file| file.0);
    let known: Vec<_> = known
        .chain(["contract/src/generated.rs", "tests/tutorial.rs"])
        .map(|path| root.join(path))
        .collect();
    let mut folders = vec![root.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                folders.push(path);
            } else {
                assert!(known.contains(&path), "{} is not shown", path.display());
            }
        }
    }
}
