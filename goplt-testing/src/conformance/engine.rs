//! [`Engine`]: which database the scenarios run on.

use std::{any::Any, fmt, sync::Arc};

use goplt_core::data::DatabaseSettings;

/// A kind of database, to make empty ones of.
#[derive(Clone)]
pub struct Engine {
    name: &'static str,
    make: Arc<dyn Fn() -> Ground + Send + Sync>,
}

/// An empty database. Gone with this value.
pub struct Ground {
    settings: DatabaseSettings,
    _held: Option<Box<dyn Any + Send + Sync>>,
}

// === impl Engine ===

impl Engine {
    pub(super) fn new(
        name: &'static str,
        make: impl Fn() -> Ground + Send + Sync + 'static,
    ) -> Self {
        let make = Arc::new(make);
        Self { name, make }
    }

    /// SQLite, which is always there.
    #[must_use]
    pub fn sqlite() -> Option<Self> {
        Some(Self::new("sqlite", || {
            Ground::new(DatabaseSettings::in_memory())
        }))
    }

    /// SQLite with the tenant `acme` in a database of its own: nothing else may change.
    #[must_use]
    pub fn sqlite_placed() -> Option<Self> {
        Some(Self::new("sqlite", || {
            let home = DatabaseSettings::in_memory();
            Ground::new(placed(home, DatabaseSettings::in_memory()))
        }))
    }

    /// Its name in metrics and messages.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        self.name
    }

    /// An empty database, with the roles that it needs.
    #[must_use]
    pub fn ground(&self) -> Ground {
        (self.make)()
    }
}

impl fmt::Debug for Engine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Engine").field(&self.name).finish()
    }
}

/// With `acme` in the second database.
pub(super) fn placed(home: DatabaseSettings, other: DatabaseSettings) -> DatabaseSettings {
    let parsed = "placed"
        .parse()
        .and_then(|name| Ok((name, "acme".parse()?)));
    let (name, tenant) = parsed.unwrap();
    home.with_placement(name, other, [tenant])
}

// === impl Ground ===

impl Ground {
    /// What these settings open.
    #[must_use]
    pub fn new(settings: DatabaseSettings) -> Self {
        Self {
            settings,
            _held: None,
        }
    }

    /// How to open it.
    #[must_use]
    pub const fn settings(&self) -> &DatabaseSettings {
        &self.settings
    }

    /// The same, opened in another way.
    #[must_use]
    pub fn map(mut self, change: impl FnOnce(DatabaseSettings) -> DatabaseSettings) -> Self {
        self.settings = change(self.settings.clone());
        self
    }
}

#[cfg(feature = "postgres")]
impl Ground {
    /// What is held lasts as long.
    pub(super) fn holding(mut self, held: impl Any + Send + Sync) -> Self {
        self._held = Some(Box::new(held));
        self
    }
}

impl fmt::Debug for Ground {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Ground").finish_non_exhaustive()
    }
}
