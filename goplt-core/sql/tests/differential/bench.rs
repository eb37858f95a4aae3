use std::fmt::Write as _;

use goplt_sql::Tables;

use super::{Answer, Database, Rewriter, tables};
use crate::grammar::{Case, TENANTS, Value};

/// One database that all tenants share, and one for each alone.
pub(crate) struct Bench<D> {
    shared: D,
    alone: Vec<D>,
    filled: Option<u64>,
    /// What is in `shared` while no statement runs.
    before: Vec<Vec<Value>>,
    tables: Tables,
    tally: Tally,
}

/// How a run went.
#[derive(Clone, Copy, Default)]
pub(crate) struct Tally {
    run: usize,
    failed_alike: usize,
    empty: usize,
}

impl<D: Database> Bench<D> {
    pub(crate) async fn new(place: &D::Place) -> Self {
        let mut alone = Vec::new();
        for tenant in TENANTS {
            alone.push(D::open(place, Some(tenant)).await);
        }
        Self {
            shared: D::open(place, None).await,
            alone,
            filled: None,
            before: Vec::new(),
            tables: tables(),
            tally: Tally::default(),
        }
    }

    /// Replaces all rows, unless those of this seed are there.
    pub(crate) async fn fill(&mut self, seed: u64) {
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

    /// Compares one statement, run as one of the tenants; the error tells the difference.
    pub(crate) async fn compare(
        &mut self,
        case: &Case,
        tenant: usize,
        rewriter: &Rewriter,
    ) -> Result<(), String> {
        let statement = rewriter(&case.sql, &self.tables)
            .map_err(|error| format!("refused: {}", error.render(&case.sql)))?;
        let original = D::original(case, &self.tables);
        let (name, alone) = (TENANTS[tenant], &mut self.alone[tenant]);

        let mut binds = case.binds.clone();
        if let Some(number) = statement.tenant_param {
            assert_eq!(number, binds.len() + 1);
            binds.push(Value::Text(name.to_owned()));
        }
        if case.writes {
            self.shared.begin().await;
            alone.begin().await;
        }
        self.shared.enter(name).await;
        let got = self.shared.run(D::text(&statement), &binds).await;
        let expected = alone.run(&original, &case.binds).await;
        self.tally.count(&got, case);
        let mut same = same_answer::<D>(&got, &expected);
        // A statement that failed has changed nothing, and PostgreSQL shows nothing after it.
        if case.writes && got.is_ok() && expected.is_ok() {
            let (own, others) = split(self.shared.state().await, name);
            let (wanted, _) = split(alone.state().await, name);
            let (_, others_before) = split(self.before.clone(), name);
            same = same.and(same_rows("the tenant's rows", &own, &wanted));
            same = same.and(same_rows(
                "the rows of other tenants",
                &others,
                &others_before,
            ));
        }
        if case.writes {
            self.shared.rollback().await;
            alone.rollback().await;
        }
        same.map_err(|difference| report(name, case, D::text(&statement), &difference))
    }

    pub(crate) fn tally(&self) -> Tally {
        self.tally
    }
}

impl Tally {
    fn count(&mut self, answer: &Result<Answer, String>, case: &Case) {
        self.run += 1;
        self.failed_alike += usize::from(answer.is_err());
        let empty = answer.as_ref().is_ok_and(|answer| answer.rows.is_empty());
        self.empty += usize::from(empty && !case.writes);
    }

    pub(super) fn add(&mut self, other: Self) {
        self.run += other.run;
        self.failed_alike += other.failed_alike;
        self.empty += other.empty;
    }

    /// Statements that fail, and answers without rows, prove little.
    pub(super) fn check(self) {
        let Self {
            run,
            failed_alike,
            empty,
        } = self;
        assert!(
            failed_alike * 10 < run,
            "{failed_alike} of {run} statements fail: they prove little"
        );
        assert!(
            empty * 3 < run,
            "{empty} of {run} answers are empty: they prove little"
        );
    }
}

fn same_answer<D: Database>(
    got: &Result<Answer, String>,
    expected: &Result<Answer, String>,
) -> Result<(), String> {
    match (got, expected) {
        (Ok(got), Ok(expected)) if got == expected => Ok(()),
        (Err(got), Err(expected)) if got == expected && D::is_of_the_data(got) => Ok(()),
        _ => Err(format!(
            "the answers differ\n got {got:?}\nwant {expected:?}"
        )),
    }
}

/// The tenant's rows, and all others.
fn split(state: Vec<Vec<Value>>, tenant: &str) -> (Vec<Vec<Value>>, Vec<Vec<Value>>) {
    let tenant = Value::Text(tenant.to_owned());
    state.into_iter().partition(|row| row[0] == tenant)
}

fn same_rows(what: &str, got: &[Vec<Value>], expected: &[Vec<Value>]) -> Result<(), String> {
    if got == expected {
        return Ok(());
    }
    Err(format!("{what} differ\n got {got:?}\nwant {expected:?}"))
}

fn report(tenant: &str, case: &Case, rewritten: &str, difference: &str) -> String {
    let mut text = String::new();
    let _ = write!(
        text,
        "tenant {tenant}: {difference}\nsource    {}\nbinds     {:?}\nrewritten {rewritten}",
        case.sql, case.binds,
    );
    text
}
