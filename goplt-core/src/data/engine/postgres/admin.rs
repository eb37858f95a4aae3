//! The connection that looks at the schema and changes it.

use std::time::Duration;

use futures_core::future::BoxFuture;
use sqlx::{
    AssertSqlSafe, ConnectOptions, Connection, Executor, PgConnection, postgres::PgConnectOptions,
};
use tokio::time::timeout;

use super::{catalogue, error, options, value};
use crate::{
    Random,
    data::{
        DbError, DbType, DbValue, IntoValue, Value,
        catalogue::{Catalogue, Roles},
        engine::Admin,
        row::RawRow,
    },
};

/// Whoever migrates holds it: `goplt_mi` in ASCII. Advisory locks are a database's own.
const LOCK: i64 = 0x676f_706c_745f_6d69;

/// How long opening a connection may take.
const CONNECT: Duration = Duration::from_secs(10);

/// What a transaction of ours waits for a lock: meanwhile every request to the table waits behind it.
const LOCK_TIMEOUT: &str = "10s";

/// What one statement of a migration may take.
const STATEMENT_TIMEOUT: &str = "30min";

/// The same without a transaction, when nobody waits behind it.
const PATIENT_STATEMENT_TIMEOUT: &str = "6h";

pub(super) struct PgAdmin {
    pg: PgConnection,
    options: PgConnectOptions,
    roles: Roles,
}

/// With the rights of the owner; migrations see all rows.
pub(super) async fn connect(
    options: &PgConnectOptions,
    roles: Roles,
) -> Result<Box<dyn Admin>, DbError> {
    let mut admin = open(options, roles).await?;
    let settings = format!(
        "SET goplt.migrating = 'on'; SET lock_timeout = '{LOCK_TIMEOUT}'; \
         SET statement_timeout = '{STATEMENT_TIMEOUT}'; SET idle_in_transaction_session_timeout = 0; \
         SET client_min_messages = warning"
    );
    admin.execute(&settings).await?;
    Ok(Box::new(admin))
}

/// With the rights of a request.
pub(super) async fn inspect(
    options: &PgConnectOptions,
    roles: Roles,
) -> Result<Box<dyn Admin>, DbError> {
    Ok(Box::new(open(options, roles).await?))
}

/// As whoever the options name; `None` if there is no such database.
pub(super) async fn open_if_there(
    options: &PgConnectOptions,
) -> Result<Option<Box<dyn Admin>>, DbError> {
    let pg = match reach(options).await? {
        Ok(pg) => pg,
        Err(error) if is_no_database(&error) => return Ok(None),
        Err(error) => return Err(error::from_connecting(error, &options::place(options))),
    };
    Ok(Some(Box::new(PgAdmin {
        pg,
        options: options.clone(),
        roles: Roles::default(),
    })))
}

fn is_no_database(error: &sqlx::Error) -> bool {
    let code = error.as_database_error().and_then(|error| error.code());
    code.is_some_and(|code| code == "3D000")
}

async fn open(options: &PgConnectOptions, roles: Roles) -> Result<PgAdmin, DbError> {
    Ok(PgAdmin {
        pg: session(options).await?,
        options: options.clone(),
        roles,
    })
}

async fn session(options: &PgConnectOptions) -> Result<PgConnection, DbError> {
    let connected = reach(options).await?;
    connected.map_err(|error| error::from_connecting(error, &options::place(options)))
}

/// What the driver says, if anybody answers at all.
async fn reach(options: &PgConnectOptions) -> Result<Result<PgConnection, sqlx::Error>, DbError> {
    let connected = timeout(CONNECT, options.connect()).await;
    connected.map_err(|_| DbError::Open {
        place: options::place(options),
        reason: "the server does not answer; start it, or correct the URL".into(),
        source: format!("nothing came within {CONNECT:?}").into(),
    })
}

