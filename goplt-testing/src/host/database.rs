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

    pub(super) fn placed(folder: &Path, tenant: &str) -> Self {
        Self::Sqlite(folder.join(format!("{tenant}.db")))
    }

    /// Where it is, as this section of the configuration says it.
    pub(super) fn settings(&self, section: &str) -> Vec<String> {
        match self {
            Self::Sqlite(path) => vec![format!("{section}.url=sqlite:{}", path.display())],
            #[cfg(feature = "postgres")]
            Self::Postgres(database) => {
                let roles = database.roles();
                vec![
                    format!("{section}.url={}", roles.app),
                    format!("{section}.host_url={}", roles.host),
                    format!("{section}.owner_url={}", roles.owner),
                ]
            }
        }
    }
}
