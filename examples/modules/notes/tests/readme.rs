//! The module that the README shows is this one, and it works.

use goplt_testing::TestHost;
use notes::NotesModule;
use serde_json::json;

#[tokio::test]
async fn a_note_is_written_by_whoever_may() {
    let host = TestHost::builder()
        .module(NotesModule)
        .start()
        .await
        .unwrap();
    let ada = host.user("ada", "acme").with_grants(["notes.note.create"]);
    let note = json!({ "text": "milk" });
    assert_eq!(ada.post("/api/v1/notes", note.clone()).await.status(), 204);
    assert_eq!(
        host.user("bob", "acme")
            .post("/api/v1/notes", note)
            .await
            .status(),
        403
    );
    host.stop().await.unwrap();
}

#[test]
fn the_readme_shows_this_module() {
    let readme = include_str!("../../../../README.md");
    let manifest = include_str!("../module.yaml");
    let (_uses, code) = include_str!("../src/lib.rs")
        .split_once("goplt_module::include")
        .unwrap();
    assert!(
        readme.contains(manifest),
        "the README shows another module.yaml"
    );
    assert!(readme.contains(code), "the README shows another lib.rs");
}
