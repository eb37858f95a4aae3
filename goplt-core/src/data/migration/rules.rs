//! What a migration's statements may not do: pure.

use goplt_manifest::{Dialect, MigrationHeader};

use super::split::{Statement, first_word};

/// Statements that would end the transaction or the session's lock, or act beside them.
const FORBIDDEN: [&str; 14] = [
    "ABORT",
    "BEGIN",
    "START",
    "COMMIT",
    "END",
    "ROLLBACK",
    "SAVEPOINT",
    "RELEASE",
    "ATTACH",
    "DETACH",
    "DISCARD",
    "PREPARE",
    "PRAGMA",
    "VACUUM",
];

/// Why a statement has no place in its file.
pub(super) fn check(
    statement: &Statement<'_>,
    header: MigrationHeader,
    dialect: Dialect,
) -> Result<(), String> {
    let word = first_word(statement.sql);
    let is_vacuum = word == "VACUUM" && !header.transaction;
    if FORBIDDEN.contains(&word.as_str()) && !is_vacuum {
        return Err(format!(
            "`{word}` has no place in a migration, which runs in a transaction of its own; remove it"
        ));
    }
    if dialect != Dialect::Postgres {
        return Ok(());
    }
    let words = words(statement.sql);
    let has = |wanted: &[&str]| words.windows(wanted.len()).any(|found| found == wanted);
    let is_concurrent = has(&["CONCURRENTLY"]) && has(&["INDEX"]);
    if header.transaction {
        if is_concurrent {
            return Err(
                "`CONCURRENTLY` cannot run in a transaction; move the statement into a file of its own, with \
                 `-- goplt: transaction: off` at the top"
                    .to_owned(),
            );
        }
        return Ok(());
    }
    // Without a transaction it may be run twice.
    match word.as_str() {
        "CREATE" if has(&["INDEX"]) && !has(&["IF", "NOT", "EXISTS"]) => Err(
            "a file with `transaction: off` may run again after it was cut off: give the index a name and write \
             `IF NOT EXISTS`"
                .to_owned(),
        ),
        "DROP" if has(&["INDEX"]) && !has(&["IF", "EXISTS"]) => Err(
            "a file with `transaction: off` may run again after it was cut off: write `IF EXISTS`".to_owned(),
        ),
        "CREATE" if words.iter().take(4).any(|word| word == "TABLE") => Err(
            "a table must not be there for a moment without its policies: create it in a file with a transaction"
                .to_owned(),
        ),
        _ => Ok(()),
    }
}

/// Whether the text of a file names this.
pub(super) fn names(sql: &str, name: &str) -> bool {
    let name = name.to_ascii_uppercase();
    words(sql).contains(&name)
}

/// The words of a statement, in capitals; those in quotes too.
fn words(sql: &str) -> Vec<String> {
    let is_word = |c: char| c.is_alphanumeric() || c == '_';
    let words = sql.split(|c| !is_word(c)).filter(|word| !word.is_empty());
    words.map(str::to_ascii_uppercase).collect()
}

#[cfg(test)]
mod tests {
    use goplt_manifest::Migration;

    use super::*;

    fn refused(sql: &'static str) -> String {
        let migration = Migration::parse_file_name("V0001__a.pg.sql")
            .unwrap()
            .with_sql(sql);
        let header = migration.header().unwrap();
        let statements = super::super::split::split(&migration.sql);
        let checked = statements
            .iter()
            .map(|statement| check(statement, header, Dialect::Postgres));
        let errors: Vec<_> = checked.filter_map(Result::err).collect();
        errors.join("\n")
    }

    #[test]
    fn what_needs_no_transaction_says_so() {
        insta::assert_snapshot!(refused("CREATE UNIQUE INDEX CONCURRENTLY a ON b (c)"), @r"`CONCURRENTLY` cannot run in a transaction; move the statement into a file of its own, with `-- goplt: transaction: off` at the top");
    }

    #[test]
    fn what_has_no_transaction_can_run_again() {
        let off = "-- goplt: transaction: off\nCREATE INDEX CONCURRENTLY ON b (c); DROP INDEX CONCURRENTLY a;\n\
                   CREATE UNLOGGED TABLE d (e TEXT); COMMIT";
        insta::assert_snapshot!(refused(off), @r"
        a file with `transaction: off` may run again after it was cut off: give the index a name and write `IF NOT EXISTS`
        a file with `transaction: off` may run again after it was cut off: write `IF EXISTS`
        a table must not be there for a moment without its policies: create it in a file with a transaction
        `COMMIT` has no place in a migration, which runs in a transaction of its own; remove it
        ");
        let good = "-- goplt: transaction: off\nCREATE INDEX CONCURRENTLY IF NOT EXISTS a ON b (c);\n\
                    DROP INDEX CONCURRENTLY IF EXISTS d; VACUUM b; ALTER TYPE e ADD VALUE IF NOT EXISTS 'f'";
        assert_eq!(refused(good), "");
    }

    #[test]
    fn what_ends_the_transaction_or_the_lock_is_refused_whatever_it_is_called() {
        for sql in [
            "ABORT",
            "PREPARE TRANSACTION 'a'",
            "DISCARD ALL",
            "end work",
        ] {
            assert!(
                refused(sql).contains("has no place in a migration"),
                "{sql}"
            );
        }
    }

    #[test]
    fn a_name_is_found_as_a_whole_word() {
        assert!(names("CREATE INDEX \"a_b\" ON c (d)", "a_b"));
        assert!(!names("CREATE INDEX a_b_c ON c (d)", "a_b"));
    }
}
