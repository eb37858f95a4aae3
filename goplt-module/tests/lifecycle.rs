//! A host starts its modules in order, undoes a start that fails at any hook, and stops them in reverse.
#![allow(clippy::unwrap_used, reason = "a test")]

mod common;

use std::{path::Path, sync::Arc};

use goplt_core::{RequestContext, TenantId, data::ScopeMint};
use goplt_module::{
    Host, HostBuilder, IModule, ProblemCode, StartError,
    host::{Hook, HookFailure, StartCause},
    lifecycle::ModuleState,
};
use tempfile::TempDir;

use common::{Act, Fake, IdentityService, Log, config_in, identity, named, plain};

struct Bench {
    folder: TempDir,
    log: Log,
}

impl Bench {
    fn new() -> Self {
        Self {
            folder: tempfile::tempdir().unwrap(),
            log: Log::default(),
        }
    }

    /// Modules a, b and c, each after the one before.
    fn host(&self, change: impl FnOnce(&mut Fake<(), ()>)) -> HostBuilder {
        let mut b = self.module("b", "a");
        change(&mut b);
        self.builder()
            .module(self.module("c", "b"))
            .module(b)
            .module(self.module("a", "core"))
    }

    fn module(&self, name: &str, after: &str) -> Fake<(), ()> {
        plain(&format!(
            "name: {name}\nversion: 1.0.0\ndependencies: [{after}]\n"
        ))
        .logging(&self.log)
    }

    fn builder(&self) -> HostBuilder {
        Host::builder().config(config_in(self.folder.path()))
    }

    async fn fails(&self, host: HostBuilder) -> StartError {
        host.build()
            .unwrap()
            .start_in_process()
            .await
            .expect_err("the start fails")
    }

    fn data(&self) -> std::path::PathBuf {
        self.folder.path().join("data")
    }
}

fn names(error: &StartError) -> Vec<&str> {
    error.stopped().iter().map(|name| name.as_str()).collect()
}

fn hook_failure(error: &StartError) -> (&str, Hook, &HookFailure) {
    match error.cause() {
        StartCause::Hook(error) => (error.module().as_str(), error.hook(), error.failure()),
        other => panic!("{other}"),
    }
}

fn is_empty(folder: &Path) -> bool {
    !folder.exists()
}

#[tokio::test]
async fn hooks_run_in_order_and_stop_in_reverse() {
    let bench = Bench::new();
    let host = bench.host(|_| {}).build().unwrap();
    assert_eq!(host.modules().state("a"), Ok(ModuleState::Validated));
    let running = host.start_in_process().await.unwrap();
    for module in running.modules().all() {
        assert_eq!(
            running.modules().state(module.name().as_str()),
            Ok(ModuleState::Running)
        );
    }
    let timed: Vec<_> = running
        .timings()
        .iter()
        .map(|timing| format!("{} {}", timing.hook, timing.module))
        .collect();
    let expected = [
        "init a",
        "init b",
        "init c",
        "on_start a",
        "on_start b",
        "on_start c",
    ];
    assert_eq!(timed, expected);
    running.stop().await.unwrap();
    let stopped = ["on_stop c", "on_stop b", "on_stop a"];
    assert_eq!(bench.log.lines(), [&expected[..], &stopped[..]].concat());
}

#[tokio::test]
async fn a_failing_init_stops_nothing_and_leaves_no_folder() {
    let bench = Bench::new();
    let error = bench.fails(bench.host(|b| b.init = Act::Fail)).await;
    let (module, hook, failure) = hook_failure(&error);
    assert_eq!((module, hook), ("b", Hook::Init));
    assert!(matches!(failure, HookFailure::Failed(_)));
    assert!(
        error
            .to_string()
            .starts_with("`init` of module b failed after"),
        "{error}"
    );
    assert!(error.to_string().ends_with("the disk is full"), "{error}");
    assert_eq!(bench.log.lines(), ["init a", "init b"]);
    assert!(is_empty(&bench.data()));
}

#[tokio::test]
async fn a_panicking_init_is_told_like_a_failure() {
    let bench = Bench::new();
    let error = bench.fails(bench.host(|b| b.init = Act::Panic)).await;
    let (_, _, failure) = hook_failure(&error);
    assert!(matches!(failure, HookFailure::Panicked(text) if text == "index out of bounds"));
    assert!(is_empty(&bench.data()));
}

#[tokio::test]
async fn a_hanging_init_is_given_up() {
    let bench = Bench::new();
    let error = bench.fails(bench.host(|b| b.init = Act::Hang)).await;
    assert_eq!(
        error.to_string(),
        "`init` of module b did not return within 30s"
    );
}

