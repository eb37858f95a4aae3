//! [`Isolation`]: a module, and the fixtures of everything that it declares.

use std::{fmt, marker::PhantomData};

use goplt_core::{
    RequestContext,
    contract::{Contract, MethodMeta, RpcError},
    event::Event,
    manifest::Manifest,
};
use goplt_module::{IModule, Provides, wiring::ProvideList};
use serde_json::Value;

use super::{
    Call, Seeding,
    outcome::Outcome,
    seeding::{LocalFuture, Seed},
};
use crate::{TestHost, TestHostBuilder};

/// A module, and the fixtures of everything that it declares: see [`isolation`](crate::isolation).
#[must_use = "it proves nothing until it runs"]
pub struct Isolation<D> {
    pub(super) builder: TestHostBuilder,
    pub(super) manifest: Manifest,
    pub(super) contracts: Vec<(&'static str, &'static [MethodMeta])>,
    pub(super) seed: Option<Box<dyn Seed<D>>>,
    pub(super) fixtures: Vec<Fixture<D>>,
}

/// A declared thing and how it is called.
pub(super) struct Fixture<D> {
    pub(super) name: String,
    pub(super) kind: Kind<D>,
}

/// How a declared thing is called, from the caller's data and that whose ids are used.
pub(super) enum Kind<D> {
    Route(Make<D, Call>),
    Rpc(Box<dyn Rpc<D>>),
    Event(Make<D, Published>),
    Job(Make<D, Job>),
}

/// Makes a call of a kind.
type Make<D, T> = Box<dyn Fn(&D, &D) -> T>;

/// An event as it goes into the outbox.
pub(super) struct Published {
    pub(super) payload: Vec<u8>,
    pub(super) publish: Box<dyn Publish>,
}

/// A job as a fixture asks for it.
#[derive(Debug, Clone)]
pub struct Job {
    pub(super) payload: Option<Value>,
}

impl Job {
    /// One of acme's, with this payload, as the module enqueues it.
    #[must_use]
    pub const fn of_tenant(payload: Value) -> Self {
        Self {
            payload: Some(payload),
        }
    }

    /// One of nobody's, as a schedule makes it. It works for all tenants: see to it that there is
    /// nothing for it to do in globex.
    #[must_use]
    pub const fn of_schedule() -> Self {
        Self { payload: None }
    }
}

impl<D: 'static> Isolation<D> {
    /// Of this module, without fixtures yet.
    pub fn of<M: IModule>(module: M) -> Self {
        let mut provided = ProvideList::default();
        M::Provides::declare(&mut provided);
        let contracts = provided.provided().iter();
        Self {
            manifest: module.manifest().clone(),
            contracts: contracts
                .map(|provided| (provided.contract.name(), provided.methods))
                .collect(),
            builder: TestHost::builder().module(module),
            seed: None,
            fixtures: Vec::new(),
        }
    }

    /// Other modules, fakes and settings that the module needs.
    pub fn host(mut self, build: impl FnOnce(TestHostBuilder) -> TestHostBuilder) -> Self {
        self.builder = build(self.builder);
        self
    }

    /// Gives a tenant data, with a [mark](Seeding::mark) in each text, and returns the ids.
    pub fn seed(mut self, seed: impl AsyncFn(&Seeding<'_>) -> D + 'static) -> Self {
        self.seed = Some(Box::new(seed));
        self
    }

    /// How the route of this id is called.
    pub fn route(self, id: &str, call: impl Fn(&D, &D) -> Call + 'static) -> Self {
        self.with(id, Kind::Route(Box::new(call)))
    }

    /// How the method of this name (`GetPost`) of the contract `C` is called, in a context of a user
    /// of acme's who may do everything.
    pub fn rpc<C, T>(
        self,
        method: &str,
        call: impl AsyncFn(&C, &RequestContext, &D, &D) -> Result<T, RpcError> + 'static,
    ) -> Self
    where
        C: Contract + ?Sized,
        T: fmt::Debug + 'static,
    {
        let call = RpcOf::<C, _, T> {
            call,
            contract: PhantomData,
            answer: PhantomData,
        };
        let name = format!("{}/{method}", C::NAME);
        self.with(&name, Kind::Rpc(Box::new(call)))
    }

    /// How an event that the module hears looks, published in acme.
    pub fn event<E: Event>(self, event: impl Fn(&D, &D) -> E + 'static) -> Self {
        let make = move |own: &D, ids: &D| {
            let event = event(own, ids);
            Published {
                payload: event.encode(),
                publish: Box::new(event),
            }
        };
        self.with(E::NAME, Kind::Event(Box::new(make)))
    }

    /// How the job of this name is run.
    pub fn job(self, name: &str, job: impl Fn(&D, &D) -> Job + 'static) -> Self {
        self.with(name, Kind::Job(Box::new(job)))
    }

    fn with(mut self, name: &str, kind: Kind<D>) -> Self {
        let name = name.to_owned();
        self.fixtures.push(Fixture { name, kind });
        self
    }

    /// What is declared and not called, called and not declared, or called twice.
    pub(super) fn faults(&self) -> Vec<String> {
        let mut faults = Vec::new();
        let routes = self.manifest.routes().iter();
        let routes: Vec<_> = routes.map(|route| route.id.clone()).collect();
        let rpcs = self.contracts.iter().flat_map(|(contract, methods)| {
            methods
                .iter()
                .map(move |method| format!("{contract}/{}", method.name))
        });
        let events = self.manifest.events().subscribes.iter();
        let jobs = self.manifest.jobs().iter();
        let declared = [
            ("route", routes),
            ("rpc", rpcs.collect()),
            ("event", events.map(|event| event.name.clone()).collect()),
            ("job", jobs.map(|job| job.name.clone()).collect()),
        ];
        for (what, declared) in declared {
            let mut called: Vec<_> = self
                .fixtures
                .iter()
                .filter(|fixture| fixture.kind.what() == what)
                .map(|fixture| &fixture.name)
                .collect();
            for name in &declared {
                match called.iter().position(|called| *called == name) {
                    Some(at) => drop(called.swap_remove(at)),
                    None => faults.push(format!(
                        "the {what} `{name}` is declared and not called: add `.{what}(…)`"
                    )),
                }
            }
            for name in called {
                faults.push(format!(
                    "the {what} `{name}` is called, and not declared or called before"
                ));
            }
        }
        faults
    }
}

