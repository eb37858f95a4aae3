//! Ways past row-level security that are not a policy: the doctor names each, and is content when it is gone.

use goplt_core::data::{__Statement as Statement, TenantSql, migration::MigrationError};

use crate::{
    Shop,
    pg_support::{Bench, Module, blog, file},
};

/// With a table that the host role works on.
async fn shop() -> Option<Shop> {
    let mut module = blog(&[]);
    module.host = vec!["blog_posts".into()];
    Shop::of(module).await
}

/// What a session of the app role sees as acme, whatever it says.
fn seen(shop: &Shop, sql: &str) -> String {
    let sql = format!("BEGIN; SET LOCAL goplt.tenant = 'acme'; {sql}");
    let app = shop.bench.role("app");
    let rows = shop.bench.database.execute_as(&app, "a", &sql).unwrap();
    let rows = rows.into_iter().flatten().flatten();
    rows.collect::<Vec<_>>().join(",")
}

/// What opens the way, what shows globex's rows to acme by it (if the app role alone can), what closes it, and what the
/// doctor says.
const WAYS: &[(&str, &str, &str, &str)] = &[
    (
        "GRANT {db}_host TO {app}",
        "SELECT title FROM blog.blog_posts ORDER BY 1",
        "REVOKE {db}_host FROM {app}",
        "is a member of `shop_host`, whose policies show the rows of every tenant",
    ),
    (
        "GRANT {db}_host TO {app}; ALTER ROLE {app} NOINHERIT; ALTER ROLE {app} SET role = '{db}_host'",
        "SELECT title FROM blog.blog_posts ORDER BY 1",
        "REVOKE {db}_host FROM {app}; ALTER ROLE {app} INHERIT; ALTER ROLE {app} RESET role",
        "setting `role` is set for the role `shop_app`, so that a session has another's rights",
    ),
    (
        "GRANT pg_execute_server_program TO {app}",
        "",
        "REVOKE pg_execute_server_program FROM {app}",
        "is a member of `pg_execute_server_program`, which gets at rows or files",
    ),
    (
        "CREATE ROLE {db}_files; GRANT pg_read_server_files TO {db}_files; GRANT {db}_files TO {db}_host",
        "",
        "DROP ROLE {db}_files",
        "role `shop_host` is a member of `pg_read_server_files`",
    ),
    (
        "GRANT pg_read_all_data TO {app}",
        "",
        "REVOKE pg_read_all_data FROM {app}",
        "is a member of `pg_read_all_data`",
    ),
    (
        "CREATE FUNCTION public.peek() RETURNS SETOF text LANGUAGE sql SECURITY DEFINER AS 'SELECT title FROM blog.blog_posts'; \
         ALTER FUNCTION public.peek() OWNER TO {db}_host",
        "SELECT public.peek() ORDER BY 1",
        "DROP FUNCTION public.peek()",
        "function `public.peek()` runs with the rights of `shop_host`",
    ),
    (
        "CREATE FUNCTION public.whole(text) RETURNS text LANGUAGE internal STRICT AS 'pg_read_file_all'",
        "SELECT CASE WHEN length(public.whole('PG_VERSION')) > 0 THEN 'acme,globex' END",
        "DROP FUNCTION public.whole(text)",
        "function `public.whole(text)` is written in `internal`, which no right of its caller binds",
    ),
    (
        "GRANT EXECUTE ON FUNCTION pg_read_file(text) TO {app}",
        "SELECT CASE WHEN length(pg_read_file('PG_VERSION')) > 0 THEN 'acme,globex' END",
        "REVOKE EXECUTE ON FUNCTION pg_read_file(text) FROM {app}",
        "function `pg_catalog.pg_read_file(text)` gives requests the server's files",
    ),
    (
        "CREATE FUNCTION public.keep() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS 'BEGIN RETURN NEW; END'; \
         REVOKE ALL ON FUNCTION public.keep() FROM PUBLIC; \
         CREATE TRIGGER keep AFTER INSERT ON blog.blog_posts FOR EACH ROW EXECUTE FUNCTION public.keep()",
        "",
        "DROP TRIGGER keep ON blog.blog_posts; DROP FUNCTION public.keep()",
        "function `public.keep()` runs with the rights of",
    ),
    (
        "CREATE FUNCTION public.glean(text, text) RETURNS text LANGUAGE sql SECURITY DEFINER \
             AS 'SELECT string_agg(title, '','' ORDER BY title) FROM blog.blog_posts'; \
         REVOKE ALL ON FUNCTION public.glean(text, text) FROM PUBLIC; \
         CREATE AGGREGATE public.gleaned(text) (SFUNC = public.glean, STYPE = text)",
        "SELECT public.gleaned('a')",
        "DROP AGGREGATE public.gleaned(text); DROP FUNCTION public.glean(text, text)",
        "function `public.glean(text, text)` runs with the rights of",
    ),
    (
        "CREATE TABLE public.copies (title text); \
         CREATE RULE copied AS ON UPDATE TO blog.blog_posts DO ALSO INSERT INTO public.copies VALUES (NEW.title)",
        "",
        "DROP RULE copied ON blog.blog_posts; DROP TABLE public.copies",
        "has the rule `copied`, which acts with the rights of the table's owner",
    ),
    (
        "CREATE TABLE blog.copies AS SELECT title FROM blog.blog_posts; GRANT SELECT ON blog.copies TO {app}",
        "SELECT title FROM blog.copies ORDER BY 1",
        "DROP TABLE blog.copies",
        "table `blog.copies` is no module's, has no policies, and can be reached by requests",
    ),
    (
        "CREATE FOREIGN DATA WRAPPER far; CREATE SERVER far FOREIGN DATA WRAPPER far; \
         CREATE FOREIGN TABLE public.far (title text) SERVER far; GRANT SELECT ON public.far TO PUBLIC",
        "",
        "DROP FOREIGN DATA WRAPPER far CASCADE",
        "table `public.far` has its rows elsewhere",
    ),
    (
        "CREATE FUNCTION public.titles() RETURNS SETOF text LANGUAGE sql AS 'SELECT title FROM blog.blog_posts'; \
         CREATE MATERIALIZED VIEW public.kept AS SELECT * FROM public.titles() title; GRANT SELECT ON public.kept TO {app}",
        "SELECT title FROM public.kept ORDER BY 1",
        "DROP MATERIALIZED VIEW public.kept; DROP FUNCTION public.titles()",
        "materialized view `public.kept` keeps rows of every tenant",
    ),
    (
        "ALTER DEFAULT PRIVILEGES IN SCHEMA blog GRANT SELECT ON TABLES TO {app}; \
         CREATE TABLE blog.blog_later AS SELECT title FROM blog.blog_posts",
        "SELECT title FROM blog.blog_later ORDER BY 1",
        "ALTER DEFAULT PRIVILEGES IN SCHEMA blog REVOKE SELECT ON TABLES FROM {app}; DROP TABLE blog.blog_later",
        "lets `shop_app` SELECT every table that it makes, guarded or not",
    ),
    (
        "ALTER FUNCTION goplt.current_tenant() OWNER TO {app}",
        "",
        "ALTER FUNCTION goplt.current_tenant() OWNER TO {db}_owner",
        "role `shop_app` owns something that it may change at will: function goplt.current_tenant()",
    ),
    (
        "ALTER ROLE {app} SET session_replication_role = replica",
        "",
        "ALTER ROLE {app} RESET session_replication_role",
        "setting `session_replication_role` is set for the role `shop_app`",
    ),
    (
        "ALTER DATABASE {db} SET \"GOPLT.Tenant\" = 'globex'",
        "",
        "ALTER DATABASE {db} RESET \"GOPLT.Tenant\"",
        "setting `goplt.tenant` is set for the database `shop`",
    ),
    (
        "CREATE COLLATION public.loose (provider = icu, locale = 'und-u-ka-shifted', deterministic = false); \
         CREATE UNIQUE INDEX loose ON blog.blog_posts (tenant_id COLLATE public.loose, title)",
        "",
        "DROP INDEX blog.loose; DROP COLLATION public.loose",
        "`blog_posts` is unique on (, title) across tenants",
    ),
];