#[tokio::test]
async fn a_failing_on_start_rolls_back_in_reverse_with_the_cause_first() {
    let bench = Bench::new();
    let host = bench.host(|_| {}).module({
        let mut last = bench.module("d", "c");
        last.start = Act::Fail;
        last
    });
    let error = bench.fails(host).await;
    assert_eq!(names(&error), ["c", "b", "a"]);
    let text = error.to_string();
    let (first, rest) = text.split_once('\n').unwrap();
    assert!(first.starts_with("`on_start` of module d failed"), "{text}");
    assert_eq!(rest, "stopped again, in reverse order: c, b, a");
    assert_eq!(
        bench.log.lines()[7..],
        ["on_start d", "on_stop c", "on_stop b", "on_stop a"]
    );
}

#[tokio::test]
async fn a_panicking_or_hanging_on_start_rolls_back_too() {
    for act in [Act::Panic, Act::Hang] {
        let bench = Bench::new();
        let error = bench.fails(bench.host(|b| b.start = act)).await;
        assert_eq!(hook_failure(&error).0, "b", "{act:?}");
        assert_eq!(names(&error), ["a"], "{act:?}");
        assert_eq!(bench.log.lines().last().unwrap(), "on_stop a", "{act:?}");
    }
}

#[tokio::test]
async fn a_failing_rollback_is_told_after_the_cause_and_goes_on() {
    let bench = Bench::new();
    let mut broken = bench.module("broken", "c");
    broken.start = Act::Fail;
    let error = bench
        .fails(bench.host(|b| b.stop = Act::Panic).module(broken))
        .await;
    assert_eq!(names(&error), ["c", "b", "a"]);
    assert_eq!(error.failures().len(), 1);
    assert!(
        error.to_string().ends_with("index out of bounds"),
        "{error}"
    );
    assert_eq!(bench.log.lines().last().unwrap(), "on_stop a");
}

#[tokio::test]
async fn a_stop_that_fails_panics_or_hangs_lets_the_others_stop() {
    for act in [Act::Fail, Act::Panic, Act::Hang] {
        let bench = Bench::new();
        let running = bench
            .host(|b| b.stop = act)
            .build()
            .unwrap()
            .start_in_process()
            .await
            .unwrap();
        let error = running.stop().await.unwrap_err();
        assert_eq!(error.failures()[0].module().as_str(), "b", "{act:?}");
        assert!(error.interrupted().is_none(), "{act:?}");
        assert_eq!(bench.log.lines().last().unwrap(), "on_stop a", "{act:?}");
    }
}

#[tokio::test]
async fn a_failing_seed_rolls_back() {
    let bench = Bench::new();
    let host = bench.host(|_| {}).seed(async |_| Err("no logins".into()));
    let host = host.config(serving_config(bench.folder.path()));
    let error = host.build().unwrap().start().await.unwrap_err();
    assert!(
        error
            .to_string()
            .starts_with("the seed failed: no logins\n"),
        "{error}"
    );
    assert_eq!(names(&error), ["c", "b", "a"]);
}

fn serving_config(folder: &Path) -> goplt_core::config::Config {
    let set = ["data_dir=data", "server.port=0"].map(str::to_owned);
    let sources = goplt_core::config::Sources::new(folder).with_set(set);
    goplt_core::config::load(&sources, &[]).unwrap()
}

#[tokio::test]
async fn a_port_in_use_leaves_no_folder() {
    let bench = Bench::new();
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port();
    let set = ["data_dir=data".to_owned(), format!("server.port={port}")];
    let sources = goplt_core::config::Sources::new(bench.folder.path()).with_set(set);
    let error = bench
        .host(|_| {})
        .sources(sources)
        .build()
        .unwrap()
        .start()
        .await
        .unwrap_err();
    assert!(matches!(error.cause(), StartCause::Listen(_)), "{error}");
    assert!(error.to_string().contains(&port.to_string()), "{error}");
    assert!(is_empty(&bench.data()));
    assert_eq!(bench.log.lines(), [] as [String; 0]);
}

#[tokio::test]
async fn one_server_per_data_folder_and_commands_beside_it() {
    let bench = Bench::new();
    let host = || {
        bench
            .host(|_| {})
            .config(serving_config(bench.folder.path()))
            .build()
            .unwrap()
    };
    let first = host().start().await.unwrap();
    let second = host().start().await.unwrap_err();
    assert!(matches!(second.cause(), StartCause::DataDir(_)), "{second}");
    host()
        .start_in_process()
        .await
        .unwrap()
        .stop()
        .await
        .unwrap();
    assert_eq!(
        host().migrate().await.unwrap().to_string(),
        "nothing to apply"
    );
    first.stop().await.unwrap();
    host().start().await.unwrap().stop().await.unwrap();
}

