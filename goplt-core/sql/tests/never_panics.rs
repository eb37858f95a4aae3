//! No text makes the analysis panic, overflow the stack or hang, and no accepted text names what is not allowed.

use std::thread;

use goplt_sql::{MAX_WORDS, SqlError, Statement, Tables, rewrite, verify_host};
use proptest::prelude::*;

fn tables() -> Tables {
    Tables::new(["posts", "comments"])
}

/// Both entries, and the drawing of the error.
fn try_all(sql: &str) -> Result<Statement, SqlError> {
    if let Err(error) = verify_host(sql, &tables()) {
        check(&error, sql);
    }
    let result = rewrite(sql, &tables());
    if let Err(error) = &result {
        check(error, sql);
    }
    result
}

fn check(error: &SqlError, sql: &str) {
    assert!(!error.to_string().contains('\n') || sql.contains('\n'));
    assert!(error.render(sql).starts_with("error: "));
    if let Some(span) = error.span() {
        assert!(sql.get(span).is_some(), "{error:?}");
    }
    // A text that is not the refused one must not panic either.
    let _ = error.render("");
    let _ = error.render("é");
}

const SOUP: &[&str] = &[
    "SELECT",
    "FROM",
    "WHERE",
    "posts",
    "comments",
    "p",
    "id",
    "tenant_id",
    "title",
    "*",
    ",",
    "(",
    ")",
    "(",
    ")",
    "?",
    "1",
    "'x'",
    "''",
    "=",
    "<",
    "+",
    "-",
    "||",
    "->",
    "->>",
    "::",
    "text",
    "AND",
    "OR",
    "NOT",
    "IN",
    "EXISTS",
    "IS",
    "NULL",
    "BETWEEN",
    "ILIKE",
    "LIKE",
    "ESCAPE",
    "CASE",
    "WHEN",
    "THEN",
    "ELSE",
    "END",
    "JOIN",
    "LEFT",
    "FULL",
    "CROSS",
    "NATURAL",
    "LATERAL",
    "ON",
    "USING",
    "AS",
    "WITH",
    "RECURSIVE",
    "UNION",
    "ALL",
    "EXCEPT",
    "INTERSECT",
    "ORDER",
    "BY",
    "GROUP",
    "HAVING",
    "LIMIT",
    "OFFSET",
    "DISTINCT",
    "OVER",
    "PARTITION",
    "ROWS",
    "UNBOUNDED",
    "PRECEDING",
    "WINDOW",
    "FILTER",
    "INSERT",
    "INTO",
    "VALUES",
    "DEFAULT",
    "CONFLICT",
    "DO",
    "NOTHING",
    "UPDATE",
    "SET",
    "DELETE",
    "RETURNING",
    "FOR",
    "SKIP",
    "LOCKED",
    ";",
    "--",
    "/*",
    "*/",
    "\"posts\"",
    "\"Posts\"",
    "`posts`",
    "[",
    "]",
    "main.posts",
    "count",
    "max",
    "excluded",
    "$1",
    ":a",
    "@",
    "#",
    "{",
    "}",
    "\\",
    "\n",
    "\t",
    "é",
    "日本",
    "\u{0}",
    "TABLE",
    "MERGE",
    "ARRAY",
    "INTERVAL",
    "CAST",
    "COLLATE",
    "ANY",
    "pg_class",
    "sqlite_master",
    "rowid",
    ".",
    "..",
    "%",
    "&",
    "|",
    "^",
    "~",
    "!",
    "<>",
    "!=",
];

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn on_any_text(sql in any::<String>()) {
        let _ = try_all(&sql);
    }

    #[test]
    fn on_any_text_after_a_verb(verb in prop::sample::select(vec!["SELECT", "INSERT INTO", "UPDATE", "DELETE FROM", "WITH"]), rest in ".{0,80}") {
        let _ = try_all(&format!("{verb} {rest}"));
    }

    #[test]
    fn on_soups_of_tokens(
        verb in prop::sample::select(vec!["SELECT", "INSERT INTO posts", "UPDATE posts SET", "DELETE FROM posts", "WITH x AS ("]),
        rest in prop::collection::vec(prop::sample::select(SOUP), 0..40),
        space in prop::sample::select(vec![" ", "", "\n"]),
    ) {
        let _ = try_all(&format!("{verb} {}", rest.join(space)));
    }

    #[test]
    fn on_statements_with_a_part_cut_out_or_replaced(
        at in prop::sample::select(vec![0usize, 1, 2, 3]),
        from in 0usize..200,
        len in 0usize..12,
        patch in prop::sample::select(SOUP),
    ) {
        const WHOLE: [&str; 4] = [
            "WITH w AS (SELECT id FROM posts) SELECT p.id, count(*) AS n FROM posts p LEFT JOIN comments c ON c.id = p.id WHERE p.a IN (SELECT id FROM w) GROUP BY p.id ORDER BY 2 LIMIT ?",
            "INSERT INTO posts (id, title) SELECT id, 'x' FROM comments WHERE a BETWEEN 1 AND ? ON CONFLICT (tenant_id, id) DO UPDATE SET title = excluded.title RETURNING id",
            "UPDATE posts AS p SET title = CASE WHEN a THEN ? ELSE c.text END FROM comments AS c WHERE c.id = p.id OR NOT EXISTS (SELECT 1 FROM comments)",
            "DELETE FROM posts WHERE (id, title) < (?, 'x') AND title ILIKE 'a%' ESCAPE '!' RETURNING *",
        ];
        let mut sql = WHOLE[at].to_owned();
        let from = from.min(sql.len());
        let to = (from + len).min(sql.len());
        sql.replace_range(from..to, patch);
        if let Ok(statement) = try_all(&sql) {
            audit(&statement)?;
        }
    }
}

