//! `routes`.

use std::collections::HashMap;

use super::{
    Fields, Reader, Seen,
    access::Declared,
    keys::{ACCESS, ROUTE_KEYS},
    path,
};
use crate::{
    Method, PermissionDecl, PermissionPattern, RouteAccess, RouteDecl, TenantSource, suggest,
    yaml::{Mark, Node},
};

const ACCESS_HELP: &str = "say who may call it: `permission: <one of this module>`, `access: authenticated`, \
     `access: public`, or `access: handler` with a `reason`";

impl Reader<'_> {
    pub(super) fn routes(
        &mut self,
        fields: &Fields<'_>,
        permissions: &[PermissionDecl],
    ) -> Vec<RouteDecl> {
        let declared = Declared::new(fields, self.report.is_complete(), permissions);
        let mut seen = Seen::default();
        let mut shapes = Shapes::default();
        let mut routes = Vec::new();
        for node in fields.list(self.report, "routes") {
            let Some(route) = self.route(node, &declared, &mut seen) else {
                continue;
            };
            if self.distinct(&route, &mut shapes) {
                routes.push(route);
            }
        }
        routes
    }

    fn route(
        &mut self,
        node: &Node,
        declared: &Declared<'_>,
        seen: &mut Seen,
    ) -> Option<RouteDecl> {
        let fields = Fields::open(self.report, node, "a route", ROUTE_KEYS)?;
        // Each part is read before any is missed, so that all problems of the route are reported.
        let id = self.route_id(&fields, seen);
        let method = self.method(&fields);
        let path = self.path(&fields);
        let access = self.access(&fields, declared);
        let tenant = self.tenant(&fields);
        let description = fields.description(self.report);
        Some(RouteDecl {
            id: id?,
            method: method?,
            path: path?,
            access: access?,
            tenant: tenant?,
            description,
            mark: fields.mark(),
        })
    }

    fn route_id(&mut self, fields: &Fields<'_>, seen: &mut Seen) -> Option<String> {
        let help = "name the route, such as `id: create_post`: it becomes `route::CREATE_POST`";
        let (id, mark) = fields.required(self.report, "id", help)?;
        if !is_snake_case(id) {
            let id = crate::error::shorten(id);
            self.report.error(
                mark,
                format!(
                    "`{id}` is not the id of a route: `[a-z][a-z0-9_]*`, at most 63 characters"
                ),
            );
            return None;
        }
        seen.first(self.report, "route", id, mark)
            .then(|| id.to_owned())
    }

    fn method(&mut self, fields: &Fields<'_>) -> Option<Method> {
        let help = "add one of GET, POST, PUT, PATCH, DELETE";
        let (text, mark) = fields.required(self.report, "method", help)?;
        if let Some(method) = Method::parse(text) {
            return Some(method);
        }
        let message = format!("unknown method `{}`", crate::error::shorten(text));
        let upper = text.to_ascii_uppercase();
        let near = Method::parse(&upper)
            .map(Method::as_str)
            .or_else(|| suggest(&upper, Method::ALL.into_iter().map(Method::as_str)));
        match near {
            Some(near) => self
                .report
                .error(mark, format!("{message}; did you mean `{near}`?")),
            None => self
                .report
                .mend(mark, message, "write one of GET, POST, PUT, PATCH, DELETE"),
        }
        None
    }

    fn path(&mut self, fields: &Fields<'_>) -> Option<String> {
        let help = "add the path, such as `path: \"/api/v1/blog/posts/{id}\"`";
        fields.missing(self.report, "path", help);
        let node = fields.get("path")?;
        if node.text().is_none() {
            self.report.mend(
                node.mark,
                format!("`path` is text, found {}", node.value.kind()),
                "quote a path that holds `{`: path: \"/posts/{id}\"",
            );
            return None;
        }
        let (text, mark) = fields.text(self.report, "path")?;
        match path::check(text) {
            Ok(()) => Some(text.to_owned()),
            Err((message, help)) => {
                self.report.push(mark, message, help);
                None
            }
        }
    }

    /// Exactly one of `permission` and `access`.
    fn access(&mut self, fields: &Fields<'_>, declared: &Declared<'_>) -> Option<RouteAccess> {
        let reason = fields.text(self.report, "reason");
        if let (Some(permission), Some(access)) = (fields.get("permission"), fields.get("access")) {
            self.report.mend(
                permission.mark.max(access.mark),
                "a route has either `permission` or `access`, not both",
                "remove one of them",
            );
            return None;
        }
        let handled = matches!(fields.text_quietly("access"), Some("handler"));
        if let Some((_, mark)) = reason.filter(|_| !handled && !fields.guessed("access")) {
            let message = "`reason` belongs to `access: handler` only";
            self.report.mend(mark, message, "remove it");
        }
        if fields.get("permission").is_some() {
            let (text, mark) = fields.text(self.report, "permission")?;
            return self.route_permission(text, mark, declared);
        }
        let Some((text, mark)) = fields.text(self.report, "access") else {
            if self.report.is_complete() && !fields.has("permission") && !fields.has("access") {
                let message = "the route does not say who may call it";
                self.report.mend(fields.mark(), message, ACCESS_HELP);
            }
            return None;
        };
        match text {
            "authenticated" => Some(RouteAccess::Authenticated),
            "public" => Some(RouteAccess::Public),
            "handler" => {
                let given = reason
                    .map(|(reason, _)| reason.trim())
                    .filter(|reason| !reason.is_empty());
                if given.is_none() && !fields.guessed("reason") {
                    self.report.mend(
                        mark,
                        "`access: handler` needs a `reason`",
                        "say why the manifest cannot declare who may call it",
                    );
                }
                let reason = given?.to_owned();
                Some(RouteAccess::Handler { reason })
            }
            other => {
                self.unknown_access(other, mark);
                None
            }
        }
    }

    fn route_permission(
        &mut self,
        text: &str,
        mark: Mark,
        declared: &Declared<'_>,
    ) -> Option<RouteAccess> {
        if ACCESS.contains(&text) {
            let message = format!("`{text}` is not a permission");
            self.report
                .mend(mark, message, format!("write `access: {text}`"));
            return None;
        }
        let permission = self.own_permission(text, mark)?;
        if declared.lacks(&PermissionPattern::from(permission.clone())) {
            let message = format!("permission `{text}` is not declared in this manifest");
            match declared.near(text) {
                Some(near) => self
                    .report
                    .error(mark, format!("{message}; did you mean `{near}`?")),
                None => self
                    .report
                    .mend(mark, message, "declare it under `permissions`"),
            }
            return None;
        }
        Some(RouteAccess::Permission(permission))
    }

    fn unknown_access(&mut self, text: &str, mark: Mark) {
        let message = format!("unknown access `{}`", crate::error::shorten(text));
        if crate::Permission::parse(text).is_ok() {
            self.report
                .mend(mark, message, format!("write `permission: {text}`"));
            return;
        }
        match suggest(text, ACCESS.iter().copied()) {
            Some(near) => self
                .report
                .error(mark, format!("{message}; did you mean `{near}`?")),
            None => self.report.mend(mark, message, ACCESS_HELP),
        }
    }

    /// `None` when the value is not known; absent is the request.
    fn tenant(&mut self, fields: &Fields<'_>) -> Option<TenantSource> {
        if fields.get("tenant").is_none() {
            return Some(TenantSource::Request);
        }
        let (text, mark) = fields.text(self.report, "tenant")?;
        match text {
            "request" => Some(TenantSource::Request),
            "credential" => Some(TenantSource::Credential),
            _ => {
                let message = format!(
                    "unknown source of the tenant `{}`",
                    crate::error::shorten(text)
                );
                let help = "write `tenant: credential`, or leave it out for the request";
                self.report.mend(mark, message, help);
                None
            }
        }
    }

    /// Finds two routes that the router could not tell apart.
    fn distinct(&mut self, route: &RouteDecl, shapes: &mut Shapes) -> bool {
        let shape = path::shape(&route.path);
        let methods = shapes.entry(shape).or_default();
        let (first, clash) = match methods.iter().find(|first| first.method == route.method) {
            Some(first) => (first, "answers the same requests as"),
            None => match methods.iter().find(|first| first.path != route.path) {
                Some(first) => (first, "names the parameters of the path otherwise than"),
                None => {
                    methods.push(route.clone());
                    return true;
                }
            },
        };
        self.report.mend(
            route.mark,
            format!(
                "route `{}` ({} {}) {clash} `{}` ({} {}) at line {}",
                route.id,
                route.method,
                route.path,
                first.id,
                first.method,
                first.path,
                first.mark.line,
            ),
            match first.method == route.method {
                true => "change the method or the path of one of them",
                false => "use the same names for the same path",
            },
        );
        false
    }
}

/// Routes by their path without the names of its parameters.
type Shapes = HashMap<String, Vec<RouteDecl>>;

/// `[a-z][a-z0-9_]*`, at most 63 characters.
pub(super) fn is_snake_case(text: &str) -> bool {
    text.len() <= 63
        && text.starts_with(|first: char| first.is_ascii_lowercase())
        && text
            .bytes()
            .all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'_'))
}
