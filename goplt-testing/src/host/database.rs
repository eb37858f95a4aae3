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

    /// Where it is, as the configuration says it.
    pub(super) fn settings(&self) -> Vec<String> {
        match self {
            Self::Sqlite(path) => vec![format!("database.url=sqlite:{}", path.display())],
            #[cfg(feature = "postgres")]
            Self::Postgres(database) => {
                let roles = database.roles();
                vec![
                    format!("database.url={}", roles.app),
                    format!("database.host_url={}", roles.host),
                    format!("database.owner_url={}", roles.owner),
                ]
            }
        }
    }
}
