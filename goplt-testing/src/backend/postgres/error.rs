//! [`SqlError`]: what the server answered.

use std::fmt;

/// A statement that failed.
#[derive(Debug, Clone)]
pub struct SqlError {
    code: Option<String>,
    message: String,
}

impl SqlError {
    pub(super) fn new(error: &sqlx::Error) -> Self {
        let code = error
            .as_database_error()
            .and_then(|error| error.code())
            .map(|code| code.into_owned());
        Self {
            code,
            message: error.to_string(),
        }
    }

    pub(super) fn timeout() -> Self {
        Self {
            code: None,
            message: "the server did not answer in time".to_owned(),
        }
    }

    /// The SQLSTATE, such as `42501`; `None` if the server was not reached.
    #[must_use]
    pub fn code(&self) -> Option<&str> {
        self.code.as_deref()
    }
}

impl fmt::Display for SqlError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.code {
            Some(code) => write!(f, "{code}: {}", self.message),
            None => f.write_str(&self.message),
        }
    }
}

impl std::error::Error for SqlError {}
