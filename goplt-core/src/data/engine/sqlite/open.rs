//! Where a SQLite database is, and making sure that it can be opened there.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use crate::{data::DbError, id::Uuid};

/// The file of a database.
#[derive(Debug)]
pub(super) enum Place {
    File(PathBuf),
    /// For tests. A shared cache in memory would lock whole tables and know no WAL: a file in a
    /// folder of its own behaves as in production.
    Temporary(PathBuf),
}

impl Place {
    /// From what stands behind `sqlite:`.
    pub(super) fn parse(text: &str) -> Result<Self, DbError> {
        let path = text.strip_prefix("//").unwrap_or(text);
        let refuse = |reason: &str| Err(DbError::Url(reason.into()));
        match path {
            ":memory:" => Self::temporary(),
            "" => refuse("no file is named; write `sqlite:data/goplt.db`"),
            _ if path.contains(['?', '#', '\0']) => {
                refuse("parameters have no meaning to SQLite here; write `sqlite:PATH`")
            }
            _ if path.ends_with(['/', '\\']) => {
                refuse("it names a folder; write `sqlite:PATH` with the name of the file")
            }
            _ => Ok(Self::File(path.into())),
        }
    }

    fn temporary() -> Result<Self, DbError> {
        let mut random = [0; 16];
        getrandom::fill(&mut random).map_err(|error| {
            refuse(
                "a temporary file",
                "there is no randomness",
                error.to_string(),
            )
        })?;
        let folder = format!("goplt-{}", Uuid::from_bytes(random));
        Ok(Self::Temporary(
            std::env::temp_dir().join(folder).join("test.db"),
        ))
    }

    pub(super) fn path(&self) -> &Path {
        match self {
            Self::File(path) | Self::Temporary(path) => path,
        }
    }

    pub(super) const fn is_temporary(&self) -> bool {
        matches!(self, Self::Temporary(_))
    }

    /// Makes the folder, and sees that a file in it can be written.
    pub(super) fn prepare(&self) -> Result<(), DbError> {
        let path = self.path();
        if let Some(folder) = path
            .parent()
            .filter(|folder| !folder.as_os_str().is_empty())
        {
            fs::create_dir_all(folder).map_err(|error| {
                self.reason(
                    "its folder cannot be made; create it or name another place",
                    error,
                )
            })?;
        }
        // SQLite would only say "unable to open database file".
        fs::OpenOptions::new()
            .append(true)
            .create(true)
            .open(path)
            .map(drop)
            .map_err(|error| {
                let reason = if path.is_dir() {
                    "it is a folder; name a file in it"
                } else {
                    "it cannot be written; change its permissions or name another place"
                };
                self.reason(reason, error)
            })
    }

    /// The file itself, whatever path leads to it.
    pub(super) fn identity(&self) -> Result<String, DbError> {
        let path = fs::canonicalize(self.path());
        let path = path.map_err(|error| self.reason("it cannot be found", error))?;
        Ok(path.display().to_string())
    }

    /// What the driver refused to open.
    pub(super) fn refused(&self, error: DbError) -> DbError {
        match error {
            DbError::Damaged(source) => DbError::Open {
                place: self.shown(),
                reason:
                    "the file is no SQLite database or is damaged; name another place or restore it"
                        .into(),
                source,
            },
            other => DbError::Open {
                place: self.shown(),
                reason: "SQLite refused it".into(),
                source: other.into(),
            },
        }
    }

    fn reason(&self, reason: &str, source: io::Error) -> DbError {
        refuse(&self.shown(), reason, source)
    }

    fn shown(&self) -> Box<str> {
        format!("`{}`", self.path().display()).into()
    }
}

fn refuse(place: &str, reason: &str, source: impl Into<crate::BoxError>) -> DbError {
    DbError::Open {
        place: place.into(),
        reason: reason.into(),
        source: source.into(),
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        if let Self::Temporary(path) = self {
            // Nobody else knows of the folder; what cannot be removed is left to the system.
            let _ = path.parent().map(fs::remove_dir_all);
        }
    }
}
