//! What was tried to get around the lock and is accepted: each must do to the shared data what it does to the data of one
//! tenant alone. What was tried and is refused is in `refuses.rs`.

use crate::{
    differential::{Bench, Database, block_on},
    grammar::{Case, TENANTS, Value},
};

const READS: &[&str] = &[
    // Conditions of the author's own on the tenant.
    "SELECT id, title FROM posts WHERE 1 = 1 OR tenant_id = 'blue'",
    "SELECT title FROM posts WHERE tenant_id <> 'red'",
    "SELECT title FROM posts WHERE NOT (tenant_id = 'red') OR TRUE",
    "SELECT p.title FROM posts p WHERE p.tenant_id = ?",
    "SELECT id FROM posts WHERE tenant_id IN (VALUES ('blue'), ('green'))",
    "SELECT id FROM posts WHERE (id, tenant_id) IN (SELECT id, tenant_id FROM posts WHERE tenant_id <> 'red')",
    "SELECT DISTINCT tenant_id FROM comments",
    "SELECT * FROM posts CROSS JOIN authors",
    // Joins that keep rows without a partner, and conditions that mix tenants.
    "SELECT p.title, q.title AS other FROM posts p JOIN posts q ON q.tenant_id <> p.tenant_id OR TRUE",
    "SELECT a.name, p.title FROM authors a LEFT JOIN posts p ON p.author = a.id AND p.tenant_id = 'blue'",
    "SELECT a.name FROM authors a LEFT JOIN posts p ON TRUE WHERE p.tenant_id IS NULL OR p.tenant_id = 'blue'",
    "SELECT a.name, p.title FROM authors a RIGHT JOIN posts p ON p.author = a.id AND a.tenant_id = 'blue'",
    "SELECT a.name, p.title FROM authors a FULL JOIN posts p ON p.author = a.id",
    "SELECT p.title FROM posts p JOIN comments c USING (tenant_id)",
    "SELECT p.title FROM posts p FULL JOIN comments c USING (tenant_id, id)",
    "SELECT p.title FROM posts p, comments c, authors a WHERE c.tenant_id <> a.tenant_id OR c.id = a.id",
    "SELECT a.* FROM (posts a JOIN comments b ON b.post = a.id)",
    "SELECT s.tenant_id FROM (SELECT 'blue' AS tenant_id) AS s JOIN posts ON posts.tenant_id = s.tenant_id",
    // One table under the name of another, and names that an outer query has too.
    "SELECT posts.name FROM authors AS posts WHERE posts.id IN (SELECT posts.id FROM posts WHERE posts.tenant_id <> 'red')",
    "SELECT posts.name FROM authors AS posts WHERE EXISTS (SELECT 1 FROM posts AS x WHERE x.tenant_id <> posts.tenant_id)",
    "SELECT comments.title FROM posts AS comments JOIN comments AS posts ON posts.post = comments.id",
    "SELECT posts.id FROM posts WHERE EXISTS (SELECT 1 FROM comments AS posts WHERE posts.tenant_id <> 'red' OR TRUE)",
    "SELECT tenant_id.title FROM posts AS tenant_id WHERE tenant_id.tenant_id <> 'red' OR TRUE",
    // Subqueries wherever an expression may stand.
    "SELECT (SELECT max(title) FROM posts WHERE tenant_id = 'blue') AS t FROM authors",
    "SELECT CASE WHEN tenant_id = 'red' THEN (SELECT max(body) FROM posts) ELSE title END AS t FROM posts",
    "SELECT id FROM posts ORDER BY (SELECT max(c.text) FROM comments c WHERE c.tenant_id <> posts.tenant_id), id",
    "SELECT id FROM posts ORDER BY id LIMIT (SELECT count(*) FROM comments)",
    "SELECT id FROM posts ORDER BY id LIMIT 3 OFFSET (SELECT count(*) FROM authors) - 4",
    "SELECT author, count(*) AS n FROM posts GROUP BY author HAVING count(*) < (SELECT count(*) FROM comments)",
    "SELECT p.id FROM posts p JOIN authors a ON a.id = (SELECT max(b.id) FROM authors b WHERE b.tenant_id <> p.tenant_id OR TRUE)",
    "SELECT id FROM posts WHERE id BETWEEN (SELECT min(id) FROM comments) AND (SELECT count(*) FROM comments)",
    "SELECT coalesce((SELECT max(c.text) FROM comments c WHERE c.tenant_id = 'blue'), 'none') AS t FROM posts",
    // Aggregates and windows over everything.
    "SELECT count(*) FILTER (WHERE tenant_id <> 'red') AS n, count(*) AS all_of_them FROM posts",
    "SELECT string_agg(tenant_id, ',' ORDER BY tenant_id) AS t FROM posts",
    "SELECT tenant_id, count(*) AS n FROM posts GROUP BY tenant_id HAVING (SELECT count(*) FROM posts) > 0",
    "SELECT title, rank() OVER (PARTITION BY tenant_id ORDER BY id) AS r, count(*) OVER () AS n FROM posts",
    "SELECT lag(title) OVER w AS before, title FROM posts WINDOW w AS (ORDER BY id, tenant_id)",
    "SELECT sum((SELECT count(*) FROM comments)) OVER (ORDER BY (SELECT count(*) FROM authors)) AS n FROM posts",
    // WITH, at every depth.
    "WITH w AS (SELECT * FROM posts) SELECT w.title FROM w WHERE w.tenant_id <> 'red' OR TRUE",
    "WITH w (a, b) AS (SELECT id, tenant_id FROM posts), x AS (SELECT * FROM w, comments) SELECT b, count(*) AS n FROM x GROUP BY b",
    "WITH RECURSIVE w (n, t) AS (SELECT id, tenant_id FROM authors UNION SELECT a.boss, a.tenant_id FROM authors a JOIN w \
     ON w.n = a.id) SELECT n, t FROM w",
    "WITH RECURSIVE w (n) AS (SELECT 1 UNION ALL SELECT w.n + 1 FROM w JOIN posts ON posts.id = w.n WHERE w.n < 8) SELECT n FROM w",
    "SELECT id FROM posts WHERE id IN (WITH w AS (SELECT id FROM comments WHERE tenant_id = 'blue' OR TRUE) SELECT id FROM w)",
    "WITH w AS (SELECT 1 AS id) SELECT w.id, p.title FROM w LEFT JOIN (SELECT * FROM posts) AS p ON p.id = w.id",
    // Set operations.
    "SELECT title FROM posts UNION ALL SELECT text FROM comments WHERE tenant_id = 'blue' OR TRUE",
    "SELECT title FROM posts EXCEPT SELECT title FROM posts WHERE tenant_id = 'red' AND id < 4",
    "SELECT id FROM posts INTERSECT SELECT id FROM comments",
    "SELECT title FROM posts UNION (SELECT text FROM comments ORDER BY 1 LIMIT 3) UNION (SELECT name FROM authors EXCEPT SELECT 'a')",
    "SELECT s.x FROM (SELECT title AS x FROM posts UNION SELECT tenant_id FROM comments) AS s",
    // What a careless reader takes for the end of a string or the beginning of a comment.
    "SELECT id FROM posts WHERE title = '*/ OR 1 = 1 -- ' OR id = 1 -- OR tenant_id = 'blue'",
    "SELECT id /* FROM posts WHERE TRUE; */ FROM posts",
    r"SELECT id FROM posts WHERE title = '\' OR title = ' OR 1 = 1 OR tenant_id = ''blue'' --'",
    "SELECT id FROM posts WHERE title = 'it''s' OR title = '$2' OR title = '?1'",
    "SELECT id FROM posts; -- SELECT * FROM posts",
    // Rows kept for a change.
    "SELECT id FROM posts WHERE tenant_id = 'blue' OR TRUE FOR UPDATE",
];

