//! The guides show the examples as they are, word for word.

const AXUM: &str = include_str!("../../../docs/guides/axum.md");
const TONIC: &str = include_str!("../../../docs/guides/tonic.md");

fn shows(guide: &str, code: &str) {
    assert!(
        guide.contains(code.trim()),
        "a guide does not show this code:\n{code}"
    );
}

#[test]
fn the_axum_guide_shows_the_application() {
    shows(AXUM, include_str!("../src/bin/axum.rs"));
}

#[test]
fn the_axum_guide_shows_the_sql() {
    let (_, rest) = include_str!("data.rs")
        .split_once("// begin: in the guide\n")
        .expect("a begin");
    let (code, _) = rest.split_once("// end: in the guide").expect("an end");
    shows(AXUM, code);
}

#[test]
fn the_tonic_guide_shows_the_service() {
    shows(TONIC, include_str!("../src/bin/tonic.rs"));
    shows(TONIC, include_str!("../proto/notes.proto"));
    shows(TONIC, include_str!("../build.rs"));
}
