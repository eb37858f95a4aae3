//! Contracts and modules for tests, written by hand as the generator would.

#![allow(
    dead_code,
    unreachable_pub,
    missing_docs,
    reason = "each test uses a part of it"
)]
#![allow(
    clippy::unwrap_used,
    missing_debug_implementations,
    reason = "helpers of tests"
)]

pub mod needs;

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use goplt_core::{
    BoxError, RequestContext,
    config::{self, Config, Section, Sources},
    contract::{Access, Contract, Idempotency, LocalGuard, MethodMeta, RpcError, Streaming},
    manifest::Manifest,
};
use goplt_module::{IModule, InitContext, Needs, Provides, StartContext, StopContext};

#[async_trait::async_trait]
pub trait IdentityService: Send + Sync + 'static {
    async fn name(&self, cx: &RequestContext, id: u32) -> Result<String, RpcError>;
}

pub trait BillingService: Send + Sync + 'static {}

static METHODS: [MethodMeta; 1] = [MethodMeta {
    name: "Name",
    idempotency: Idempotency::NoSideEffects,
    streaming: Streaming::Unary,
    timeout: None,
    access: Access::Authenticated,
}];

struct Guarded {
    inner: Arc<dyn IdentityService>,
    guard: LocalGuard,
}

#[async_trait::async_trait]
impl IdentityService for Guarded {
    async fn name(&self, cx: &RequestContext, id: u32) -> Result<String, RpcError> {
        let call = self.guard.enter(&METHODS[0], cx)?;
        call.run(self.inner.name(call.context(), id)).await
    }
}

impl Contract for dyn IdentityService {
    const NAME: &'static str = "identity.v1.IdentityService";
    const VERSION: &'static str = "1.0.0";
    const METHODS: &'static [MethodMeta] = &METHODS;

    fn guarded(this: Arc<Self>, guard: LocalGuard) -> Arc<Self> {
        Arc::new(Guarded { inner: this, guard })
    }
}

impl Contract for dyn BillingService {
    const NAME: &'static str = "billing.v1.BillingService";
    const VERSION: &'static str = "1.0.0";
    const METHODS: &'static [MethodMeta] = &[];

    fn guarded(this: Arc<Self>, _: LocalGuard) -> Arc<Self> {
        this
    }
}

pub struct Users;

#[async_trait::async_trait]
impl IdentityService for Users {
    async fn name(&self, _: &RequestContext, id: u32) -> Result<String, RpcError> {
        Ok(format!("user {id}"))
    }
}

impl BillingService for Users {}

pub fn identity() -> Arc<dyn IdentityService> {
    Arc::new(Users)
}

pub fn billing() -> Arc<dyn BillingService> {
    Arc::new(Users)
}

/// What a hook of a fake does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Act {
    #[default]
    Succeed,
    Fail,
    Panic,
    Hang,
}

/// What hooks were called, in order.
#[derive(Debug, Clone, Default)]
pub struct Log(Arc<Mutex<Vec<String>>>);

impl Log {
    pub fn add(&self, line: impl Into<String>) {
        self.0.lock().unwrap().push(line.into());
    }

    pub fn lines(&self) -> Vec<String> {
        self.0.lock().unwrap().clone()
    }
}

/// A module that needs `N`, provides the `P` it was given, and does in its hooks what it is told.
pub struct Fake<N, P> {
    manifest: Manifest,
    provides: P,
    log: Log,
    pub init: Act,
    pub start: Act,
    pub stop: Act,
    needs: std::marker::PhantomData<fn() -> N>,
}

impl<N, P> Fake<N, P> {
    pub fn new(manifest: &str, provides: P) -> Self {
        Self {
            manifest: parse(manifest),
            provides,
            log: Log::default(),
            init: Act::Succeed,
            start: Act::Succeed,
            stop: Act::Succeed,
            needs: std::marker::PhantomData,
        }
    }

    pub fn logging(mut self, log: &Log) -> Self {
        self.log = log.clone();
        self
    }

    async fn act(&self, hook: &str, act: Act) -> Result<(), BoxError> {
        self.log.add(format!("{hook} {}", self.manifest.name()));
        match act {
            Act::Succeed => Ok(()),
            Act::Fail => Err(Box::new(std::io::Error::other("the disk is full"))),
            Act::Panic => panic!("index out of bounds"),
            Act::Hang => {
                // From here until the hook is given up, time passes as soon as nothing else happens.
                tokio::time::pause();
                let _resume = Resume;
                tokio::time::sleep(Duration::from_secs(3600)).await;
                Ok(())
            }
        }
    }
}

struct Resume;

impl Drop for Resume {
    fn drop(&mut self) {
        tokio::time::resume();
    }
}

impl<N: Needs, P: Provides + Clone + Sync> IModule for Fake<N, P> {
    type Needs = N;
    type Provides = P;

    fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    async fn init(&self, _: N, _: &mut InitContext<'_>) -> Result<P, BoxError> {
        self.act("init", self.init).await?;
        Ok(self.provides.clone())
    }

    async fn on_start(&self, _: &StartContext) -> Result<(), BoxError> {
        self.act("on_start", self.start).await
    }

    async fn on_stop(&self, _: &StopContext) -> Result<(), BoxError> {
        self.act("on_stop", self.stop).await
    }
}

/// A module without needs that provides nothing.
pub fn plain(manifest: &str) -> Fake<(), ()> {
    Fake::new(manifest, ())
}

/// A manifest; its file is called after the module.
pub fn parse(text: &str) -> Manifest {
    let name = text
        .lines()
        .find_map(|line| line.strip_prefix("name: "))
        .unwrap_or("unnamed");
    Manifest::parse(&format!("{name}/module.yaml"), text).unwrap()
}

/// `name: …` and `version: 1.0.0`.
pub fn named(name: &str) -> String {
    format!("name: {name}\nversion: 1.0.0\n")
}

/// A configuration whose data lies in this folder.
pub fn config_in(folder: &std::path::Path) -> Config {
    let sources = Sources::new(folder).with_set(["data_dir=data".to_owned()]);
    config::load(&sources, &[] as &[Section]).unwrap()
}
