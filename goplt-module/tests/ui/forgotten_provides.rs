//! A module that promises a contract and returns nothing.

use std::sync::Arc;

use goplt_core::{
    BoxError,
    contract::{Contract, LocalGuard, MethodMeta},
    manifest::Manifest,
};
use goplt_module::{IModule, InitContext};

trait Users: Send + Sync + 'static {}

impl Contract for dyn Users {
    const NAME: &'static str = "identity.v1.Users";
    const VERSION: &'static str = "1.0.0";
    const METHODS: &'static [MethodMeta] = &[];

    fn guarded(this: Arc<Self>, _: LocalGuard) -> Arc<Self> {
        this
    }
}

struct Identity(Manifest);

impl IModule for Identity {
    type Needs = ();
    type Provides = Arc<dyn Users>;

    fn manifest(&self) -> &Manifest {
        &self.0
    }

    async fn init(&self, _: (), _: &mut InitContext<'_>) -> Result<Self::Provides, BoxError> {
        Ok(())
    }
}

fn main() {}