impl Admin for PgAdmin {
    fn try_lock(&mut self) -> BoxFuture<'_, Result<bool, DbError>> {
        Box::pin(async move {
            let binds = vec![LOCK.into_value()];
            let sql = "SELECT pg_try_advisory_lock(?1)";
            one(self.query(sql, binds, &[DbType::Bool]).await?)
        })
    }

    fn lock_holder(&mut self) -> BoxFuture<'_, Result<String, DbError>> {
        const HOLDER: &str = "SELECT 'process ' || l.pid || coalesce(' of ' || a.usename, '') || \
             coalesce(' at ' || host(a.client_addr), '') || \
             coalesce(', connected since ' || date_trunc('second', a.backend_start), '') || \
             coalesce(', at `' || left(regexp_replace(a.query, '\\s+', ' ', 'g'), 60) || '`', '') \
             FROM pg_locks l LEFT JOIN pg_stat_activity a USING (pid) \
             WHERE l.locktype = 'advisory' AND l.granted AND l.objsubid = 1 \
             AND l.classid::bigint = ?1 >> 32 AND l.objid::bigint = ?1 & 4294967295 \
             AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())";
        Box::pin(async move {
            let binds = vec![LOCK.into_value()];
            let found = self.query(HOLDER, binds, &[DbType::Text]).await?;
            let named = found.into_iter().flatten().next().map(String::from_value);
            Ok(named
                .and_then(Result::ok)
                .unwrap_or_else(|| "one that has just ended".to_owned()))
        })
    }

    /// Sets something for the session, and looks for it from another session: a pooler of transactions gives both the
    /// same one, or this one another while that one is busy.
    fn is_pooled(&mut self) -> BoxFuture<'_, Result<bool, DbError>> {
        const READ: &str = "SELECT coalesce(current_setting('goplt.session', true), '')";
        Box::pin(async move {
            let mark = format!("{:032x}", u128::from_be_bytes(Random::system().bytes()));
            let set = format!("SET goplt.session = '{mark}'");
            self.execute(&set).await?;
            let mut other = open(&self.options, self.roles.clone()).await?;
            other.execute("BEGIN").await?;
            let seen: String = one(other.query(READ, vec![], &[DbType::Text]).await?)?;
            let is_pooled = if seen == mark {
                true
            } else {
                let kept: String = one(self.query(READ, vec![], &[DbType::Text]).await?)?;
                kept != mark
            };
            Box::new(other).finish().await;
            Ok(is_pooled)
        })
    }

    fn begin_exclusive(&mut self) -> BoxFuture<'_, Result<(), DbError>> {
        Box::pin(async move {
            let begin = format!(
                "BEGIN; SET LOCAL lock_timeout = '{LOCK_TIMEOUT}'; \
                 SET LOCAL statement_timeout = '{STATEMENT_TIMEOUT}'"
            );
            self.execute(&begin).await
        })
    }

    fn enter<'a>(&'a mut self, schema: &'a str) -> BoxFuture<'a, Result<(), DbError>> {
        Box::pin(async move {
            let schema = crate::data::guard::quote(schema);
            // Temporary tables come last: none can stand in for a table of the schema.
            let sql = format!("SET search_path = {schema}, pg_temp");
            self.execute(&sql).await
        })
    }

    fn be_patient(&mut self) -> BoxFuture<'_, Result<(), DbError>> {
        Box::pin(async move {
            let sql = format!(
                "SET lock_timeout = 0; SET statement_timeout = '{PATIENT_STATEMENT_TIMEOUT}'"
            );
            self.execute(&sql).await
        })
    }

    fn execute<'a>(&'a mut self, sql: &'a str) -> BoxFuture<'a, Result<(), DbError>> {
        Box::pin(async move {
            let done = self.pg.execute(sqlx::raw_sql(AssertSqlSafe(sql))).await;
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
            // Our own statements, in which a question mark is always a place for a value.
            let sql = sql.replace('?', "$");
            // Not kept prepared: tables change beneath this connection.
            let query = sqlx::query_with(AssertSqlSafe(sql), value::arguments(binds)?);
            let rows = self.pg.fetch_all(query.persistent(false)).await;
            let rows = rows.map_err(error::from_sqlx)?;
            rows.iter().map(|row| read(row, types)).collect()
        })
    }

    fn catalogue(&mut self) -> BoxFuture<'_, Result<Catalogue, DbError>> {
        Box::pin(async move {
            let roles = self.roles.clone();
            catalogue::read(self, roles).await
        })
    }

    fn check_references(&mut self) -> BoxFuture<'_, Result<(), DbError>> {
        Box::pin(self.execute("SET CONSTRAINTS ALL IMMEDIATE"))
    }

    fn commit(&mut self) -> BoxFuture<'_, Result<(), DbError>> {
        Box::pin(self.execute("COMMIT"))
    }

    fn finish(self: Box<Self>) -> BoxFuture<'static, ()> {
        // The end of the session rolls back, and gives the lock free; what cannot be closed is the server's to notice.
        Box::pin(async move { drop(self.pg.close().await) })
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

fn one<T: DbValue>(rows: Vec<Vec<Value>>) -> Result<T, DbError> {
    let value = rows.into_iter().flatten().next().ok_or(DbError::NoRow)?;
    T::from_value(value).map_err(|source| DbError::Column {
        column: "of our own statement".into(),
        source,
    })
}
