use std::fmt;

use crate::{TenantId, id::PlacementName};

/// What [`examine`](super::examine) found; displayed as a list.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Diagnosis {
    pub(super) faults: Vec<Fault>,
    pub(super) tables: usize,
}

/// One thing by which rows of one tenant may come to another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    object: String,
    message: String,
    mend: String,
    placement: Option<PlacementName>,
    is_stray: bool,
}

// === impl Diagnosis ===

impl Diagnosis {
    /// Whether there is nothing wrong.
    #[must_use]
    pub fn is_healthy(&self) -> bool {
        self.faults.is_empty()
    }

    /// What is wrong, all of it.
    #[must_use]
    pub fn faults(&self) -> &[Fault] {
        &self.faults
    }

    /// The tenants that have rows in a database where nobody looks for them, alone: no process may
    /// serve while there is one, in whatever environment.
    #[must_use]
    pub fn strays(&self) -> Self {
        let faults = self.faults.iter().filter(|fault| fault.is_stray());
        Self {
            faults: faults.cloned().collect(),
            tables: self.tables,
        }
    }

    /// How many tables of tenants were looked at.
    #[must_use]
    pub const fn tables(&self) -> usize {
        self.tables
    }
}

impl fmt::Display for Diagnosis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let plural = |count| if count == 1 { "" } else { "s" };
        let (faults, tables) = (self.faults.len(), self.tables);
        if self.is_healthy() {
            return write!(f, "healthy: {tables} table{} of tenants", plural(tables));
        }
        let what = if self.faults.iter().all(Fault::is_stray) {
            "rows of tenants lie in a database where nobody looks for them"
        } else {
            "the database does not keep tenants apart"
        };
        write!(f, "{what}: {faults} fault{}", plural(faults))?;
        self.faults
            .iter()
            .try_for_each(|fault| write!(f, "\n- {fault}"))
    }
}

// === impl Fault ===

impl Fault {
    pub(super) fn new(
        object: impl Into<String>,
        message: impl Into<String>,
        mend: impl Into<String>,
    ) -> Self {
        Self {
            object: object.into(),
            message: message.into(),
            mend: mend.into(),
            placement: None,
            is_stray: false,
        }
    }

    /// A tenant with rows in a database where nobody looks for them.
    pub(super) fn stray(tenant: &TenantId, message: String) -> Self {
        let mend = "place it where its rows are, or stop every instance and move them: \
                    docs/guides/postgres.md, \"A tenant moves\"";
        Self {
            is_stray: true,
            ..Self::new(format!("tenant `{tenant}`"), message, mend)
        }
    }

    pub(super) fn in_placement(mut self, placement: Option<&PlacementName>) -> Self {
        self.placement = placement.cloned();
        self
    }

    /// The placement whose database it is about; `None` for the home.
    #[must_use]
    pub const fn placement(&self) -> Option<&PlacementName> {
        self.placement.as_ref()
    }

    /// Whether it is a tenant with rows in a database where nobody looks for them.
    #[must_use]
    pub const fn is_stray(&self) -> bool {
        self.is_stray
    }

    /// What it is about: ``role `shop_app` ``, ``table `blog.blog_posts` ``.
    #[must_use]
    pub fn object(&self) -> &str {
        &self.object
    }

    /// What is wrong.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.message
    }

    /// What to do.
    #[must_use]
    pub fn mend(&self) -> &str {
        &self.mend
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            object,
            message,
            mend,
            placement,
            ..
        } = self;
        if let Some(placement) = placement {
            write!(f, "in the placement `{placement}`: ")?;
        }
        write!(f, "{object} {message}; {mend}")
    }
}
