//! A host in the process: identity and auth, with a stand-in for authz and a policy of the test's.

use std::{
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use axum::body::Body;
use goplt_auth::{
    jwks::KeyHandle,
    service::{AuthModule, IdentityModule},
};
use goplt_authz::TenantLayer;
use goplt_contracts::{
    authz::{AuthzService, FakeAuthzService, GetUserRolesResponse},
    identity::{CreateTenantRequest, IdentityService},
};
use goplt_core::{
    BoxError, Code, Decision, Permission, Principal, TenantId, config::Sources, contract::RpcError,
    manifest::Manifest,
};
use goplt_module::{Host, HostBuilder, IModule, InitContext, RunningHost};
use http::{HeaderMap, Request, StatusCode};
use serde_json::{Value, json};
use tempfile::TempDir;
use tower::ServiceExt as _;

/// A module in authz's place, which can fall silent.
struct FakeAuthz {
    manifest: Manifest,
    silent: Arc<AtomicBool>,
}

pub(crate) struct Platform {
    host: RunningHost,
    pub(crate) keys: KeyHandle,
    silent: Arc<AtomicBool>,
}

/// A host that is not built yet, and what the test keeps of it.
pub(crate) struct Plan {
    pub(crate) builder: HostBuilder,
    keys: KeyHandle,
    silent: Arc<AtomicBool>,
}

#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Value,
}

/// A user who has logged in.
#[derive(Debug, Clone)]
pub(crate) struct Session {
    pub(crate) id: String,
    pub(crate) access: String,
    pub(crate) refresh: String,
}

pub(crate) const PASSWORD: &str = "correct horse battery";

const AUTHZ: &str =
    "name: authz\nversion: 1.0.0\ndescription: Stands in\ndependencies: [\"identity ^1\"]\n";

impl IModule for FakeAuthz {
    type Needs = Arc<dyn IdentityService>;
    type Provides = Arc<dyn AuthzService>;

    fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    async fn init(
        &self,
        _: Arc<dyn IdentityService>,
        _: &mut InitContext<'_>,
    ) -> Result<Self::Provides, BoxError> {
        let silent = Arc::clone(&self.silent);
        let fake = FakeAuthzService::new().on_get_user_roles(move |_, _| {
            if silent.load(Ordering::Relaxed) {
                return Err(RpcError::new(Code::Internal, "roles are gone"));
            }
            Ok(GetUserRolesResponse {
                roles: vec!["reader".into()],
            })
        });
        Ok(Arc::new(fake))
    }
}

/// Users may nothing by permission.
fn nothing(principal: &Principal, _: &TenantId, _: &Permission) -> Decision {
    if principal.is_user() {
        Decision::Deny
    } else {
        Decision::Allow
    }
}

fn everything(_: &Principal, _: &TenantId, _: &Permission) -> Decision {
    Decision::Allow
}

/// A host with cheap hashes, and whatever the test sets.
pub(crate) fn plan(folder: &Path, set: &[&str]) -> Plan {
    let (keys, silent) = (KeyHandle::new(), Arc::new(AtomicBool::new(false)));
    let manifest = Manifest::parse("authz.yaml", AUTHZ).unwrap();
    let authz = FakeAuthz {
        manifest,
        silent: Arc::clone(&silent),
    };
    let data_dir = format!("data_dir={}", folder.join("data").display());
    let cheap = [
        "identity.hash_memory=8192",
        "identity.hash_passes=1",
        "identity.hash_lanes=1",
    ];
    let set = cheap.iter().chain(set).map(|set| (*set).to_owned());
    let handle = keys.clone();
    let builder = Host::builder()
        .sources(Sources::new(folder).with_set(std::iter::once(data_dir).chain(set)))
        .module(authz)
        .module(AuthModule::new(keys.clone()))
        .module(IdentityModule::new())
        .authorizer(Arc::new(nothing))
        .auth_with(move |edge| Ok(AuthModule::layer(handle, edge)))
        .tenant_with(|edge| Ok(TenantLayer::configured(edge.mint(), edge.config())));
    Plan {
        builder,
        keys,
        silent,
    }
}

impl Plan {
    /// Where every user may everything.
    pub(crate) fn permissive(mut self) -> Self {
        self.builder = self.builder.authorizer(Arc::new(everything));
        self
    }

