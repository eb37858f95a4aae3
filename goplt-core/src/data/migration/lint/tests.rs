use goplt_manifest::ModuleName;

use super::*;
use crate::data::catalogue::Column;

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

fn refers(table: &str, columns: &[(&str, &str)]) -> Reference {
    let columns = columns
        .iter()
        .map(|(own, theirs)| ((*own).to_owned(), (*theirs).to_owned()));
    Reference {
        table: table.into(),
        columns: columns.collect(),
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
    let problems = lint(&modules, tables, &[], &[], &[]);
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
    posts.references = vec![refers(
        "blog_posts",
        &[("tenant_id", "tenant_id"), ("parent", "id")],
    )];
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
    posts.references = vec![
        refers("blog_extra_things", &[("id", "")]),
        refers("identity_users", &[("id", "")]),
    ];
    let things = table("blog_extra_things", &[], &[]);
    let stray = table("posts", &[], &[]);
    insta::assert_snapshot!(found(&[], &[posts, things, stray]), @r"
    module `blog`: `blog_posts` refers to `blog_extra_things`, a table of another module; keep the id without a foreign key, and ask that module by its contract
    module `blog`: `blog_posts` refers to `identity_users`, a table of another module; keep the id without a foreign key, and ask that module by its contract
    module `blog`: the table `posts` does not begin with the module's prefix `blog_`; call it `blog_posts`
    ");
}

#[test]
fn a_reference_between_tenant_tables_begins_with_the_tenant() {
    let posts = table(
        "blog_posts",
        &[TENANT_ID, ("id", "UUID", true)],
        &["tenant_id", "id"],
    );
    let mut comments = table(
        "blog_comments",
        &[TENANT_ID, ("id", "UUID", true)],
        &["tenant_id", "id"],
    );
    comments.references = vec![
        refers("blog_posts", &[("tenant_id", ""), ("post_id", "")]),
        refers("blog_posts", &[("post_id", "id")]),
    ];
    insta::assert_snapshot!(found(&["blog_posts", "blog_comments"], &[posts, comments]), @r"module `blog`: the foreign key of `blog_comments` on (post_id) to `blog_posts` does not begin with `tenant_id`, so a row can hang on another tenant's; write `FOREIGN KEY (tenant_id, post_id) REFERENCES blog_posts (tenant_id, …)`");
}

#[test]
fn where_there_are_schemas_tables_are_in_their_modules() {
    let mut posts = table("blog_posts", &[], &[]);
    posts.schema = "public".into();
    insta::assert_snapshot!(found(&[], &[posts]), @r"module `blog`: the table `public.blog_posts` is not in the module's schema; create it without naming a schema; move it with `ALTER TABLE public.blog_posts SET SCHEMA blog`");
}
