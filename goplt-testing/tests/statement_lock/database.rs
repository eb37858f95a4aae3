use std::{
    fmt::Write as _,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use goplt_sql::{Statement, Tables, verify_host};
use goplt_testing::backend::postgres::{Database as TestDatabase, Server};
use sqlx::{
    AssertSqlSafe, Column as _, Connection as _, Executor as _, PgConnection, Postgres as Driver,
    Row as _, TypeInfo as _, ValueRef as _,
    postgres::{PgArguments, PgRow, PgValueFormat},
    query::Query,
};

use crate::{
    differential::{Answer, Database, state_sql},
    grammar::{self, Case, DDL, Rng, TABLES, TENANTS, Value},
    plan,
};

/// A database of the test's own, with a schema for each [`Postgres`].
#[derive(Clone)]
pub(crate) struct Place {
    database: Arc<TestDatabase>,
    schemas: Arc<AtomicUsize>,
    row_security: bool,
    /// Whether a backslash in a plain string is an escape.
    old_strings: bool,
}

pub(crate) struct Postgres {
    connection: PgConnection,
    /// The role that owns nothing and may only read and write rows.
    role: String,
    /// Whether the database filters too: then the setting says whose rows there are.
    row_security: bool,
}

impl Place {
    pub(crate) fn new(server: &Server) -> Self {
        let database = server.database();
        let role = role(&database);
        database
            .execute(&format!("CREATE ROLE {role} NOLOGIN"))
            .unwrap();
        Self {
            database: Arc::new(database),
            schemas: Arc::default(),
            row_security: false,
            old_strings: false,
        }
    }

    pub(crate) fn with_old_strings(mut self) -> Self {
        self.old_strings = true;
        self
    }

    pub(crate) fn with_row_security(mut self) -> Self {
        self.row_security = true;
        self
    }
}

fn role(database: &TestDatabase) -> String {
    format!("{}_app", database.name())
}

impl Database for Postgres {
    type Place = Place;

    const REPLAY: &'static str =
        "cargo test -p goplt-testing --features postgres --test statement_lock rewritten";

    async fn open(place: &Place, tenant: Option<&str>) -> Self {
        let number = place.schemas.fetch_add(1, Ordering::Relaxed);
        let role = role(&place.database);
        let mut connection = PgConnection::connect(&place.database.url()).await.unwrap();
        let mut setup = format!(
            "CREATE SCHEMA s{number}; SET search_path = s{number}; SET jit = off; \
             GRANT USAGE ON SCHEMA s{number} TO {role};"
        );
        if place.old_strings {
            setup.push_str(
                "SET standard_conforming_strings = off; SET escape_string_warning = off;",
            );
        }
        let default = tenant.map_or_else(String::new, |tenant| format!("DEFAULT '{tenant}'"));
        for ddl in DDL {
            let _ = write!(setup, "{};", ddl.replace("{default}", &default));
        }
        let row_security = place.row_security && tenant.is_none();
        for table in TABLES {
            let name = table.name;
            let _ = write!(
                setup,
                "GRANT SELECT, INSERT, UPDATE, DELETE ON {name} TO {role};"
            );
            if row_security {
                let _ = write!(
                    setup,
                    "ALTER TABLE {name} ENABLE ROW LEVEL SECURITY; \
                     ALTER TABLE {name} FORCE ROW LEVEL SECURITY; \
                     CREATE POLICY tenant ON {name} \
                     USING (tenant_id = (SELECT nullif(current_setting('test.tenant', true), ''))) \
                     WITH CHECK (tenant_id = (SELECT nullif(current_setting('test.tenant', true), '')));"
                );
            }
        }
        let _ = write!(setup, "SET ROLE {role}");
        connection.execute(AssertSqlSafe(setup)).await.unwrap();
        Self {
            connection,
            role,
            row_security,
        }
    }

    async fn fill(&mut self, seed: u64, only: Option<&str>) {
        let names: Vec<_> = TABLES.iter().map(|table| table.name).collect();
        let mut sql = format!("RESET ROLE; TRUNCATE {};", names.join(", "));
        let mut rng = Rng::new(seed);
        for table in TABLES {
            for tenant in TENANTS {
                let rows = grammar::rows(&mut rng, table, tenant);
                if only.is_none_or(|only| only == tenant) {
                    insert(&mut sql, table, tenant, &rows);
                }
            }
        }
        let _ = write!(sql, "SET ROLE {}", self.role);
        self.plain(sql).await;
    }

    async fn enter(&mut self, tenant: &str) {
        if self.row_security {
            self.plain(format!("SET test.tenant = '{tenant}'")).await;
        }
    }

    async fn run(&mut self, sql: &str, binds: &[Value]) -> Result<Answer, String> {
        let mut query = sqlx::query(AssertSqlSafe(sql)).persistent(false);
        for value in binds {
            query = bind(query, value);
        }
        let rows = query
            .fetch_all(&mut self.connection)
            .await
            .map_err(|error| told(&error))?;
        let columns = rows.first().map_or_else(Vec::new, |row| {
            row.columns().iter().map(|c| c.name().to_owned()).collect()
        });
        let mut rows: Vec<_> = rows.iter().map(values).collect();
        rows.sort_by(|a, b| a.partial_cmp(b).expect("no NaN"));
        Ok(Answer { columns, rows })
    }

    async fn reads_without_tenant(&mut self, sql: &str, binds: &[Value]) -> Vec<String> {
        // The tables are small: without this a look at all rows would be the best plan.
        self.plain("BEGIN; SET LOCAL enable_seqscan = off".to_owned())
            .await;
        let explain = format!("EXPLAIN (FORMAT JSON) {sql}");
        let mut query = sqlx::query(AssertSqlSafe(explain)).persistent(false);
        for value in binds {
            query = bind(query, value);
        }
        let row = query.fetch_one(&mut self.connection).await.unwrap();
        self.rollback().await;
        let raw = row.try_get_raw(0).unwrap();
        let plan = serde_json::from_slice(raw.as_bytes().unwrap()).unwrap();
        let tables: Vec<_> = TABLES.iter().map(|table| table.name).collect();
        plan::reads_without_tenant(&plan, &tables)
    }

    /// Under row-level security there is no look at all rows: those of each tenant, one after the other.
    async fn state(&mut self) -> Vec<Vec<Value>> {
        let sql = state_sql();
        if !self.row_security {
            return self.run(&sql, &[]).await.unwrap().rows;
        }
        let mut rows = Vec::new();
        for tenant in TENANTS {
            self.enter(tenant).await;
            rows.extend(self.run(&sql, &[]).await.unwrap().rows);
        }
        rows
    }

    async fn begin(&mut self) {
        self.plain("BEGIN".to_owned()).await;
    }

    async fn rollback(&mut self) {
        self.plain("ROLLBACK".to_owned()).await;
    }

    fn text(statement: &Statement) -> &str {
        &statement.postgres
    }

    /// The author's own text, but for the placeholders.
    fn original(case: &Case, tables: &Tables) -> String {
        if !case.is_plain_for(grammar::POSTGRES) {
            return verify_host(&case.sql, tables)
                .expect("what can be rewritten can be verified")
                .postgres;
        }
        let mut parts = case.sql.split('?');
        let mut sql = parts.next().unwrap_or_default().to_owned();
        for (at, part) in parts.enumerate() {
            let _ = write!(sql, "${}{part}", at + 1);
        }
        sql
    }

    fn is_of_the_data(error: &str) -> bool {
        error == CONSTRAINT
    }
}

/// The class of the errors that break a rule of the schema.
const CONSTRAINT: &str = "23";

impl Postgres {
    async fn plain(&mut self, sql: String) {
        self.connection.execute(AssertSqlSafe(sql)).await.unwrap();
    }
}

/// Only literals: one round trip for all rows.
fn insert(sql: &mut String, table: &grammar::Table, tenant: &str, rows: &[grammar::Row]) {
    let names: Vec<_> = table.columns.iter().map(|(name, _)| *name).collect();
    let _ = write!(
        sql,
        "INSERT INTO {} (tenant_id, {}) VALUES ",
        table.name,
        names.join(", ")
    );
    for (at, row) in rows.iter().enumerate() {
        let comma = if at == 0 { "" } else { ", " };
        let values: Vec<_> = row.iter().map(literal).collect();
        let _ = write!(sql, "{comma}('{tenant}', {})", values.join(", "));
    }
    sql.push(';');
}

fn literal(value: &Value) -> String {
    match value {
        Value::Null => "NULL".to_owned(),
        Value::Int(number) => number.to_string(),
        Value::Real(number) => number.to_string(),
        Value::Text(text) => format!("'{}'", text.replace('\'', "''")),
    }
}

fn bind<'q>(
    query: Query<'q, Driver, PgArguments>,
    value: &Value,
) -> Query<'q, Driver, PgArguments> {
    match value {
        Value::Null => query.bind(None::<i64>),
        Value::Int(number) => query.bind(*number),
        Value::Real(number) => query.bind(*number),
        Value::Text(text) => query.bind(text.clone()),
    }
}

/// For what is not of the data, the code and the message. Which of several faults of the data is found first is a matter of
/// the plan.
fn told(error: &sqlx::Error) -> String {
    let code = error
        .as_database_error()
        .and_then(|error| error.code())
        .unwrap_or_default()
        .into_owned();
    if code.starts_with(CONSTRAINT) {
        return CONSTRAINT.to_owned();
    }
    format!("{code} {error}")
}

/// Two answers of one database are alike if their bytes are: no need to understand each type.
fn values(row: &PgRow) -> Vec<Value> {
    (0..row.len())
        .map(|at| {
            let raw = row.try_get_raw(at).unwrap();
            let kind = raw.type_info().name().to_owned();
            match kind.as_str() {
                _ if raw.is_null() => Value::Null,
                "INT8" => Value::Int(row.get(at)),
                "FLOAT8" => Value::Real(row.get(at)),
                "TEXT" => Value::Text(row.get(at)),
                _ => {
                    assert!(raw.format() == PgValueFormat::Binary);
                    Value::Text(format!("{kind} {:02x?}", raw.as_bytes().unwrap()))
                }
            }
        })
        .collect()
}
