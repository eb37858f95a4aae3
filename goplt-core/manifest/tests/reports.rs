//! Proves that every kind of mistake is reported, all of them at once, in the order of the file and with a mend.

use goplt_manifest::{Manifest, parse};

fn report(text: &str) -> String {
    match Manifest::parse("module.yaml", text) {
        Ok(_) => "no problems".to_owned(),
        Err(errors) => errors.to_string(),
    }
}

#[test]
fn reports_every_planted_mistake_at_once() {
    insta::assert_snapshot!(report(include_str!("manifests/planted.yaml")));
}

#[test]
fn keeps_the_good_items_of_a_bad_manifest() {
    let parsed = parse("module.yaml", include_str!("manifests/planted.yaml"));
    let manifest = &parsed.manifest;
    let permissions = manifest
        .permissions()
        .iter()
        .map(|decl| decl.permission.as_str());
    assert_eq!(
        permissions.collect::<Vec<_>>(),
        [
            "blog.post.create",
            "blog.post.read",
            "blog.comment.read-all",
            "blog.comment-read.all"
        ]
    );
    let routes = manifest.routes().iter().map(|route| route.id.as_str());
    assert_eq!(
        routes.collect::<Vec<_>>(),
        ["create_post", "stray_reason", "one_name"]
    );
    assert_eq!(manifest.tables(), ["blog_posts"]);
    assert!(manifest.host().is_none());
}

#[test]
fn explains_unquoted_paths_patterns_and_cron() {
    let texts = [
        "name: blog\nversion: 1.0.0\nroutes:\n  - { id: a, method: GET, path: /posts/{id}, access: public }\n",
        "name: blog\nversion: 1.0.0\nroutes:\n  - { id: a, method: GET, path: /posts/{id}/comments, access: public }\n",
        "name: blog\nversion: 1.0.0\nroutes: [{ id: a, path: /posts/{id} }]\n",
        "name: blog\nversion: 1.0.0\npermissions: [blog.post.read]\nroles: { editor: [blog.*] }\n",
        "name: blog\nversion: 1.0.0\npermissions: [blog.post.read]\nroles: { editor: [*] }\n",
        "name: blog\nversion: 1.0.0\njobs:\n  - name: a\n    cron: */5 * * * *\n",
        "name: blog\nversion: 1.0.0\njobs:\n  - { name: a, cron: */5 * * * * }\n",
        "name: blog\nversion: 1.0.0\nroutes:\n  - { id: a, method: GET, path: {id}, access: public }\n",
    ];
    let reports: Vec<String> = texts.into_iter().map(report).collect();
    insta::assert_snapshot!(reports.join("\n---\n"));
}

#[test]
fn reports_what_yaml_allows_and_configuration_does_not() {
    let texts = [
        "",
        "# nothing\n",
        "- name: blog\n",
        "blog\n",
        "name: &a blog\nversion: !!str 1.0.0\ndescription: *a\n",
        "name: blog\nversion: 1.0.0\n<<: {}\n? [a]\n: b\n: c\n",
        "name: blog\nversion: 1.0.0\n---\nname: other\n",
        "name: blog\n\tversion: 1.0.0\n",
        "name: blog\nversion: 1.0.0\ntables: [blog_posts\n",
        "name: blog\nversion: \"1.0.0\ntables: [blog_posts]\n",
        "name: core\nversion: 1.0.0\n",
        "name: rate-limiting\nversion: 1.0.0\n",
        "name: Blog\nversion: 1.0.0\ntables: [posts]\n",
        "name:\nversion: ~\ndescription: [a]\ntables:\nroles: []\nhost:\n",
        "host: { tables: [blog_x] }\n",
    ];
    let reports: Vec<String> = texts.into_iter().map(report).collect();
    insta::assert_snapshot!(reports.join("\n---\n"));
}

#[test]
fn refuses_texts_that_are_too_deep_or_too_large() {
    for depth in [65, 100_000] {
        let deep = format!("name: {}", "[".repeat(depth));
        let report = report(&deep);
        assert!(
            report.ends_with(": lists and maps are nested deeper than 64"),
            "{report}"
        );
    }
    let large = format!("name: blog # {}", "x".repeat(1 << 20));
    assert_eq!(
        report(&large),
        "module.yaml:1:1: the text has 1048589 bytes, at most 1048576 are read"
    );
}

#[test]
fn a_break_of_the_syntax_calls_nothing_missing() {
    let parsed = parse(
        "module.yaml",
        "name: blog\npermissions: [blog.post.read]\nroutes:\n  - { id: a, path: /{\n",
    );
    assert_eq!(parsed.errors.len(), 1, "{:?}", parsed.errors);
    assert_eq!(parsed.manifest.permissions().len(), 1);
}
