//! What is refused, with the place and the mend: one snapshot for each kind of reason.

use goplt_sql::{Tables, rewrite};

fn tables() -> Tables {
    Tables::new(["blog_posts", "blog_comments"])
}

/// The refusals of all statements, as their author sees them.
fn refusals(statements: &[&str]) -> String {
    let drawn = statements.iter().map(|sql| match rewrite(sql, &tables()) {
        Ok(statement) => panic!("accepted: {sql}\n{}", statement.sqlite),
        Err(error) => error.render(sql),
    });
    drawn.collect::<Vec<_>>().join("\n\n")
}

#[test]
fn refuses_other_statements() {
    insta::assert_snapshot!(refusals(&[
        "",
        "  -- nothing\n",
        "SELECT 1; DELETE FROM blog_posts",
        "SELECT 1;;",
        "SET app.tenant = 'x'",
        "DO $$ BEGIN END $$",
        "COPY blog_posts TO '/tmp/x'",
        "CREATE TABLE x (id INT)",
        "DROP TABLE blog_posts",
        "TRUNCATE blog_posts",
        "PRAGMA writable_schema = 1",
        "ATTACH 'x.db' AS x",
        "VALUES (1)",
        "TABLE blog_posts",
        "EXPLAIN SELECT 1",
        "REPLACE INTO blog_posts (id) VALUES (1)",
        "MERGE INTO blog_posts USING blog_comments ON TRUE WHEN MATCHED THEN DELETE",
        "COMMIT",
        "(SELECT 1)",
        "CALL f()",
        "VACUUM",
        "\"SELECT\" 1",
    ]));
}

#[test]
fn refuses_other_tables() {
    insta::assert_snapshot!(refusals(&[
        "SELECT id FROM blog_post",
        "SELECT id FROM users",
        "SELECT id FROM main.blog_posts",
        "SELECT id FROM pg_catalog.pg_class",
        "SELECT id FROM information_schema.tables",
        "SELECT * FROM pg_class",
        "SELECT * FROM sqlite_master",
        "SELECT * FROM \"Blog_Posts\"",
        "SELECT * FROM `blog_posts`",
        "SELECT * FROM [blog_posts]",
        "SELECT * FROM 'blog_posts'",
        "SELECT * FROM bl\u{f6}g_posts",
        "SELECT * FROM json_each(?) AS j",
        "SELECT * FROM generate_series(1, 2) AS g",
        "SELECT * FROM pragma_table_info('blog_posts')",
        "SELECT * FROM TABLE(f()) AS x",
        "WITH blog_posts AS (SELECT 1) SELECT * FROM blog_posts",
        "WITH \"blog_posts\" AS (SELECT 1) SELECT * FROM blog_comments",
        "WITH a AS (SELECT * FROM b), b AS (SELECT 1) SELECT * FROM a",
        "WITH a AS (SELECT * FROM a) SELECT * FROM a",
        "SELECT (WITH w AS (SELECT 1) SELECT * FROM w), * FROM w",
        "WITH w AS (SELECT 1) UPDATE w SET a = 1",
        "INSERT INTO users (id) VALUES (1)",
        "DELETE FROM main.blog_posts",
        "UPDATE blog_posts JOIN blog_comments ON TRUE SET a = 1",
        "DELETE FROM blog_posts, blog_comments",
        "SELECT * INTO x FROM blog_posts",
    ]));
}

#[test]
fn refuses_to_touch_the_tenant() {
    insta::assert_snapshot!(refusals(&[
        "UPDATE blog_posts SET tenant_id = ?",
        "UPDATE blog_posts SET title = 'a', TENANT_ID = ?",
        "UPDATE blog_posts SET \"tenant_id\" = ?",
        "UPDATE blog_posts SET (title, tenant_id) = ('a', ?)",
        "UPDATE blog_posts p SET p.tenant_id = ?",
        "INSERT INTO blog_posts (id, tenant_id) VALUES (1, 2)",
        "INSERT INTO blog_posts (id, \"Tenant_Id\") VALUES (1, 2)",
        "INSERT INTO blog_posts VALUES (1, 2)",
        "INSERT INTO blog_posts DEFAULT VALUES",
        "INSERT INTO blog_posts (id) VALUES (DEFAULT)",
        "INSERT INTO blog_posts (id, a) VALUES (1, 2), (3)",
        "INSERT OR REPLACE INTO blog_posts (id) VALUES (1)",
        "INSERT OR IGNORE INTO blog_posts (id) VALUES (1)",
        "UPDATE OR REPLACE blog_posts SET a = 1",
        "INSERT INTO blog_posts (id) VALUES (1) ON CONFLICT (id) DO NOTHING",
        "INSERT INTO blog_posts (id) VALUES (1) ON CONFLICT DO NOTHING",
        "INSERT INTO blog_posts (id) VALUES (1)\n  ON CONFLICT ON CONSTRAINT blog_posts_pkey DO NOTHING",
        "INSERT INTO blog_posts (id) VALUES (1) ON CONFLICT (tenant_id, id) DO UPDATE SET tenant_id = 'x'",
        "INSERT INTO blog_posts AS excluded (id) VALUES (1)",
        "UPDATE blog_posts SET a = 1 FROM blog_comments AS blog_posts",
        "UPDATE blog_posts AS p SET a = 1 FROM (SELECT 1 AS tenant_id) AS p",
        "SELECT rowid FROM blog_posts",
        "UPDATE blog_posts SET a = 1 WHERE _rowid_ = 3",
        "SELECT p.ctid FROM blog_posts p",
        "WITH gone AS (DELETE FROM blog_posts RETURNING id) SELECT * FROM gone",
        "SELECT * FROM (UPDATE blog_posts SET a = 1 RETURNING id) AS x",
    ]));
}

