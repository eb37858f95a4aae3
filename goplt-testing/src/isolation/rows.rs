//! A tenant's rows, read past the module's SQL and past every lock.

use std::collections::BTreeMap;

use goplt_core::BoxError;
use sqlx::{
    AssertSqlSafe, Connection as _, SqliteConnection,
    sqlite::{SqliteConnectOptions, SqliteRow},
};

use crate::host::TestDatabase;

/// The rows of each table that has a column `tenant_id`, as text.
pub(super) type Rows = BTreeMap<String, Vec<String>>;

/// What is compared of a table: all of it, of the kernel's tables what tells of something new.
/// Deliveries come and go by themselves.
fn of_interest(table: &str) -> Option<&'static str> {
    let name = table.rsplit('.').next().unwrap_or(table);
    match name.trim_matches('"') {
        "goplt_outbox" | "goplt_job" => Some("id"),
        name if name.starts_with("goplt_") => None,
        _ => Some("*"),
    }
}

/// The rows of `tenant`, an id and so without quotes.
pub(super) async fn of(database: &TestDatabase, tenant: &str) -> Result<Rows, BoxError> {
    read(database, &format!("= '{tenant}'"), of_interest).await
}

/// The rows of all others, whole, those of the kernel too: jobs with what they are about.
pub(super) async fn beside(database: &TestDatabase, tenant: &str) -> Result<Rows, BoxError> {
    read(database, &format!("<> '{tenant}'"), |_| Some("*")).await
}

/// What is read of a table, if anything is.
type Columns = fn(&str) -> Option<&'static str>;

async fn read(database: &TestDatabase, whose: &str, columns: Columns) -> Result<Rows, BoxError> {
    match database {
        TestDatabase::Sqlite(path) => sqlite(path, whose, columns).await,
        #[cfg(feature = "postgres")]
        TestDatabase::Postgres(database) => Ok(postgres(database, whose, columns)?),
    }
}

/// Whether a row says a text, in a column of texts or of bytes: those are shown as digits.
pub(super) fn says(row: &str, text: &str) -> bool {
    if row.contains(text) {
        return true;
    }
    let digits: String = text.bytes().map(|byte| format!("{byte:02X}")).collect();
    row.to_ascii_uppercase().contains(&digits)
}

async fn sqlite(path: &std::path::Path, whose: &str, interest: Columns) -> Result<Rows, BoxError> {
    let options = SqliteConnectOptions::new().filename(path).read_only(true);
    let mut connection = SqliteConnection::connect_with(&options).await?;
    let tables = "SELECT m.name FROM sqlite_master m WHERE m.type = 'table' AND EXISTS \
                  (SELECT 1 FROM pragma_table_info(m.name) c WHERE c.name = 'tenant_id')";
    let mut rows = Rows::new();
    for table in texts(&mut connection, tables).await? {
        let Some(columns) = interest(&table) else {
            continue;
        };
        let columns = if columns == "*" {
            let names = format!("SELECT name FROM pragma_table_info('{table}')");
            let names = texts(&mut connection, &names).await?;
            let quoted = names.iter().map(|name| format!("quote(\"{name}\")"));
            quoted.collect::<Vec<_>>().join(" || ',' || ")
        } else {
            format!("quote({columns})")
        };
        let sql = format!("SELECT {columns} FROM {table} WHERE tenant_id {whose} ORDER BY 1");
        let found = texts(&mut connection, &sql).await?;
        rows.insert(table, found);
    }
    connection.close().await?;
    Ok(rows)
}

async fn texts(connection: &mut SqliteConnection, sql: &str) -> Result<Vec<String>, sqlx::Error> {
    let first = |row: SqliteRow| sqlx::Row::try_get(&row, 0);
    // Names of tables and columns, and a tenant id.
    sqlx::query(AssertSqlSafe(sql.to_owned()))
        .try_map(first)
        .fetch_all(connection)
        .await
}

#[cfg(feature = "postgres")]
fn postgres(
    database: &crate::backend::postgres::Database,
    whose: &str,
    interest: Columns,
) -> Result<Rows, crate::backend::postgres::SqlError> {
    let tables = database.execute(
        "SELECT format('%I.%I', c.table_schema, c.table_name) FROM information_schema.columns c \
         JOIN information_schema.tables t USING (table_schema, table_name) \
         WHERE c.column_name = 'tenant_id' AND t.table_type = 'BASE TABLE' \
         AND c.table_schema NOT IN ('pg_catalog', 'information_schema')",
    )?;
    let mut rows = Rows::new();
    for table in tables.into_iter().flatten().flatten() {
        let Some(columns) = interest(&table) else {
            continue;
        };
        let columns = if columns == "*" { "t" } else { columns };
        let sql =
            format!("SELECT ({columns})::text FROM {table} t WHERE tenant_id {whose} ORDER BY 1");
        let found = database.execute(&sql)?;
        rows.insert(table, found.into_iter().flatten().flatten().collect());
    }
    Ok(rows)
}

/// What differs, as sentences.
pub(super) fn changes(before: &Rows, after: &Rows) -> Vec<String> {
    let mut changes = Vec::new();
    let none = Vec::new();
    for (table, now) in after {
        let then = before.get(table).unwrap_or(&none);
        let gone = then.iter().filter(|row| !now.contains(row));
        let new = now.iter().filter(|row| !then.contains(row));
        let gone = gone.map(|row| format!("{table} lost the row {row}"));
        let new = new.map(|row| format!("{table} got the row {row}"));
        changes.extend(gone.chain(new));
    }
    changes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_found_among_bytes() {
        assert!(says("'text-globex-1'", "globex-1"));
        assert!(says("X'00676C6F62657801'", "globex"));
        assert!(says(r"(acme,\\x676c6f62657801)", "globex"));
        assert!(!says("X'00676C6F62657801'", "acme"));
    }
}