/// What no accepted text may hold, whatever the source was: a table outside its filter.
fn audit(statement: &Statement) -> Result<(), TestCaseError> {
    for table in ["posts", "comments"] {
        let filtered = format!("(SELECT * FROM {table} WHERE {table}.tenant_id = ");
        let rest = statement.sqlite.replace(&filtered, "(");
        for before in ["FROM ", "JOIN "] {
            let bare = format!("{before}{table} ");
            let target = format!("DELETE FROM {table} ");
            prop_assert!(
                !rest.replace(&target, "").contains(&bare),
                "{}",
                statement.sqlite
            );
        }
    }
    Ok(())
}

/// A megabyte is half of what a thread of a test or of tokio has.
fn on_a_small_stack(sql: String) {
    let thread = thread::Builder::new().stack_size(1 << 20).spawn(move || {
        let _ = try_all(&sql);
    });
    thread.expect("a thread starts").join().expect("no panic");
}

#[test]
fn on_deep_nesting() {
    let nests: &[(&str, &str, &str)] = &[
        ("(", "1", ")"),
        ("((", "1", "))"),
        ("(SELECT ", "1", ")"),
        ("NOT ", "a", ""),
        ("- ", "1", ""),
        ("+", "1", ""),
        ("CASE WHEN ", "a", " THEN 1 END"),
        ("CASE ", "a", " WHEN 1 THEN 1 END"),
        ("lower(", "a", ")"),
        ("CAST(", "a", " AS TEXT)"),
        ("EXISTS (SELECT 1 WHERE ", "a", ")"),
        ("a IN (SELECT ", "a", ")"),
        ("a = ANY(", "a", ")"),
        ("ARRAY[", "1", "]"),
        ("[", "1", "]"),
        ("{", "1", "}"),
        ("INTERVAL ", "1", ""),
        ("PRIOR ", "1", ""),
        ("a BETWEEN ", "1", " AND 2"),
        ("trim(", "a", ")"),
        ("STRUCT(", "a", ")"),
        ("(a, ", "b", ")"),
        ("1 + (", "b", ")"),
        ("f(SELECT ", "b", ")"),
        ("CAST(a AS ARRAY<", "INT", ">)"),
        ("a::ARRAY<", "INT", ">"),
        ("ROW(", "1", ")"),
        ("count(*) OVER (ORDER BY ", "a", ")"),
    ];
    for (open, middle, close) in nests {
        for depth in [10, 24, 25, 90, 101, 1_000, 9_000] {
            let sql = format!(
                "SELECT {}{middle}{} FROM posts",
                open.repeat(depth),
                close.repeat(depth)
            );
            on_a_small_stack(sql);
        }
    }
}

#[test]
fn on_deep_nesting_in_from() {
    for (open, close) in [
        ("(", ")"),
        ("(SELECT * FROM ", ") AS x"),
        ("(posts JOIN ", " ON TRUE)"),
        ("LATERAL (SELECT * FROM ", ") AS x"),
        ("(posts CROSS JOIN (", "))"),
        ("(WITH x AS (SELECT 1) SELECT * FROM ", ") AS x"),
    ] {
        for depth in [10, 23, 24, 25, 60, 1_000] {
            on_a_small_stack(format!(
                "SELECT * FROM {}posts{}",
                open.repeat(depth),
                close.repeat(depth)
            ));
        }
    }
}

#[test]
fn on_long_chains() {
    for link in [
        " + 1",
        " AND a",
        " OR a",
        " || a",
        " = 1",
        " -> 'a'",
        " IS NULL",
        " IS NOT NULL",
        "::TEXT",
        "[1]",
        ".a",
        " COLLATE x",
        " IN (1)",
        " BETWEEN 1 AND 2",
        " ILIKE 'x'",
        " , 1",
        " UNION SELECT a",
        " UNION ALL SELECT a FROM posts",
        " EXCEPT SELECT a",
        " INTERSECT SELECT a",
        " AT TIME ZONE 'x'",
        "(1)",
        " FILTER (WHERE a)",
        " NOTNULL",
        " 'a'",
    ] {
        for length in [
            10,
            MAX_WORDS / 3 - 10,
            MAX_WORDS - 10,
            MAX_WORDS + 10,
            20_000,
        ] {
            on_a_small_stack(format!("SELECT a{}", link.repeat(length)));
            on_a_small_stack(format!(
                "SELECT a FROM posts WHERE a{}",
                link.repeat(length)
            ));
        }
    }
    for link in [
        " JOIN posts ON TRUE",
        ", posts",
        " CROSS JOIN posts",
        " NATURAL JOIN posts",
    ] {
        on_a_small_stack(format!("SELECT a FROM posts{}", link.repeat(MAX_WORDS / 4)));
    }
}