const CHANGES: &[&str] = &[
    "UPDATE posts SET title = 'owned'",
    "UPDATE posts SET title = 'owned' WHERE 1 = 1 OR tenant_id = 'blue'",
    "UPDATE posts p SET title = 'owned' WHERE p.tenant_id <> 'red' OR TRUE RETURNING id, p.tenant_id",
    "UPDATE posts SET title = tenant_id WHERE id = 1 OR tenant_id = ? RETURNING *",
    "UPDATE posts AS p SET title = q.body FROM posts AS q WHERE q.id = p.id AND (q.tenant_id <> 'red' OR TRUE)",
    "UPDATE posts AS p SET title = (SELECT max(q.body) FROM posts q WHERE q.tenant_id = 'blue' OR TRUE)",
    "UPDATE posts AS comments SET title = 'owned' WHERE comments.tenant_id IS NOT NULL RETURNING *",
    "UPDATE posts AS comments SET title = c.text FROM comments AS c WHERE c.id = comments.id",
    "UPDATE posts AS p SET title = posts.x FROM (SELECT 1 AS id, 'y' AS x, 'blue' AS tenant_id) AS posts WHERE posts.id = p.id",
    "UPDATE posts SET (title, body) = (SELECT max(a.name), max(a.tenant_id) FROM authors a) WHERE id < 3",
    "UPDATE posts SET title = s.t FROM (authors a JOIN (SELECT id, tenant_id AS t FROM comments) AS s ON s.id = a.id) \
     WHERE a.id = posts.id",
    "WITH w AS (SELECT id, tenant_id FROM comments) UPDATE posts SET title = w.tenant_id FROM w WHERE w.id = posts.id",
    "WITH p AS (SELECT 'blue' AS tenant_id) UPDATE posts AS q SET title = 'owned' WHERE EXISTS (SELECT 1 FROM p) OR TRUE",
    "DELETE FROM posts",
    "DELETE FROM posts WHERE NOT tenant_id = 'red' OR TRUE RETURNING id",
    "DELETE FROM posts AS c WHERE c.id IN (SELECT post FROM comments) OR c.tenant_id <> 'red'",
    "DELETE FROM posts WHERE EXISTS (SELECT 1 FROM comments AS posts WHERE posts.tenant_id <> 'red' OR TRUE)",
    "WITH gone AS (SELECT id FROM comments WHERE tenant_id = 'blue' OR TRUE) DELETE FROM posts WHERE id IN (SELECT id FROM gone)",
    "INSERT INTO posts (id, title) VALUES (1, 'owned') ON CONFLICT (tenant_id, id) DO UPDATE SET title = excluded.title",
    "INSERT INTO posts (id, title) VALUES (1, 'x') ON CONFLICT (id, tenant_id) DO UPDATE SET title = 'owned' \
     WHERE 1 = 1 OR posts.tenant_id <> 'red' RETURNING *",
    "INSERT INTO posts (id, title) VALUES (1, 'x'), (100, 'y') ON CONFLICT (tenant_id, id) DO NOTHING RETURNING id",
    "INSERT INTO posts AS authors (id, title) VALUES (2, 'x') ON CONFLICT (tenant_id, id) DO UPDATE \
     SET title = (SELECT max(a.name) FROM authors AS a) WHERE authors.tenant_id <> 'blue'",
    "INSERT INTO posts (id, title) SELECT id + 100, tenant_id FROM comments WHERE tenant_id <> 'red' OR TRUE",
    "INSERT INTO posts (id, title) SELECT c.id + 100, p.tenant_id FROM comments c JOIN posts p ON p.id = c.post",
    "INSERT INTO posts (id, title) WITH w AS (SELECT * FROM comments) SELECT id + 100, tenant_id FROM w WHERE TRUE",
    "WITH w AS (SELECT * FROM comments) INSERT INTO posts (id, title) SELECT id + 100, text FROM w",
    "INSERT INTO posts (id, title) SELECT id + 100, name FROM authors UNION SELECT id + 200, text FROM comments",
    "INSERT INTO posts (id, title) (SELECT id + 100, name FROM authors ORDER BY id LIMIT 2)",
    "INSERT INTO posts (id, title) VALUES ((SELECT max(id) + 100 FROM posts), (SELECT max(name) FROM authors))",
    "INSERT INTO posts (id, title) SELECT count(*) + 100, max(tenant_id) FROM comments",
    "INSERT INTO posts (title, id) SELECT DISTINCT tenant_id, id + 100 FROM comments ORDER BY 2 LIMIT 4",
];

