//! The statement lock: SQL that was analysed and rewritten before it can be run.

#[cfg(feature = "dynamic-sql")]
mod dynamic;

use std::{borrow::Cow, fmt, sync::Arc};

use super::{DbError, IntoValue, Value};

/// A statement that sees and changes the rows of one tenant only, with its values.
///
/// Made by a module's `tenant_sql!` when compiling, or by `TenantSql::checked` at run time
/// (feature `dynamic-sql`). There is no other way, so a text from elsewhere does not compile:
///
/// ```compile_fail
/// # use goplt_core::data::TenantSql;
/// let sql: TenantSql = String::from("SELECT id FROM blog_posts").into();
/// ```
#[must_use = "a statement does nothing until a transaction runs it"]
pub struct TenantSql {
    pub(crate) bound: Bound,
}

/// A statement over the tables that a module declared for work across tenants, with its values.
///
/// Made by a module's `host_sql!` when compiling.
#[must_use = "a statement does nothing until a transaction runs it"]
pub struct HostSql {
    pub(crate) bound: Bound,
}

/// A statement as the macros write it.
#[doc(hidden)]
#[derive(Debug, Clone)]
#[expect(
    clippy::exhaustive_structs,
    reason = "the macros write it as a literal in a constant"
)]
pub struct Statement {
    pub sqlite: Cow<'static, str>,
    pub postgres: Cow<'static, str>,
    pub params: usize,
    pub takes_tenant: bool,
    pub writes: bool,
    /// Whether a host statement touches rows that belong to tenants.
    pub of_all_tenants: bool,
}

/// A statement and the values of its places.
#[derive(Clone)]
pub(crate) struct Bound {
    pub(crate) statement: Text,
    pub(crate) values: Vec<Value>,
}

/// Where the statement lives.
#[derive(Debug, Clone)]
pub(crate) enum Text {
    Static(&'static Statement),
    /// Made at run time.
    Shared(Arc<Statement>),
}

// === impl TenantSql ===

impl TenantSql {
    #[doc(hidden)]
    pub fn __new(statement: &'static Statement, values: Vec<Value>) -> Self {
        let statement = Text::Static(statement);
        Self {
            bound: Bound { statement, values },
        }
    }

    /// The text that SQLite runs: for tests and tools.
    #[must_use]
    pub fn sqlite(&self) -> &str {
        &self.bound.statement().sqlite
    }

    /// The text that PostgreSQL runs: for tests and tools.
    #[must_use]
    pub fn postgres(&self) -> &str {
        &self.bound.statement().postgres
    }
}

impl fmt::Debug for TenantSql {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("TenantSql").field(&self.sqlite()).finish()
    }
}

// === impl HostSql ===

impl HostSql {
    #[doc(hidden)]
    pub fn __new(statement: &'static Statement, values: Vec<Value>) -> Self {
        let statement = Text::Static(statement);
        Self {
            bound: Bound { statement, values },
        }
    }

    /// The text that SQLite runs: for tests and tools.
    #[must_use]
    pub fn sqlite(&self) -> &str {
        &self.bound.statement().sqlite
    }

    /// The text that PostgreSQL runs: for tests and tools.
    #[must_use]
    pub fn postgres(&self) -> &str {
        &self.bound.statement().postgres
    }
}

impl fmt::Debug for HostSql {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("HostSql").field(&self.sqlite()).finish()
    }
}

// === impl Bound ===

impl Bound {
    pub(crate) fn statement(&self) -> &Statement {
        match &self.statement {
            Text::Static(statement) => statement,
            Text::Shared(statement) => statement,
        }
    }

    /// Checks the values, and adds the tenant where the statement wants it.
    pub(crate) fn complete(&mut self, tenant: Option<&str>) -> Result<(), DbError> {
        let Statement {
            params,
            takes_tenant,
            ..
        } = *self.statement();
        let found = self.values.len();
        if found != params {
            return Err(DbError::Binds {
                wanted: params,
                found,
            });
        }
        for (index, value) in self.values.iter().enumerate() {
            if let Value::Invalid(source) = value {
                let source = source.clone();
                return Err(DbError::Bind {
                    index: index + 1,
                    source,
                });
            }
        }
        match tenant {
            Some(tenant) if takes_tenant => self.values.push(tenant.into_value()),
            None if takes_tenant => {
                return Err(DbError::Binds {
                    wanted: params + 1,
                    found,
                });
            }
            _ => {}
        }
        Ok(())
    }
}
