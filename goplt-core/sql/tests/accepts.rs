//! What is accepted, and the exact texts for both databases.

use goplt_sql::{Statement, Tables, rewrite};

fn blog() -> Tables {
    Tables::new(["blog_posts", "blog_comments", "blog_tags"])
}
#[test]
fn play() {
    for sql in std::fs::read_to_string("/tmp/play.sql")
        .unwrap()
        .split("\n")
    {
        if sql.trim().is_empty() {
            continue;
        }
        match rewrite(sql, &blog()) {
            Ok(s) => println!(
                "{sql}\n  L {}\n  P {}\n  {:?} w={} r={} c={:?} t={:?}",
                s.sqlite, s.postgres, s.kind, s.writes, s.returning, s.columns, s.tenant_param
            ),
            Err(e) => println!("{}", e.render(sql)),
        }
    }
    let _: Option<Statement> = None;
}
