//! What is accepted, and the exact texts for both databases.

use goplt_sql::{Kind, Statement, Tables, rewrite, verify_host};

fn tables() -> Tables {
    Tables::new(["blog_posts", "blog_comments"])
}

fn accepted(sql: &str) -> Statement {
    rewrite(sql, &tables()).unwrap_or_else(|error| panic!("{}", error.render(sql)))
}

/// `{posts}` and `{comments}` stand for the filtered tables, `{t}` for the tenant's placeholder.
fn expand(text: &str, tenant: &str) -> String {
    let filtered =
        |table: &str| format!("(SELECT * FROM {table} WHERE {table}.tenant_id = {tenant})");
    text.replace("{posts}", &filtered("blog_posts"))
        .replace("{comments}", &filtered("blog_comments"))
        .replace("{t}", tenant)
}

/// Source, and the text for SQLite; that for PostgreSQL has `$` for `?`.
const SAME: &[(&str, &str)] = &[
    (
        "select ID, Title from Blog_Posts where ID = ?",
        "SELECT id, title FROM {posts} AS blog_posts WHERE id = ?1",
    ),
    (
        "SELECT * FROM \"blog_posts\" AS p",
        "SELECT * FROM {posts} AS p",
    ),
    (
        "SELECT p.* FROM blog_posts p;",
        "SELECT p.* FROM {posts} AS p",
    ),
    (
        "SELECT blog_posts.id FROM blog_posts -- a comment\n/* another */ ORDER BY blog_posts.id DESC",
        "SELECT blog_posts.id FROM {posts} AS blog_posts ORDER BY blog_posts.id DESC",
    ),
    (
        "SELECT p.id FROM blog_posts p JOIN blog_comments c ON c.post = p.id LEFT JOIN blog_posts q USING (id) \
         RIGHT JOIN blog_posts r ON TRUE FULL OUTER JOIN blog_posts s ON FALSE CROSS JOIN blog_posts u",
        "SELECT p.id FROM {posts} AS p JOIN {comments} AS c ON c.post = p.id LEFT JOIN {posts} AS q USING (id) \
         RIGHT JOIN {posts} AS r ON TRUE FULL JOIN {posts} AS s ON FALSE CROSS JOIN {posts} AS u",
    ),
    (
        "SELECT 1 FROM blog_posts, blog_comments AS c",
        "SELECT 1 FROM {posts} AS blog_posts, {comments} AS c",
    ),
    (
        "SELECT id FROM (blog_posts p JOIN blog_comments c ON c.post = p.id)",
        "SELECT id FROM ({posts} AS p JOIN {comments} AS c ON c.post = p.id)",
    ),
    (
        "SELECT x.id FROM (SELECT id FROM blog_posts) x",
        "SELECT x.id FROM (SELECT id FROM {posts} AS blog_posts) AS x",
    ),
    (
        "SELECT (SELECT max(c.id) FROM blog_comments c WHERE c.post = p.id) AS last FROM blog_posts p \
         WHERE EXISTS (SELECT 1 FROM blog_comments c WHERE c.post = p.id) AND p.id NOT IN (SELECT post FROM blog_comments)",
        "SELECT (SELECT max(c.id) FROM {comments} AS c WHERE c.post = p.id) AS last FROM {posts} AS p \
         WHERE EXISTS (SELECT 1 FROM {comments} AS c WHERE c.post = p.id) AND p.id NOT IN (SELECT post FROM {comments} AS blog_comments)",
    ),
    (
        "SELECT CASE WHEN EXISTS (SELECT 1 FROM blog_posts) THEN 1 ELSE (SELECT 2 FROM blog_posts) END \
         ORDER BY (SELECT 1 FROM blog_posts) LIMIT (SELECT count(*) FROM blog_posts)",
        "SELECT CASE WHEN EXISTS (SELECT 1 FROM {posts} AS blog_posts) THEN 1 ELSE (SELECT 2 FROM {posts} AS blog_posts) END \
         ORDER BY (SELECT 1 FROM {posts} AS blog_posts) LIMIT (SELECT count(*) FROM {posts} AS blog_posts)",
    ),
    (
        "WITH recent (n) AS (SELECT id FROM blog_posts), two AS (SELECT n FROM recent) SELECT two.n FROM two JOIN recent r ON r.n = two.n",
        "WITH recent(n) AS (SELECT id FROM {posts} AS blog_posts), two AS (SELECT n FROM recent) \
         SELECT two.n FROM two JOIN recent AS r ON r.n = two.n",
    ),
    (
        "WITH RECURSIVE up(n) AS (SELECT 1 UNION ALL SELECT p.parent FROM up JOIN blog_posts p ON p.id = up.n) SELECT n FROM up",
        "WITH RECURSIVE up(n) AS (SELECT 1 UNION ALL SELECT p.parent FROM up JOIN {posts} AS p ON p.id = up.n) SELECT n FROM up",
    ),
    (
        "SELECT id FROM blog_posts UNION ALL SELECT id FROM blog_comments EXCEPT SELECT 1 ORDER BY 1",
        "SELECT id FROM {posts} AS blog_posts UNION ALL SELECT id FROM {comments} AS blog_comments EXCEPT SELECT 1 ORDER BY 1",
    ),
    (
        "SELECT id FROM blog_posts UNION (SELECT id FROM blog_comments ORDER BY id LIMIT 1)",
        "SELECT id FROM {posts} AS blog_posts UNION SELECT * FROM (SELECT id FROM {comments} AS blog_comments ORDER BY id LIMIT 1) AS goplt_operand",
    ),
    (
        "SELECT 1 UNION SELECT 2 INTERSECT SELECT 3",
        "SELECT 1 UNION SELECT * FROM (SELECT 2 INTERSECT SELECT 3) AS goplt_operand",
    ),
    (
        "SELECT a, count(*), sum(b) FILTER (WHERE b > 1), string_agg(c, ',' ORDER BY c) FROM blog_posts \
         GROUP BY a HAVING count(DISTINCT b) > ?",
        "SELECT a, count(*), sum(b) FILTER (WHERE b > 1), string_agg(c, ',' ORDER BY c) FROM {posts} AS blog_posts \
         GROUP BY a HAVING count(DISTINCT b) > ?1",
    ),
    (
        "SELECT rank() OVER (PARTITION BY a ORDER BY b DESC NULLS LAST ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW), \
         lag(a, 1) OVER w FROM blog_posts WINDOW w AS (ORDER BY id)",
        "SELECT rank() OVER (PARTITION BY a ORDER BY b DESC NULLS LAST ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW), \
         lag(a, 1) OVER w FROM {posts} AS blog_posts WINDOW w AS (ORDER BY id)",
    ),
    (
        "SELECT a -> 'x' ->> 'y', a || b, (a, b) < (?, ?), a != 1, a == 2, -a * ~b, 1 - -a, \"order\" FROM blog_posts",
        "SELECT a -> 'x' ->> 'y', a || b, (a, b) < (?1, ?2), a <> 1, a = 2, (-a) * (~b), 1 - (-a), \"order\" FROM {posts} AS blog_posts",
    ),
    (
        "SELECT a IS NULL, a IS NOT TRUE, a IS DISTINCT FROM b, a BETWEEN 1 AND 2, a NOT IN (1, 2), 'it''s' FROM blog_posts",
        "SELECT a IS NULL, a IS NOT TRUE, a IS DISTINCT FROM b, a BETWEEN 1 AND 2, a NOT IN (1, 2), 'it''s' FROM {posts} AS blog_posts",
    ),
    (
        "SELECT a AND b OR NOT c = 1 AND (d OR e), substring(a FROM 1 FOR 2), SUBSTR(a, 2), trim(a) FROM blog_posts",
        "SELECT a AND b OR NOT c = 1 AND (d OR e), substr(a, 1, 2), substr(a, 2), trim(a) FROM {posts} AS blog_posts",
    ),
    (
        "SELECT v.column1 FROM (VALUES (1), (?)) AS v WHERE v.column1 IN (VALUES (1))",
        "SELECT v.column1 FROM (VALUES (1), (?1)) AS v WHERE v.column1 IN (VALUES (1))",
    ),
    (
        "INSERT INTO blog_posts (id, title) VALUES (?, 'a'), (?, (SELECT max(title) FROM blog_posts)) RETURNING *",
        "INSERT INTO blog_posts (id, title, tenant_id) VALUES (?1, 'a', {t}), (?2, (SELECT max(title) FROM {posts} AS blog_posts), {t}) RETURNING *",
    ),
    (
        "INSERT INTO blog_posts (id) SELECT DISTINCT post FROM blog_comments WHERE post > ? ORDER BY 1 LIMIT 2",
        "INSERT INTO blog_posts (id, tenant_id) SELECT DISTINCT post, {t} FROM {comments} AS blog_comments WHERE post > ?1 ORDER BY 1 LIMIT 2",
    ),
    (
        "INSERT INTO blog_posts (id) WITH w AS (SELECT 1 AS n) SELECT n FROM w",
        "INSERT INTO blog_posts (id, tenant_id) WITH w AS (SELECT 1 AS n) SELECT n, {t} FROM w",
    ),
    (
        "INSERT INTO blog_posts (id) SELECT 1 UNION SELECT post FROM blog_comments",
        "INSERT INTO blog_posts (id, tenant_id) SELECT goplt_source.*, {t} FROM \
         (SELECT 1 UNION SELECT post FROM {comments} AS blog_comments) AS goplt_source WHERE TRUE",
    ),
    (
        "INSERT INTO blog_posts AS p (id, n) SELECT id, 1 FROM blog_comments ON CONFLICT (tenant_id, id) \
         DO UPDATE SET n = p.n + excluded.n, (a, b) = (SELECT 1, 2 FROM blog_posts) WHERE p.n < ? OR p.n > ?",
        "INSERT INTO blog_posts AS p (id, n, tenant_id) SELECT id, 1, {t} FROM {comments} AS blog_comments WHERE TRUE \
         ON CONFLICT (tenant_id, id) DO UPDATE SET n = p.n + excluded.n, (a, b) = (SELECT 1, 2 FROM {posts} AS blog_posts) \
         WHERE p.tenant_id = {t} AND (p.n < ?1 OR p.n > ?2)",
    ),
    (
        "INSERT INTO blog_posts (id) VALUES (1) ON CONFLICT (id, tenant_id) DO NOTHING",
        "INSERT INTO blog_posts (id, tenant_id) VALUES (1, {t}) ON CONFLICT (id, tenant_id) DO NOTHING",
    ),
    (
        "UPDATE blog_posts SET title = ?, n = n + 1",
        "UPDATE blog_posts SET title = ?1, n = n + 1 WHERE blog_posts.tenant_id = {t}",
    ),
    (
        "UPDATE blog_posts p SET title = c.text FROM blog_comments c WHERE c.post = p.id OR ?",
        "UPDATE blog_posts AS p SET title = c.text FROM {comments} AS c WHERE p.tenant_id = {t} AND (c.post = p.id OR ?1)",
    ),
    (
        "DELETE FROM blog_posts",
        "DELETE FROM blog_posts WHERE blog_posts.tenant_id = {t}",
    ),
    (
        "WITH old AS (SELECT id FROM blog_posts WHERE n < ?) DELETE FROM blog_comments c WHERE c.post IN (SELECT id FROM old) OR TRUE",
        "WITH old AS (SELECT id FROM {posts} AS blog_posts WHERE n < ?1) DELETE FROM blog_comments AS c \
         WHERE c.tenant_id = {t} AND (c.post IN (SELECT id FROM old) OR TRUE)",
    ),
];

