//! A server fault on its way out: who had asked, and the report of it.

use axum::{extract::MatchedPath, response::Response};
use goplt_core::{
    ModuleName, Problem, RequestContext,
    report::{Category, ErrorReport},
};
use http::Method;

/// Put into the extensions of an answer with 5xx by whoever knows more of the request than the
/// outermost layer: the caller, the tenant, the module.
#[derive(Debug, Clone)]
pub(in crate::http) struct Failed {
    pub(in crate::http) cx: RequestContext,
    pub(in crate::http) module: ModuleName,
}

/// The report of an answer with 5xx.
pub(super) fn report(
    response: &Response,
    cx: &RequestContext,
    method: &Method,
    route: Option<&MatchedPath>,
) -> ErrorReport {
    let report = match response.extensions().get::<Problem>() {
        Some(problem) => of_problem(problem),
        None => {
            let text = format!("answered {} without saying why", response.status());
            ErrorReport::message(Category::Bug, text)
        }
    };
    let route = route.map_or("(no route)", MatchedPath::as_str);
    let report = report.with_place(format!("{method} {route}"));
    match response.extensions().get::<Failed>() {
        Some(failed) => report
            .with_context(&failed.cx)
            .with_module(failed.module.clone()),
        None => report.with_context(cx),
    }
}

fn of_problem(problem: &Problem) -> ErrorReport {
    let category = Category::of_code(problem.code());
    match problem.source() {
        None => ErrorReport::message(category, problem.code().title()),
        Some(cause) if Category::of(cause) == Category::Panic => ErrorReport::new(cause),
        Some(cause) => ErrorReport::new(cause).with_category(category),
    }
}
