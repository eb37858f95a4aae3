//! [`TestDatabase`]: where a host's rows are.

use std::path::{Path, PathBuf};

/// The database of a [`TestHost`](crate::TestHost), which goes with it.
#[derive(Debug)]
pub(crate) enum TestDatabase {
    /// A file in the host's folder.
    Sqlite(PathBuf),
    #[cfg(feature = "postgres")]
    Postgres(crate::backend::postgres::Database),
}

impl TestDatabase {
    pub(super) fn in_folder(folder: &Path) -> Self {
        Self::Sqlite(folder.join("test.db"))
    }

    /// The value of `database.url`.
    pub(super) fn url(&self) -> String {
        match self {
            Self::Sqlite(path) => format!("sqlite:{}", path.display()),
            #[cfg(feature = "postgres")]
            Self::Postgres(database) => database.url(),
        }
    }
}
