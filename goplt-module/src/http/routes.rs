use std::{fmt, sync::Arc};

use axum::{
    handler::Handler,
    routing::{MethodFilter, MethodRouter},
};
use goplt_core::manifest::{Manifest, Method, RouteDecl};

use super::{
    guarded::{Check, Guarded},
    route_table::{MountError, Mounted, RouteTable},
};
use crate::RouteKey;

/// Mounts a module's handlers on the routes that its manifest declares.
///
/// The manifest says method, path and who may call; a handler cannot be reached without the
/// check. What is mounted wrongly is reported when the host is built, not here.
///
/// # Examples
///
/// ```
/// use std::sync::Arc;
/// use goplt_module::http::{Json, Routes, State};
///
/// # mod route {
/// #     pub const HELLO: goplt_module::RouteKey = goplt_module::RouteKey::__declared("blog", "hello");
/// # }
/// struct Blog { greeting: String }
///
/// async fn hello(State(blog): State<Arc<Blog>>) -> Json<serde_json::Value> {
///     Json(serde_json::json!({ "greeting": blog.greeting }))
/// }
///
/// fn mount(mut routes: Routes<'_, Blog>) {
///     routes.mount(route::HELLO, hello);
/// }
/// ```
pub struct Routes<'a, S> {
    table: &'a mut RouteTable,
    manifest: &'a Manifest,
    state: Arc<S>,
}

impl<'a, S> Routes<'a, S> {
    pub(super) fn new(table: &'a mut RouteTable, manifest: &'a Manifest, state: Arc<S>) -> Self {
        Self {
            table,
            manifest,
            state,
        }
    }
}

impl<S: Send + Sync + 'static> Routes<'_, S> {
    /// Answers the declared `route` with `handler`, once its check has passed.
    ///
    /// The handler is a function of axum with the state `Arc<S>`. Its arguments are the
    /// extractors of [`http`](super), so that what they refuse is answered as a problem.
    pub fn mount<H, T>(&mut self, route: RouteKey, handler: H) -> &mut Self
    where
        H: Handler<T, Arc<S>>,
        T: 'static,
    {
        let module = self.manifest.name();
        match self.declared(route) {
            Ok(decl) => {
                let guarded = Guarded::new(handler, Check::new(module, decl, &self.table.checks));
                let router = MethodRouter::new()
                    .on(method_filter(decl.method), guarded)
                    .with_state(Arc::clone(&self.state));
                let mounted = Mounted {
                    path: decl.path.clone(),
                    router,
                };
                self.table.add(module, route, mounted);
            }
            Err(error) => self.table.refuse(error),
        }
        self
    }

    fn declared(&self, route: RouteKey) -> Result<&RouteDecl, MountError> {
        let module = self.manifest.name();
        if route.module() != module.as_str() {
            return Err(MountError::Foreign {
                module: module.clone(),
                route,
            });
        }
        let mut declared = self.manifest.routes().iter();
        declared
            .find(|decl| decl.id == route.id())
            .ok_or_else(|| MountError::Undeclared {
                module: module.clone(),
                route,
            })
    }
}

/// GET answers HEAD too, without a body.
fn method_filter(method: Method) -> MethodFilter {
    match method {
        Method::Get => MethodFilter::GET,
        Method::Post => MethodFilter::POST,
        Method::Put => MethodFilter::PUT,
        Method::Patch => MethodFilter::PATCH,
        Method::Delete => MethodFilter::DELETE,
    }
}

impl<S> fmt::Debug for Routes<'_, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Routes")
            .field("module", self.manifest.name())
            .finish_non_exhaustive()
    }
}
