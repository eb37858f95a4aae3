//! Lists as values of a statement, in the one form that both databases read: SQLite by
//! `json_each(?)`, PostgreSQL by `translate(?, '[]', '{}')` as an array.

use std::fmt::{Display, Write};

/// Numbers: `[1,2]`.
pub(super) fn numbers(all: impl IntoIterator<Item = i64>) -> String {
    joined(all, "")
}

/// Words without a quote in them, such as ids: `["a","b"]`.
pub(super) fn words(all: impl IntoIterator<Item = impl Display>) -> String {
    joined(all, "\"")
}

fn joined(all: impl IntoIterator<Item = impl Display>, quote: &str) -> String {
    let mut list = String::from("[");
    for (index, one) in all.into_iter().enumerate() {
        let comma = if index == 0 { "" } else { "," };
        // A `String` takes all that is written to it.
        let _ = write!(list, "{comma}{quote}{one}{quote}");
    }
    list.push(']');
    list
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_are_json() {
        assert_eq!(numbers([]), "[]");
        assert_eq!(numbers([1, -2]), "[1,-2]");
        assert_eq!(words(["3:7", "4:1"]), r#"["3:7","4:1"]"#);
    }
}