#[tokio::test]
async fn every_way_past_the_policies_is_a_fault() {
    let Some(shop) = shop().await else { return };
    assert_eq!(shop.faults().await, "");
    let mut unseen = Vec::new();
    for (open, look, close, fault) in WAYS {
        shop.run(open);
        if !look.is_empty() {
            assert_eq!(seen(&shop, look), "acme,globex", "after `{open}`");
        }
        let faults = shop.faults().await;
        if !faults.contains(fault) {
            unseen.push(format!("after `{open}`:\n{faults}"));
        }
        shop.run(close);
        let faults = shop.faults().await;
        assert_eq!(faults, "", "after `{close}`");
    }
    assert!(unseen.is_empty(), "{}", unseen.join("\n"));
}

/// `ac-me` and `acme` are one to it.
#[tokio::test]
async fn a_collation_that_takes_two_tenants_for_one_is_refused() {
    let Some(bench) = Bench::new() else { return };
    let loose = file(
        "V0001__posts.pg.sql",
        "CREATE COLLATION loose (provider = icu, locale = 'und-u-ka-shifted', deterministic = false);
         CREATE TABLE blog_posts (tenant_id TEXT COLLATE loose NOT NULL, id BIGINT NOT NULL, PRIMARY KEY (tenant_id, id));",
    );
    let module = Module {
        files: vec![loose],
        ..blog(&[])
    };
    let error = bench.migrate(&module).await.unwrap_err();
    assert!(
        matches!(error, MigrationError::Schema(_))
            && error.to_string().contains("takes two tenants for one"),
        "{error}"
    );
}

