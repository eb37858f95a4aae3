//! The layers around all routes, in their one order.
//!
//! Outermost first: request id, trace and log; catch panic; load shed; timeout; CORS;
//! compression; body limit; auth; tenant; the record for audit; then the routes, each behind its check. The request
//! gets its [`RequestContext`](goplt_core::RequestContext) in the first of them. What refuses a
//! request puts a [`Problem`](goplt_core::Problem) into the answer's extensions; the outermost
//! layer writes it with the request id and tells its cause in the log, once.
//!
//! Every answer carries `x-request-id`. An answer that is given before the body has been read
//! does not cut the connection under a client that is still sending: up to 16 MiB or 5 seconds
//! of it are read and thrown away.

pub(super) mod body_limit;
mod cancel;
pub(super) mod catch_panic;
mod compression;
pub(super) mod cors;
mod drain;
mod entry;
pub(super) mod failed;
mod fallback;
mod future;
mod load_shed;
pub(super) mod log;
mod record;
mod tenant_path;
mod timeout;

use std::fmt;

use axum::{Router, extract::DefaultBodyLimit};
use goplt_core::{Random, audit::RequestRecorder, id::Ids, report::Reporter, telemetry::Metrics};
use tower::{ServiceBuilder, util::MapResponseLayer};

use self::{
    body_limit::BodyLimitLayer, catch_panic::CatchPanicLayer, entry::EntryLayer,
    load_shed::LoadShedLayer, record::RecordLayer, timeout::TimeoutLayer,
};
use super::settings::{HttpSettings, HttpSettingsError};

pub(crate) use self::tenant_path::routed_without;

/// Puts a layer around a router: how the assembly's layers come here.
pub type ApplyLayer = Box<dyn FnOnce(Router) -> Router + Send>;

/// What the stack is made with.
#[must_use]
pub struct StackSettings {
    /// Limits and CORS.
    pub http: HttpSettings,
    /// Makes request ids.
    pub ids: Ids,
    /// Makes the ids of traces and spans; no secrets.
    pub random: Random,
    /// Counts requests.
    pub metrics: Metrics,
    /// Takes reports of panics and other 5xx; the default one forgets them.
    pub reporter: Reporter,
    /// From credentials to a principal.
    pub auth: Option<ApplyLayer>,
    /// From principal, header or host to a tenant.
    pub tenant: Option<ApplyLayer>,
    /// Writes down who asked for what.
    pub recorder: Option<RequestRecorder>,
}

/// `routes` behind every layer, with the answers for unknown paths and methods; beside them
/// `probes`, which need no credentials and are never shed.
///
/// # Errors
///
/// [`HttpSettingsError`] if the settings of CORS cannot hold.
///
/// # Panics
///
/// If a path of `probes` is one of `routes` too, or if one of them has a fallback.
pub fn stack(
    routes: Router,
    probes: Router,
    settings: StackSettings,
) -> Result<Router, HttpSettingsError> {
    let StackSettings {
        http,
        ids,
        random,
        metrics,
        reporter,
        auth,
        tenant,
        recorder,
    } = settings;
    let entry = EntryLayer {
        ids,
        random,
        metrics,
        reporter,
        access: log::Access::Routes,
    };
    let for_probes = EntryLayer {
        access: log::Access::Probes,
        ..entry.clone()
    };

    let routes = routes
        .method_not_allowed_fallback(fallback::method_not_allowed)
        .fallback(fallback::not_found);
    // The innermost first: each goes around what is there.
    let routes = match recorder {
        Some(recorder) => routes.layer(RecordLayer { recorder }),
        None => routes,
    };
    let routes = apply(tenant, routes);
    let routes = apply(auth, routes);
    let routes = routes.layer(
        ServiceBuilder::new()
            .layer(entry)
            .layer(CatchPanicLayer)
            .layer(LoadShedLayer::new(http.max_in_flight))
            .layer(TimeoutLayer {
                timeout: http.timeout,
            })
            .option_layer(cors::layer(&http.cors)?)
            .layer(MapResponseLayer::new(compression::unwrap_body))
            .layer(compression::layer())
            .layer(BodyLimitLayer {
                limit: http.body_limit,
            })
            // axum's own limit, which our extractors do not ask, would only confuse.
            .layer(DefaultBodyLimit::disable()),
    );
    let probes = probes
        .method_not_allowed_fallback(fallback::method_not_allowed)
        .layer(
            ServiceBuilder::new()
                .layer(for_probes)
                .layer(CatchPanicLayer),
        );
    Ok(routes.merge(probes))
}

fn apply(layer: Option<ApplyLayer>, router: Router) -> Router {
    match layer {
        Some(layer) => layer(router),
        None => router,
    }
}

impl fmt::Debug for StackSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StackSettings")
            .field("http", &self.http)
            .finish_non_exhaustive()
    }
}
