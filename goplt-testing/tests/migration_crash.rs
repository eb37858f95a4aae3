//! A process that is killed in the middle of a migration leaves a database that the next run goes on from.
#![cfg(all(unix, feature = "failpoints", feature = "postgres"))]
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod pg_support;

use std::{
    os::unix::process::ExitStatusExt,
    process::{Command, ExitStatus},
};

use goplt_core::data::{
    DatabaseSettings, ScopeMint, TenantDb, doctor, kernel_migrations, migration,
};
use pg_support::{Bench, Module, blog, file};

const PLACES: [&str; 3] = [
    "migration.before_commit",
    "migration.begun",
    "migration.before_end",
];

const OWNER: &str = "GOPLT_CRASH_OWNER";
const APP: &str = "GOPLT_CRASH_APP";
const HOST: &str = "GOPLT_CRASH_HOST";

const BY_TITLE: &str = "-- goplt: transaction: off
CREATE INDEX CONCURRENTLY IF NOT EXISTS blog_posts_by_title ON blog_posts (tenant_id, title);
";

/// On PostgreSQL with a file without a transaction in the middle: three steps.
fn module() -> Module {
    blog(&[
        file("V0002__by_title.pg.sql", BY_TITLE),
        file(
            "V0003__body.sql",
            "ALTER TABLE blog_posts ADD COLUMN body TEXT;",
        ),
    ])
}

/// One life of the process: what the test calls anew, with the environment of [`life`].
#[tokio::test]
async fn a_life_that_may_be_cut_off() {
    let Ok(app) = std::env::var(APP) else { return };
    let settings = DatabaseSettings::new(app)
        .with_owner_url(std::env::var(OWNER).unwrap())
        .with_host_url(std::env::var(HOST).unwrap())
        .with_search_path(["goplt", "blog"]);
    let db = TenantDb::open(&settings, &ScopeMint::new()).await.unwrap();
    let module = module();
    migration::run(&db, &[kernel_migrations(), module.migrations()])
        .await
        .unwrap();
}

fn life(settings: &DatabaseSettings, failpoint: &str) -> ExitStatus {
    use goplt_core::config::ExposeSecret;
    let url =
        |url: Option<&goplt_core::config::SecretString>| url.unwrap().expose_secret().to_owned();
    Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "a_life_that_may_be_cut_off", "--quiet"])
        .env(APP, url(Some(settings.url())))
        .env(OWNER, url(settings.owner_url()))
        .env(HOST, url(settings.host_url()))
        .env("GOPLT_FAILPOINT", failpoint)
        .output()
        .unwrap()
        .status
}

#[tokio::test]
async fn wherever_a_run_is_killed_the_next_goes_on() {
    for place in PLACES {
        // The first and the second time that the place is passed: before and after the file without a transaction.
        for passes in 1..=2 {
            let Some(bench) = Bench::new() else { return };
            let killed = life(&bench.settings(), &format!("{place}:{passes}"));
            let is_passed = passes == 1 || place == "migration.before_commit";
            assert_eq!(
                killed.signal().is_some(),
                is_passed,
                "{place}:{passes}: {killed}"
            );
            let unguarded = "SELECT count(*) FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid \
                AND a.attname = 'tenant_id' WHERE c.relkind = 'r' AND NOT c.relforcerowsecurity";
            assert_eq!(
                bench.text(unguarded),
                "0",
                "{place}:{passes}: no table is there without its guards"
            );

            assert!(
                life(&bench.settings(), "none:1").success(),
                "{place}:{passes}"
            );
            let db = bench.open().await;
            let module = module();
            let modules = [kernel_migrations(), module.migrations()];
            migration::verify(&db, &modules).await.unwrap();
            let diagnosis = doctor::examine(&db, &modules).await.unwrap();
            assert!(diagnosis.is_healthy(), "{place}:{passes}: {diagnosis}");
            let index = "SELECT indisvalid FROM pg_index WHERE indexrelid = 'blog.blog_posts_by_title'::regclass";
            assert_eq!(bench.text(index), "t", "{place}:{passes}");
            db.close().await;
        }
    }
}