/// As each tenant, on the rows of a few seeds; each bind is the name of another tenant.
pub(crate) fn no_attempt_reaches_another_tenant<D: Database>(place: &D::Place) {
    none_reaches_another_tenant::<D>(place, READS, CHANGES);
}

/// The same with attempts that only one database can read.
pub(crate) fn none_reaches_another_tenant<D: Database>(
    place: &D::Place,
    reads: &[&str],
    changes: &[&str],
) {
    let reads = reads.iter().map(|sql| (*sql, false));
    let changes = changes.iter().map(|sql| (*sql, true));
    let cases: Vec<_> = reads
        .chain(changes)
        .map(|(sql, writes)| {
            let binds = vec![Value::Text("blue".to_owned()); sql.matches(" = ?").count()];
            Case::new(sql, binds, writes)
        })
        .collect();
    let failed = block_on(async {
        let mut bench = Bench::<D>::new(place).await;
        let mut failed = Vec::new();
        for seed in 0..4 {
            bench.fill(seed).await;
            for case in &cases {
                for tenant in 0..TENANTS.len() {
                    failed.extend(bench.compare(case, tenant, &goplt_sql::rewrite).await.err());
                }
            }
        }
        failed
    });
    assert!(
        failed.is_empty(),
        "{} differ:\n\n{}",
        failed.len(),
        failed.join("\n\n")
    );
}
