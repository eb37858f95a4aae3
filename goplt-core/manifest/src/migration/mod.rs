mod header;

use std::{borrow::Cow, fmt};

pub use self::header::{MigrationHeader, Phase};

/// One step of a module's schema: a file such as `V0001__posts.sql`.
///
/// The file name is `V`, four to nine digits, `__`, a name of `[a-z0-9_]+`, optionally `.pg` or `.sqlite`, and `.sql`.
/// Versions begin at 1 and may have gaps. Comments at the top may hold flags: see [`MigrationHeader`].
///
/// ```
/// use goplt_manifest::{Dialect, Migration};
///
/// let migration = Migration::parse_file_name("V0002__search.pg.sql")?.with_sql("CREATE INDEX …");
/// assert_eq!(migration.version, 2);
/// assert_eq!(migration.name, "search");
/// assert_eq!(migration.dialect, Dialect::Postgres);
/// # Ok::<(), goplt_manifest::MigrationError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(
    clippy::exhaustive_structs,
    reason = "generated code writes it as a literal in a constant"
)]
pub struct Migration {
    /// Its place in the order.
    pub version: u32,
    /// What it does, from the file name.
    pub name: Cow<'static, str>,
    /// The database it is for.
    pub dialect: Dialect,
    /// The statements.
    pub sql: Cow<'static, str>,
}

/// Which database a migration is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Dialect {
    /// All of them.
    Any,
    /// SQLite alone.
    Sqlite,
    /// PostgreSQL alone.
    Postgres,
}

/// A migration that cannot be taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum MigrationError {
    /// The file name does not follow the grammar.
    #[error(
        "`{file}` is not the name of a migration ({reason}): write `V0001__what_it_does.sql`, or `.pg.sql` or `.sqlite.sql` for one database"
    )]
    FileName {
        /// The file name.
        file: String,
        /// Which part of it is wrong.
        reason: &'static str,
    },
    /// Two migrations have the same version and a database in common.
    #[error(
        "`{first}` and `{second}` have the same version: only a `.pg.sql` and a `.sqlite.sql` may share one"
    )]
    Duplicate {
        /// The file name of one.
        first: String,
        /// The file name of the other.
        second: String,
    },
    /// A flag at the top of the file is not one.
    #[error("`{file}`, line {line}: {message}")]
    Header {
        /// The file name.
        file: String,
        /// The line, from 1.
        line: usize,
        /// What is wrong, and what to write.
        message: String,
    },
}

// === impl Migration ===

impl Migration {
    /// A migration known when compiling, for constants.
    #[must_use]
    pub const fn from_static(
        version: u32,
        name: &'static str,
        dialect: Dialect,
        sql: &'static str,
    ) -> Self {
        Self {
            version,
            name: Cow::Borrowed(name),
            dialect,
            sql: Cow::Borrowed(sql),
        }
    }

    /// Version, name and database from a file name without its directory; the SQL is empty (see
    /// [`with_sql`](Self::with_sql)).
    ///
    /// # Errors
    ///
    /// Returns [`MigrationError::FileName`] when the name does not follow the grammar.
    pub fn parse_file_name(file: &str) -> Result<Self, MigrationError> {
        let wrong = |reason| MigrationError::FileName {
            file: crate::error::shorten(file),
            reason,
        };
        let stem = file
            .strip_suffix(".sql")
            .ok_or(wrong("it does not end with `.sql`"))?;
        let rest = stem
            .strip_prefix('V')
            .ok_or(wrong("it does not begin with `V`"))?;
        let (digits, rest) = rest
            .split_once("__")
            .ok_or(wrong("`__` is missing after the version"))?;
        if !(4..=9).contains(&digits.len()) || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(wrong("the version is not four to nine digits"));
        }
        let (name, dialect) = match rest.split_once('.') {
            None => (rest, Dialect::Any),
            Some((name, "pg")) => (name, Dialect::Postgres),
            Some((name, "sqlite")) => (name, Dialect::Sqlite),
            Some(_) => return Err(wrong("the database is neither `.pg` nor `.sqlite`")),
        };
        let allowed = |byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'_');
        if name.is_empty() || !name.bytes().all(allowed) {
            return Err(wrong("the name is not `[a-z0-9_]+`"));
        }
        let version = digits
            .parse()
            .map_err(|_| wrong("the version is too large"))?;
        if version == 0 {
            return Err(wrong("versions begin at 1"));
        }
        Ok(Self {
            version,
            name: Cow::Owned(name.to_owned()),
            dialect,
            sql: Cow::Borrowed(""),
        })
    }

    /// The same migration with these statements.
    #[must_use]
    pub fn with_sql(mut self, sql: impl Into<Cow<'static, str>>) -> Self {
        self.sql = sql.into();
        self
    }

    /// The file name that the migration has or would have.
    pub fn file_name(&self) -> String {
        let Self { version, name, .. } = self;
        match self.dialect {
            Dialect::Any => format!("V{version:04}__{name}.sql"),
            Dialect::Sqlite => format!("V{version:04}__{name}.sqlite.sql"),
            Dialect::Postgres => format!("V{version:04}__{name}.pg.sql"),
        }
    }

    /// The flags at the top of the file.
    ///
    /// # Errors
    ///
    /// Returns a [`MigrationError::Header`] for each flag that is unknown, doubled, out of place or has a value that
    /// it cannot have.
    pub fn header(&self) -> Result<MigrationHeader, Vec<MigrationError>> {
        header::parse(self)
    }

    /// Sorts migrations by version and finds versions that stand twice.
    ///
    /// # Errors
    ///
    /// Returns a [`MigrationError::Duplicate`] for each pair that shares a version and a database.
    pub fn check(migrations: &mut [Self]) -> Result<(), Vec<MigrationError>> {
        migrations.sort_by_key(|migration| (migration.version, migration.dialect));
        let mut errors = Vec::new();
        for (index, first) in migrations.iter().enumerate() {
            let same = migrations[index + 1..]
                .iter()
                .take_while(|second| second.version == first.version);
            for second in same {
                if first.dialect.overlaps(second.dialect) {
                    errors.push(MigrationError::Duplicate {
                        first: first.file_name(),
                        second: second.file_name(),
                    });
                }
            }
        }
        if errors.is_empty() {
            Ok(())
        } else {
            Err(errors)
        }
    }
}

// === impl Dialect ===

impl Dialect {
    /// Whether a database exists that both are for.
    pub fn overlaps(self, other: Self) -> bool {
        self == other || self == Self::Any || other == Self::Any
    }
}

impl fmt::Display for Dialect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Any => "any",
            Self::Sqlite => "sqlite",
            Self::Postgres => "postgres",
        })
    }
}
