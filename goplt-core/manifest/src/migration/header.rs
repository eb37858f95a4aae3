//! The flags at the top of a migration: comments that begin with `-- goplt:`.

use std::fmt;

use super::{Dialect, Migration, MigrationError};

/// What the comments at the top of a migration say of it.
///
/// A flag is a line `-- goplt: key: value` before the first statement:
///
/// | flag | values | without it |
/// |---|---|---|
/// | `phase` | `expand`: the version before this one still works on the schema; `contract`: it does not, so no instance of it may run; but this version works without it | `expand` |
/// | `transaction` | `off`: each statement is committed on its own, as `CREATE INDEX CONCURRENTLY` needs; only in a `.pg.sql` | `on` |
///
/// ```
/// use goplt_manifest::{Migration, Phase};
///
/// let migration = Migration::parse_file_name("V0003__search.pg.sql")?.with_sql(
///     "-- goplt: transaction: off
///      CREATE INDEX CONCURRENTLY IF NOT EXISTS blog_posts_by_title ON blog_posts (tenant_id, title);",
/// );
/// let header = migration.header().unwrap();
/// assert_eq!(header.phase, Phase::Expand);
/// assert!(!header.transaction);
/// # Ok::<(), goplt_manifest::MigrationError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct MigrationHeader {
    /// Whether a binary that does not know the migration works on what it makes.
    pub phase: Phase,
    /// Whether it runs in a transaction, and so whole or not at all.
    pub transaction: bool,
}

/// The two halves of a change that is rolled out without a stop: first the new is added, and once no old binary
/// runs, the old is taken away.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
#[expect(
    clippy::exhaustive_enums,
    reason = "an old binary works on the schema or it does not: there is no third"
)]
pub enum Phase {
    /// Binaries that do not know the migration work on what it makes.
    #[default]
    Expand,
    /// They do not.
    Contract,
}

const MARK: &str = "goplt:";

pub(super) fn parse(migration: &Migration) -> Result<MigrationHeader, Vec<MigrationError>> {
    let mut header = MigrationHeader {
        phase: Phase::Expand,
        transaction: true,
    };
    let mut errors = Vec::new();
    let (mut seen, mut in_header) = (Vec::new(), true);
    for (index, line) in migration.sql.lines().enumerate() {
        let Some(comment) = line.trim_start().strip_prefix("--") else {
            in_header &= line.trim().is_empty();
            continue;
        };
        let Some(flag) = comment.trim_start().strip_prefix(MARK) else {
            continue;
        };
        let taken = if in_header {
            take(&mut header, flag, migration.dialect, &mut seen)
        } else {
            Err("flags stand before the first statement; move it to the top".to_owned())
        };
        if let Err(message) = taken {
            errors.push(MigrationError::Header {
                file: migration.file_name(),
                line: index + 1,
                message,
            });
        }
    }
    if errors.is_empty() {
        Ok(header)
    } else {
        Err(errors)
    }
}

fn take<'a>(
    header: &mut MigrationHeader,
    flag: &'a str,
    dialect: Dialect,
    seen: &mut Vec<&'a str>,
) -> Result<(), String> {
    let Some((key, value)) = flag.split_once(':') else {
        return Err(
            "this is no flag; write `-- goplt: phase: contract` or `-- goplt: transaction: off`"
                .to_owned(),
        );
    };
    let (key, value) = (key.trim(), value.trim());
    if seen.contains(&key) {
        return Err(format!("`{key}` stands twice; remove one"));
    }
    seen.push(key);
    match (key, value) {
        ("phase", "expand") => header.phase = Phase::Expand,
        ("phase", "contract") => header.phase = Phase::Contract,
        ("transaction", "on") => header.transaction = true,
        ("transaction", "off") if dialect == Dialect::Postgres => header.transaction = false,
        ("transaction", "off") => {
            return Err("`transaction: off` is PostgreSQL's; call the file `….pg.sql`".to_owned());
        }
        ("phase" | "transaction", value) => {
            let allowed = if key == "phase" {
                "`expand` or `contract`"
            } else {
                "`on` or `off`"
            };
            let value = crate::error::shorten(value);
            return Err(format!("`{key}` cannot be `{value}`; write {allowed}"));
        }
        (key, _) => {
            let key = crate::error::shorten(key);
            return Err(format!(
                "`{key}` is no flag; there are `phase` and `transaction`"
            ));
        }
    }
    Ok(())
}

// === impl Phase ===

impl Phase {
    /// As it is written in a file.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Expand => "expand",
            Self::Contract => "contract",
        }
    }
}

impl fmt::Display for Phase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header(file: &str, sql: &'static str) -> Result<MigrationHeader, String> {
        let migration = Migration::parse_file_name(file).unwrap().with_sql(sql);
        migration.header().map_err(|errors| {
            let errors = errors.iter().map(|error| format!("{error}\n"));
            errors.collect()
        })
    }

    #[test]
    fn a_file_without_flags_expands_in_a_transaction() {
        let header = header("V0001__a.sql", "-- goplts of milk\nSELECT 1;").unwrap();
        assert_eq!(header.phase, Phase::Expand);
        assert!(header.transaction);
    }

    #[test]
    fn flags_are_read_from_the_comments_at_the_top() {
        let sql = "-- Why.\n\n--goplt: phase: contract\n  -- goplt:transaction:off\r\nSELECT 1;";
        let header = header("V0001__a.pg.sql", sql).unwrap();
        assert_eq!(header.phase, Phase::Contract);
        assert!(!header.transaction);
    }

    #[test]
    fn every_wrong_flag_is_told_at_once() {
        let sql = "-- goplt: phase: shrink\n-- goplt: phase: expand\n-- goplt: transaction: off\n-- goplt: fast: yes\n\
                   -- goplt: hello\nSELECT 1;\n-- goplt: transaction: on\n";
        insta::assert_snapshot!(header("V0001__a.sql", sql).unwrap_err(), @r"
        `V0001__a.sql`, line 1: `phase` cannot be `shrink`; write `expand` or `contract`
        `V0001__a.sql`, line 2: `phase` stands twice; remove one
        `V0001__a.sql`, line 3: `transaction: off` is PostgreSQL's; call the file `….pg.sql`
        `V0001__a.sql`, line 4: `fast` is no flag; there are `phase` and `transaction`
        `V0001__a.sql`, line 5: this is no flag; write `-- goplt: phase: contract` or `-- goplt: transaction: off`
        `V0001__a.sql`, line 7: flags stand before the first statement; move it to the top
        ");
    }
}
