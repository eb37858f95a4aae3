//! The connection that migrations run on.

use futures_core::future::BoxFuture;
use sqlx::{
    AssertSqlSafe, ConnectOptions, Connection, Executor, Sqlite, SqliteConnection,
    sqlite::SqliteConnectOptions,
};

use super::{catalogue, error, value};
use crate::data::{
    ConstraintKind, DbError, DbType, DbValue, Value,
    catalogue::Catalogue,
    engine::{Admin, transaction},
    row::RawRow,
};

pub(super) struct SqliteAdmin {
    sqlite: SqliteConnection,
}

pub(super) async fn connect(options: SqliteConnectOptions) -> Result<Box<dyn Admin>, DbError> {
    let sqlite = options.connect().await.map_err(error::from_sqlx)?;
    Ok(Box::new(SqliteAdmin { sqlite }))
}

impl Admin for SqliteAdmin {
    fn begin_exclusive(&mut self) -> BoxFuture<'_, Result<(), DbError>> {
        Box::pin(async move {
            let begun = transaction::begin::<Sqlite>(&mut self.sqlite, "BEGIN EXCLUSIVE").await;
            begun.map_err(error::from_sqlx)
        })
    }

    fn execute<'a>(&'a mut self, sql: &'a str) -> BoxFuture<'a, Result<(), DbError>> {
        Box::pin(async move {
            let done = self.sqlite.execute(sqlx::raw_sql(AssertSqlSafe(sql))).await;
            done.map(drop).map_err(error::from_sqlx)
        })
    }

    fn query<'a>(
        &'a mut self,
        sql: &'a str,
        binds: Vec<Value>,
        types: &'static [DbType],
    ) -> BoxFuture<'a, Result<Vec<Vec<Value>>, DbError>> {
        Box::pin(async move {
            let query = sqlx::query_with(AssertSqlSafe(sql), value::arguments(binds)?);
            let rows = self
                .sqlite
                .fetch_all(query)
                .await
                .map_err(error::from_sqlx)?;
            rows.iter().map(|row| read(row, types)).collect()
        })
    }

    fn catalogue(&mut self) -> BoxFuture<'_, Result<Catalogue, DbError>> {
        Box::pin(async move {
            Ok(Catalogue {
                tables: catalogue::tables(self).await?,
                server: None,
            })
        })
    }

    fn check_references(&mut self) -> BoxFuture<'_, Result<(), DbError>> {
        Box::pin(async move {
            let broken = self
                .query("PRAGMA foreign_key_check", vec![], &[DbType::Text])
                .await?;
            match broken.into_iter().flatten().next() {
                None => Ok(()),
                Some(table) => Err(DbError::Constraint {
                    kind: ConstraintKind::ForeignKey,
                    name: String::from_value(table).ok().map(Into::into),
                    source: "a row of this table refers to one that is not there".into(),
                }),
            }
        })
    }

    fn commit(&mut self) -> BoxFuture<'_, Result<(), DbError>> {
        Box::pin(async move {
            transaction::commit::<Sqlite>(&mut self.sqlite)
                .await
                .map_err(error::from_sqlx)
        })
    }

    fn finish(self: Box<Self>) -> BoxFuture<'static, ()> {
        // Closing rolls back; what cannot be closed is the system's to close.
        Box::pin(async move { drop(self.sqlite.close().await) })
    }
}

fn read(row: &dyn RawRow, types: &[DbType]) -> Result<Vec<Value>, DbError> {
    let value = |(column, ty): (usize, &DbType)| {
        row.value(column, *ty).map_err(|source| DbError::Column {
            column: row.name(column).into(),
            source,
        })
    };
    types.iter().enumerate().map(value).collect()
}
