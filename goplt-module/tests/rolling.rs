//! A version that takes something away comes up beside the one that uses it, and takes it away when that one is gone.
#![allow(clippy::unwrap_used, reason = "a test")]

mod common;

use std::{path::Path, time::Duration};

use goplt_core::{
    BoxError,
    data::{
        kernel_migrations,
        migration::{self, MigrationPlan, ModuleMigrations},
    },
    manifest::{Manifest, Migration},
};
use goplt_module::{Host, IModule, InitContext, RunningHost};

struct Blog(Manifest);

impl IModule for Blog {
    type Needs = ();
    type Provides = ();

    fn manifest(&self) -> &Manifest {
        &self.0
    }

    async fn init(&self, (): (), _: &mut InitContext<'_>) -> Result<(), BoxError> {
        Ok(())
    }
}

fn file(name: &str, sql: &'static str) -> Migration {
    Migration::parse_file_name(name).unwrap().with_sql(sql)
}

fn manifest(version: &str) -> Manifest {
    let mut files = vec![file(
        "V0001__old.sql",
        "CREATE TABLE blog_old (id BIGINT NOT NULL PRIMARY KEY);",
    )];
    if version != "1.0.0" {
        let contract = "-- goplt: phase: contract\nDROP TABLE blog_old;";
        files.push(file("V0002__no_old.sql", contract));
    }
    common::parse(&format!("name: blog\nversion: {version}\n")).with_migrations(files)
}

async fn start(folder: &Path, version: &str) -> RunningHost {
    let host = Host::builder()
        .config(common::config_in(folder))
        .module(Blog(manifest(version)));
    Box::pin(host.build().unwrap().start_in_process())
        .await
        .unwrap()
}

/// What a run of the newer version would do now.
async fn plan(host: &RunningHost) -> MigrationPlan {
    let newer = manifest("2.0.0");
    let modules = [kernel_migrations(), ModuleMigrations::of(&newer)];
    migration::plan(&host.db(), &modules).await.unwrap()
}

#[tokio::test]
async fn a_new_version_starts_beside_the_old_one_and_contracts_when_it_is_gone() {
    let folder = tempfile::tempdir().unwrap();
    let old = start(folder.path(), "1.0.0").await;
    let new = start(folder.path(), "2.0.0").await;
    let held = plan(&new).await;
    let held = held.held()[0].to_string();
    assert!(
        held.contains("blog/V0002__no_old.sql (contract) waits")
            && held.contains("blog 1.0.0, which knows V0001 at most"),
        "{held}"
    );

    // While a blocking task runs, paused time moves when the test says so.
    let (release, released) = std::sync::mpsc::channel::<()>();
    tokio::task::spawn_blocking(move || released.recv());
    tokio::time::pause();
    old.stop().await.unwrap();
    tokio::time::advance(Duration::from_secs(31)).await;
    loop {
        let plan = plan(&new).await;
        if plan.is_empty() && plan.held().is_empty() {
            break;
        }
    }
    tokio::time::resume();
    drop(release);
    new.stop().await.unwrap();
}