impl<D> Kind<D> {
    pub(super) const fn what(&self) -> &'static str {
        match self {
            Self::Route(_) => "route",
            Self::Rpc(_) => "rpc",
            Self::Event(_) => "event",
            Self::Job(_) => "job",
        }
    }
}

impl<D> fmt::Debug for Isolation<D> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Isolation")
            .field("module", self.manifest.name())
            .field("fixtures", &self.fixtures.len())
            .finish_non_exhaustive()
    }
}

// === RPCs and events, without their types ===

pub(super) trait Rpc<D> {
    fn call<'a>(
        &'a self,
        host: &'a TestHost,
        cx: &'a RequestContext,
        own: &'a D,
        ids: &'a D,
    ) -> LocalFuture<'a, Outcome>;
}

struct RpcOf<C: ?Sized, F, T> {
    call: F,
    contract: PhantomData<fn(&C)>,
    answer: PhantomData<fn() -> T>,
}

impl<D, C, F, T> Rpc<D> for RpcOf<C, F, T>
where
    C: Contract + ?Sized,
    F: AsyncFn(&C, &RequestContext, &D, &D) -> Result<T, RpcError>,
    T: fmt::Debug,
{
    fn call<'a>(
        &'a self,
        host: &'a TestHost,
        cx: &'a RequestContext,
        own: &'a D,
        ids: &'a D,
    ) -> LocalFuture<'a, Outcome> {
        Box::pin(async move {
            let Some(contract) = host.get::<C>() else {
                return Outcome::failure(format!("nobody provides {}", C::NAME));
            };
            match (self.call)(&contract, cx, own, ids).await {
                Ok(answer) => Outcome::success(format!("{answer:?}")),
                Err(error) => Outcome::failure(format!("{error:?}")),
            }
        })
    }
}

pub(super) trait Publish {
    fn publish<'a>(
        &'a self,
        host: &'a TestHost,
        cx: &'a RequestContext,
    ) -> LocalFuture<'a, Result<goplt_core::Uuid, goplt_core::BoxError>>;
}

impl<E: Event> Publish for E {
    fn publish<'a>(
        &'a self,
        host: &'a TestHost,
        cx: &'a RequestContext,
    ) -> LocalFuture<'a, Result<goplt_core::Uuid, goplt_core::BoxError>> {
        Box::pin(host.publish_in(cx, self))
    }
}
