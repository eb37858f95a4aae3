//! [`Caller`]: who sends requests in a test.

use std::fmt;

use axum::body::Body;
use goplt_authz::rbac::Role;
use goplt_core::{TenantId, manifest::PermissionPattern};
use http::{
    Method, Request,
    header::{AUTHORIZATION, CONTENT_TYPE},
};
use serde_json::Value;
use tower::ServiceExt as _;

use crate::{Answer, TestHost};

/// Someone who sends requests to a [`TestHost`], with a real token or without one.
pub struct Caller<'a> {
    host: &'a TestHost,
    tenant: TenantId,
    /// The subject, and the token that proves it.
    credentials: Option<(String, String)>,
}

impl<'a> Caller<'a> {
    pub(crate) fn user(host: &'a TestHost, subject: &str, tenant: TenantId) -> Self {
        let token = host.tokens.token(subject, tenant.as_str());
        let credentials = Some((subject.to_owned(), token));
        Self {
            host,
            tenant,
            credentials,
        }
    }

    pub(crate) const fn anonymous(host: &'a TestHost, tenant: TenantId) -> Self {
        Self {
            host,
            tenant,
            credentials: None,
        }
    }

    /// The same user with these grants (`blog.*`, `blog.post.read`) and no others.
    ///
    /// # Panics
    ///
    /// If a text is no permission or pattern, or the caller is anonymous.
    #[must_use]
    pub fn with_grants<'g>(self, grants: impl IntoIterator<Item = &'g str>) -> Self {
        let (subject, _) = self
            .credentials
            .as_ref()
            .expect("an anonymous caller has no grants");
        let grants: Vec<PermissionPattern> = grants
            .into_iter()
            .map(|text| text.parse().unwrap_or_else(|error| panic!("{error}")))
            .collect();
        let role = Role::new(self.host.context().ids().next(), subject).with_grants(grants);
        let id = role.id();
        self.host.policy.put_role(&self.tenant, role);
        self.host.policy.set_roles_of(&self.tenant, subject, [id]);
        self
    }

    /// The tenant.
    #[must_use]
    pub fn tenant(&self) -> &str {
        self.tenant.as_str()
    }

    /// The subject of the token; `None` without one.
    #[must_use]
    pub fn subject(&self) -> Option<&str> {
        let (subject, _) = self.credentials.as_ref()?;
        Some(subject)
    }

    /// Sends `GET`.
    pub async fn get(&self, path: &str) -> Answer {
        self.call(Method::GET, path, None).await
    }

    /// Sends `POST` with a JSON body.
    pub async fn post(&self, path: &str, body: Value) -> Answer {
        self.call(Method::POST, path, Some(body)).await
    }

    /// Sends `PUT` with a JSON body.
    pub async fn put(&self, path: &str, body: Value) -> Answer {
        self.call(Method::PUT, path, Some(body)).await
    }

    /// Sends `PATCH` with a JSON body.
    pub async fn patch(&self, path: &str, body: Value) -> Answer {
        self.call(Method::PATCH, path, Some(body)).await
    }

    /// Sends `DELETE`.
    pub async fn delete(&self, path: &str) -> Answer {
        self.call(Method::DELETE, path, None).await
    }

    async fn call(&self, method: Method, path: &str, body: Option<Value>) -> Answer {
        let mut request = Request::new(
            body.as_ref()
                .map_or_else(Body::empty, |body| Body::from(body.to_string())),
        );
        *request.method_mut() = method;
        *request.uri_mut() = path
            .parse()
            .unwrap_or_else(|error| panic!("`{path}`: {error}"));
        if body.is_some() {
            request.headers_mut().insert(
                CONTENT_TYPE,
                http::HeaderValue::from_static("application/json"),
            );
        }
        self.send(request).await
    }

    /// Sends a request of the test's own making, with the caller's credentials put on it.
    ///
    /// # Panics
    ///
    /// If the token is no header value, which no token is.
    pub async fn send(&self, mut request: Request<Body>) -> Answer {
        let headers = request.headers_mut();
        match &self.credentials {
            Some((_, token)) => {
                let bearer = format!("Bearer {token}").parse().expect("a token is ASCII");
                headers.insert(AUTHORIZATION, bearer);
            }
            None => {
                let tenant = self.tenant.as_str().parse().expect("a tenant id is ASCII");
                headers.insert("x-tenant-id", tenant);
            }
        }
        let router = self.host.router.clone();
        let answer = router
            .oneshot(request)
            .await
            .unwrap_or_else(|never| match never {});
        Answer::read(answer).await
    }
}

impl fmt::Debug for Caller<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Caller")
            .field("tenant", &self.tenant)
            .field(
                "subject",
                &self.credentials.as_ref().map(|(subject, _)| subject),
            )
            .finish_non_exhaustive()
    }
}