#[test]
fn rewrites_to_the_same_text_on_both_databases() {
    for (source, expected) in SAME {
        let statement = accepted(source);
        let tenant = source.matches('?').count() + 1;
        assert_eq!(
            statement.sqlite,
            expand(expected, &format!("?{tenant}")),
            "{source}"
        );
        let postgres = expand(expected, &format!("${tenant}")).replace('?', "$");
        assert_eq!(statement.postgres, postgres, "{source}");
        assert_eq!(statement.params, tenant - 1);
        assert_eq!(
            statement.tenant_param.is_some(),
            expected.contains('{'),
            "{source}"
        );
    }
}

/// Source, then the texts where they differ.
const DIFFERENT: &[(&str, &str, &str)] = &[
    (
        "SELECT 1 OFFSET ?",
        "SELECT 1 LIMIT -1 OFFSET ?1",
        "SELECT 1 OFFSET $1",
    ),
    (
        "SELECT ? ILIKE 'a%'",
        r"SELECT ?1 LIKE 'a%' ESCAPE '\'",
        r"SELECT $1 ILIKE 'a%' ESCAPE E'\\'",
    ),
    (
        "SELECT ? NOT ILIKE ? ESCAPE '!'",
        "SELECT ?1 NOT LIKE ?2 ESCAPE '!'",
        "SELECT $1 NOT ILIKE $2 ESCAPE '!'",
    ),
    (
        "SELECT CAST(? AS UUID), ?::jsonb, CAST(1 AS BIGINT), CAST(1 AS DOUBLE PRECISION), 1::text",
        "SELECT ?1, ?2, CAST(1 AS INTEGER), CAST(1 AS REAL), CAST(1 AS TEXT)",
        "SELECT CAST($1 AS UUID), CAST($2 AS JSONB), CAST(1 AS BIGINT), CAST(1 AS DOUBLE PRECISION), CAST(1 AS TEXT)",
    ),
    (
        "UPDATE blog_posts p SET a = c.a FROM blog_comments c WHERE c.post = p.id RETURNING id, p.title, *",
        "UPDATE blog_posts AS p SET a = c.a FROM {comments} AS c WHERE p.tenant_id = ?1 AND (c.post = p.id) \
         RETURNING id, blog_posts.title, *",
        "UPDATE blog_posts AS p SET a = c.a FROM {comments} AS c WHERE p.tenant_id = $1 AND (c.post = p.id) \
         RETURNING p.id, p.title, p.*",
    ),
    (
        "DELETE FROM blog_posts p RETURNING p.id, (SELECT max(p.id) FROM blog_comments p) AS n",
        "DELETE FROM blog_posts AS p WHERE p.tenant_id = ?1 \
         RETURNING blog_posts.id, (SELECT max(p.id) FROM {comments} AS p) AS n",
        "DELETE FROM blog_posts AS p WHERE p.tenant_id = $1 RETURNING p.id, (SELECT max(p.id) FROM {comments} AS p) AS n",
    ),
    (
        "SELECT w.n FROM (SELECT 1 AS n) AS w FOR UPDATE SKIP LOCKED",
        "SELECT w.n FROM (SELECT 1 AS n) AS w",
        "SELECT w.n FROM (SELECT 1 AS n) AS w FOR UPDATE SKIP LOCKED",
    ),
    (r"SELECT 'a\'", r"SELECT 'a\'", r"SELECT E'a\\'"),
];

