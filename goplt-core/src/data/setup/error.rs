//! [`SetupError`]: why the roles of a database are not to be had.

use std::{io, path::PathBuf};

use crate::data::DbError;

/// Why a database cannot be used with three roles.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SetupError {
    /// The URL cannot be used for this.
    #[error("`database.url` is not usable: {0}")]
    Url(String),
    /// Nothing says which database is to be set up.
    #[error(
        "which database? Set `database.url`, such as `postgres://127.0.0.1/shop`; SQLite needs no setting up"
    )]
    NoDatabase,
    /// There are no passwords for the roles.
    #[error(
        "there are no passwords for the roles of `{place}` in `{}`: run `db setup --admin-url URL`, or set \
         `database.url`, `database.host_url` and `database.owner_url` with the credentials of each role", file.display()
    )]
    NoPasswords {
        /// Which database.
        place: String,
        /// Where passwords are kept.
        file: PathBuf,
    },
    /// One role for everything is what row-level security must not be left to.
    #[error(
        "`database.url` names the user `{user}` and there is no `database.host_url`: in production requests run as a \
         role that owns nothing. Leave the user out after `db setup --admin-url URL`, or set `database.url`, \
         `database.host_url` and `database.owner_url` with the credentials of each role"
    )]
    OneRole {
        /// The user of the URL.
        user: String,
    },
    /// A role is there, and nobody here knows its password.
    #[error(
        "the role `{role}` exists, and its password is not in `{}`: copy the file from where it was made, or give the \
         roles new passwords with `--reset-passwords`, after which every other copy is of no use", file.display()
    )]
    UnknownPassword {
        /// The role.
        role: String,
        /// Where passwords are kept.
        file: PathBuf,
    },
    /// The file of passwords cannot be read or written.
    #[error("the passwords of roles cannot be kept in `{}`", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// The system has no randomness.
    #[error("no password can be made: {0}")]
    Randomness(String),
    /// The server cannot be reached, or refused a statement.
    #[error("`{doing}` failed")]
    Database {
        /// What was to be done, without passwords.
        doing: String,
        /// Why.
        source: DbError,
    },
}
