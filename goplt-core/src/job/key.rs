//! [`JobKey`]: a job as the manifest declares it.

/// A job as the manifest declares it: `job::PURGE_DRAFTS`, made by `include_manifest!`.
///
/// It cannot be made by hand, so what is not declared does not compile.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct JobKey {
    module: &'static str,
    name: &'static str,
    cron: Option<&'static str>,
    zone: Option<&'static str>,
}

impl JobKey {
    /// What `include_manifest!` writes.
    #[doc(hidden)]
    #[must_use]
    pub const fn __declared(
        module: &'static str,
        name: &'static str,
        cron: Option<&'static str>,
        zone: Option<&'static str>,
    ) -> Self {
        Self {
            module,
            name,
            cron,
            zone,
        }
    }

    /// Whose job it is.
    #[must_use]
    pub const fn module(self) -> &'static str {
        self.module
    }

    /// Its name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        self.name
    }

    /// When it is due, if it has a schedule.
    #[must_use]
    pub const fn cron(self) -> Option<&'static str> {
        self.cron
    }

    /// The time zone of the schedule; UTC if none is named.
    #[must_use]
    pub const fn zone(self) -> &'static str {
        match self.zone {
            Some(zone) => zone,
            None => "UTC",
        }
    }
}
