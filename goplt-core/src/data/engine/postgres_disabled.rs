//! In place of the PostgreSQL engine when it is not compiled in.

use secrecy::SecretString;

use super::{Admin, Engine};
use crate::data::{DatabaseSettings, DbError};

#[expect(clippy::unused_async, reason = "the twin of the real one")]
pub(super) async fn open(_: &DatabaseSettings) -> Result<Box<dyn Engine>, DbError> {
    Err(DbError::NoEngine {
        engine: "PostgreSQL",
        feature: "postgres",
    })
}

#[expect(clippy::unused_async, reason = "the twin of the real one")]
pub(super) async fn session(_: &SecretString) -> Result<Option<Box<dyn Admin>>, DbError> {
    Err(DbError::NoEngine {
        engine: "PostgreSQL",
        feature: "postgres",
    })
}
