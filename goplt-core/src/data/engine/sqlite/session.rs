//! Statements within a transaction.

use std::{borrow::Cow, future::poll_fn, pin::Pin};

use futures_core::{Stream, future::BoxFuture};
use sqlx::{
    AssertSqlSafe, Either, Executor, SqlSafeStr, SqlStr, SqliteConnection, query::Query,
    sqlite::SqliteArguments,
};

use super::{
    error,
    pool::{Lease, State},
    value,
};
use crate::data::{
    DbError,
    engine::{RowSink, Session, Wanted},
    sql::{Bound, Text},
};

/// A transaction on one connection.
pub(super) struct SqliteSession {
    lease: Lease,
}

type SqliteQuery = Query<'static, sqlx::Sqlite, SqliteArguments>;

impl SqliteSession {
    pub(super) const fn new(lease: Lease) -> Self {
        Self { lease }
    }
}

impl Session for SqliteSession {
    fn run<'a>(
        &'a mut self,
        bound: Bound,
        wanted: Wanted,
        rows: RowSink<'a>,
    ) -> BoxFuture<'a, Result<u64, DbError>> {
        Box::pin(async move {
            // A statement that writes runs to its end, whatever is read of what it returns.
            let first = wanted == Wanted::First && !bound.statement().writes;
            let sql = text(&bound.statement);
            let query = sqlx::query_with(sql, value::arguments(bound.values)?);
            self.lease.set(State::Running);
            let done = if first {
                read_first(self.lease.sqlite(), query, rows).await
            } else {
                read_all(self.lease.sqlite(), query, rows).await
            };
            self.lease.set(State::Idle);
            done
        })
    }

    fn commit(self: Box<Self>) -> BoxFuture<'static, Result<(), DbError>> {
        Box::pin(self.lease.commit())
    }
}

async fn read_first(
    sqlite: &mut SqliteConnection,
    query: SqliteQuery,
    rows: RowSink<'_>,
) -> Result<u64, DbError> {
    if let Some(row) = sqlite
        .fetch_optional(query)
        .await
        .map_err(error::from_sqlx)?
    {
        rows(&row)?;
    }
    Ok(0)
}

async fn read_all(
    sqlite: &mut SqliteConnection,
    query: SqliteQuery,
    rows: RowSink<'_>,
) -> Result<u64, DbError> {
    let mut steps = sqlite.fetch_many(query);
    let mut changed = 0;
    let mut unread = Ok(());
    while let Some(step) = next(&mut steps).await {
        match step.map_err(error::from_sqlx)? {
            Either::Left(done) => changed += done.rows_affected(),
            // The statement goes on to its end: what it writes must not depend on what is read.
            Either::Right(row) if unread.is_ok() => unread = rows(&row),
            Either::Right(_) => {}
        }
    }
    unread.map(|()| changed)
}

fn text(text: &Text) -> SqlStr {
    match text {
        Text::Static(statement) => match &statement.sqlite {
            Cow::Borrowed(sql) => (*sql).into_sql_str(),
            Cow::Owned(sql) => AssertSqlSafe(sql.as_str()).into_sql_str(),
        },
        Text::Shared(statement) => AssertSqlSafe(&*statement.sqlite).into_sql_str(),
    }
}

pub(super) async fn next<S: Stream + ?Sized>(stream: &mut Pin<Box<S>>) -> Option<S::Item> {
    poll_fn(|cx| stream.as_mut().poll_next(cx)).await
}
