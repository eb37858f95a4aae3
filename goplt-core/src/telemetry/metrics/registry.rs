//! Every metric of a process, by name.

use std::{
    collections::BTreeMap,
    fmt,
    sync::{Arc, Mutex, PoisonError},
};

use super::{
    MetricError,
    family::{Family, Kind},
};

pub(super) struct Registry {
    pub(super) http: Arc<Family>,
    pub(super) calls: Arc<Family>,
    pub(super) queries: Arc<Family>,
    pub(super) errors: Arc<Family>,
    families: Mutex<BTreeMap<&'static str, Arc<Family>>>,
    observed: Mutex<BTreeMap<&'static str, Observed>>,
}

struct Observed {
    family: Arc<Family>,
    read: Box<dyn Fn() -> f64 + Send + Sync>,
}

/// What the conventions for HTTP advise.
const HTTP_BOUNDS: &[f64] = &[
    0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10.0,
];

/// Local calls and queries of SQLite take microseconds, so these begin lower.
const FINE_BOUNDS: &[f64] = &[
    0.000_01, 0.000_1, 0.000_25, 0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5,
    1.0, 2.5, 5.0, 10.0,
];

impl Default for Registry {
    fn default() -> Self {
        let family = |name, help, labels: &[&'static str], kind| {
            Arc::new(Family::new(name, help, labels, kind))
        };
        let http = family(
            "http_server_request_duration_seconds",
            "Duration of HTTP requests",
            &[
                "http_request_method",
                "http_route",
                "http_response_status_code",
            ],
            Kind::Histogram(HTTP_BOUNDS),
        );
        let calls = family(
            "rpc_server_call_duration_seconds",
            "Duration of calls across contracts",
            &["rpc_service", "rpc_method", "rpc_response_status_code"],
            Kind::Histogram(FINE_BOUNDS),
        );
        let queries = family(
            "db_client_operation_duration_seconds",
            "Duration of database operations",
            &["db_system_name", "db_operation_name", "error_type"],
            Kind::Histogram(FINE_BOUNDS),
        );
        let errors = family(
            "goplt_errors_total",
            "Faults of ours",
            &["error_type"],
            Kind::Counter,
        );
        let all = [&http, &calls, &queries, &errors];
        let families = all
            .into_iter()
            .map(|family| (family.name, family.clone()))
            .collect();
        let (families, observed) = (Mutex::new(families), Mutex::default());
        Self {
            http,
            calls,
            queries,
            errors,
            families,
            observed,
        }
    }
}

impl Registry {
    /// The metric of this name, made if it is new.
    pub(super) fn family<const N: usize>(
        &self,
        name: &'static str,
        help: &'static str,
        labels: [&'static str; N],
        kind: &Kind,
    ) -> Result<Arc<Family>, MetricError> {
        if let Some(name) = [name].into_iter().chain(labels).find(|name| !is_name(name)) {
            return Err(MetricError::Name { name });
        }
        if let Kind::Histogram(bounds) = kind
            && !rises(bounds)
        {
            return Err(MetricError::Bounds { name });
        }
        let mut families = self.families.lock().unwrap_or_else(PoisonError::into_inner);
        let family = families
            .entry(name)
            .or_insert_with(|| Arc::new(Family::new(name, help, &labels, kind.clone())));
        if family.kind == *kind && *family.labels == labels {
            return Ok(family.clone());
        }
        Err(MetricError::Taken { name })
    }

    pub(super) fn observe(&self, family: Arc<Family>, read: Box<dyn Fn() -> f64 + Send + Sync>) {
        let mut observed = self.observed.lock().unwrap_or_else(PoisonError::into_inner);
        observed.insert(family.name, Observed { family, read });
    }

    /// Every metric by name, after the observed gauges have been read.
    pub(super) fn snapshot(&self) -> Vec<Arc<Family>> {
        let observed = self.observed.lock().unwrap_or_else(PoisonError::into_inner);
        for Observed { family, read } in observed.values() {
            let value = read();
            family.with(&[], |cell| cell.set(value));
        }
        drop(observed);
        let families = self.families.lock().unwrap_or_else(PoisonError::into_inner);
        families.values().cloned().collect()
    }
}

impl fmt::Debug for Registry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Registry").finish_non_exhaustive()
    }
}

fn is_name(name: &str) -> bool {
    let allowed = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_';
    let lettered = name.starts_with(|first: char| first.is_ascii_lowercase());
    lettered && name.bytes().all(allowed) && name != "le"
}

fn rises(bounds: &[f64]) -> bool {
    let finite = bounds.iter().all(|bound| bound.is_finite());
    finite && bounds.windows(2).all(|pair| pair[0] < pair[1])
}
