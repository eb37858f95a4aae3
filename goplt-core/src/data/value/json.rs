//! [`Json`]: a value kept as JSON.

use serde::{Serialize, de::DeserializeOwned};

use super::{DbType, DbValue, IntoValue, Value, ValueError};

/// Any serde type in a `JSONB` column.
///
/// # Examples
///
/// ```
/// use goplt_core::data::{DbValue, IntoValue, Json, Value};
///
/// let tags = Json(vec!["a", "b"]).into_value();
/// assert_eq!(tags, Value::Json(r#"["a","b"]"#.into()));
/// assert_eq!(Json::<Vec<String>>::from_value(tags)?.0, ["a", "b"]);
/// # Ok::<_, goplt_core::data::ValueError>(())
/// ```
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
#[expect(
    clippy::exhaustive_structs,
    reason = "it is made and taken apart by its one field"
)]
pub struct Json<T>(pub T);

impl<T: DeserializeOwned> DbValue for Json<T> {
    const TYPE: DbType = DbType::Json;

    fn from_value(value: Value) -> Result<Self, ValueError> {
        match value {
            Value::Json(text) => serde_json::from_str(&text)
                .map(Self)
                .map_err(ValueError::refused),
            // So that `#[row(json)]` on an `Option` reads NULL as `None`.
            Value::Null(_) => serde_json::from_str("null")
                .map(Self)
                .map_err(|_| ValueError::Null),
            other => Err(ValueError::of(Self::TYPE, &other)),
        }
    }
}

impl<T: Serialize> IntoValue for Json<T> {
    fn into_value(self) -> Value {
        match serde_json::to_string(&self.0) {
            // PostgreSQL has no NUL in JSONB either.
            Ok(text) if has_nul(&text) => Value::Invalid(ValueError::Unstorable(
                "JSON with a NUL character cannot be stored",
            )),
            Ok(text) => Value::Json(text),
            Err(error) => Value::Invalid(ValueError::refused(error)),
        }
    }
}

/// Whether JSON text has the escape of NUL: `\\u0000` after an even number of backslashes.
fn has_nul(json: &str) -> bool {
    json.match_indices("\\u0000").any(|(at, _)| {
        let slashes = json[..at]
            .bytes()
            .rev()
            .take_while(|byte| *byte == b'\\')
            .count();
        slashes % 2 == 0
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_nul_is_refused_and_what_looks_like_its_escape_is_not() {
        assert_eq!(Json("a\0").into_value().db_type(), None);
        assert_eq!(Json("a\\u0000").into_value().db_type(), Some(DbType::Json));
    }

    #[test]
    fn null_is_none_where_json_may_be_null_and_refused_elsewhere() {
        let null = || Value::Null(DbType::Json);
        assert_eq!(Json::<Option<i32>>::from_value(null()), Ok(Json(None)));
        assert_eq!(Json::<i32>::from_value(null()), Err(ValueError::Null));
    }

    #[test]
    fn what_serde_cannot_write_as_json_is_refused() {
        let map = std::collections::HashMap::from([((1, 2), 3)]);
        assert_eq!(Json(map).into_value().db_type(), None);
    }
}
