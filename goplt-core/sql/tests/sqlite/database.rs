//! SQLite databases for the differential test: one that all tenants share, and one for each alone.

use sqlx::{
    AssertSqlSafe, Column as _, Connection, Row as _, SqliteConnection, TypeInfo as _,
    ValueRef as _,
    sqlite::{SqliteArguments, SqliteRow},
};

use goplt_sql::{Statement, Tables, verify_host};

use crate::{
    differential::{Answer, Database, state_sql},
    grammar::{self, Case, DDL, Rng, TABLES, TENANTS, Value},
    plan,
};

pub(crate) struct Sqlite(SqliteConnection);

impl Database for Sqlite {
    type Place = ();

    const REPLAY: &'static str = "cargo test -p goplt-sql --test sqlite prove";

    /// In memory.
    async fn open((): &(), tenant: Option<&str>) -> Self {
        let mut connection = SqliteConnection::connect("sqlite::memory:")
            .await
            .expect("memory is there");
        let default = tenant.map_or_else(String::new, |tenant| format!("DEFAULT '{tenant}'"));
        for ddl in DDL {
            let ddl = ddl.replace("{default}", &default);
            sqlx::query(AssertSqlSafe(ddl))
                .execute(&mut connection)
                .await
                .expect("the schema is right");
        }
        Self(connection)
    }

    async fn fill(&mut self, seed: u64, only: Option<&str>) {
        self.plain("BEGIN").await;
        let mut rng = Rng::new(seed);
        for table in TABLES {
            self.plain(&format!("DELETE FROM {}", table.name)).await;
            for tenant in TENANTS {
                let rows = grammar::rows(&mut rng, table, tenant);
                if only.is_none_or(|only| only == tenant) {
                    self.store(table, tenant, &rows).await;
                }
            }
        }
        self.plain("COMMIT").await;
    }

    /// SQLite filters nothing.
    async fn enter(&mut self, _: &str) {}

    async fn run(&mut self, sql: &str, binds: &[Value]) -> Result<Answer, String> {
        let mut query = sqlx::query(AssertSqlSafe(sql)).persistent(false);
        for value in binds {
            query = bind(query, value);
        }
        let rows = query
            .fetch_all(&mut self.0)
            .await
            .map_err(|error| error.to_string())?;
        let columns = rows.first().map_or_else(Vec::new, |row| {
            row.columns().iter().map(|c| c.name().to_owned()).collect()
        });
        let mut rows: Vec<_> = rows.iter().map(values).collect();
        rows.sort_by(|a, b| a.partial_cmp(b).expect("no NaN"));
        Ok(Answer { columns, rows })
    }

    async fn reads_without_tenant(&mut self, sql: &str, binds: &[Value]) -> Vec<String> {
        let explain = format!("EXPLAIN QUERY PLAN {sql}");
        let answer = self.run(&explain, binds).await.expect("it can be read");
        let steps: Vec<_> = answer
            .rows
            .into_iter()
            .filter_map(|row| match row.into_iter().next_back() {
                Some(Value::Text(step)) => Some(step),
                _ => None,
            })
            .collect();
        let tables: Vec<_> = TABLES.iter().map(|table| table.name).collect();
        plan::reads_without_tenant(&steps, &tables)
    }

    async fn state(&mut self) -> Vec<Vec<Value>> {
        let answer = self.run(&state_sql(), &[]).await;
        answer.expect("the tables are there").rows
    }

    async fn begin(&mut self) {
        self.plain("BEGIN").await;
    }

    async fn rollback(&mut self) {
        self.plain("ROLLBACK").await;
    }

    fn text(statement: &Statement) -> &str {
        &statement.sqlite
    }

    /// The author's own text where SQLite reads that, or the text without tenants.
    fn original(case: &Case, tables: &Tables) -> String {
        if case.is_plain_for(grammar::SQLITE) {
            return case.sql.replace(" ILIKE ", " LIKE ");
        }
        verify_host(&case.sql, tables)
            .expect("what can be rewritten can be verified")
            .sqlite
    }

    fn is_of_the_data(error: &str) -> bool {
        error.contains("constraint failed")
    }
}

impl Sqlite {
    async fn store(&mut self, table: &grammar::Table, tenant: &str, rows: &[grammar::Row]) {
        let names: Vec<_> = table.columns.iter().map(|(name, _)| *name).collect();
        let marks = format!("({})", vec!["?"; names.len() + 1].join(", "));
        let marks = vec![marks; rows.len()].join(", ");
        let sql = format!(
            "INSERT INTO {} (tenant_id, {}) VALUES {marks}",
            table.name,
            names.join(", ")
        );
        let mut binds = Vec::new();
        for row in rows {
            binds.push(Value::Text(tenant.to_owned()));
            binds.extend(row.iter().cloned());
        }
        self.run(&sql, &binds)
            .await
            .expect("the data fits the schema");
    }

    async fn plain(&mut self, sql: &str) {
        sqlx::query(AssertSqlSafe(sql))
            .execute(&mut self.0)
            .await
            .expect("a plain statement works");
    }
}

type Query<'q> = sqlx::query::Query<'q, sqlx::Sqlite, SqliteArguments>;

fn bind<'q>(query: Query<'q>, value: &Value) -> Query<'q> {
    match value {
        Value::Null => query.bind(None::<i64>),
        Value::Int(number) => query.bind(*number),
        Value::Real(number) => query.bind(*number),
        Value::Text(text) => query.bind(text.clone()),
    }
}

fn values(row: &SqliteRow) -> Vec<Value> {
    (0..row.len())
        .map(|at| {
            let raw = row.try_get_raw(at).expect("the column is there");
            match raw.type_info().name() {
                _ if raw.is_null() => Value::Null,
                "INTEGER" | "BOOLEAN" => Value::Int(row.get_unchecked(at)),
                "REAL" => Value::Real(row.get_unchecked(at)),
                "TEXT" => Value::Text(row.get_unchecked(at)),
                other => panic!("the grammar makes no {other}"),
            }
        })
        .collect()
}
