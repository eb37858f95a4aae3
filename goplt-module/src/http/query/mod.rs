//! [`Query`]: the parameters after `?`.

mod encoded;
mod parameters;
mod value;

use std::collections::HashSet;

use axum::extract::FromRequestParts;
use goplt_core::{Code, Problem};
use http::{Uri, request::Parts};
use serde::de::DeserializeOwned;

use self::{parameters::Parameters, value::Mistake};

/// The parameters after `?`, as the fields of `T`.
///
/// A parameter that `T` does not have is 400, whether or not `T` says `deny_unknown_fields`; so
/// are one that comes twice, one that is not percent-encoded UTF-8, one that is missing and not an `Option`, and one of the wrong type.
/// The detail names it. Lists take [`ListQuery`](super::ListQuery) instead.
///
/// # Examples
///
/// ```
/// use goplt_core::Uuid;
/// use goplt_module::http::Query;
///
/// #[derive(serde::Deserialize)]
/// struct Filter { author_id: Option<Uuid> }
///
/// async fn count(Query(filter): Query<Filter>) -> String {
///     format!("{:?}", filter.author_id)
/// }
/// # let _: axum::routing::MethodRouter = axum::routing::get(count);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Query<T>(pub T);

impl<T: DeserializeOwned, S: Sync> FromRequestParts<S> for Query<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        Ok(Self(from_pairs(pairs(&parts.uri)?)?))
    }
}

/// What is told of a parameter that cannot be decoded.
const UNREADABLE: &str = "is not percent-encoded UTF-8";

/// Name and value of each parameter, decoded; each name once.
pub(super) fn pairs(uri: &Uri) -> Result<Vec<(String, String)>, Problem> {
    let parameters = uri.query().unwrap_or_default().split('&');
    let mut pairs = Vec::new();
    for parameter in parameters.filter(|parameter| !parameter.is_empty()) {
        let (written, value) = parameter.split_once('=').unwrap_or((parameter, ""));
        let unreadable = |name: &str| bad(format!("`{}`: {UNREADABLE}", cut(name)));
        let name = encoded::decode(written).ok_or_else(|| unreadable(written))?;
        let value = encoded::decode(value).ok_or_else(|| unreadable(&name))?;
        pairs.push((name, value));
    }
    let mut names = HashSet::new();
    if let Some((name, _)) = pairs.iter().find(|(name, _)| !names.insert(name.as_str())) {
        return Err(bad(format!("`{}`: comes twice", cut(name))));
    }
    Ok(pairs)
}

pub(super) fn from_pairs<T: DeserializeOwned>(pairs: Vec<(String, String)>) -> Result<T, Problem> {
    T::deserialize(Parameters::new(pairs)).map_err(|Mistake(told)| bad(shorten(told)))
}

fn bad(detail: impl Into<std::borrow::Cow<'static, str>>) -> Problem {
    Problem::new(Code::InvalidArgument).with_detail(detail)
}

/// The message of a field's own type may repeat what came from outside.
fn shorten(mut told: String) -> String {
    if let Some((end, _)) = told.char_indices().nth(500) {
        told.truncate(end);
        told.push('…');
    }
    told
}

/// What came from outside is cut before it is repeated.
fn cut(name: &str) -> String {
    name.chars().take(80).collect()
}

#[cfg(test)]
mod tests {
    use goplt_core::Uuid;
    use proptest::prelude::*;
    use serde::Deserialize;

    use super::*;

    #[derive(Debug, Deserialize)]
    struct Filter {
        author_id: Option<Uuid>,
        plan: Option<Plan>,
        count: u8,
        draft: Option<bool>,
        ratio: Option<f64>,
    }

    #[derive(Debug, PartialEq, Deserialize)]
    #[serde(rename_all = "snake_case")]
    enum Plan {
        Free,
        Team,
    }

    fn read(query: &str) -> Result<Filter, String> {
        let uri = format!("/x?{query}").parse().unwrap();
        let read = pairs(&uri).and_then(from_pairs);
        read.map_err(|problem: Problem| problem.detail().unwrap_or_default().to_owned())
    }

    #[test]
    fn parameters_become_fields() {
        let id = "01890a5d-ac96-774b-bcce-b302099a8057";
        let filter = read(&format!(
            "count=3&plan=team&draft=true&ratio=0.5&author_id={id}"
        ))
        .unwrap();
        assert_eq!(filter.count, 3);
        assert_eq!(filter.plan, Some(Plan::Team));
        assert_eq!(filter.draft, Some(true));
        assert_eq!(filter.ratio, Some(0.5));
        assert_eq!(filter.author_id.unwrap().to_string(), id);
    }

    #[test]
    fn what_is_wrong_is_named() {
        assert_eq!(read("count=1&x=2").unwrap_err(), "`x`: is not known");
        assert_eq!(read("count=1&count=1").unwrap_err(), "`count`: comes twice");
        assert_eq!(read("").unwrap_err(), "`count`: is missing");
        assert_eq!(read("count=300").unwrap_err(), "`count`: expected u8");
        assert_eq!(
            read("count=1&draft=yes").unwrap_err(),
            "`draft`: expected bool"
        );
        assert_eq!(
            read("count=1&plan=gold").unwrap_err(),
            "`plan`: unknown variant `gold`, expected `free` or `team`"
        );
        let long = read(&format!("count=1&plan={}", "g".repeat(50_000))).unwrap_err();
        assert!(long.starts_with("`plan`: ") && long.len() < 600);
        let not_an_id = read("count=1&author_id=7").unwrap_err();
        assert!(
            not_an_id.starts_with("`author_id`: `7` is not a UUID"),
            "{not_an_id}"
        );
    }

    #[test]
    fn what_is_badly_encoded_is_named_and_not_guessed() {
        assert_eq!(
            read("count=1&plan=%ff").unwrap_err(),
            "`plan`: is not percent-encoded UTF-8"
        );
        for bad in [
            "count=%",
            "count=%3",
            "count=%zz",
            "count=%+1",
            "count=%c3%28",
        ] {
            assert_eq!(
                read(bad).unwrap_err(),
                "`count`: is not percent-encoded UTF-8",
                "{bad}"
            );
        }
        assert_eq!(
            read("%ff=1").unwrap_err(),
            "`%ff`: is not percent-encoded UTF-8"
        );
        assert_eq!(read("count=%31&&").unwrap().count, 1);
    }

    proptest! {
        #[test]
        fn no_query_makes_it_panic(query in "[ -~]{0,60}") {
            if let Ok(uri) = format!("/x?{query}").parse() {
                let _ = pairs(&uri).and_then(from_pairs::<Filter>);
            }
        }
    }
}
