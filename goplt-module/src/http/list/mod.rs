//! Lists in pages: [`ListQuery`] in, [`Page`] out, a [`Cursor`] between them.

use axum::extract::FromRequestParts;
use goplt_core::{Problem, contract::RpcError, problem::Violation};
use http::request::Parts;
use serde::{
    Serialize,
    de::{Deserialize, DeserializeOwned, Deserializer, IgnoredAny, MapAccess, Visitor},
};

pub use goplt_core::data::{Cursor, CursorError, MAX_PAGE as MAX_LIMIT, Page};

use super::query;

/// `limit` and `cursor` of a list, and what it is filtered by.
///
/// `limit` is 1 to 100 and 20 if it is absent, anything else is 422. A cursor that this platform
/// did not make is 400. All other parameters are the fields of `F`, read as [`Query`](super::Query)
/// reads them; with the default [`NoFilter`] there are none.
///
/// # Examples
///
/// ```
/// use goplt_core::{Problem, Uuid};
/// use goplt_module::http::{Json, ListQuery, Page};
///
/// #[derive(serde::Deserialize)]
/// struct Filter { author_id: Option<Uuid> }
///
/// async fn posts(list: ListQuery<Filter>) -> Result<Json<Page<Uuid>>, Problem> {
///     // Newest first: `WHERE id < after ORDER BY id DESC LIMIT rows_to_fetch`.
///     let after: Option<Uuid> = list.after()?;
///     let rows = fetch(list.filter.author_id, after, list.rows_to_fetch());
///     Ok(Json(list.page(rows, |id| *id)))
/// }
/// # fn fetch(_: Option<Uuid>, _: Option<Uuid>, _: i64) -> Vec<Uuid> { Vec::new() }
/// # let _: axum::routing::MethodRouter = axum::routing::get(posts);
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ListQuery<F = NoFilter> {
    /// The most items that are wanted, 1 to 100.
    pub limit: u32,
    /// Where the page before ended.
    pub cursor: Option<Cursor>,
    /// The other parameters.
    pub filter: F,
}

/// The filter of a list that has none: every parameter but `limit` and `cursor` is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct NoFilter;

/// `limit` when the caller names none.
pub const DEFAULT_LIMIT: u32 = 20;

impl ListQuery {
    /// Of the fields `limit` and `cursor` of a contract's request, under the same rules.
    ///
    /// # Errors
    ///
    /// [`Code::InvalidArgument`](goplt_core::Code::InvalidArgument), with a violation if it is the limit.
    pub fn of_request(limit: Option<u32>, cursor: Option<&str>) -> Result<Self, RpcError> {
        let limit = limit.unwrap_or(DEFAULT_LIMIT);
        if !(1..=MAX_LIMIT).contains(&limit) {
            return Err(RpcError::invalid(vec![limit_rule()]));
        }
        let cursor = cursor.map(str::parse).transpose()?;
        Ok(Self {
            limit,
            cursor,
            filter: NoFilter,
        })
    }
}

impl<F> ListQuery<F> {
    /// What the cursor holds: the key of the last item of the page before. `None` on the first page.
    ///
    /// # Errors
    ///
    /// [`CursorError`] (400) if the cursor is of another list.
    pub fn after<K: DeserializeOwned>(&self) -> Result<Option<K>, CursorError> {
        self.cursor.as_ref().map(Cursor::key).transpose()
    }

    /// One row more than the page holds, which tells whether there is another page.
    #[must_use]
    pub fn rows_to_fetch(&self) -> i64 {
        i64::from(self.limit) + 1
    }

    /// The page made of up to [`rows_to_fetch`](Self::rows_to_fetch) rows. `key` is what
    /// [`after`](Self::after) gives on the next one.
    #[must_use]
    pub fn page<T, K: Serialize>(&self, rows: Vec<T>, key: impl FnOnce(&T) -> K) -> Page<T> {
        Page::of_rows(rows, self.limit, key)
    }
}

impl<F: DeserializeOwned, S: Sync> FromRequestParts<S> for ListQuery<F> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let mut pairs = query::pairs(&parts.uri)?;
        let limit =
            take(&mut pairs, "limit").map_or(Ok(DEFAULT_LIMIT), |text| parse_limit(&text))?;
        let cursor = take(&mut pairs, "cursor")
            .map(|text| text.parse())
            .transpose()?;
        Ok(Self {
            limit,
            cursor,
            filter: query::from_pairs(pairs)?,
        })
    }
}

fn take(pairs: &mut Vec<(String, String)>, name: &str) -> Option<String> {
    let at = pairs.iter().position(|(present, _)| present == name)?;
    Some(pairs.swap_remove(at).1)
}

fn parse_limit(text: &str) -> Result<u32, Problem> {
    match text.parse() {
        Ok(limit @ 1..=MAX_LIMIT) => Ok(limit),
        _ => Err(Problem::unprocessable(vec![limit_rule()])),
    }
}

fn limit_rule() -> Violation {
    Violation::new("limit", format!("must be a number from 1 to {MAX_LIMIT}"))
}

impl<'de> Deserialize<'de> for NoFilter {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(Nothing)
    }
}

struct Nothing;

impl<'de> Visitor<'de> for Nothing {
    type Value = NoFilter;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("no more parameters")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<NoFilter, A::Error> {
        // Asking for an ignored value is how the query learns that nobody wants it.
        while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(NoFilter)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn read(query: &str) -> Result<ListQuery, Problem> {
        let request = http::Request::get(format!("/x?{query}")).body(()).unwrap();
        ListQuery::from_request_parts(&mut request.into_parts().0, &()).await
    }

    #[tokio::test]
    async fn a_limit_outside_of_1_to_100_breaks_a_rule() {
        assert_eq!(read("").await.unwrap().limit, 20);
        assert_eq!(read("limit=100").await.unwrap().limit, 100);
        for bad in ["0", "101", "-1", "ten", "", "1e1"] {
            let problem = read(&format!("limit={bad}")).await.unwrap_err();
            assert_eq!(problem.status(), 422, "{bad}");
            assert_eq!(problem.violations()[0].field(), "limit");
        }
    }

    #[tokio::test]
    async fn other_parameters_and_foreign_cursors_are_400() {
        for bad in ["page=2", "limit=1&limit=1", "cursor=x", "cursor="] {
            assert_eq!(read(bad).await.unwrap_err().status(), 400, "{bad}");
        }
    }

    #[tokio::test]
    async fn a_cursor_leads_to_the_next_page() {
        let page = read("limit=2")
            .await
            .unwrap()
            .page(vec![9_u8, 8, 7], |item| *item);
        assert_eq!(page.items, [9, 8]);
        let cursor = page.next_cursor.unwrap();
        let next = read(&format!("limit=2&cursor={cursor}")).await.unwrap();
        assert_eq!(next.after::<u8>().unwrap(), Some(8));
        assert_eq!(next.page(vec![7_u8], |item| *item).next_cursor, None);
        assert!(next.after::<Vec<String>>().is_err());
    }
}
