use std::fmt;

/// What kind of problem keeps a host from starting. The number is stable: it can be searched for.
///
/// Numbers that are missing belong to problems that cannot come so far (two modules with one permission: its name
/// begins with its module's) or that come with remote bindings.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum ProblemCode {
    /// W001: a needed contract has no provider.
    NoProvider,
    /// W002: a contract has several providers, and one is meant.
    SeveralProviders,
    /// W003: modules depend on one another in a circle.
    Cycle,
    /// W004: a module is there in a version that does not do.
    Version,
    /// W005: a module did not hand over what it promised.
    NotSupplied,
    /// W006: two routes cannot be told apart.
    RouteClash,
    /// W008: the configuration is wrong: an unknown key, a value of the wrong type, an unreadable file.
    Configuration,
    /// W011: two modules have the same name.
    ModuleTwice,
    /// W012: a module that another depends on is not there.
    NoModule,
    /// W013: a declared route has no handler.
    NotMounted,
    /// W014: a handler was mounted on a route that is not its module's, or has a handler.
    Mount,
    /// W015: a manifest cannot be taken: two migrations have one version.
    Manifest,
    /// W017: two modules have the same table.
    TableClash,
    /// W018: a declared event or job has no handler.
    NotHandled,
    /// W019: an event is heard that nobody publishes.
    NoPublisher,
    /// W020: an event or job has two handlers, or a schedule cannot be computed.
    Handler,
}

impl ProblemCode {
    /// As it is shown: `W001`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::NoProvider => "W001",
            Self::SeveralProviders => "W002",
            Self::Cycle => "W003",
            Self::Version => "W004",
            Self::NotSupplied => "W005",
            Self::RouteClash => "W006",
            Self::Configuration => "W008",
            Self::ModuleTwice => "W011",
            Self::NoModule => "W012",
            Self::NotMounted => "W013",
            Self::Mount => "W014",
            Self::Manifest => "W015",
            Self::TableClash => "W017",
            Self::NotHandled => "W018",
            Self::NoPublisher => "W019",
            Self::Handler => "W020",
        }
    }
}

impl fmt::Display for ProblemCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}
