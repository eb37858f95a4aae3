use std::{env, thread, time::SystemTime};

use super::{Bench, Database, Rewriter, bench::Tally};
use crate::grammar::{self, TENANTS};

/// Statements that use one set of rows.
const BATCH: u64 = 64;

/// Which seeds to run.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Plan {
    pub(crate) first: u64,
    pub(crate) cases: u64,
}

impl Plan {
    pub(crate) const fn of(first: u64, cases: u64) -> Self {
        Self { first, cases }
    }

    /// `usual` statements from seed 0, or as the environment says.
    pub(crate) fn from_env(usual: u64) -> Self {
        let cases = number("GOPLT_PROPTEST_CASES");
        let first = number("GOPLT_PROPTEST_SEED").unwrap_or_else(|| match cases {
            None => 0,
            Some(_) => {
                let now = SystemTime::now()
                    .duration_since(SystemTime::UNIX_EPOCH)
                    .expect("after 1970");
                now.as_secs() * 1_000_000
            }
        });
        Self::of(first, cases.unwrap_or(usual))
    }

    /// Runs the statements on as many threads as there are cores; the error is the first difference of a thread.
    pub(crate) fn run<D: Database>(
        &self,
        place: &D::Place,
        rewriter: &Rewriter,
    ) -> Result<Tally, String> {
        let workers = thread::available_parallelism()
            .map_or(1, |cores| cores.get() as u64)
            .min(4);
        let workers = workers.min(1 + self.cases / (4 * BATCH));
        let each = self.cases.div_ceil(workers).next_multiple_of(BATCH);
        thread::scope(|scope| {
            let parts: Vec<_> = (0..workers)
                .map(|worker| {
                    let first = self.first + worker * each;
                    let last = (first + each).min(self.first + self.cases);
                    scope.spawn(move || run_part::<D>(place, first..last.max(first), rewriter))
                })
                .collect();
            let mut tally = Tally::default();
            for part in parts {
                tally.add(
                    part.join()
                        .expect("a thread does not panic but by an assertion")?,
                );
            }
            Ok(tally)
        })
    }
}

fn run_part<D: Database>(
    place: &D::Place,
    seeds: std::ops::Range<u64>,
    rewriter: &Rewriter,
) -> Result<Tally, String> {
    block_on(async {
        let mut bench = Bench::<D>::new(place).await;
        for seed in seeds {
            bench.fill(seed / BATCH).await;
            let case = grammar::case(seed);
            let tenant = usize::try_from(seed % TENANTS.len() as u64).expect("below three");
            bench.compare(&case, tenant, rewriter).await.map_err(|difference| {
                let replay = D::REPLAY;
                format!("seed {seed}, {difference}\nreplay    GOPLT_PROPTEST_SEED={seed} GOPLT_PROPTEST_CASES=1 {replay}")
            })?;
        }
        Ok(bench.tally())
    })
}

pub(crate) fn block_on<T>(future: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    runtime.block_on(future)
}

fn number(name: &str) -> Option<u64> {
    env::var(name).ok().map(|text| {
        text.parse()
            .unwrap_or_else(|_| panic!("{name} is a number"))
    })
}
