//! [`Call`]: a request of a fixture.

use axum::body::Body;
use goplt_core::manifest::RouteDecl;
use http::{Method, Request, header::CONTENT_TYPE};
use serde_json::Value;

use crate::{Answer, Caller, TestHost};

/// A request that a fixture asks for; by the suite's caller, who may do everything, unless said
/// otherwise.
#[derive(Debug, Clone)]
#[must_use = "it is sent by the suite"]
pub struct Call {
    method: Method,
    path: String,
    body: Option<Value>,
    headers: Vec<(String, String)>,
    who: Who,
}

#[derive(Debug, Clone)]
enum Who {
    Suite,
    User(String),
    Anonymous,
}

/// The subject of the suite's caller.
pub(super) const SUBJECT: &str = "isolation-suite";

impl Call {
    /// `GET`.
    pub fn get(path: impl Into<String>) -> Self {
        Self::new(Method::GET, path)
    }

    /// `DELETE`.
    pub fn delete(path: impl Into<String>) -> Self {
        Self::new(Method::DELETE, path)
    }

    /// `POST` with a JSON body.
    pub fn post(path: impl Into<String>, body: Value) -> Self {
        Self::new(Method::POST, path).with_body(body)
    }

    /// `PUT` with a JSON body.
    pub fn put(path: impl Into<String>, body: Value) -> Self {
        Self::new(Method::PUT, path).with_body(body)
    }

    /// `PATCH` with a JSON body.
    pub fn patch(path: impl Into<String>, body: Value) -> Self {
        Self::new(Method::PATCH, path).with_body(body)
    }

    fn new(method: Method, path: impl Into<String>) -> Self {
        Self {
            method,
            path: path.into(),
            body: None,
            headers: Vec::new(),
            who: Who::Suite,
        }
    }

    /// With a JSON body.
    pub fn with_body(mut self, body: Value) -> Self {
        self.body = Some(body);
        self
    }

    /// With a header, such as `if-match`.
    pub fn with_header(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.headers.push((name.into(), value.into()));
        self
    }

    /// By this user, who may do everything too.
    pub fn by(mut self, subject: impl Into<String>) -> Self {
        self.who = Who::User(subject.into());
        self
    }

    /// By someone without credentials, who names acme by header.
    pub fn anonymously(mut self) -> Self {
        self.who = Who::Anonymous;
        self
    }

    /// What it says, to know which marks it knew itself.
    pub(super) fn text(&self) -> String {
        format!("{} {:?} {:?}", self.path, self.headers, self.body)
    }

    /// Why it is no call of this route, if it is none.
    pub(super) fn strays_from(&self, route: &RouteDecl) -> Option<String> {
        let path = self.path.split('?').next().unwrap_or_default();
        let fits = |declared: &str, given: &str| declared.starts_with('{') || declared == given;
        let (mut declared, mut given) = (route.path.split('/'), path.split('/'));
        let same_path = loop {
            match (declared.next(), given.next()) {
                (None, None) => break true,
                (Some(declared), _) if declared.starts_with("{*") => break true,
                (Some(declared), Some(given)) if fits(declared, given) => {}
                _ => break false,
            }
        };
        (!same_path || self.method.as_str() != route.method.as_str()).then(|| {
            format!(
                "its call goes to {} {path}, not to {} {}",
                self.method,
                route.method.as_str(),
                route.path
            )
        })
    }

    pub(super) async fn send(&self, host: &TestHost) -> Answer {
        let caller = match &self.who {
            Who::Suite => caller(host, "acme", SUBJECT),
            Who::User(subject) => caller(host, "acme", subject),
            Who::Anonymous => host.anonymous("acme"),
        };
        let body = self
            .body
            .as_ref()
            .map_or_else(Body::empty, |body| Body::from(body.to_string()));
        let mut request = Request::builder()
            .method(self.method.clone())
            .uri(&self.path);
        if self.body.is_some() {
            request = request.header(CONTENT_TYPE, "application/json");
        }
        for (name, value) in &self.headers {
            request = request.header(name, value);
        }
        let request = request.body(body);
        let request = request.unwrap_or_else(|error| panic!("{self:?} is no request: {error}"));
        caller.send(request).await
    }
}

/// Someone who may do everything.
pub(super) fn caller<'a>(host: &'a TestHost, tenant: &str, subject: &str) -> Caller<'a> {
    host.user(subject, tenant).with_grants(["*"])
}
