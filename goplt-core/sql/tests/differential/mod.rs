//! Proves that a rewritten statement on the data of all tenants does what the author's statement does on the data of one.
//!
//! Nothing here knows a database: a test gives a [`Database`]. `GOPLT_PROPTEST_CASES` sets the number of statements; with
//! it the seeds are new in each run. `GOPLT_PROPTEST_SEED` replays from a seed that a failure printed.

mod bench;
mod plan;

use goplt_sql::{SqlError, Statement, Tables, rewrite, verify_host};

pub(crate) use self::{
    bench::Bench,
    plan::{Plan, block_on},
};
use crate::grammar::{self, Case, TABLES, Value};

/// What a statement answered.
#[derive(Debug, PartialEq)]
pub(crate) struct Answer {
    pub(crate) columns: Vec<String>,
    /// Sorted: without ORDER BY the order is nobody's promise.
    pub(crate) rows: Vec<Vec<Value>>,
}

/// A database with the tables of the grammar: that of all tenants, or of one alone.
pub(crate) trait Database: Sized {
    /// How to reach it.
    type Place: Clone + Send + Sync;

    /// The command that replays a seed, but for the variables of the environment.
    const REPLAY: &'static str;

    /// An empty one. With a tenant, rows without one get it.
    async fn open(place: &Self::Place, tenant: Option<&str>) -> Self;

    /// Replaces all rows by those of a seed: of all tenants, or of one.
    async fn fill(&mut self, seed: u64, only: Option<&str>);

    /// Tells a database that filters by itself whose rows the next statements see.
    async fn enter(&mut self, tenant: &str);

    /// Runs a statement, within its transaction if there is one.
    async fn run(&mut self, sql: &str, binds: &[Value]) -> Result<Answer, String>;

    /// What of the statement's plan reads a table of the grammar without finding its rows by the tenant.
    async fn reads_without_tenant(&mut self, sql: &str, binds: &[Value]) -> Vec<String>;

    /// Every row of every table: the tenant, the table, the columns.
    async fn state(&mut self) -> Vec<Vec<Value>>;

    async fn begin(&mut self);
    async fn rollback(&mut self);

    /// The text of a rewritten statement for this database.
    fn text(statement: &Statement) -> &str;

    /// The author's statement as this database reads it.
    fn original(case: &Case, tables: &Tables) -> String;

    /// Whether an error is one of the data. A text that the database cannot read would prove nothing.
    fn is_of_the_data(error: &str) -> bool;
}

pub(crate) type Rewriter = dyn Fn(&str, &Tables) -> Result<Statement, SqlError> + Sync;

pub(crate) fn tables() -> Tables {
    Tables::new(TABLES.iter().map(|table| table.name))
}

/// Every row, each column as text, the narrow tables filled up.
pub(crate) fn state_sql() -> String {
    /// No table has more columns.
    const WIDEST: usize = 5;
    let selects: Vec<_> = TABLES
        .iter()
        .map(|table| {
            let mut columns: Vec<_> = table
                .columns
                .iter()
                .map(|(name, _)| format!("CAST({name} AS TEXT)"))
                .collect();
            columns.resize(WIDEST, "NULL".to_owned());
            let (name, columns) = (table.name, columns.join(", "));
            format!("SELECT tenant_id, '{name}', {columns} FROM {name}")
        })
        .collect();
    selects.join(" UNION ALL ")
}

// === the tests, for each database ===

/// The random statements of a plan; says at the end whether they prove anything.
pub(crate) fn rewritten_on_shared_data_equals_original_on_one_tenants_data<D: Database>(
    place: &D::Place,
    plan: &Plan,
) {
    let tally = plan
        .run::<D>(place, &rewrite)
        .unwrap_or_else(|difference| panic!("{difference}"));
    if plan.cases >= 500 {
        tally.check();
    }
}

/// The plans of random statements.
pub(crate) fn every_read_finds_its_rows_by_the_tenant<D: Database>(place: &D::Place, cases: u64) {
    block_on(async {
        let mut database = D::open(place, None).await;
        database.fill(1, None).await;
        for seed in 0..cases {
            let case = grammar::case(seed);
            let statement = rewrite(&case.sql, &tables()).expect("the grammar keeps the rules");
            let mut binds = case.binds;
            binds.extend(
                statement
                    .tenant_param
                    .map(|_| Value::Text("red".to_owned())),
            );
            let text = D::text(&statement);
            let otherwise = database.reads_without_tenant(text, &binds).await;
            assert!(
                otherwise.is_empty(),
                "seed {seed}: {otherwise:#?}\nsource    {}\nrewritten {text}",
                case.sql
            );
        }
    });
}

/// The test notices a rewriter that does nothing, or that forgets any one table or target.
pub(crate) fn finds_a_rewriter_that_forgets<D: Database>(place: &D::Place) {
    let found = |cases: u64, rewriter: &Rewriter| {
        let plan = Plan::of(0, cases);
        plan.run::<D>(place, rewriter).is_err()
    };
    assert!(found(100, &verify_host), "one that does nothing");
    for table in TABLES {
        let name = table.name;
        for at in 0..2 {
            let forgetful = move |sql: &str, tables: &Tables| {
                let mut statement = rewrite(sql, tables)?;
                if let Some(number) = statement.tenant_param {
                    let factor = |mark| {
                        format!(
                            "(SELECT * FROM {name} WHERE {name}.tenant_id = {mark}{number}) AS "
                        )
                    };
                    let bare = format!("{name} AS ");
                    forget(&mut statement.sqlite, &factor('?'), &bare, at);
                    forget(&mut statement.postgres, &factor('$'), &bare, at);
                }
                Ok(statement)
            };
            assert!(found(400, &forgetful), "factor {at} of {name}");
        }
        let forgetful = move |sql: &str, tables: &Tables| {
            let mut statement = rewrite(sql, tables)?;
            if let Some(number) = statement.tenant_param {
                let predicate = |mark| format!("{name}.tenant_id = {mark}{number} AND ");
                statement.sqlite = statement.sqlite.replace(&predicate('?'), "");
                statement.postgres = statement.postgres.replace(&predicate('$'), "");
            }
            Ok(statement)
        };
        assert!(found(600, &forgetful), "the target {name}");
    }
}

/// Replaces one occurrence.
fn forget(text: &mut String, factor: &str, bare: &str, at: usize) {
    let place = text.match_indices(factor).nth(at).map(|(place, _)| place);
    if let Some(place) = place {
        text.replace_range(place..place + factor.len(), bare);
    }
}