#[test]
fn refuses_functions_that_reach_out() {
    insta::assert_snapshot!(refusals(&[
        "SELECT set_config('app.tenant', 'x', false)",
        "SELECT current_setting('app.tenant')",
        "SELECT pg_read_file('/etc/passwd')",
        "SELECT pg_catalog.set_config('a', 'b', false)",
        "SELECT query_to_xml('SELECT * FROM blog_posts', true, true, '')",
        "SELECT dblink('dbname=x', 'SELECT 1')",
        "SELECT lo_import('/etc/passwd')",
        "SELECT load_extension('x')",
        "SELECT readfile('x')",
        "SELECT sqlite_version()",
        "SELECT txid_current()",
        "SELECT \"set_config\"('a', 'b', false)",
        "SELECT current_user",
        "SELECT CURRENT_TIMESTAMP",
        "SELECT now()",
        "SELECT ifnull(a, 1) FROM blog_posts",
        "SELECT max(a, b) FROM blog_posts",
        "SELECT lower(DISTINCT a) FROM blog_posts",
        "SELECT rank() FROM blog_posts",
        "SELECT string_agg(DISTINCT a, ',') FROM blog_posts",
    ]));
}

#[test]
fn refuses_what_means_different_things_on_the_two_databases() {
    insta::assert_snapshot!(refusals(&[
        "SELECT a FROM blog_posts WHERE a LIKE 'x%'",
        "SELECT a || b + 1 FROM blog_posts",
        "SELECT a = b = c FROM blog_posts",
        "SELECT a & b | c FROM blog_posts",
        "SELECT NOT a = NOT b FROM blog_posts",
        "SELECT a COLLATE nocase FROM blog_posts",
        "SELECT a FROM blog_posts WHERE a = ANY(?)",
        "SELECT a FROM blog_posts p NATURAL JOIN blog_comments c",
        "SELECT a FROM blog_posts p, blog_comments c JOIN blog_posts q ON TRUE",
        "SELECT a FROM blog_posts p JOIN blog_comments c",
        "SELECT a FROM (SELECT 1 AS a)",
        "SELECT a FROM blog_posts AS p (a, b)",
        "SELECT a FROM blog_posts, LATERAL (SELECT 1) AS x",
        "SELECT DISTINCT ON (a) a FROM blog_posts",
        "SELECT a FROM blog_posts LIMIT 1, 2",
        "SELECT a FROM blog_posts FETCH FIRST 1 ROW ONLY",
        "SELECT a FROM blog_posts GROUP BY a FOR UPDATE",
        "SELECT a FROM blog_posts EXCEPT ALL SELECT b FROM blog_posts",
        "DELETE FROM blog_posts USING blog_comments WHERE TRUE",
        "UPDATE blog_posts SET a = 1 LIMIT 1",
        "UPDATE blog_posts p SET a = 1 RETURNING p.*",
        "SELECT CAST(a AS UUID) FROM blog_posts",
        "SELECT CAST(a AS NUMERIC(10, 2)) FROM blog_posts",
        "SELECT order FROM blog_posts",
        "SELECT x'00', E'a', $$a$$",
        "SELECT ARRAY[1]",
        "SELECT a[1] FROM blog_posts",
        "SELECT ROW(1)",
        "SELECT INTERVAL '1 day'",
        "SELECT a ^ b, a ~ 'x' FROM blog_posts",
        "SELECT a FROM blog_posts WHERE (a, b) IN ((1, 2))",
        "SELECT a FROM blog_posts WHERE a IN ()",
    ]));
}

