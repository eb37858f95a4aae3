use std::{fmt, str::FromStr};

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::{Serialize, Serializer, de::DeserializeOwned};

use crate::{Code, Problem, contract::RpcError};

/// Where a page ended: base64url of a version and the key of the last item; opaque to callers.
///
/// It holds nothing that the caller has not seen, and grants nothing: the query that it goes into
/// is scoped to the tenant like any other.
///
/// # Examples
///
/// ```
/// use goplt_core::data::Cursor;
///
/// let cursor: Cursor = Cursor::at(&42_u32).to_string().parse().unwrap();
/// assert_eq!(cursor.key::<u32>().unwrap(), 42);
/// assert!("42".parse::<Cursor>().is_err());
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct Cursor {
    /// The key as JSON.
    key: Vec<u8>,
}

/// The text is no cursor of this list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("`cursor` is not one that this list gave out")]
pub struct CursorError;

/// The first byte, so that another form can come without misreading this one.
const VERSION: u8 = 1;
const MAX_LENGTH: usize = 1024;

impl Cursor {
    /// At the item with this key.
    ///
    /// # Panics
    ///
    /// If the key cannot be JSON, such as a map with keys that are no strings.
    #[must_use]
    pub fn at<K: Serialize>(key: &K) -> Self {
        Self {
            key: serde_json::to_vec(key).expect("a key is plain data"),
        }
    }

    /// The key.
    ///
    /// # Errors
    ///
    /// [`CursorError`] if it is of another type.
    pub fn key<K: DeserializeOwned>(&self) -> Result<K, CursorError> {
        serde_json::from_slice(&self.key).map_err(|_| CursorError)
    }
}

impl CursorError {
    /// [`Code::InvalidArgument`].
    #[must_use]
    pub const fn code(self) -> Code {
        Code::InvalidArgument
    }
}

impl From<CursorError> for Problem {
    fn from(error: CursorError) -> Self {
        Self::new(error.code()).with_detail(error.to_string())
    }
}

impl From<CursorError> for RpcError {
    fn from(error: CursorError) -> Self {
        Self::new(error.code(), error.to_string())
    }
}

impl FromStr for Cursor {
    type Err = CursorError;

    fn from_str(text: &str) -> Result<Self, CursorError> {
        if text.len() > MAX_LENGTH {
            return Err(CursorError);
        }
        let bytes = URL_SAFE_NO_PAD.decode(text).map_err(|_| CursorError)?;
        match bytes.split_first() {
            Some((&VERSION, key)) => Ok(Self { key: key.to_vec() }),
            _ => Err(CursorError),
        }
    }
}

impl fmt::Display for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut bytes = Vec::with_capacity(1 + self.key.len());
        bytes.push(VERSION);
        bytes.extend_from_slice(&self.key);
        f.write_str(&URL_SAFE_NO_PAD.encode(bytes))
    }
}

impl fmt::Debug for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Cursor({self})")
    }
}

impl Serialize for Cursor {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::Uuid;

    #[test]
    fn another_version_is_refused() {
        let other = URL_SAFE_NO_PAD.encode(b"\x0242");
        assert_eq!(other.parse::<Cursor>(), Err(CursorError));
        assert_eq!("".parse::<Cursor>(), Err(CursorError));
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic(text in "[A-Za-z0-9_=+/-]{0,40}") {
            if let Ok(cursor) = text.parse::<Cursor>() {
                let _ = cursor.key::<Uuid>();
                prop_assert_eq!(cursor.to_string(), text);
            }
        }

        #[test]
        fn what_goes_in_comes_out(number: i64, text: String) {
            let cursor: Cursor = Cursor::at(&(number, &text)).to_string().parse().unwrap();
            prop_assert_eq!(cursor.key::<(i64, String)>().unwrap(), (number, text));
        }
    }
}
