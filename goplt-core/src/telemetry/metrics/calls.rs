//! Calls of one contract: found without hashing, since a local call takes a microsecond.

use std::{
    array, fmt,
    sync::{Arc, OnceLock},
    time::Duration,
};

use arc_swap::ArcSwap;
use tokio::time::Instant;

use super::{cell::Cell, family::Family};
use crate::{Code, contract::MethodMeta};

/// The series of one contract's methods. Clones share them.
#[derive(Clone)]
pub(crate) struct ContractCalls {
    shared: Arc<Shared>,
}

struct Shared {
    contract: &'static str,
    family: Arc<Family>,
    /// By address: a contract has a handful of methods, and each is a constant of its own.
    methods: ArcSwap<Vec<(usize, Arc<MethodCalls>)>>,
}

/// The series of one method, one for each code that it has answered.
pub(crate) struct MethodCalls {
    contract: &'static str,
    method: &'static str,
    family: Arc<Family>,
    by_code: [OnceLock<Arc<Cell>>; Code::ALL.len()],
}

/// Runs from the start of a call. Dropped before its end, it counts a cancelled call.
#[must_use = "dropping it counts a cancelled call"]
pub(crate) struct CallTimer {
    running: Option<(Arc<MethodCalls>, Instant)>,
}

impl ContractCalls {
    pub(super) fn new(contract: &'static str, family: Arc<Family>) -> Self {
        let shared = Shared {
            contract,
            family,
            methods: ArcSwap::default(),
        };
        Self {
            shared: Arc::new(shared),
        }
    }

    pub(crate) fn method(&self, method: &'static MethodMeta) -> Arc<MethodCalls> {
        let address = std::ptr::from_ref(method).addr();
        let find = |known: &[(usize, Arc<MethodCalls>)]| {
            known
                .iter()
                .find(|(at, _)| *at == address)
                .map(|(_, calls)| calls.clone())
        };
        if let Some(calls) = find(&self.shared.methods.load()) {
            return calls;
        }
        let calls = Arc::new(MethodCalls {
            contract: self.shared.contract,
            method: method.name,
            family: self.shared.family.clone(),
            by_code: array::from_fn(|_| OnceLock::new()),
        });
        // Two at once make two, of which one stays; both count into the same cells.
        self.shared.methods.rcu(|known| {
            let mut methods = Vec::clone(known);
            if find(&methods).is_none() {
                methods.push((address, calls.clone()));
            }
            methods
        });
        calls
    }
}

impl MethodCalls {
    pub(crate) fn start(self: &Arc<Self>) -> CallTimer {
        CallTimer {
            running: Some((self.clone(), Instant::now())),
        }
    }

    /// A call that ended before it began.
    #[cold]
    pub(crate) fn refuse(&self, code: Code) {
        self.record(code, Duration::ZERO);
    }

    fn record(&self, code: Code, took: Duration) {
        let slot = &self.by_code[usize::from(code.grpc_status())];
        let cell = slot.get_or_init(|| {
            self.family
                .cell(&[self.contract, self.method, code.as_str()])
        });
        cell.record(took.as_secs_f64());
    }
}

impl CallTimer {
    /// Counts nothing.
    pub(crate) const fn none() -> Self {
        Self { running: None }
    }

    /// The call has ended.
    pub(crate) fn end(&mut self, code: Code) {
        if let Some((calls, started)) = self.running.take() {
            calls.record(code, started.elapsed());
        }
    }
}

impl Drop for CallTimer {
    fn drop(&mut self) {
        self.end(Code::Cancelled);
    }
}

impl fmt::Debug for ContractCalls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("ContractCalls")
            .field(&self.shared.contract)
            .finish()
    }
}

impl fmt::Debug for MethodCalls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("MethodCalls").field(&self.method).finish()
    }
}

impl fmt::Debug for CallTimer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CallTimer")
            .field("running", &self.running.is_some())
            .finish()
    }
}
