//! The object-safe form of a module: its needs and provides as data, its hooks as boxed futures.

use futures_util::{FutureExt, future::BoxFuture};
use goplt_core::BoxError;

use crate::{
    IModule, InitContext, Needs, Provides, StartContext, StopContext,
    wiring::{Contracts, Need, NeedList, ProvideList, Provided, Supply},
};

/// A module whose types are forgotten; one implementation, for every [`IModule`].
pub(crate) trait ErasedModule: Send + Sync {
    fn module(&self) -> &dyn IModule;
    fn needs(&self) -> Vec<Need>;
    fn provides(&self) -> Vec<Provided>;
    fn init<'a>(
        &'a self,
        contracts: &'a mut Contracts,
        cx: &'a mut InitContext<'_>,
    ) -> BoxFuture<'a, Result<(), BoxError>>;
    fn on_start<'a>(&'a self, cx: &'a StartContext) -> BoxFuture<'a, Result<(), BoxError>>;
    fn on_stop<'a>(&'a self, cx: &'a StopContext) -> BoxFuture<'a, Result<(), BoxError>>;
}

pub(crate) fn erase(module: impl IModule) -> Box<dyn ErasedModule> {
    Box::new(Erased(module))
}

struct Erased<M>(M);

impl<M: IModule> ErasedModule for Erased<M> {
    fn module(&self) -> &dyn IModule {
        &self.0
    }

    fn needs(&self) -> Vec<Need> {
        let mut list = NeedList::default();
        M::Needs::declare(&mut list);
        list.into_needs()
    }

    fn provides(&self) -> Vec<Provided> {
        let mut list = ProvideList::default();
        M::Provides::declare(&mut list);
        list.into_provided()
    }

    fn init<'a>(
        &'a self,
        contracts: &'a mut Contracts,
        cx: &'a mut InitContext<'_>,
    ) -> BoxFuture<'a, Result<(), BoxError>> {
        async move {
            let needs = M::Needs::resolve(contracts)?;
            let provides = self.0.init(needs, cx).await?;
            provides.supply(&mut Supply::new(contracts));
            Ok(())
        }
        .boxed()
    }

    fn on_start<'a>(&'a self, cx: &'a StartContext) -> BoxFuture<'a, Result<(), BoxError>> {
        self.0.on_start(cx).boxed()
    }

    fn on_stop<'a>(&'a self, cx: &'a StopContext) -> BoxFuture<'a, Result<(), BoxError>> {
        self.0.on_stop(cx).boxed()
    }
}
