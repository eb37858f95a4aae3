//! [`SetupError`]: why the roles of a database are not to be had.

use std::{io, path::PathBuf};

use crate::{data::DbError, id::PlacementName};

/// Why a database cannot be used with three roles.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SetupError {
    /// The URL cannot be used for this.
    #[error("`database.url` is not usable: {0}")]
    Url(String),
    /// The same, of a placement.
    #[error("`database.placements.{name}.url` is not usable: {reason}")]
    PlacementUrl {
        /// Which one.
        name: PlacementName,
        /// Why.
        reason: String,
    },
    /// There is no placement of this name.
    #[error("there is no placement `{name}`: {known}")]
    NoPlacement {
        /// The name.
        name: String,
        /// What there is instead.
        known: String,
    },
    /// Nothing says which database is to be set up.
    #[error(
        "which database? Set `database.url`, such as `postgres://127.0.0.1/shop`; SQLite needs no setting up"
    )]
    NoDatabase,
    /// There are no passwords for the roles.
    #[error(
        "there are no passwords for the roles of `{place}` in `{}`: run `db setup --admin-url URL{}`, or set \
         {} with the credentials of each role", file.display(), option(placement.as_ref()), urls(placement.as_ref())
    )]
    NoPasswords {
        /// Which database.
        place: String,
        /// Where passwords are kept.
        file: PathBuf,
        /// The placement whose database it is; `None` for the home.
        placement: Option<PlacementName>,
    },
    /// One role for everything is what row-level security must not be left to.
    #[error(
        "`{0}.url` names the user `{user}` and there is no `{0}.host_url`: in production requests run as a \
         role that owns nothing. Leave the user out after `db setup --admin-url URL{1}`, or set {2} with the \
         credentials of each role", section(placement.as_ref()), option(placement.as_ref()), urls(placement.as_ref())
    )]
    OneRole {
        /// The user of the URL.
        user: String,
        /// The placement whose URL it is; `None` for the home.
        placement: Option<PlacementName>,
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

impl SetupError {
    /// As it is to be said of a placement.
    #[must_use]
    pub fn of_placement(self, name: &PlacementName) -> Self {
        let name = name.clone();
        match self {
            Self::Url(reason) => Self::PlacementUrl { name, reason },
            Self::NoPasswords { place, file, .. } => Self::NoPasswords {
                place,
                file,
                placement: Some(name),
            },
            Self::OneRole { user, .. } => Self::OneRole {
                user,
                placement: Some(name),
            },
            other => other,
        }
    }
}

/// Where its settings are.
fn section(placement: Option<&PlacementName>) -> String {
    match placement {
        None => "database".to_owned(),
        Some(name) => format!("database.placements.{name}"),
    }
}

fn urls(placement: Option<&PlacementName>) -> String {
    let section = section(placement);
    format!("`{section}.url`, `{section}.host_url` and `{section}.owner_url`")
}

fn option(placement: Option<&PlacementName>) -> String {
    placement.map_or_else(String::new, |name| format!(" --placement {name}"))
}
