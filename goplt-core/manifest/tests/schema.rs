//! Proves that the committed JSON Schema is the one the crate makes, and that it judges shapes as the parser does.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use goplt_manifest::{
    Manifest, json_schema, parse,
    yaml::{self, Node, Value},
};
use serde_json::Value as Json;

#[test]
fn the_committed_schema_is_up_to_date() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/module.schema.json");
    if std::env::var_os("GOPLT_UPDATE").is_some() {
        std::fs::write(path, json_schema()).unwrap();
    }
    let committed = std::fs::read_to_string(path).unwrap_or_default();
    assert!(
        committed == json_schema(),
        "module.schema.json is out of date: run this test with GOPLT_UPDATE=1"
    );
}

#[test]
fn the_schema_accepts_good_manifests() {
    for text in [
        include_str!("manifests/blog.yaml"),
        "name: blog\nversion: 1.0.0\n",
    ] {
        Manifest::parse("module.yaml", text).unwrap();
        assert_eq!(problems(text), [] as [String; 0]);
    }
}

#[test]
fn schema_and_parser_refuse_the_same_shapes() {
    let mistakes = [
        "version: 1.0.0",
        "name: blog",
        "name: jobs\nversion: 1.0.0",
        "name: blog\nversion: 1.20",
        "name: blog\nversion: 1.0.0\npermisions: []",
        "name: blog\nversion: 1.0.0\npermissions: [[blog.post.read]]",
        "name: blog\nversion: 1.0.0\npermissions: [{ description: x }]",
        "name: blog\nversion: 1.0.0\nroutes: [{ id: a, method: GET, path: /a }]",
        "name: blog\nversion: 1.0.0\npermissions: [blog.a]\nroutes: [{ id: a, method: GET, path: /a, access: public, permission: blog.a }]",
        "name: blog\nversion: 1.0.0\nroutes: [{ id: a, method: HEAD, path: /a, access: public }]",
        "name: blog\nversion: 1.0.0\nroutes: [{ id: a, method: GET, path: /a, access: handler }]",
        "name: blog\nversion: 1.0.0\nroutes: [{ id: a, method: GET, path: /a, access: public, reason: x }]",
        "name: blog\nversion: 1.0.0\nroutes: [{ id: a, method: GET, path: /a, access: public, tenant: x }]",
        "name: blog\nversion: 1.0.0\nevents: { publish: [] }",
        "name: blog\nversion: 1.0.0\njobs: [{ cron: '* * * * *' }]",
        "name: blog\nversion: 1.0.0\nroles: { editor: blog.a }",
        "name: blog\nversion: 1.0.0\nconfig: { size: 20 }",
        "name: blog\nversion: 1.0.0\nconfig: { size: { type: int } }",
        "name: blog\nversion: 1.0.0\nhost: { tables: [blog_a] }",
        "name: blog\nversion: 1.0.0\ntables: blog_a",
    ];
    for text in mistakes {
        assert!(
            !parse("module.yaml", text).errors.is_empty(),
            "the parser takes {text}"
        );
        assert_ne!(problems(text), [] as [String; 0], "the schema takes {text}");
    }
}

/// What the schema has against a manifest.
fn problems(text: &str) -> Vec<String> {
    let schema: Json = serde_json::from_str(&json_schema()).unwrap();
    let instance = to_json(&yaml::parse(text).unwrap());
    let mut problems = Vec::new();
    check(&schema, &instance, "", &mut problems);
    problems
}

fn to_json(node: &Node) -> Json {
    match &node.value {
        Value::Null => Json::Null,
        Value::Bool(value) => (*value).into(),
        Value::Int(value) => (*value).into(),
        Value::Float(value) => (*value).into(),
        Value::String(value) => value.as_str().into(),
        Value::List(items) => items.iter().map(to_json).collect(),
        Value::Map(entries) => entries
            .iter()
            .map(|(key, node)| (key.name.clone(), to_json(node)))
            .collect(),
    }
}

/// The keywords that the schema uses; a keyword that is not known here fails the test. Patterns are left to the parser.
fn check(schema: &Json, value: &Json, at: &str, problems: &mut Vec<String>) {
    let mut refuse = |why: &str| problems.push(format!("{at}: {why}"));
    let valid = |schema: &Json| {
        let mut problems = Vec::new();
        check(schema, value, at, &mut problems);
        problems.is_empty()
    };
    let schema = schema.as_object().unwrap();
    let mut nested: Vec<(&Json, &Json, String)> = Vec::new();
    for (keyword, rule) in schema {
        match keyword.as_str() {
            "type" => {
                let holds = match rule.as_str().unwrap() {
                    "object" => value.is_object(),
                    "array" => value.is_array(),
                    "string" => value.is_string(),
                    "number" => value.is_number(),
                    other => panic!("unknown type {other}"),
                };
                if !holds {
                    refuse("type");
                }
            }
            "required" => {
                for key in rule.as_array().unwrap() {
                    if value.get(key.as_str().unwrap()).is_none() {
                        refuse("required");
                    }
                }
            }
            "properties" => {
                for (key, schema) in rule.as_object().unwrap() {
                    if let Some(value) = value.get(key) {
                        nested.push((schema, value, format!("{at}/{key}")));
                    }
                }
            }
            "additionalProperties" => {
                let known = schema.get("properties").and_then(Json::as_object);
                for (key, value) in value.as_object().into_iter().flatten() {
                    if known.is_some_and(|known| known.contains_key(key)) {
                        continue;
                    }
                    match rule {
                        Json::Bool(false) => refuse("additionalProperties"),
                        schema => nested.push((schema, value, format!("{at}/{key}"))),
                    }
                }
            }
            "items" => {
                for (index, value) in value.as_array().into_iter().flatten().enumerate() {
                    nested.push((rule, value, format!("{at}/{index}")));
                }
            }
            "enum" if !rule.as_array().unwrap().contains(value) => refuse("enum"),
            "const" if rule != value => refuse("const"),
            "not" if valid(rule) => refuse("not"),
            "anyOf" if !rule.as_array().unwrap().iter().any(valid) => refuse("anyOf"),
            "oneOf"
                if rule
                    .as_array()
                    .unwrap()
                    .iter()
                    .filter(|rule| valid(rule))
                    .count()
                    != 1 =>
            {
                refuse("oneOf");
            }
            "if" => {
                let branch = if valid(rule) { "then" } else { "else" };
                if schema.get(branch).is_some_and(|rule| !valid(rule)) {
                    refuse(branch);
                }
            }
            "enum" | "const" | "not" | "anyOf" | "oneOf" | "then" | "else" | "$schema" | "$id"
            | "title" | "description" | "pattern" | "propertyNames" => {}
            other => panic!("unknown keyword {other}"),
        }
    }
    for (schema, value, at) in nested {
        check(schema, value, &at, problems);
    }
}
