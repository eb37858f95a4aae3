//! Proves that a rewritten statement on the data of all tenants does what the author's statement does on the data of one.
//!
//! `GOPLT_PROPTEST_CASES` sets the number of statements; with it the seeds are new in each run. `GOPLT_PROPTEST_SEED`
//! replays from a seed that a failure printed.

use std::{env, fmt::Write as _, time::SystemTime};

use goplt_sql::{SqlError, Statement, Tables, rewrite, verify_host};

use crate::{
    database::{Answer, Database},
    grammar::{self, Case, TABLES, TENANTS, Value},
};

/// Statements that use one set of rows.
const BATCH: u64 = 32;

type Rewriter = dyn Fn(&str, &Tables) -> Result<Statement, SqlError>;

struct Bench {
    shared: Database,
    alone: Vec<Database>,
    filled: Option<u64>,
    /// What is in `shared` while no statement runs.
    before: Vec<Vec<Value>>,
    tables: Tables,
}

/// How a run went.
#[derive(Default)]
struct Tally {
    run: usize,
    failed_alike: usize,
    empty: usize,
}

impl Bench {
    async fn new() -> Self {
        let mut alone = Vec::new();
        for tenant in TENANTS {
            alone.push(Database::open(Some(tenant)).await);
        }
        Self {
            shared: Database::open(None).await,
            alone,
            filled: None,
            before: Vec::new(),
            tables: Tables::new(TABLES.iter().map(|table| table.name)),
        }
    }

    /// Compares one statement; the error tells the difference.
    async fn compare(
        &mut self,
        seed: u64,
        rewriter: &Rewriter,
        tally: &mut Tally,
    ) -> Result<(), String> {
        self.fill(seed / BATCH).await;
        let case = grammar::case(seed);
        let statement = rewriter(&case.sql, &self.tables)
            .map_err(|error| format!("refused: {}", error.render(&case.sql)))?;
        let at = usize::try_from(seed % 3).expect("below three");
        let tenant = TENANTS[at];

        let mut binds = case.binds.clone();
        if let Some(number) = statement.tenant_param {
            assert_eq!(number, binds.len() + 1);
            binds.push(Value::Text(tenant.to_owned()));
        }
        let report = |difference: &str| report(seed, tenant, &case, &statement, difference);

        let original = original(&case, &self.tables);
        let alone = &mut self.alone[at];
        if case.writes {
            self.shared.plain("BEGIN").await;
            alone.plain("BEGIN").await;
        }
        let got = self.shared.run(&statement.sqlite, &binds).await;
        let expected = alone.run(&original, &case.binds).await;
        tally.count(&got, &case);
        let mut same = same_answer(&got, &expected);
        if case.writes {
            let (own, others) = split(self.shared.state().await, tenant);
            let (wanted, _) = split(alone.state().await, tenant);
            let (_, others_before) = split(self.before.clone(), tenant);
            same = same.and(same_rows("the tenant's rows", &own, &wanted));
            same = same.and(same_rows(
                "the rows of other tenants",
                &others,
                &others_before,
            ));
            self.shared.plain("ROLLBACK").await;
            alone.plain("ROLLBACK").await;
        }
        same.map_err(|difference| report(&difference))
    }

    async fn fill(&mut self, seed: u64) {
        if self.filled == Some(seed) {
            return;
        }
        self.shared.fill(seed, None).await;
        for (database, tenant) in self.alone.iter_mut().zip(TENANTS) {
            database.fill(seed, Some(tenant)).await;
        }
        self.before = self.shared.state().await;
        self.filled = Some(seed);
    }
}

impl Tally {
    fn count(&mut self, answer: &Result<Answer, String>, case: &Case) {
        self.run += 1;
        self.failed_alike += usize::from(answer.is_err());
        let empty = answer.as_ref().is_ok_and(|answer| answer.rows.is_empty());
        self.empty += usize::from(empty && !case.writes);
    }
}

/// The author's statement for SQLite: its own text where SQLite reads that, or the text without tenants.
fn original(case: &Case, tables: &Tables) -> String {
    if case.plain {
        return case.sql.replace(" ILIKE ", " LIKE ");
    }
    verify_host(&case.sql, tables)
        .expect("what can be rewritten can be verified")
        .sqlite
}

fn same_answer(
    got: &Result<Answer, String>,
    expected: &Result<Answer, String>,
) -> Result<(), String> {
    match (got, expected) {
        (Ok(got), Ok(expected)) if got == expected => Ok(()),
        // Only what the data forbids may fail; a text that the database cannot read would prove nothing.
        (Err(got), Err(expected)) if got == expected && got.contains("constraint failed") => Ok(()),
        _ => Err(format!(
            "the answers differ\n got {got:?}\nwant {expected:?}"
        )),
    }
}

