//! Lists in pages, by key: [`Page`] out, a [`Cursor`] in.

mod cursor;

use serde::Serialize;

pub use self::cursor::{Cursor, CursorError};

/// The most items that a page holds.
pub const MAX_PAGE: u32 = 100;

/// One page of a list: `{"items": […], "next_cursor": "…" or null}`.
///
/// # Examples
///
/// ```
/// use goplt_core::data::Page;
///
/// let page = Page { items: vec!["a"], next_cursor: None };
/// let json = serde_json::to_string(&page).unwrap();
/// assert_eq!(json, r#"{"items":["a"],"next_cursor":null}"#);
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Page<T> {
    /// The items, at most `limit`.
    pub items: Vec<T>,
    /// Where the next page begins; `None` on the last one.
    pub next_cursor: Option<Cursor>,
}

impl<T> Page<T> {
    /// The page made of up to `limit + 1` rows: the last one only tells that there is another page.
    /// `key` is what the cursor holds.
    #[must_use]
    pub fn of_rows<K: Serialize>(mut rows: Vec<T>, limit: u32, key: impl FnOnce(&T) -> K) -> Self {
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        let has_more = rows.len() > limit;
        rows.truncate(limit);
        let next_cursor = match rows.last() {
            Some(last) if has_more => Some(Cursor::at(&key(last))),
            _ => None,
        };
        Self {
            items: rows,
            next_cursor,
        }
    }

    /// The same page with each item as something else, such as a row as its JSON.
    #[must_use]
    pub fn map<U>(self, f: impl FnMut(T) -> U) -> Page<U> {
        Page {
            items: self.items.into_iter().map(f).collect(),
            next_cursor: self.next_cursor,
        }
    }
}