#[test]
fn refuses_what_was_tried_to_get_around_the_lock() {
    insta::assert_snapshot!(refusals(&[
        // A name of WITH that hides another, or a table.
        "WITH w AS (SELECT 1 AS x) SELECT * FROM (WITH a AS (SELECT * FROM w), w AS (SELECT 2 AS x) SELECT * FROM a) AS s",
        "WITH w AS (SELECT 1 AS x), w AS (SELECT 2 AS x) SELECT * FROM w",
        "WITH RECURSIVE users AS (SELECT * FROM blog_posts), blog_comments AS (SELECT * FROM users) SELECT * FROM users",
        "(WITH w AS (SELECT 1) SELECT * FROM w) UNION SELECT * FROM w",
        "SELECT * FROM (WITH w AS (SELECT 1 AS a) SELECT a FROM w) AS s JOIN w ON TRUE",
        "WITH RECURSIVE a AS (SELECT * FROM b), b AS (SELECT * FROM a) SELECT * FROM a",
        // A table where a value is expected, or named in a string.
        "SELECT id FROM blog_posts WHERE id IN users",
        "SELECT 'users'::regclass",
        "SELECT CAST('users' AS \"regclass\")",
        "SELECT id FROM blog_posts WHERE id = ANY (TABLE users)",
        // What the parser reads and the writer does not say.
        "SELECT TRY_CAST(id AS BIGINT) FROM blog_posts",
        "SELECT SAFE_CAST(id AS BIGINT) FROM blog_posts",
        "SELECT sum(*) FROM blog_posts",
        "SELECT count() FROM blog_posts",
        "SELECT {fn lower('a')} FROM blog_posts",
        "SELECT id FROM blog_posts TABLESAMPLE BERNOULLI (10)",
        "SELECT id FROM ONLY blog_posts",
        "SELECT id FROM blog_posts FOR UPDATE OF blog_posts",
        "SELECT id FROM blog_posts WHERE CURRENT OF c",
        // A row beside the changed one.
        "UPDATE blog_posts AS p SET a = c.a FROM blog_comments AS c WHERE c.id = p.id RETURNING c.text",
        "UPDATE blog_posts AS p SET a = 1 FROM (blog_comments AS p JOIN blog_comments AS q ON TRUE)",
        "WITH p AS (SELECT 1 AS tenant_id) UPDATE blog_posts AS p SET a = 1 FROM p",
        "DELETE FROM blog_posts AS p USING blog_comments AS p WHERE TRUE",
        // The tenant by way of another column or row.
        "UPDATE blog_posts SET (tenant_id) = ('x')",
        "UPDATE blog_posts SET blog_posts.tenant_id = 'x'",
        "INSERT INTO blog_posts (tenant_id) SELECT 'x'",
        "INSERT INTO blog_posts (id, TENANT_ID) VALUES (1, 'x') ON CONFLICT (tenant_id, id) DO NOTHING",
        "INSERT INTO blog_posts (id) VALUES (1) ON CONFLICT (tenant_id, id) DO UPDATE SET (a, tenant_id) = (1, 'x')",
        "INSERT INTO blog_posts (id) VALUES (1) ON CONFLICT (lower(tenant_id), id) DO NOTHING",
        // A second statement, or another kind of one, behind the first.
        "SELECT 1 UNION DELETE FROM blog_posts RETURNING 1",
        "WITH w AS (UPDATE blog_posts SET a = 1 RETURNING id) SELECT * FROM w",
        "SELECT (INSERT INTO blog_posts (id) VALUES (1) RETURNING id)",
        "SELECT 1; SET app.tenant = 'x'",
        "SELECT 1 \\; DROP TABLE blog_posts",
    ]));
}

#[test]
fn refuses_other_placeholders() {
    insta::assert_snapshot!(refusals(&[
        "SELECT id FROM blog_posts WHERE id = $1",
        "SELECT id FROM blog_posts WHERE id = ?1",
        "SELECT id FROM blog_posts WHERE id = :id",
        "SELECT id FROM blog_posts WHERE id = @id",
        "SELECT id FROM blog_posts WHERE id = #id",
    ]));
}

#[test]
fn draws_the_place_in_any_text() {
    insta::assert_snapshot!(refusals(&[
        "SELECT id,\n\ttitle,\n\tbody\nFROM\tblog_post\nWHERE id = ?",
        "SELECT '日本語', 'é', id FROM blog_post",
        "SELECT id,\r\n  titel\r\nFROM blog_posst\r\n",
        "SELECT 'a long text that pushes the place to the right', 'and another one, so that the line is cut', id, title, body FROM blog_post WHERE id = 1 AND title = 'a long text after the place' AND body = 'and more'",
        "SELECT id FROM blog_posts WHERE",
        "SELECT id, FROM blog_posts",
        "SELECT 'abc",
        "SELECT (((1)) FROM blog_posts",
    ]));
}

#[test]
fn refuses_texts_beyond_the_limits() {
    let long = format!("SELECT '{}'", "x".repeat(goplt_sql::MAX_BYTES));
    let wide = format!("SELECT a{}", " AND a".repeat(goplt_sql::MAX_WORDS));
    let deep = format!("SELECT {}1{}", "(".repeat(30), ")".repeat(30));
    let binds = format!("SELECT ?{}", ",?".repeat(goplt_sql::MAX_PARAMS - 2_000));
    let message = |sql: &str| {
        rewrite(sql, &tables())
            .map(|_| ())
            .expect_err("too much")
            .to_string()
    };
    insta::assert_snapshot!([message(&long), message(&wide), message(&deep)].join("\n"));
    assert!(rewrite(&binds, &tables()).is_ok());
}
