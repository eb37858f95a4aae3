//! Statements on a connection of the harness's own.

use std::{sync::OnceLock, time::Duration};

use sqlx::{AssertSqlSafe, Connection as _, PgConnection, Row as _, ValueRef as _};
use tokio::runtime::{Builder, Runtime};

use super::SqlError;

/// One row, each column as PostgreSQL writes it; `None` is NULL.
pub type Row = Vec<Option<String>>;

/// How long a connection may take to open: an engine that forwards ports accepts before the server
/// does.
const CONNECT: Duration = Duration::from_secs(20);

/// Runs `future` to its end, inside a runtime or outside of one.
pub(super) fn wait<T: Send>(future: impl Future<Output = T> + Send) -> T {
    // A runtime may not be entered twice by one thread, and a test's may stand still.
    std::thread::scope(|scope| {
        let thread = scope.spawn(|| runtime().block_on(future));
        thread
            .join()
            .unwrap_or_else(|panic| std::panic::resume_unwind(panic))
    })
}

fn runtime() -> &'static Runtime {
    static RUNTIME: OnceLock<Runtime> = OnceLock::new();
    RUNTIME.get_or_init(|| {
        Builder::new_multi_thread()
            .worker_threads(1)
            .thread_name("goplt-testing")
            .enable_all()
            .build()
            .unwrap_or_else(|error| panic!("the harness has no runtime: {error}"))
    })
}

pub(super) async fn open(url: &str) -> Result<PgConnection, SqlError> {
    match tokio::time::timeout(CONNECT, PgConnection::connect(url)).await {
        Ok(Ok(connection)) => Ok(connection),
        Ok(Err(error)) => Err(SqlError::new(&error)),
        Err(_) => Err(SqlError::timeout()),
    }
}

/// Runs statements and gives the rows of all of them.
pub(super) async fn run(connection: &mut PgConnection, sql: &str) -> Result<Vec<Row>, SqlError> {
    // The harness's own statements, and those that a test writes down.
    let rows = sqlx::raw_sql(AssertSqlSafe(sql.to_owned()))
        .fetch_all(connection)
        .await
        .map_err(|error| SqlError::new(&error))?;
    rows.iter().map(text).collect()
}

fn text(row: &sqlx::postgres::PgRow) -> Result<Row, SqlError> {
    let column = |index| {
        let value = row.try_get_raw(index)?;
        if value.is_null() {
            return Ok(None);
        }
        // The simple protocol answers in text.
        let text = value.as_str().map_err(sqlx::Error::Decode)?;
        Ok(Some(text.to_owned()))
    };
    (0..row.len())
        .map(column)
        .collect::<Result<_, _>>()
        .map_err(|error: sqlx::Error| SqlError::new(&error))
}

/// Runs statements on a connection opened for them.
pub(super) fn once(url: &str, sql: &str) -> Result<Vec<Row>, SqlError> {
    wait(async {
        let mut connection = open(url).await?;
        let rows = run(&mut connection, sql).await;
        // What was asked for is done; a goodbye that fails changes nothing.
        let _ = connection.close().await;
        rows
    })
}

/// `name` as an identifier in SQL.
pub(super) fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}
