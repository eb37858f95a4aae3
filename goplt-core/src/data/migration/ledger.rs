//! What was applied: a table per module, which goes with it when it gets a database of its own.

use goplt_manifest::{Migration, Phase};
use sha2::{Digest, Sha256};

use super::ModuleMigrations;
use crate::{
    Timestamp,
    data::{
        DbError, DbType, DbValue, IntoValue, Value,
        catalogue::{Catalogue, Table},
        engine::Admin,
    },
};

/// A migration that was applied, or begun.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Entry {
    pub(super) version: u32,
    pub(super) file: String,
    pub(super) checksum: String,
    /// When it was applied; when it was begun if it is not done.
    pub(super) applied: Timestamp,
    pub(super) is_done: bool,
    pub(super) phase: Phase,
    /// What was applied, where it is asked for.
    pub(super) text: Option<String>,
}

/// The ledger of a module, as it is now.
#[derive(Debug, Clone)]
pub(super) struct Ledger {
    name: String,
    shape: Shape,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Shape {
    Missing,
    /// Before states and phases were kept.
    Old,
    Present,
}

const DONE: &str = "applied";
const BEGUN: &str = "running";

/// The ledger's table. Its name is the module's own, so no other module can claim it.
pub(super) fn table(module: &ModuleMigrations<'_>) -> String {
    format!("{}schema_history", module.prefix())
}

impl Ledger {
    pub(super) fn of(module: &ModuleMigrations<'_>, catalogue: &Catalogue) -> Self {
        let name = table(module);
        let schema = module.schema();
        let known = catalogue.tables.iter().find(|table| {
            table.name == name && (table.schema.is_empty() || table.schema == schema)
        });
        let has_states = |table: &Table| table.columns.iter().any(|column| column.name == "state");
        let shape = match known {
            None => Shape::Missing,
            Some(table) if has_states(table) => Shape::Present,
            Some(_) => Shape::Old,
        };
        Self { name, shape }
    }

    /// Makes it what it should be.
    pub(super) async fn prepare(&mut self, admin: &mut dyn Admin) -> Result<(), DbError> {
        let name = &self.name;
        let statements = match self.shape {
            Shape::Present => vec![],
            Shape::Missing => vec![format!(
                "CREATE TABLE IF NOT EXISTS {name} (\
                 version BIGINT NOT NULL PRIMARY KEY, \
                 file TEXT NOT NULL, \
                 checksum TEXT NOT NULL, \
                 sql TEXT NOT NULL, \
                 started TIMESTAMPTZ NOT NULL, \
                 finished TIMESTAMPTZ NOT NULL, \
                 platform TEXT NOT NULL, \
                 state TEXT NOT NULL, \
                 phase TEXT NOT NULL)"
            )],
            Shape::Old => vec![
                format!("ALTER TABLE {name} ADD COLUMN state TEXT NOT NULL DEFAULT '{DONE}'"),
                format!("ALTER TABLE {name} ADD COLUMN phase TEXT NOT NULL DEFAULT 'contract'"),
            ],
        };
        for statement in statements {
            admin.execute(&statement).await?;
        }
        self.shape = Shape::Present;
        Ok(())
    }

    pub(super) async fn read(&self, admin: &mut dyn Admin) -> Result<Vec<Entry>, DbError> {
        const TYPES: &[DbType] = &[
            DbType::I64,
            DbType::Text,
            DbType::Text,
            DbType::Timestamp,
            DbType::Text,
            DbType::Text,
        ];
        let columns = match self.shape {
            Shape::Missing => return Ok(Vec::new()),
            // What no one said of it: a binary that does not know it had better not run.
            Shape::Old => "'applied', 'contract'",
            Shape::Present => "state, phase",
        };
        let sql = format!(
            "SELECT version, file, checksum, finished, {columns} FROM {} ORDER BY version",
            self.name
        );
        let rows = admin.query(&sql, vec![], TYPES).await?;
        rows.into_iter().map(entry).collect()
    }

    /// What was applied as this version.
    pub(super) async fn text(
        &self,
        admin: &mut dyn Admin,
        version: u32,
    ) -> Result<Option<String>, DbError> {
        let sql = format!("SELECT sql FROM {} WHERE version = ?1", self.name);
        let binds = vec![i64::from(version).into_value()];
        let rows = admin.query(&sql, binds, &[DbType::Text]).await?;
        let text = rows.into_iter().flatten().next();
        text.map(|text| read(text, "sql")).transpose()
    }