/// The tenant's rows, and all others.
fn split(state: Vec<Vec<Value>>, tenant: &str) -> (Vec<Vec<Value>>, Vec<Vec<Value>>) {
    state
        .into_iter()
        .partition(|row| row[0] == Value::Text(tenant.to_owned()))
}

fn same_rows(what: &str, got: &[Vec<Value>], expected: &[Vec<Value>]) -> Result<(), String> {
    if got == expected {
        return Ok(());
    }
    Err(format!("{what} differ\n got {got:?}\nwant {expected:?}"))
}

fn report(seed: u64, tenant: &str, case: &Case, statement: &Statement, difference: &str) -> String {
    let mut text = String::new();
    let _ = write!(
        text,
        "seed {seed}, tenant {tenant}: {difference}\nsource    {}\nbinds     {:?}\nrewritten {}\nreplay    \
         GOPLT_PROPTEST_SEED={seed} GOPLT_PROPTEST_CASES=1 cargo test -p goplt-sql --test sqlite differential",
        case.sql, case.binds, statement.sqlite
    );
    text
}

fn number(name: &str) -> Option<u64> {
    env::var(name).ok().map(|text| {
        text.parse()
            .unwrap_or_else(|_| panic!("{name} is a number"))
    })
}

/// The first seed and the number of statements.
fn plan() -> (u64, u64) {
    let cases = number("GOPLT_PROPTEST_CASES");
    let seed = number("GOPLT_PROPTEST_SEED").unwrap_or_else(|| match cases {
        None => 0,
        Some(_) => {
            let now = SystemTime::now()
                .duration_since(SystemTime::UNIX_EPOCH)
                .expect("after 1970");
            now.as_secs() * 1_000_000
        }
    });
    (seed, cases.unwrap_or(2_000))
}

/// The first difference among some statements.
async fn first_difference(cases: u64, rewriter: &Rewriter) -> Option<String> {
    let mut bench = Bench::new().await;
    let mut tally = Tally::default();
    for seed in 0..cases {
        if let Err(difference) = bench.compare(seed, rewriter, &mut tally).await {
            return Some(difference);
        }
    }
    None
}

fn block_on<T>(future: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .expect("a runtime");
    runtime.block_on(future)
}

#[test]
fn rewritten_on_shared_data_equals_original_on_one_tenants_data() {
    let (first, cases) = plan();
    block_on(async {
        let mut bench = Bench::new().await;
        let mut tally = Tally::default();
        for seed in first..first + cases {
            if let Err(difference) = bench.compare(seed, &rewrite, &mut tally).await {
                panic!("{difference}");
            }
        }
        if cases >= 500 {
            let Tally {
                run,
                failed_alike,
                empty,
            } = tally;
            assert!(
                failed_alike * 10 < run,
                "{failed_alike} of {run} statements fail: they prove little"
            );
            assert!(
                empty * 3 < run,
                "{empty} of {run} answers are empty: they prove little"
            );
        }
    });
}

#[test]
fn finds_a_rewriter_that_does_nothing() {
    let found = block_on(first_difference(100, &verify_host));
    assert!(found.is_some());
}

/// A rewriter that forgets one factor, in turn each table and each place.
#[test]
fn finds_a_rewriter_that_forgets_one_factor() {
    for table in TABLES {
        for place in 0..2 {
            let forgetful = move |sql: &str, tables: &Tables| {
                let mut statement = rewrite(sql, tables)?;
                if let Some(number) = statement.tenant_param {
                    let name = table.name;
                    let factor =
                        format!("(SELECT * FROM {name} WHERE {name}.tenant_id = ?{number}) AS ");
                    if let Some((at, _)) = statement.sqlite.match_indices(&factor).nth(place) {
                        statement
                            .sqlite
                            .replace_range(at..at + factor.len(), &format!("{name} AS "));
                    }
                }
                Ok(statement)
            };
            let found = block_on(first_difference(300, &forgetful));
            assert!(found.is_some(), "factor {place} of {}", table.name);
        }
    }
}

#[test]
fn finds_a_rewriter_that_forgets_the_target_of_a_change() {
    for table in TABLES {
        let forgetful = move |sql: &str, tables: &Tables| {
            let mut statement = rewrite(sql, tables)?;
            if let Some(number) = statement.tenant_param {
                let predicate = format!(" AND {}.tenant_id = ?{number}", table.name);
                statement.sqlite = statement.sqlite.replace(&predicate, "");
            }
            Ok(statement)
        };
        let found = block_on(first_difference(600, &forgetful));
        assert!(found.is_some(), "{}", table.name);
    }
}
