//! Proves on SQLite that what is accepted runs, with the columns promised and the tenant's index used.

use goplt_sql::{Statement, Tables, rewrite};

use crate::{
    database::Sqlite,
    differential::{Answer, Database as _, block_on},
    grammar::{TABLES, Value},
};

fn accepted(sql: &str) -> Statement {
    let tables = Tables::new(TABLES.iter().map(|table| table.name));
    rewrite(sql, &tables).unwrap_or_else(|error| panic!("{}", error.render(sql)))
}

/// Runs as the tenant `red`, with every bind 1.
async fn run(database: &mut Sqlite, prefix: &str, sql: &str) -> Answer {
    let statement = accepted(sql);
    let mut binds = vec![Value::Int(1); statement.params];
    if statement.tenant_param.is_some() {
        binds.push(Value::Text("red".to_owned()));
    }
    let answer = database
        .run(&format!("{prefix}{}", statement.sqlite), &binds)
        .await;
    answer.unwrap_or_else(|error| panic!("{error}: {}", statement.sqlite))
}

fn with_database(test: impl AsyncFnOnce(&mut Sqlite)) {
    block_on(async {
        let mut database = Sqlite::open(&(), None).await;
        database.fill(1, None).await;
        test(&mut database).await;
    });
}

#[test]
fn every_listed_function_runs() {
    with_database(async |database| {
        for call in [
            "count(*)",
            "count(score)",
            "sum(score)",
            "avg(score)",
            "min(title)",
            "max(title)",
            "string_agg(title, ',')",
            "string_agg(title, ',' ORDER BY id DESC)",
            "count(DISTINCT title) FILTER (WHERE id > 1)",
        ] {
            run(database, "", &format!("SELECT {call} FROM posts")).await;
            run(
                database,
                "",
                &format!("SELECT {call} AS n FROM posts GROUP BY author HAVING {call} IS NOT NULL"),
            )
            .await;
        }
        for call in [
            "row_number()",
            "rank()",
            "dense_rank()",
            "percent_rank()",
            "cume_dist()",
            "ntile(2)",
            "lag(id)",
            "lag(id, 1, 0)",
            "lead(id)",
            "first_value(id)",
            "last_value(id)",
            "nth_value(id, 2)",
            "sum(id)",
        ] {
            run(
                database,
                "",
                &format!("SELECT {call} OVER (PARTITION BY author ORDER BY id) FROM posts"),
            )
            .await;
            run(
                database,
                "",
                &format!("SELECT {call} OVER w FROM posts WINDOW w AS (ORDER BY id)"),
            )
            .await;
        }
        for call in [
            "coalesce(title, body, 'x')",
            "nullif(id, 1)",
            "length(title)",
            "octet_length(title)",
            "lower(title)",
            "upper(title)",
            "trim(title)",
            "ltrim(title)",
            "rtrim(title, 'x')",
            "replace(title, 'a', 'b')",
            "substr(title, 1, 2)",
            "substring(title FROM 2)",
            "concat(title, body)",
            "concat_ws(',', title, body)",
            "abs(id)",
            "round(id)",
            "sign(id)",
            "CAST(id AS TEXT)",
            "CAST(? AS UUID)",
            "id::bigint",
            "'{\"a\": {\"b\": 1}}' -> 'a' ->> 'b'",
        ] {
            run(
                database,
                "",
                &format!("SELECT {call} FROM posts WHERE {call} IS NOT NULL"),
            )
            .await;
        }
    });
}

#[test]
fn columns_are_named_as_promised() {
    with_database(async |database| {
        for sql in [
            "SELECT id, Title FROM posts",
            "SELECT p.ID, posts.title FROM posts AS p JOIN posts ON posts.id = p.id",
            "SELECT x.id, x.n AS \"end\" FROM (SELECT id, count(*) AS n FROM posts GROUP BY id) AS x",
            "SELECT id FROM posts UNION SELECT score AS other FROM posts",
            "WITH w (a) AS (SELECT id FROM posts) SELECT a, w.a AS b FROM w",
            "SELECT DISTINCT p.title, c.text FROM posts p LEFT JOIN comments c ON c.post = p.id ORDER BY p.title",
            "UPDATE posts SET score = 1 RETURNING id, title AS t",
            "INSERT INTO posts (id) VALUES (1000) RETURNING id, author",
            "DELETE FROM posts WHERE id > 3 RETURNING posts.id",
        ] {
            let promised = accepted(sql).columns.expect("all names are known");
            assert_eq!(run(database, "", sql).await.columns, promised, "{sql}");
        }
    });
}

/// The derived tables are flattened: each read and each change finds its rows by the key that leads with the tenant.
#[test]
fn plans_search_by_the_tenant() {
    with_database(async |database| {
        for sql in [
            "SELECT id FROM posts WHERE id = ?",
            "SELECT * FROM posts ORDER BY id LIMIT 10",
            "SELECT p.id, c.text FROM posts p JOIN comments c ON c.id = p.id WHERE p.id > ?",
            "SELECT p.id FROM posts p LEFT JOIN authors a ON a.id = p.author",
            "SELECT id FROM posts WHERE EXISTS (SELECT 1 FROM comments c WHERE c.id = posts.id)",
            "SELECT count(*) FROM comments",
            "UPDATE posts SET score = 1 WHERE id = ?",
            "DELETE FROM posts WHERE id = ? OR score = 1",
            "UPDATE posts SET score = a.age FROM authors AS a WHERE a.id = posts.author",
        ] {
            let plan = run(database, "EXPLAIN QUERY PLAN ", sql).await;
            let steps: Vec<_> = plan
                .rows
                .iter()
                .filter_map(|row| match row.last() {
                    Some(Value::Text(step)) => Some(step.as_str()),
                    _ => None,
                })
                .collect();
            assert!(
                steps.iter().any(|step| step.contains("(tenant_id=?")),
                "{sql}: {steps:?}"
            );
            assert!(
                !steps.iter().any(|step| step.starts_with("SCAN")),
                "{sql}: {steps:?}"
            );
        }
    });
}

/// An index that does not lead with the tenant yields rows of all, and the author's condition may fail on one.
#[test]
fn no_condition_is_looked_at_on_a_row_of_another_tenant() {
    with_database(async |database| {
        let mut raw = vec![
            "DELETE FROM posts".to_owned(),
            "CREATE INDEX by_score ON posts (score)".to_owned(),
            "INSERT INTO posts (tenant_id, id, title, score) VALUES ('blue', 1, 'no json', 5)"
                .to_owned(),
        ];
        raw.extend((0..200).map(|id| {
            format!("INSERT INTO posts (tenant_id, id, title, score) VALUES ('red', {id}, '{{}}', {id} + 5)")
        }));
        raw.push("ANALYZE".to_owned());
        for sql in &raw {
            database.run(sql, &[]).await.unwrap();
        }
        for sql in [
            "UPDATE posts SET body = 'x' WHERE score = 5 AND title -> 'a' = '1'",
            "DELETE FROM posts WHERE score = 5 AND title -> 'a' = '1'",
            "SELECT id FROM posts WHERE score = 5 AND title -> 'a' = '1'",
        ] {
            let answer = run(database, "EXPLAIN QUERY PLAN ", sql).await;
            assert!(format!("{answer:?}").contains("by_score"), "{answer:?}");
            run(database, "", sql).await;
        }
    });
}