#[test]
fn writes_each_database_its_own_text_where_they_differ() {
    for (source, sqlite, postgres) in DIFFERENT {
        let statement = accepted(source);
        assert_eq!(statement.sqlite, expand(sqlite, "?1"));
        assert_eq!(statement.postgres, expand(postgres, "$1"));
    }
}

#[test]
fn tells_what_a_statement_does() {
    let shape = |sql: &str| {
        let s = accepted(sql);
        (s.kind, s.writes, s.returning, s.columns)
    };
    let names = |names: &[&str]| Some(names.iter().map(ToString::to_string).collect::<Vec<_>>());

    assert_eq!(
        shape("SELECT ID, p.title, count(*) AS n FROM blog_posts p"),
        (Kind::Select, false, false, names(&["id", "title", "n"]))
    );
    assert_eq!(
        shape("SELECT * FROM blog_posts"),
        (Kind::Select, false, false, None)
    );
    assert_eq!(
        shape("SELECT count(*) FROM blog_posts"),
        (Kind::Select, false, false, None)
    );
    assert_eq!(
        shape("SELECT a AS x FROM blog_posts UNION SELECT b FROM blog_posts"),
        (Kind::Select, false, false, names(&["x"]))
    );
    assert_eq!(
        shape("SELECT id FROM blog_posts FOR UPDATE"),
        (Kind::Select, true, false, names(&["id"]))
    );
    assert_eq!(
        shape("INSERT INTO blog_posts (id) VALUES (1)"),
        (Kind::Insert, true, false, None)
    );
    assert_eq!(
        shape("UPDATE blog_posts SET a = 1 RETURNING id, a"),
        (Kind::Update, true, true, names(&["id", "a"]))
    );
    assert_eq!(
        shape("WITH x AS (SELECT 1) DELETE FROM blog_posts RETURNING *"),
        (Kind::Delete, true, true, None)
    );
}

