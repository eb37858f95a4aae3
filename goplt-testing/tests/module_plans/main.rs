//! Every statement of every module finds its rows by the tenant, on both databases, on PostgreSQL beneath row-level
//! security: one tenant's page costs the same whether there are ten tenants or ten thousand.
//!
//! The statements are read from the sources, the tables from the manifests and migrations.
#![cfg(feature = "postgres")]
#![expect(clippy::unwrap_used, reason = "a test ends where it fails")]

#[path = "../statement_lock/plan.rs"]
mod postgres_plan;
mod source;
#[path = "../../../goplt-core/sql/tests/sqlite/plan.rs"]
mod sqlite_plan;

use goplt_sql::{Statement, Tables, rewrite};
use goplt_testing::backend;
use source::Module;
use sqlx::{
    AssertSqlSafe, Connection as _, Executor as _, PgConnection, Row as _, SqliteConnection,
};

/// Each statement of a module, with its source.
fn statements(module: &Module) -> Vec<(String, Statement)> {
    let tables = Tables::new(&module.tables);
    let statements = module.statements.iter().map(|sql| {
        let statement =
            rewrite(sql, &tables).unwrap_or_else(|error| panic!("{}", error.render(sql)));
        (sql.clone(), statement)
    });
    statements.collect()
}

fn names(module: &Module) -> Vec<&str> {
    module.tables.iter().map(String::as_str).collect()
}

/// The database lock as migration runs write it, and the role that it binds.
fn row_security(module: &Module, database: &str) -> String {
    let mut sql = format!(
        "CREATE ROLE {database}_app; \
         GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {database}_app; \
         CREATE FUNCTION current_tenant() RETURNS text LANGUAGE sql STABLE PARALLEL SAFE \
         AS $$SELECT nullif(current_setting('goplt.tenant', true), '')$$;"
    );
    for table in &module.tables {
        let policy = "tenant_id = (SELECT current_tenant())";
        sql += &format!(
            "ALTER TABLE {table} ENABLE ROW LEVEL SECURITY; ALTER TABLE {table} FORCE ROW LEVEL SECURITY; \
             CREATE POLICY tenant ON {table} USING ({policy}) WITH CHECK ({policy});"
        );
    }
    sql + &format!("SET ROLE {database}_app")
}

/// Prepares a statement as `p`; gives the arguments of a call. A type that the text does not tell comes with the value, so
/// any will do here.
async fn prepare(connection: &mut PgConnection, source: &str, statement: &Statement) -> String {
    let count = statement.params + usize::from(statement.tenant_param.is_some());
    let list = |items: &[&str]| match items {
        [] => String::new(),
        items => format!("({})", items.join(", ")),
    };
    let mut types = vec!["unknown"; count];
    loop {
        let prepare = format!("PREPARE p{} AS {}", list(&types), statement.postgres);
        let Err(error) = connection.execute(AssertSqlSafe(prepare)).await else {
            return list(&vec!["NULL"; count]);
        };
        let text = error.to_string();
        let number = text
            .split_once("could not determine data type of parameter $")
            .and_then(|(_, rest)| rest.split(' ').next()?.parse::<usize>().ok())
            .unwrap_or_else(|| panic!("{text}: {source}"));
        types[number - 1] = "text";
    }
}

#[test]
fn the_modules_and_their_statements_are_found() {
    let modules = source::modules();
    let count = |name: &str| {
        let module = modules.iter().find(|module| module.name == name);
        module.map_or(0, |module| module.statements.len())
    };
    assert!(
        count("identity") >= 10 && count("blog") >= 10 && count("authz") >= 5,
        "{modules:#?}"
    );
}

#[tokio::test]
async fn every_statement_finds_its_rows_by_the_tenant_on_sqlite() {
    for module in source::modules() {
        let mut connection = SqliteConnection::connect("sqlite::memory:").await.unwrap();
        for migration in module.migrations("sqlite") {
            connection.execute(AssertSqlSafe(migration)).await.unwrap();
        }
        for (source, statement) in statements(&module) {
            let explain = format!("EXPLAIN QUERY PLAN {}", statement.sqlite);
            let rows = connection.fetch_all(AssertSqlSafe(explain)).await.unwrap();
            let steps: Vec<String> = rows.iter().map(|row| row.get("detail")).collect();
            let otherwise = sqlite_plan::reads_without_tenant(&steps, &names(&module));
            assert!(
                otherwise.is_empty(),
                "{}: {source}\n{otherwise:#?}",
                module.name
            );
        }
    }
}

#[tokio::test]
async fn every_statement_finds_its_rows_by_the_tenant_on_postgresql() {
    let Some(server) = backend::postgres() else {
        return;
    };
    for module in source::modules() {
        let database = server.database();
        let mut connection = PgConnection::connect(&database.url()).await.unwrap();
        for migration in module.migrations("pg") {
            connection.execute(AssertSqlSafe(migration)).await.unwrap();
        }
        connection
            .execute(AssertSqlSafe(row_security(&module, database.name())))
            .await
            .unwrap();
        // The tables are empty: without this a look at all of nothing would be the best plan.
        let settings = "SET enable_seqscan = off; SET plan_cache_mode = force_generic_plan";
        connection.execute(settings).await.unwrap();
        for (source, statement) in statements(&module) {
            let arguments = prepare(&mut connection, &source, &statement).await;
            let explain = format!("EXPLAIN (FORMAT JSON) EXECUTE p{arguments}");
            let row = connection.fetch_one(AssertSqlSafe(explain)).await.unwrap();
            connection.execute("DEALLOCATE p").await.unwrap();
            let plan: serde_json::Value = serde_json::from_str(row.get_unchecked(0)).unwrap();
            let otherwise = postgres_plan::reads_without_tenant(&plan, &names(&module));
            assert!(
                otherwise.is_empty(),
                "{}: {source}\n{otherwise:#?}\n{plan:#}",
                module.name
            );
        }
        connection.close().await.unwrap();
    }
}