#[tokio::test]
async fn a_key_of_a_partition_that_tells_of_other_tenants_is_refused() {
    let Some(bench) = Bench::new() else { return };
    let events = "CREATE TABLE blog_events (tenant_id TEXT NOT NULL, id BIGINT NOT NULL, slug TEXT NOT NULL, \
         PRIMARY KEY (tenant_id, id)) PARTITION BY HASH (id);
         CREATE TABLE blog_events_0 PARTITION OF blog_events FOR VALUES WITH (MODULUS 2, REMAINDER 0) PARTITION BY HASH (id);
         CREATE TABLE blog_events_1 PARTITION OF blog_events FOR VALUES WITH (MODULUS 2, REMAINDER 1);
         CREATE TABLE blog_events_0_0 PARTITION OF blog_events_0 FOR VALUES WITH (MODULUS 1, REMAINDER 0);";
    let mut module = blog(&[file("V0002__events.pg.sql", events)]);
    module.tables.push("blog_events".into());
    bench.migrate(&module).await.unwrap();

    let oracle = "CREATE UNIQUE INDEX blog_events_slug ON blog_events_0_0 (slug);";
    module.files.push(file("V0003__slugs.pg.sql", oracle));
    let error = bench.migrate(&module).await.unwrap_err().to_string();
    assert!(
        error.contains("`blog_events_0_0` is unique on (slug) across tenants"),
        "{error}"
    );
}

/// PostgreSQL looks into `pg_temp` first, unless told otherwise.
#[tokio::test]
async fn a_temporary_table_stands_in_for_no_tenants_table() {
    const fn statement(sql: &'static str) -> Statement {
        Statement {
            sqlite: std::borrow::Cow::Borrowed(sql),
            postgres: std::borrow::Cow::Borrowed(sql),
            params: 0,
            takes_tenant: false,
            writes: true,
            of_all_tenants: false,
        }
    }
    static SHADOW: Statement =
        statement("CREATE TEMP TABLE blog_posts (tenant_id text, id bigint, title text)");
    let Some(shop) = shop().await else { return };
    let settings = shop.bench.settings().with_max_connections(1);
    let db = goplt_core::data::TenantDb::open(&settings, &shop.bench.mint)
        .await
        .unwrap();
    let cx = shop.bench.scope("acme");
    let mut tx = db.begin(cx.scope().unwrap()).await.unwrap();
    tx.execute(TenantSql::__new(&SHADOW, vec![])).await.unwrap();
    tx.commit().await.unwrap();
    let cx = shop.bench.scope("globex");
    let mut tx = db.begin(cx.scope().unwrap()).await.unwrap();
    let titles =
        goplt_core::data::tenant_sql!(tables = ["blog_posts"]; "SELECT title FROM blog_posts");
    assert_eq!(tx.fetch_all::<String>(titles).await.unwrap(), ["globex"]);
}

#[tokio::test]
async fn a_table_of_the_same_name_elsewhere_does_not_hide_the_modules_own() {
    let Some(shop) = shop().await else { return };
    shop.run(
        "CREATE SCHEMA aaa; CREATE TABLE aaa.blog_posts (LIKE blog.blog_posts INCLUDING ALL); \
         CREATE UNIQUE INDEX titles ON blog.blog_posts (title)",
    );
    let faults = shop.faults().await;
    assert!(
        faults.contains("`blog_posts` is unique on (title) across tenants"),
        "{faults}"
    );
}

#[tokio::test]
async fn a_superuser_is_told_once_and_not_with_everything_that_one_may() {
    let Some(shop) = shop().await else { return };
    shop.run("ALTER ROLE {app} SUPERUSER");
    assert_eq!(
        shop.faults().await,
        "role `shop_app` is a superuser, whom no policy binds; ALTER ROLE \"shop_app\" NOSUPERUSER\n\
         role `shop_app` may make schemas in the database `shop`; REVOKE CREATE ON DATABASE \"shop\" FROM \"shop_app\"\n"
    );
}
