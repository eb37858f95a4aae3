//! [`Template`]: a database to make copies of.

use super::Database;

/// A database that is prepared once and copied for each test.
///
/// Roles belong to the server and are not copied.
#[derive(Debug)]
pub struct Template {
    database: Database,
}

impl Template {
    pub(super) const fn new(database: Database) -> Self {
        Self { database }
    }

    /// A copy, for one test alone. Nobody may be connected to the template.
    ///
    /// # Panics
    ///
    /// If the server does not make one.
    #[must_use]
    pub fn database(&self) -> Database {
        self.database.server().copy_of(self.database.name())
    }
}
