//! What was applied: a table per module, which goes with it when it gets a database of its own.

use goplt_manifest::Migration;
use sha2::{Digest, Sha256};

use super::ModuleMigrations;
use crate::{
    Timestamp,
    data::{DbError, DbType, DbValue, IntoValue, engine::Admin},
};

/// A migration that was applied.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Entry {
    pub(super) version: u32,
    pub(super) file: String,
    pub(super) checksum: String,
    pub(super) applied: Timestamp,
}

/// The ledger's table. Its name is the module's own, so no other module can claim it.
pub(super) fn table(module: &ModuleMigrations<'_>) -> String {
    format!("{}schema_history", module.prefix())
}

pub(super) async fn create(admin: &mut dyn Admin, table: &str) -> Result<(), DbError> {
    let sql = format!(
        "CREATE TABLE IF NOT EXISTS {table} (\
         version BIGINT NOT NULL PRIMARY KEY, \
         file TEXT NOT NULL, \
         checksum TEXT NOT NULL, \
         sql TEXT NOT NULL, \
         started TIMESTAMPTZ NOT NULL, \
         finished TIMESTAMPTZ NOT NULL, \
         platform TEXT NOT NULL)"
    );
    admin.execute(&sql).await
}

pub(super) async fn read(admin: &mut dyn Admin, table: &str) -> Result<Vec<Entry>, DbError> {
    const TYPES: &[DbType] = &[DbType::I64, DbType::Text, DbType::Text, DbType::Timestamp];
    let sql = format!("SELECT version, file, checksum, finished FROM {table} ORDER BY version");
    let rows = admin.query(&sql, vec![], TYPES).await?;
    rows.into_iter().map(entry).collect()
}

fn entry(row: Vec<crate::data::Value>) -> Result<Entry, DbError> {
    fn next<T: DbValue>(
        row: &mut impl Iterator<Item = crate::data::Value>,
        column: &str,
    ) -> Result<T, DbError> {
        let value = row.next().expect("as many values as types were asked for");
        T::from_value(value).map_err(|source| DbError::Column {
            column: column.into(),
            source,
        })
    }
    let mut row = row.into_iter();
    Ok(Entry {
        version: next(&mut row, "version")?,
        file: next(&mut row, "file")?,
        checksum: next(&mut row, "checksum")?,
        applied: next(&mut row, "finished")?,
    })
}

pub(super) async fn record(
    admin: &mut dyn Admin,
    table: &str,
    migration: &Migration,
    (started, finished): (Timestamp, Timestamp),
) -> Result<(), DbError> {
    let sql = format!(
        "INSERT INTO {table} (version, file, checksum, sql, started, finished, platform) \
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)"
    );
    let binds = vec![
        migration.version.into_value(),
        migration.file_name().into_value(),
        checksum(&migration.sql).into_value(),
        migration.sql.clone().into_value(),
        started.into_value(),
        finished.into_value(),
        goplt_manifest::PLATFORM_VERSION.to_string().into_value(),
    ];
    admin.query(&sql, binds, &[]).await.map(drop)
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