#[test]
fn numbers_binds_in_the_order_of_the_source() {
    let statement = accepted(
        "SELECT ?, (SELECT a FROM blog_posts WHERE b = ?) FROM blog_comments WHERE c = ? LIMIT ? OFFSET ?",
    );
    let at = |text: &str| {
        statement
            .sqlite
            .find(text)
            .expect("the placeholder is there")
    };
    let places: Vec<_> = (1..=5).map(|n| at(&format!("?{n}"))).collect();
    assert!(places.is_sorted());
    assert_eq!((statement.params, statement.tenant_param), (5, Some(6)));
}

#[test]
fn host_statements_keep_their_text_and_may_name_any_tenant() {
    let keys = Tables::new(["auth_keys"]);
    for (source, expected) in [
        (
            "SELECT k.id FROM auth_keys k",
            "SELECT k.id FROM auth_keys AS k",
        ),
        (
            "INSERT INTO auth_keys (id, tenant_id) VALUES (?, ?) ON CONFLICT DO NOTHING",
            "INSERT INTO auth_keys (id, tenant_id) VALUES (?1, ?2) ON CONFLICT DO NOTHING",
        ),
        (
            "INSERT INTO auth_keys (id) SELECT id FROM auth_keys ON CONFLICT (id) DO UPDATE SET tenant_id = ?",
            "INSERT INTO auth_keys (id) SELECT id FROM auth_keys WHERE TRUE ON CONFLICT (id) DO UPDATE SET tenant_id = ?1",
        ),
        (
            "UPDATE auth_keys SET tenant_id = ? WHERE id IN (SELECT id FROM auth_keys LIMIT ?) RETURNING id",
            "UPDATE auth_keys SET tenant_id = ?1 WHERE id IN (SELECT id FROM auth_keys LIMIT ?2) RETURNING id",
        ),
        ("DELETE FROM auth_keys", "DELETE FROM auth_keys"),
    ] {
        let statement =
            verify_host(source, &keys).unwrap_or_else(|error| panic!("{}", error.render(source)));
        assert_eq!(statement.sqlite, expected);
        assert_eq!(statement.tenant_param, None);
    }
    let error = verify_host("SELECT id FROM auth_keys JOIN blog_posts ON TRUE", &keys)
        .expect_err("not declared");
    assert_eq!(error.message(), "unknown table `blog_posts`");
}

#[test]
fn types_cross_threads() {
    fn check<T: Send + Sync + 'static>() {}
    check::<Tables>();
    check::<Statement>();
    check::<goplt_sql::SqlError>();
}
