//! What a run would do, for people to read.

use std::fmt;

use goplt_manifest::{ModuleName, Phase};

use super::HeldMigration;
use crate::{Timestamp, id::PlacementName};

/// What a run would apply, in order, to each database in turn. Displayed as a list with every statement.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct MigrationPlan {
    pub(super) pending: Vec<PendingMigration>,
    pub(super) held: Vec<HeldMigration>,
    pub(super) newer: Vec<(ModuleName, String)>,
    pub(super) guards: Vec<String>,
    /// Which database each of them is for.
    pub(super) guarded: Vec<Option<PlacementName>>,
}

/// A migration that a run would apply.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct PendingMigration {
    /// Whose it is.
    pub module: ModuleName,
    /// The file name.
    pub file: String,
    /// Whether older binaries work on what it makes.
    pub phase: Phase,
    /// Whether it runs whole or not at all.
    pub transaction: bool,
    /// When it was begun, if it was cut off.
    pub begun: Option<Timestamp>,
    /// Its statements.
    pub statements: Vec<String>,
    /// The placement whose database it is pending in; `None` for the home.
    pub placement: Option<PlacementName>,
    /// It only takes away, after all that this version needs was added: a process may start without it.
    pub is_due_later: bool,
}

impl MigrationPlan {
    /// What another database lacks.
    pub(super) fn add(&mut self, other: Self) {
        self.pending.extend(other.pending);
        self.held.extend(other.held);
        self.guards.extend(other.guards);
        self.guarded.extend(other.guarded);
        for newer in other.newer {
            if !self.newer.contains(&newer) {
                self.newer.push(newer);
            }
        }
    }

    /// The migrations, in order; empty if the schema is up to date.
    #[must_use]
    pub fn pending(&self) -> &[PendingMigration] {
        &self.pending
    }

    /// What a run would leave for later, since older instances live.
    #[must_use]
    pub fn held(&self) -> &[HeldMigration] {
        &self.held
    }

    /// What a newer binary applied and this one does not know: files that only added.
    #[must_use]
    pub fn newer(&self) -> &[(ModuleName, String)] {
        &self.newer
    }

    /// The statements that give tables the policies and rights that they lack, beside those of the tables to come.
    #[must_use]
    pub fn guards(&self) -> &[String] {
        &self.guards
    }

    /// Whether a run would do nothing.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.pending.is_empty() && self.guards.is_empty()
    }
}

impl fmt::Display for MigrationPlan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_empty() {
            f.write_str("nothing to apply\n")?;
        }
        for migration in &self.pending {
            writeln!(f, "{migration}")?;
        }
        let mut last = None;
        for (statement, placement) in self.guards.iter().zip(&self.guarded) {
            if last != Some(placement) {
                writeln!(f, "policies and rights{}:", In(placement.as_ref()))?;
                last = Some(placement);
            }
            writeln!(f, "    {statement};")?;
        }
        for held in &self.held {
            writeln!(f, "{held}")?;
        }
        for (module, file) in &self.newer {
            writeln!(
                f,
                "{module}/{file} was applied by a newer version, which this one works beside"
            )?;
        }
        Ok(())
    }
}

/// Where, if that needs saying.
pub(super) struct In<'a>(pub(super) Option<&'a PlacementName>);

impl fmt::Display for In<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Some(placement) => write!(f, " in the placement `{placement}`"),
            None => Ok(()),
        }
    }
}

impl fmt::Display for PendingMigration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            module,
            file,
            phase,
            transaction,
            begun,
            statements,
            placement,
            is_due_later: _,
        } = self;
        write!(f, "{module}/{file}{}", In(placement.as_ref()))?;
        if *phase == Phase::Contract {
            f.write_str(" (contract: no older version may run then)")?;
        }
        if !transaction {
            f.write_str(" (without a transaction)")?;
        }
        if let Some(begun) = begun {
            write!(f, " (begun on {begun} and cut off: it runs again)")?;
        }
        for statement in statements {
            f.write_str("\n")?;
            for (index, line) in statement.lines().enumerate() {
                let separator = if index == 0 { "" } else { "\n" };
                write!(f, "{separator}{}", format!("    {line}").trim_end())?;
            }
            f.write_str(";")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plan_reads_as_what_will_be_done() {
        let migration = |file: &str, phase, transaction, begun, statement: &str| PendingMigration {
            module: "blog".parse().unwrap(),
            file: file.into(),
            phase,
            transaction,
            begun,
            statements: vec![statement.into()],
            placement: (begun.is_some()).then(|| "big".parse().unwrap()),
            is_due_later: false,
        };
        let plan = MigrationPlan {
            pending: vec![
                migration(
                    "V0002__likes.sql",
                    Phase::Expand,
                    true,
                    None,
                    "CREATE TABLE blog_likes (\n  tenant_id TEXT NOT NULL\n)",
                ),
                migration(
                    "V0003__by_title.pg.sql",
                    Phase::Expand,
                    false,
                    Some(Timestamp::UNIX_EPOCH),
                    "CREATE INDEX CONCURRENTLY IF NOT EXISTS blog_by_title ON blog_posts (tenant_id, title)",
                ),
                migration(
                    "V0004__old.sql",
                    Phase::Contract,
                    true,
                    None,
                    "ALTER TABLE blog_posts DROP COLUMN body",
                ),
            ],
            held: vec![],
            newer: vec![("identity".parse().unwrap(), "V0009__names.sql".into())],
            guards: vec!["GRANT SELECT ON \"blog\".\"blog_posts\" TO \"shop_app\"".into(); 2],
            guarded: vec![None, Some("big".parse().unwrap())],
        };
        insta::assert_snapshot!(plan, @r#"
        blog/V0002__likes.sql
            CREATE TABLE blog_likes (
              tenant_id TEXT NOT NULL
            );
        blog/V0003__by_title.pg.sql in the placement `big` (without a transaction) (begun on 1970-01-01T00:00:00Z and cut off: it runs again)
            CREATE INDEX CONCURRENTLY IF NOT EXISTS blog_by_title ON blog_posts (tenant_id, title);
        blog/V0004__old.sql (contract: no older version may run then)
            ALTER TABLE blog_posts DROP COLUMN body;
        policies and rights:
            GRANT SELECT ON "blog"."blog_posts" TO "shop_app";
        policies and rights in the placement `big`:
            GRANT SELECT ON "blog"."blog_posts" TO "shop_app";
        identity/V0009__names.sql was applied by a newer version, which this one works beside
        "#);
        assert_eq!(MigrationPlan::default().to_string(), "nothing to apply\n");
    }
}