    /// Writes down a migration that was applied whole.
    pub(super) async fn record(
        &self,
        admin: &mut dyn Admin,
        migration: &Migration,
        phase: Phase,
        times: (Timestamp, Timestamp),
    ) -> Result<(), DbError> {
        self.insert(admin, migration, (phase, DONE), times).await
    }

    /// Writes down that a migration is begun, which no transaction undoes; once more if it was before.
    pub(super) async fn begin(
        &self,
        admin: &mut dyn Admin,
        migration: &Migration,
        phase: Phase,
        started: Timestamp,
    ) -> Result<(), DbError> {
        let sql = format!(
            "DELETE FROM {} WHERE version = ?1 AND state = '{BEGUN}'",
            self.name
        );
        let binds = vec![i64::from(migration.version).into_value()];
        admin.query(&sql, binds, &[]).await?;
        self.insert(admin, migration, (phase, BEGUN), (started, started))
            .await
    }

    /// Writes down that what was begun is done.
    pub(super) async fn end(
        &self,
        admin: &mut dyn Admin,
        migration: &Migration,
        finished: Timestamp,
    ) -> Result<(), DbError> {
        let sql = format!(
            "UPDATE {} SET state = '{DONE}', finished = ?2 WHERE version = ?1",
            self.name
        );
        let binds = vec![
            i64::from(migration.version).into_value(),
            finished.into_value(),
        ];
        admin.query(&sql, binds, &[]).await.map(drop)
    }

    /// Takes a file's text for what was applied.
    pub(super) async fn accept(
        &self,
        admin: &mut dyn Admin,
        migration: &Migration,
        phase: Phase,
    ) -> Result<(), DbError> {
        let sql = format!(
            "UPDATE {} SET file = ?2, checksum = ?3, sql = ?4, phase = ?5 WHERE version = ?1",
            self.name
        );
        let binds = vec![
            i64::from(migration.version).into_value(),
            migration.file_name().into_value(),
            checksum(&migration.sql).into_value(),
            migration.sql.clone().into_value(),
            phase.as_str().into_value(),
        ];
        admin.query(&sql, binds, &[]).await.map(drop)
    }

    async fn insert(
        &self,
        admin: &mut dyn Admin,
        migration: &Migration,
        (phase, state): (Phase, &str),
        (started, finished): (Timestamp, Timestamp),
    ) -> Result<(), DbError> {
        let sql = format!(
            "INSERT INTO {} (version, file, checksum, sql, started, finished, platform, state, phase) \
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
            self.name
        );
        let binds = vec![
            i64::from(migration.version).into_value(),
            migration.file_name().into_value(),
            checksum(&migration.sql).into_value(),
            migration.sql.clone().into_value(),
            started.into_value(),
            finished.into_value(),
            goplt_manifest::PLATFORM_VERSION.to_string().into_value(),
            state.into_value(),
            phase.as_str().into_value(),
        ];
        admin.query(&sql, binds, &[]).await.map(drop)
    }
}

fn entry(row: Vec<Value>) -> Result<Entry, DbError> {
    fn next<T: DbValue>(row: &mut impl Iterator<Item = Value>, column: &str) -> Result<T, DbError> {
        let value = row.next().expect("as many values as types were asked for");
        read(value, column)
    }
    let mut row = row.into_iter();
    let version: i64 = next(&mut row, "version")?;
    Ok(Entry {
        // Only whoever wrote to the ledger by hand finds another number.
        version: u32::try_from(version).unwrap_or(u32::MAX),
        file: next(&mut row, "file")?,
        checksum: next(&mut row, "checksum")?,
        applied: next(&mut row, "finished")?,
        is_done: next::<String>(&mut row, "state")? != BEGUN,
        phase: match next::<String>(&mut row, "phase")?.as_str() {
            "expand" => Phase::Expand,
            _ => Phase::Contract,
        },
        text: None,
    })
}

fn read<T: DbValue>(value: Value, column: &str) -> Result<T, DbError> {
    T::from_value(value).map_err(|source| DbError::Column {
        column: column.into(),
        source,
    })
}

/// SHA-256 of the text with `\n` at the ends of lines, whatever the checkout made of them.
pub(super) fn checksum(sql: &str) -> String {
    let normal = sql.replace("\r\n", "\n");
    let digest = Sha256::digest(normal.as_bytes());
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn line_endings_do_not_change_a_checksum_and_text_does() {
        assert_eq!(checksum("a\r\nb\n"), checksum("a\nb\n"));
        assert_ne!(checksum("a"), checksum("b"));
    }
}