#[tokio::test]
async fn consumers_get_the_contract_behind_its_guard() {
    let bench = Bench::new();
    let provider = Fake::<(), _>::new(&named("identity"), identity());
    let consumer = Fake::<Arc<dyn IdentityService>, ()>::new(&named("blog"), ());
    let running = bench
        .builder()
        .module(consumer)
        .module(provider)
        .build()
        .unwrap();
    let running = running.start_in_process().await.unwrap();
    let service = running.get::<dyn IdentityService>().unwrap();
    let anonymous = RequestContext::new("r".parse().unwrap());
    assert!(
        service.name(&anonymous, 7).await.is_err(),
        "the method wants an authenticated caller"
    );
    let acme: TenantId = "acme".parse().unwrap();
    let cx = running
        .context("test")
        .service_contexts()
        .for_tenant(acme.clone());
    assert_eq!(service.name(&cx, 7).await.unwrap(), "user 7");
    assert_eq!(cx.tenant(), Some(&acme));
    running.stop().await.unwrap();
}

#[tokio::test]
async fn the_scopes_of_another_mint_open_nothing() {
    let bench = Bench::new();
    let running = bench
        .builder()
        .module(Peek)
        .build()
        .unwrap()
        .start_in_process()
        .await
        .unwrap();
    running.stop().await.unwrap();
}

/// Looks into its contexts.
struct Peek;

static PEEK: std::sync::LazyLock<goplt_core::manifest::Manifest> =
    std::sync::LazyLock::new(|| common::parse("name: peek\nversion: 1.0.0\n"));

impl IModule for Peek {
    type Needs = ();
    type Provides = ();

    fn manifest(&self) -> &goplt_core::manifest::Manifest {
        &PEEK
    }

    async fn init(
        &self,
        _: (),
        cx: &mut goplt_module::InitContext<'_>,
    ) -> Result<(), goplt_core::BoxError> {
        assert_eq!(cx.module().as_str(), "peek");
        assert!(cx.host_scope().is_err(), "no `host` is declared");
        assert!(cx.environment().is_development());
        assert!(cx.data_dir().is_dir());
        cx.tasks().spawn("wait", |stop| async move {
            stop.wait().await;
            Ok(())
        });
        cx.tasks().spawn("panic", |_| async {
            panic!("a task that panics ends alone")
        });
        Ok(())
    }

    async fn on_start(&self, cx: &goplt_module::StartContext) -> Result<(), goplt_core::BoxError> {
        let mint = ScopeMint::new();
        let foreign = RequestContext::new("r".parse()?);
        let foreign = mint.enter(foreign, "acme".parse()?)?;
        assert!(cx.db().begin(foreign.scope()?).await.is_err());
        let own = cx.service_contexts().for_tenant("acme".parse()?);
        assert_eq!(own.principal().unwrap().subject(), "peek");
        cx.db().begin(own.scope()?).await?.commit().await?;
        Ok(())
    }
}

const ROUTE: &str = "routes:\n  - { id: hello, method: GET, path: \"/hello\", access: public }\n";

#[tokio::test]
async fn a_route_without_handler_is_found_by_the_start_and_by_check() {
    let bench = Bench::new();
    let host = || {
        bench
            .builder()
            .module(plain(&format!("{}{ROUTE}", named("hello"))))
            .build()
            .unwrap()
    };
    for error in [
        host().start_in_process().await.unwrap_err(),
        host().check().await.unwrap_err(),
    ] {
        let StartCause::Report(report) = error.cause() else {
            panic!("{error}")
        };
        assert!(report.has(ProblemCode::NotMounted));
        insta::assert_snapshot!("a_route_without_handler", report);
    }
    assert!(is_empty(&bench.data()));
}

#[tokio::test]
async fn a_promise_that_is_not_kept_is_told() {
    struct Vain;

    impl goplt_module::Provides for Vain {
        fn declare(list: &mut goplt_module::wiring::ProvideList) {
            list.add::<dyn IdentityService>();
        }

        fn supply(self, _: &mut goplt_module::wiring::Supply<'_>) {}
    }

    struct Forgetful;

    impl IModule for Forgetful {
        type Needs = ();
        type Provides = Vain;

        fn manifest(&self) -> &goplt_core::manifest::Manifest {
            &PEEK
        }

        async fn init(
            &self,
            _: (),
            _: &mut goplt_module::InitContext<'_>,
        ) -> Result<Vain, goplt_core::BoxError> {
            Ok(Vain)
        }
    }

    let bench = Bench::new();
    let error = bench.fails(bench.builder().module(Forgetful)).await;
    insta::assert_snapshot!(error);
}

#[tokio::test]
async fn check_touches_no_data() {
    let bench = Bench::new();
    bench.host(|_| {}).build().unwrap().check().await.unwrap();
    assert!(is_empty(&bench.data()));
    assert_eq!(bench.log.lines(), ["init a", "init b", "init c"]);
}
