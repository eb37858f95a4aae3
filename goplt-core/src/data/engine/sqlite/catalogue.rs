//! SQLite's catalogue as tables: three questions, however many tables there are.

use std::collections::BTreeMap;

use super::admin::SqliteAdmin;
use crate::data::{
    DbError, DbType, DbValue, Value,
    catalogue::{Column, Reference, Table},
    engine::Admin,
};

const COLUMNS: &str = "SELECT t.name, c.name, c.type, c.\"notnull\" <> 0, c.pk \
     FROM sqlite_schema t JOIN pragma_table_info(t.name) c \
     WHERE t.type = 'table' AND t.name NOT LIKE 'sqlite!_%' ESCAPE '!' ORDER BY t.name, c.cid";

const UNIQUE: &str = "SELECT t.name, i.name, coalesce(c.name, '') \
     FROM sqlite_schema t JOIN pragma_index_list(t.name) i JOIN pragma_index_info(i.name) c \
     WHERE t.type = 'table' AND i.\"unique\" AND i.origin <> 'pk' ORDER BY t.name, i.seq, c.seqno";

const REFERENCES: &str = "SELECT t.name, f.id, f.\"table\", f.\"from\", coalesce(f.\"to\", '') \
     FROM sqlite_schema t JOIN pragma_foreign_key_list(t.name) f \
     WHERE t.type = 'table' ORDER BY t.name, f.id, f.seq";

pub(super) async fn tables(admin: &mut SqliteAdmin) -> Result<Vec<Table>, DbError> {
    const TEXT: DbType = DbType::Text;
    let columns = admin
        .query(
            COLUMNS,
            vec![],
            &[TEXT, TEXT, TEXT, DbType::Bool, DbType::I64],
        )
        .await?;
    let unique = admin.query(UNIQUE, vec![], &[TEXT, TEXT, TEXT]).await?;
    let references = admin
        .query(REFERENCES, vec![], &[TEXT, DbType::I64, TEXT, TEXT, TEXT])
        .await?;
    let mut tables = BTreeMap::new();
    let mut keys: BTreeMap<String, Vec<(i64, String)>> = BTreeMap::new();
    for row in columns {
        let [table, name, ty, not_null, key] = fields(row);
        let (table, name): (String, String) = (read(table)?, read(name)?);
        let key: i64 = read(key)?;
        if key > 0 {
            keys.entry(table.clone())
                .or_default()
                .push((key, name.clone()));
        }
        let (ty, not_null) = (read(ty)?, read(not_null)?);
        named(&mut tables, table)
            .columns
            .push(Column { name, ty, not_null });
    }
    for (table, mut key) in keys {
        key.sort();
        named(&mut tables, table).primary_key = key.into_iter().map(|(_, name)| name).collect();
    }
    for row in unique {
        let [table, index, column] = fields(row);
        let (index, column): (String, String) = (read(index)?, read(column)?);
        let unique = &mut named(&mut tables, read(table)?).unique;
        match unique.last_mut() {
            Some((last, columns)) if *last == index => columns.push(column),
            _ => unique.push((index, vec![column])),
        }
    }
    let mut last = None;
    for row in references {
        let [table, id, other, own, theirs] = fields(row);
        let (table, id): (String, i64) = (read(table)?, read(id)?);
        let is_new = last.replace((table.clone(), id)) != Some((table.clone(), id));
        let references = &mut named(&mut tables, table).references;
        if is_new {
            references.push(Reference {
                table: read(other)?,
                columns: Vec::new(),
            });
        }
        if let Some(reference) = references.last_mut() {
            reference.columns.push((read(own)?, read(theirs)?));
        }
    }
    Ok(tables.into_values().collect())
}

fn named(tables: &mut BTreeMap<String, Table>, name: String) -> &mut Table {
    tables.entry(name.clone()).or_insert_with(|| Table {
        name,
        ..Table::default()
    })
}

fn fields<const N: usize>(row: Vec<Value>) -> [Value; N] {
    row.try_into()
        .expect("as many values as types were asked for")
}

fn read<T: DbValue>(value: Value) -> Result<T, DbError> {
    T::from_value(value).map_err(|source| DbError::Column {
        column: "of the catalogue".into(),
        source,
    })
}
