//! Proves what is refused, that the place is named, and that the message tells the mend.

use std::fs;

use goplt_build::{BuildError, Compiler};

/// The message for a proto of this text, with the temporary directory cut out.
fn refusal(text: &str) -> String {
    let root = tempfile::tempdir().expect("a directory");
    fs::write(root.path().join("note.proto"), text).expect("a proto");
    let error = Compiler::new()
        .include(root.path())
        .file(root.path().join("note.proto"))
        .generate()
        .expect_err("a refusal");
    assert!(matches!(error, BuildError::Protos(_)), "{error:?}");
    error
        .to_string()
        .replace(&format!("{}/", root.path().display()), "")
}

/// The message for a service of these lines; they begin at line 7 of the proto.
fn refusal_of_service(lines: &str) -> String {
    refusal(&format!(
        "syntax = \"proto3\";\n\
         package note.v1;\n\
         import \"goplt/options.proto\";\n\
         message Request {{}}\n\
         message Note {{}}\n\
         service NoteService {{\n\
         {lines}\n\
         }}\n"
    ))
}

#[test]
fn a_method_that_does_not_say_who_may_call_it() {
    insta::assert_snapshot!(refusal_of_service(
        r#"option (goplt.service).version = "1.0.0";
           rpc Get(Request) returns (Note);
           rpc Put(Request) returns (Note) { option (goplt.method).timeout_ms = 5; }"#
    ), @r#"
    note.proto:8:12: `Get` does not say who may call it: import "goplt/options.proto" and say `option (goplt.method) = { permission: "module.resource.action" };`, or `authenticated`, `public` or `internal: true`
    note.proto:9:12: `Put` does not say who may call it: import "goplt/options.proto" and say `option (goplt.method) = { permission: "module.resource.action" };`, or `authenticated`, `public` or `internal: true`
    "#);
}

#[test]
fn an_access_written_as_false() {
    insta::assert_snapshot!(refusal_of_service(
        r#"option (goplt.service).version = "1.0.0";
           rpc Get(Request) returns (Note) { option (goplt.method).internal = false; }"#
    ), @r#"note.proto:8:12: `Get` says `internal: false`, which allows nobody: choose one access and set it to true"#);
}

#[test]
fn two_accesses_for_one_method() {
    insta::assert_snapshot!(refusal_of_service(
        r#"option (goplt.service).version = "1.0.0";
           rpc Get(Request) returns (Note) { option (goplt.method) = { public: true, internal: true }; }"#
    ), @r#"note.proto:8:46: invalid value of type 'goplt.MethodOptions' for option '(goplt.method)': a method has one access, `permission: "…"` or one of `authenticated`, `public` and `internal: true`"#);
}

#[test]
fn a_permission_that_breaks_the_grammar() {
    insta::assert_snapshot!(refusal_of_service(
        r#"option (goplt.service).version = "1.0.0";
           rpc Get(Request) returns (Note) { option (goplt.method).permission = "Read notes"; }"#
    ), @r#"note.proto:8:12: the permission of `Get`: `Read notes` is not a permission: two to four parts of `[a-z0-9-]+` joined by `.`"#);
}

#[test]
fn a_stream_of_requests() {
    insta::assert_snapshot!(refusal_of_service(
        r#"option (goplt.service).version = "1.0.0";
           rpc Put(stream Request) returns (Note) { option (goplt.method).public = true; }"#
    ), @r#"note.proto:8:12: `Put` takes a stream of requests, which contracts do not have: take a message with a `repeated` field, or call once for each"#);
}

#[test]
fn methods_that_are_one_in_rust() {
    insta::assert_snapshot!(refusal_of_service(
        r#"option (goplt.service).version = "1.0.0";
           rpc GetNote(Request) returns (Note) { option (goplt.method).public = true; }
           rpc getNote(Request) returns (Note) { option (goplt.method).public = true; }"#
    ), @r#"note.proto:9:12: `getNote` and `GetNote` are both `get_note` in Rust: rename one"#);
}

#[test]
fn a_timeout_of_nothing() {
    insta::assert_snapshot!(refusal_of_service(
        r#"option (goplt.service).version = "1.0.0";
           rpc Get(Request) returns (Note) { option (goplt.method) = { public: true, timeout_ms: 0 }; }"#
    ), @r#"note.proto:8:12: `Get` has a timeout of 0 ms: leave it out for no timeout of its own"#);
}

#[test]
fn a_service_without_a_version_and_one_with_a_wrong_one() {
    insta::assert_snapshot!(refusal_of_service(
        r#"}
           service OtherService {
             option (goplt.service).version = "v1";"#
    ), @r#"
    note.proto:6:1: `NoteService` has no version: import "goplt/options.proto" and say `option (goplt.service).version = "1.0.0";`
    note.proto:8:12: the version of `OtherService`: `v1` is not a version such as `1.2.0`: unexpected character 'v' while parsing major version number
    "#);
}

#[test]
fn all_faults_come_at_once_in_the_order_of_the_file() {
    let text = refusal_of_service(
        r#"rpc Get(Request) returns (Note);
           rpc Put(Request) returns (Note) { option (goplt.method).permission = "notes"; }
           rpc Watch(stream Request) returns (stream Note) { option (goplt.method).public = true; }"#,
    );

    let places: Vec<&str> = text
        .lines()
        .filter_map(|line| line.split(": ").next())
        .collect();
    assert_eq!(
        places,
        [
            "note.proto:6:1",
            "note.proto:7:1",
            "note.proto:8:12",
            "note.proto:9:12"
        ]
    );
}

#[test]
fn options_that_were_not_imported() {
    insta::assert_snapshot!(refusal(
        "syntax = \"proto3\";\n\
         message Note {}\n\
         service NoteService {\n\
         option (goplt.service).version = \"1.0.0\";\n\
         }\n"
    ), @r#"note.proto:4:1: name 'goplt.service' is not defined: add `import "goplt/options.proto";`"#);
}

#[test]
fn a_service_without_our_options() {
    insta::assert_snapshot!(refusal(
        "syntax = \"proto3\";\n\
         message Note {}\n\
         service NoteService {\n\
         rpc Get(Note) returns (Note);\n\
         }\n"
    ), @r#"
    note.proto:3:1: `NoteService` has no version: import "goplt/options.proto" and say `option (goplt.service).version = "1.0.0";`
    note.proto:4:1: `Get` does not say who may call it: import "goplt/options.proto" and say `option (goplt.method) = { permission: "module.resource.action" };`, or `authenticated`, `public` or `internal: true`
    "#);
}

#[test]
fn an_unknown_option_of_ours() {
    insta::assert_snapshot!(refusal_of_service(
        r#"option (goplt.service).version = "1.0.0";
           rpc Get(Request) returns (Note) { option (goplt.method).permision = "note.note.read"; }"#
    ), @r#"note.proto:8:46: option field '(goplt.method).permision' is not defined"#);
}

#[test]
fn values_of_an_enum_that_are_one_in_rust() {
    insta::assert_snapshot!(refusal(
        "syntax = \"proto3\";\nenum Note { NOTE_SHORT = 0; SHORT = 1; }\n"
    ), @r#"note.proto: Generated enum variant names overlap: `Short` variant name to be used both by `NOTE_SHORT` and `SHORT` ProtoBuf enum values"#);
}

#[test]
fn a_secret_within_a_oneof() {
    insta::assert_snapshot!(refusal(
        "syntax = \"proto3\";\n\
         import \"goplt/options.proto\";\n\
         message Login {\n\
         oneof proof {\n\
         string password = 1 [(goplt.field).secret = true];\n\
         string code = 2;\n\
         }\n\
         }\n"
    ), @r#"note.proto:5:1: `password` is secret and part of a oneof: move it out, into a message of its own"#);
}

#[test]
fn what_is_no_proto_at_all() {
    insta::assert_snapshot!(refusal(
        "syntax = \"proto3\";\nmessage Note {\n  string text 1;\n}\n"
    ), @r#"note.proto:3:15: expected '=', but found '1'"#);
}

#[test]
fn an_unknown_type() {
    insta::assert_snapshot!(refusal(
        "syntax = \"proto3\";\nmessage Note {\n  Text text = 1;\n}\n"
    ), @r#"note.proto:3:3: name 'Text' is not defined"#);
}

#[test]
fn an_import_that_is_nowhere() {
    insta::assert_snapshot!(refusal("syntax = \"proto3\";\nimport \"other.proto\";\n"), @r#"note.proto:2:1: import 'other.proto' not found: add `.include(…)` with the directory that holds it"#);
}

#[test]
fn a_proto_outside_of_every_included_directory() {
    let error = Compiler::new()
        .file("/no/such/note.proto")
        .generate()
        .unwrap_err();

    insta::assert_snapshot!(error, @r#"/no/such/note.proto: file '/no/such/note.proto' is not in any include path: add `.include(…)` with the directory that it is imported from, or mend the path"#);
}
