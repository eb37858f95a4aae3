//! Signals: the first stops in order, a second one ends at once and says what was waited for, and one during the start
//! undoes it.
#![cfg(unix)]
#![allow(clippy::unwrap_used, reason = "a test")]

mod common;

use std::process::{self, Command};

use goplt_core::{
    BoxError,
    config::{self, Config, Sources},
    manifest::Manifest,
    shutdown::Cause,
};
use goplt_module::{
    Host, IModule, InitContext, StartContext, StopContext,
    host::{RunError, StartCause},
};

use common::{Log, named, parse};

fn terminate() {
    let status = Command::new("kill")
        .args(["-TERM", &process::id().to_string()])
        .status();
    assert!(status.unwrap().success());
}

/// Sends a signal from its hooks, and then waits for longer than anybody does.
struct Signals {
    manifest: Manifest,
    log: Log,
    in_start: bool,
    in_stop: bool,
}

impl IModule for Signals {
    type Needs = ();
    type Provides = ();

    fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    async fn init(&self, _: (), _: &mut InitContext<'_>) -> Result<(), BoxError> {
        Ok(())
    }

    async fn on_start(&self, _: &StartContext) -> Result<(), BoxError> {
        if self.in_start {
            terminate();
            std::future::pending::<()>().await;
        }
        Ok(())
    }

    async fn on_stop(&self, _: &StopContext) -> Result<(), BoxError> {
        self.log.add("on_stop");
        if self.in_stop {
            terminate();
            std::future::pending::<()>().await;
        }
        Ok(())
    }
}

fn config(folder: &std::path::Path) -> Config {
    let set = ["data_dir=data", "server.port=0"].map(str::to_owned);
    config::load(&Sources::new(folder).with_set(set), &[]).unwrap()
}

async fn run(in_start: bool, in_stop: bool) -> (Result<(), RunError>, Vec<String>) {
    let folder = tempfile::tempdir().unwrap();
    let log = Log::default();
    let module = |name: &str, in_start, in_stop| {
        let manifest = parse(&named(name));
        Signals {
            manifest,
            log: log.clone(),
            in_start,
            in_stop,
        }
    };
    let host = Host::builder().config(config(folder.path()));
    let host = host
        .module(module("a", false, in_stop))
        .module(module("b", in_start, false));
    let result = host.build().unwrap().run(|_| terminate()).await;
    (result, log.lines())
}

// One test: a signal is for the whole process.
#[tokio::test]
async fn a_signal_stops_a_second_ends_and_one_during_the_start_undoes_it() {
    let (result, stopped) = run(false, false).await;
    result.unwrap();
    assert_eq!(stopped.len(), 2);

    let (result, _) = run(false, true).await;
    let RunError::Stop(error) = result.unwrap_err() else {
        panic!("the stop is cut short")
    };
    let interrupted = error.interrupted().unwrap();
    assert_eq!(interrupted.cause(), Cause::Signal);
    assert_eq!(interrupted.stage(), "on_stop of module a");

    let (result, stopped) = run(true, false).await;
    let RunError::Start(error) = result.unwrap_err() else {
        panic!("the start is interrupted")
    };
    assert!(matches!(error.cause(), StartCause::Interrupted));
    assert_eq!(error.stopped().len(), 1);
    assert_eq!(stopped.len(), 1);
}