    /// Started, with the tenants acme and globex.
    pub(crate) async fn start(self) -> Platform {
        let host = self
            .builder
            .build()
            .unwrap()
            .start_in_process()
            .await
            .unwrap();
        let platform = Platform {
            host,
            keys: self.keys,
            silent: self.silent,
        };
        platform.make_tenant("acme").await;
        platform.make_tenant("globex").await;
        platform
    }
}

impl Platform {
    pub(crate) async fn start() -> (Self, TempDir) {
        let folder = tempfile::tempdir().unwrap();
        (plan(folder.path(), &[]).start().await, folder)
    }

    pub(crate) async fn permissive() -> (Self, TempDir) {
        let folder = tempfile::tempdir().unwrap();
        (plan(folder.path(), &[]).permissive().start().await, folder)
    }

    async fn make_tenant(&self, id: &str) {
        let identity = self.host.get::<dyn IdentityService>().unwrap();
        let cx = self
            .host
            .context("test")
            .service_contexts()
            .without_tenant();
        let request = CreateTenantRequest {
            id: id.into(),
            name: String::new(),
        };
        let first = identity.create_tenant(&cx, request.clone()).await.unwrap();
        assert_eq!(identity.create_tenant(&cx, request).await.unwrap(), first);
    }

    pub(crate) const fn host(&self) -> &RunningHost {
        &self.host
    }

    pub(crate) fn silence_authz(&self, silent: bool) {
        self.silent.store(silent, Ordering::Relaxed);
    }

    pub(crate) async fn stop(self) {
        self.host.stop().await.unwrap();
    }

    /// `who` is a tenant for anonymous callers (`@acme`), an access token, or nobody.
    pub(crate) async fn call(&self, method: &str, path: &str, who: &str, body: Value) -> Answer {
        let mut request = Request::builder().method(method).uri(path);
        match who.strip_prefix('@') {
            Some(tenant) => request = request.header("x-tenant-id", tenant),
            None if who.is_empty() => {}
            None => request = request.header("authorization", format!("Bearer {who}")),
        }
        let body = match body {
            Value::Null => Body::empty(),
            body => {
                request = request.header("content-type", "application/json");
                Body::from(body.to_string())
            }
        };
        let answer = self
            .host
            .router()
            .oneshot(request.body(body).unwrap())
            .await
            .unwrap();
        let (parts, body) = answer.into_parts();
        let body = axum::body::to_bytes(body, 1 << 20).await.unwrap();
        let body = serde_json::from_slice(&body).unwrap_or(Value::Null);
        Answer {
            status: parts.status,
            headers: parts.headers,
            body,
        }
    }

    pub(crate) async fn post(&self, path: &str, who: &str, body: Value) -> Answer {
        self.call("POST", path, who, body).await
    }

    pub(crate) async fn get(&self, path: &str, who: &str) -> Answer {
        self.call("GET", path, who, Value::Null).await
    }

    pub(crate) async fn register(&self, tenant: &str, email: &str) -> Answer {
        let body = json!({ "email": email, "password": PASSWORD });
        self.post("/api/v1/users", &format!("@{tenant}"), body)
            .await
    }

    pub(crate) async fn login(&self, tenant: &str, email: &str, password: &str) -> Answer {
        let body = json!({ "email": email, "password": password });
        self.post("/api/v1/auth/login", &format!("@{tenant}"), body)
            .await
    }

    pub(crate) async fn refresh(&self, token: &str) -> Answer {
        self.post(
            "/api/v1/auth/refresh",
            "",
            json!({ "refresh_token": token }),
        )
        .await
    }

    /// Registered and logged in.
    pub(crate) async fn session(&self, tenant: &str, email: &str) -> Session {
        let user = self.register(tenant, email).await;
        assert_eq!(user.status, 201, "{user:?}");
        let tokens = self.login(tenant, email, PASSWORD).await;
        assert_eq!(tokens.status, 200, "{tokens:?}");
        Session {
            id: user.text("id").to_owned(),
            access: tokens.text("access_token").to_owned(),
            refresh: tokens.text("refresh_token").to_owned(),
        }
    }
}

impl Answer {
    pub(crate) fn text(&self, member: &str) -> &str {
        self.body[member].as_str().unwrap_or_default()
    }

    /// The fields that a 422 names.
    pub(crate) fn fields(&self) -> Vec<&str> {
        let errors = self.body["errors"]
            .as_array()
            .map(Vec::as_slice)
            .unwrap_or_default();
        errors
            .iter()
            .filter_map(|error| error["field"].as_str())
            .collect()
    }
}
