//! Proves that a message with `(goplt.event)` becomes the payload of an event, and what is refused.
#![cfg(feature = "compile")]

use std::fs;

use goplt_build::Compiler;

/// What is generated for messages of this text, or the refusal.
fn compile(messages: &str) -> Result<String, String> {
    let root = tempfile::tempdir().expect("a directory");
    let text = format!(
        "syntax = \"proto3\";\npackage blog.v1;\nimport \"goplt/options.proto\";\n{messages}\n"
    );
    fs::write(root.path().join("blog.proto"), text).expect("a proto");
    let compiler = Compiler::new()
        .include(root.path())
        .file(root.path().join("blog.proto"));
    let cut = format!("{}/", root.path().display());
    compiler
        .generate()
        .map_err(|error| error.to_string().replace(&cut, ""))
}

#[test]
fn an_event_has_its_name_its_version_its_key_and_its_tag() {
    let code = compile(
        "message PostCreated {\n  option (goplt.event) = { name: \"blog.post.created\", key: \"post_id\", version: 2 };\n  \
         string post_id = 1;\n}",
    )
    .unwrap();
    let start = code.find("impl ::goplt_core::event::Event for").unwrap();
    insta::assert_snapshot!(&code[start..]);
}

#[test]
fn a_number_can_be_a_key_and_the_version_is_1() {
    let code = compile(
        "message Paid { option (goplt.event) = { name: \"billing.invoice.paid\", key: \"number\" }; uint64 number = 1; }",
    )
    .unwrap();
    assert!(code.contains("const VERSION: u32 = 1u32;"), "{code}");
    assert!(code.contains("ToString::to_string(&self.number)"), "{code}");
}

#[test]
fn what_is_wrong_with_an_event_is_told_at_once() {
    insta::assert_snapshot!(compile(
        "message A { option (goplt.event) = { name: \"Blog.created\", key: \"id\", version: 0 }; string id = 1; }\n\
         message B { option (goplt.event) = { name: \"blog.post.created\" }; string id = 1; }\n\
         message C { option (goplt.event) = { name: \"blog.post.created\", key: \"ids\" }; repeated string ids = 1; }"
    ).unwrap_err(), @r#"
    blog.proto:4:1: `Blog.created` is not an event: write `module.entity.verb` in lower case, such as `blog.post.created`
    blog.proto:4:1: versions of events begin at 1
    blog.proto:5:1: the event `blog.post.created` has no key: say `key: "…"` with the field that names what it happened to
    blog.proto:6:1: `B` and `C` are both the event `blog.post.created`: an event has one payload
    blog.proto:6:1: `ids` cannot be a key: take a plain string or integer, neither `repeated` nor `optional`
    "#);
}
