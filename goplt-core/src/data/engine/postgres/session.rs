//! Statements within a transaction.

use std::{borrow::Cow, future::poll_fn, pin::Pin};

use futures_core::{Stream, future::BoxFuture};
use sqlx::{
    AssertSqlSafe, Either, Executor, PgConnection, SqlSafeStr, SqlStr, postgres::PgArguments,
    query::Query,
};
use tokio::time::timeout;

use super::{
    error,
    pool::{Lease, State, silent},
    value,
};
use crate::data::{
    DbError,
    engine::{RowSink, Session, Wanted},
    sql::{Bound, Text},
};

/// A transaction on one connection.
pub(super) struct PgSession {
    lease: Lease,
    /// The server refuses all but the end, and would take COMMIT for ROLLBACK without a word.
    failed: bool,
}

type PgQuery = Query<'static, sqlx::Postgres, PgArguments>;

impl PgSession {
    pub(super) const fn new(lease: Lease) -> Self {
        Self {
            lease,
            failed: false,
        }
    }
}

impl Session for PgSession {
    fn run<'a>(
        &'a mut self,
        bound: Bound,
        _: Wanted,
        rows: RowSink<'a>,
    ) -> BoxFuture<'a, Result<u64, DbError>> {
        Box::pin(async move {
            let writes = bound.statement().writes;
            let sql = text(&bound.statement);
            let query = sqlx::query_with(sql, value::arguments(bound.values)?);
            // Until it is known to have ended well.
            self.failed = true;
            let longest = self.lease.longest();
            let done = timeout(longest, read(self.lease.pg(), query, rows)).await;
            let (changed, unread) = match done {
                Ok(Ok(done)) => done,
                Err(_) => {
                    self.lease.set(State::Broken);
                    return Err(silent(longest));
                }
                Ok(Err(error)) => {
                    if !error::is_survived(&error) {
                        self.lease.set(State::Broken);
                    }
                    return Err(error::from_sqlx(error));
                }
            };
            self.failed = false;
            // A SELECT counts its rows too.
            unread.map(|()| if writes { changed } else { 0 })
        })
    }

    fn commit(self: Box<Self>) -> BoxFuture<'static, Result<(), DbError>> {
        Box::pin(async move {
            if self.failed {
                return Err(DbError::Aborted);
            }
            self.lease.commit().await
        })
    }
}

/// All rows come over the wire, also those that nobody wants: a statement for one row says so by
/// its LIMIT, and the server then makes no more.
async fn read(
    pg: &mut PgConnection,
    query: PgQuery,
    rows: RowSink<'_>,
) -> Result<(u64, Result<(), DbError>), sqlx::Error> {
    let mut steps = pg.fetch_many(query);
    let mut changed = 0;
    let mut unread = Ok(());
    while let Some(step) = next(&mut steps).await {
        match step? {
            Either::Left(done) => changed += done.rows_affected(),
            // The statement goes on to its end: what it writes must not depend on what is read.
            Either::Right(row) if unread.is_ok() => unread = rows(&row),
            Either::Right(_) => {}
        }
    }
    Ok((changed, unread))
}

fn text(text: &Text) -> SqlStr {
    match text {
        Text::Static(statement) => match &statement.postgres {
            Cow::Borrowed(sql) => (*sql).into_sql_str(),
            Cow::Owned(sql) => AssertSqlSafe(sql.as_str()).into_sql_str(),
        },
        Text::Shared(statement) => AssertSqlSafe(&*statement.postgres).into_sql_str(),
    }
}

async fn next<S: Stream + ?Sized>(stream: &mut Pin<Box<S>>) -> Option<S::Item> {
    poll_fn(|cx| stream.as_mut().poll_next(cx)).await
}
