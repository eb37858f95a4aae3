//! Calls of one contract: found without hashing, since a local call takes a microsecond.

use std::{
    array, fmt,
    sync::{Arc, OnceLock},
    time::Duration,
};

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
    /// By address, as they come: a contract has a handful of methods, each a constant of its
    /// own. The list only grows, so it is walked without lock or count.
    methods: OnceLock<Box<Node>>,
}

struct Node {
    address: usize,
    calls: MethodCalls,
    next: OnceLock<Box<Self>>,
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
pub(crate) struct CallTimer<'g> {
    running: Option<(&'g MethodCalls, Instant)>,
}

impl ContractCalls {
    pub(super) fn new(contract: &'static str, family: Arc<Family>) -> Self {
        let methods = OnceLock::new();
        let shared = Shared {
            contract,
            family,
            methods,
        };
        Self {
            shared: Arc::new(shared),
        }
    }

    pub(crate) fn method(&self, method: &'static MethodMeta) -> &MethodCalls {
        let address = std::ptr::from_ref(method).addr();
        let mut slot = &self.shared.methods;
        loop {
            // Of two that add at once one wins, and the other goes on to the next place.
            let node = slot.get_or_init(|| self.node(address, method));
            if node.address == address {
                return &node.calls;
            }
            slot = &node.next;
        }
    }

    #[cold]
    fn node(&self, address: usize, method: &'static MethodMeta) -> Box<Node> {
        let calls = MethodCalls {
            contract: self.shared.contract,
            method: method.name,
            family: self.shared.family.clone(),
            by_code: array::from_fn(|_| OnceLock::new()),
        };
        let next = OnceLock::new();
        Box::new(Node {
            address,
            calls,
            next,
        })
    }
}

impl MethodCalls {
    pub(crate) const fn start(&self, at: Instant) -> CallTimer<'_> {
        CallTimer {
            running: Some((self, at)),
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
        cell.record_time(took);
    }
}

impl CallTimer<'_> {
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

impl Drop for CallTimer<'_> {
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

impl fmt::Debug for CallTimer<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CallTimer")
            .field("running", &self.running.is_some())
            .finish()
    }
}
