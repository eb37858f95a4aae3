use goplt_manifest::ModuleName;

use super::*;

fn table(name: &str, columns: &[(&str, &str, bool)], key: &[&str]) -> Table {
    let column = |(name, ty, not_null): &(&str, &str, bool)| Column {
        name: (*name).into(),
        ty: (*ty).into(),
        not_null: *not_null,
    };
    Table {
        name: name.into(),
        columns: columns.iter().map(column).collect(),
        primary_key: key.iter().map(ToString::to_string).collect(),
        ..Table::default()
    }
}

fn found(declared: &[&str], tables: &[Table]) -> String {
    let (blog, extra): (ModuleName, ModuleName) =
        ("blog".parse().unwrap(), "blog-extra".parse().unwrap());
    let declared: Vec<_> = declared.iter().map(ToString::to_string).collect();
    let modules = [
        ModuleMigrations::new(&blog, &[]).with_tenant_tables(&declared),
        ModuleMigrations::new(&extra, &[]),
    ];
    let problems = lint(&modules, tables, &[]);
    problems
        .iter()
        .map(|problem| format!("{problem}\n"))
        .collect()
}

const TENANT_ID: (&str, &str, bool) = ("tenant_id", "TEXT", true);

#[test]
fn a_well_made_tenant_table_passes() {
    let mut posts = table(
        "blog_posts",
        &[TENANT_ID, ("id", "UUID", true)],
        &["tenant_id", "id"],
    );
    posts.unique = vec![("blog_slug".into(), vec!["tenant_id".into(), "slug".into()])];
    posts.references = vec!["blog_posts".into()];
    assert_eq!(found(&["blog_posts"], &[posts]), "");
}

#[test]
fn every_rule_that_tenant_tables_break_is_told() {
    let mut posts = table("blog_posts", &[("tenant_id", "UUID", false)], &["id"]);
    posts.unique = vec![("blog_slug".into(), vec!["slug".into()])];
    let comments = table("blog_comments", &[("id", "UUID", true)], &["id"]);
    let tags = table("blog_tags", &[TENANT_ID], &["tenant_id"]);
    insta::assert_snapshot!(found(&["blog_posts", "blog_comments", "blog_likes"], &[posts, comments, tags]), @r"
    module `blog`: `tenant_id` of `blog_posts` is not `TEXT NOT NULL`; declare it so; every row belongs to a tenant
    module `blog`: the primary key of `blog_posts` does not begin with `tenant_id`; write `PRIMARY KEY (tenant_id, id)`
    module `blog`: `blog_posts` is unique on (slug) across tenants, so one learns what another has; make it unique on (tenant_id, slug)
    module `blog`: the tenant table `blog_comments` has no column `tenant_id`; add `tenant_id TEXT NOT NULL`
    module `blog`: its manifest declares the tenant table `blog_likes`, which no migration makes; create it, or take it out of `tables`
    module `blog`: `blog_tags` has a column `tenant_id` and is not declared; add `blog_tags` to `tables` in module.yaml
    ");
}

#[test]
fn modules_keep_to_their_own_tables() {
    let mut posts = table("blog_posts", &[], &[]);
    posts.references = vec!["blog_extra_things".into(), "identity_users".into()];
    let things = table("blog_extra_things", &[], &[]);
    let stray = table("posts", &[], &[]);
    insta::assert_snapshot!(found(&[], &[posts, things, stray]), @r"
    module `blog`: `blog_posts` refers to `blog_extra_things`, a table of another module; keep the id without a foreign key, and ask that module by its contract
    module `blog`: `blog_posts` refers to `identity_users`, a table of another module; keep the id without a foreign key, and ask that module by its contract
    module `blog`: the table `posts` does not begin with the module's prefix `blog_`; call it `blog_posts`
    ");
}
