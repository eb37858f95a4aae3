//! [`HostBuilder`]: the explicit list of what a binary is made of.

use std::{collections::HashSet, fmt, sync::Arc, time::Duration};

use futures_util::future::{BoxFuture, FutureExt};
use goplt_core::{
    Authorizer, BoxError, Clock, ModuleName, Random,
    audit::RequestAuditSettings,
    authorizer::DenyAll,
    config::{self, Config, Origin, Section, Sources},
    contract::{Binding, Contract},
    data::ScopeMint,
    mail::Mailer,
    manifest::Version,
    report::{ErrorSink, ReportSettings},
    telemetry::Telemetry,
};

use super::{
    Host, HostContext,
    edge::{EdgeContext, EdgeLayer, MakeLayer, boxed},
    settings::{http_settings, mailer},
};
use crate::{
    Catalogue, IModule, Registry, StartupReport,
    http::HttpSettingsError,
    lifecycle::Step,
    module::{ErasedModule, erase},
    wiring::{
        ContractId, Contracts, ProblemCode, StartupProblem, Subject,
        check::{self, Composition, Facts},
        report::configuration,
    },
};

pub(crate) type Seed =
    Box<dyn FnOnce(HostContext) -> BoxFuture<'static, Result<(), BoxError>> + Send>;
type SupplyContract = Box<dyn FnOnce(&mut Contracts) + Send>;

/// What a host is made of: modules, bindings, the layers of the edge, the policy.
///
/// Nothing is found by scanning: what is not listed here is not there.
///
/// # Examples
///
/// ```
/// use goplt_module::Host;
///
/// let host = Host::builder().build()?;
/// assert_eq!(host.modules().len(), 0);
/// # Ok::<_, goplt_module::StartupReport>(())
/// ```
#[must_use = "a builder builds nothing until `build`"]
pub struct HostBuilder {
    modules: Vec<Box<dyn ErasedModule>>,
    bindings: Vec<(ContractId, Binding)>,
    settings: Settings,
    parts: Parts,
}

/// Where the configuration comes from.
enum Settings {
    Sources(Sources),
    Loaded(Config),
}

/// What the check does not look at and the start uses up.
pub(crate) struct Parts {
    pub(crate) supplied: Vec<(ContractId, SupplyContract)>,
    pub(crate) outside: Vec<(ModuleName, Version)>,
    pub(crate) auth: Option<MakeLayer>,
    pub(crate) tenant: Option<MakeLayer>,
    pub(crate) authorizer: Arc<dyn Authorizer>,
    pub(crate) mint: ScopeMint,
    pub(crate) mailer: Option<Arc<dyn Mailer>>,
    pub(crate) clock: Clock,
    pub(crate) random: Random,
    pub(crate) seed: Option<Seed>,
    pub(crate) hook_timeout: Duration,
    pub(crate) reports: ReportSettings,
    pub(crate) audit: Option<RequestAuditSettings>,
    pub(crate) telemetry: Telemetry,
}

/// How long `init` and `on_start` may take.
const HOOK_TIMEOUT: Duration = Duration::from_secs(30);

impl HostBuilder {
    pub(crate) fn new() -> Self {
        let parts = Parts {
            supplied: Vec::new(),
            outside: Vec::new(),
            auth: None,
            tenant: None,
            authorizer: Arc::new(DenyAll),
            mint: ScopeMint::new(),
            mailer: None,
            clock: Clock::system(),
            random: Random::system(),
            seed: None,
            hook_timeout: HOOK_TIMEOUT,
            reports: ReportSettings::new(),
            audit: None,
            telemetry: Telemetry::default(),
        };
        Self {
            modules: Vec::new(),
            bindings: Vec::new(),
            settings: Settings::Sources(Sources::new(".")),
            parts,
        }
    }

    /// Where the configuration is read from, once the modules are known; without it, from the files in `config/`.
    pub fn sources(mut self, sources: Sources) -> Self {
        self.settings = Settings::Sources(sources);
        self
    }

    /// A configuration that has been loaded with the sections of these modules.
    pub fn config(mut self, config: Config) -> Self {
        self.settings = Settings::Loaded(config);
        self
    }

    /// How long each `init` and `on_start` may take; 30 s by default. An `on_stop` has what is left of
    /// `server.shutdown_grace`.
    pub fn hook_timeout(mut self, timeout: Duration) -> Self {
        self.parts.hook_timeout = timeout;
        self
    }

    /// Tells this sink of errors, beside the log: see [`report`](goplt_core::report).
    pub fn error_sink(mut self, sink: Arc<dyn ErrorSink>) -> Self {
        self.parts.reports = self.parts.reports.with_sink(sink);
        self
    }

    /// Adds a module. The order does not matter.
    pub fn module(mut self, module: impl IModule) -> Self {
        self.modules.push(erase(module));
        self
    }

    /// Says where the contract `C` comes from; without it, from a module of this host.
    pub fn bind<C: Contract + ?Sized>(mut self, binding: Binding) -> Self {
        self.bindings.push((ContractId::of::<C>(), binding));
        self
    }

    /// Provides the contract `C` from outside of any module: an existing service, or a fake in a test.
    ///
    /// It counts as a provider, and it is guarded like one.
    pub fn supply<C: Contract + ?Sized>(mut self, provider: Arc<C>) -> Self {
        let supply = Box::new(move |contracts: &mut Contracts| contracts.insert(provider));
        self.parts.supplied.push((ContractId::of::<C>(), supply));
        self
    }

    /// Says that a module runs outside of this binary, in this version: dependencies on it are then met. Its
    /// contracts come by [`supply`](Self::supply) or [`bind`](Self::bind).
    pub fn outside(mut self, module: ModuleName, version: Version) -> Self {
        self.parts.outside.push((module, version));
        self
    }

    /// The layer that turns credentials into a principal.
    pub fn auth(self, layer: impl EdgeLayer) -> Self {
        self.auth_with(|_| Ok(layer))
    }

    /// As [`auth`](Self::auth), made once the configuration is known.
    pub fn auth_with<L: EdgeLayer>(
        mut self,
        make: impl FnOnce(&EdgeContext) -> Result<L, BoxError> + Send + 'static,
    ) -> Self {
        self.parts.auth = Some(Box::new(move |cx| make(cx).map(boxed)));
        self
    }

    /// The layer that resolves the tenant.
    pub fn tenant(self, layer: impl EdgeLayer) -> Self {
        self.tenant_with(|_| Ok(layer))
    }

    /// As [`tenant`](Self::tenant), made once the configuration is known.
    pub fn tenant_with<L: EdgeLayer>(
        mut self,
        make: impl FnOnce(&EdgeContext) -> Result<L, BoxError> + Send + 'static,
    ) -> Self {
        self.parts.tenant = Some(Box::new(move |cx| make(cx).map(boxed)));
        self
    }

    /// The policy. Without one, everything that needs a permission is denied.
    pub fn authorizer(mut self, authorizer: Arc<dyn Authorizer>) -> Self {
        self.parts.authorizer = authorizer;
        self
    }

    /// The mint of tenant scopes, when the tenant layer was made with one; otherwise the host makes its own.
    pub fn mint(mut self, mint: ScopeMint) -> Self {
        self.parts.mint = mint;
        self
    }

    /// What sends mail; without it, what the section `mail` of the configuration names.
    pub fn mailer(mut self, mailer: Arc<dyn Mailer>) -> Self {
        self.parts.mailer = Some(mailer);
        self
    }

    /// Records the requests of authenticated callers for the audit log, also where no module of this host asks for it
    /// ([`InitContext::audit_requests`](crate::InitContext::audit_requests)): where the module audit runs elsewhere.
    pub fn audit_requests(mut self, settings: RequestAuditSettings) -> Self {
        self.parts.audit = Some(settings);
        self
    }

    /// The clock; the system's by default.
    pub fn clock(mut self, clock: Clock) -> Self {
        self.parts.clock = clock;
        self
    }

    /// The randomness; the system's by default.
    pub fn random(mut self, random: Random) -> Self {
        self.parts.random = random;
        self
    }

    /// Called after every module has started and before the first request: puts the first rows there, through
    /// contracts. It runs at each start, so it must see for itself whether they are there.
    pub fn seed<F>(mut self, seed: impl FnOnce(HostContext) -> F + Send + 'static) -> Self
    where
        F: Future<Output = Result<(), BoxError>> + Send + 'static,
    {
        self.parts.seed = Some(Box::new(move |cx| seed(cx).boxed()));
        self
    }

    /// Checks everything together. Nothing is done yet but to read the configuration.
    ///
    /// # Errors
    ///
    /// Every problem at once: of the modules, of their wiring, of the configuration.
    #[expect(clippy::missing_panics_doc, reason = "it cannot: see the invariant")]
    pub fn build(self) -> Result<Host, StartupReport> {
        let Self {
            modules,
            bindings,
            settings,
            parts,
        } = self;
        let mut problems = Vec::new();
        let config = match settings {
            Settings::Loaded(config) => Some(config),
            Settings::Sources(sources) => load(&sources, &modules, &mut problems),
        };
        problems.extend(config.as_ref().and_then(mail_problem));
        let (order, catalogue) = {
            let facts = modules.iter().map(|module| Facts {
                manifest: module.module().manifest(),
                needs: module.needs(),
                provides: module.provides(),
            });
            let supplied = parts
                .supplied
                .iter()
                .map(|(contract, _)| *contract)
                .collect();
            let outside = parts.outside.clone();
            let composition = Composition {
                modules: facts.collect(),
                supplied,
                outside,
                bindings,
            };
            let checked = check::check(&composition);
            problems.extend(checked.problems);
            let manifests = checked
                .order
                .iter()
                .map(|&at| composition.modules[at].manifest);
            (checked.order.clone(), Catalogue::of(manifests))
        };
        StartupReport::check(problems)?;
        // INVARIANT: without problems there is a configuration, and the order names each module once.
        let config = config.expect("a configuration without problems was loaded");
        let mut modules: Vec<_> = modules.into_iter().map(Some).collect();
        let ordered = order.iter().filter_map(|&at| modules[at].take()).collect();
        let registry = Registry::new(ordered);
        for index in 0..registry.len() {
            registry.step(index, Step::Validate);
        }
        Ok(Host::new(registry, catalogue, config, parts))
    }
}

/// The configuration for these modules. A name that stands twice is the check's to report.
fn load(
    sources: &Sources,
    modules: &[Box<dyn ErasedModule>],
    problems: &mut Vec<StartupProblem>,
) -> Option<Config> {
    let mut seen = HashSet::new();
    let manifests = modules.iter().map(|module| module.module().manifest());
    let sections: Vec<_> = manifests
        .filter(|manifest| seen.insert(manifest.name()))
        .map(|manifest| Section::new(manifest.name().as_str(), manifest.config().to_vec()))
        .collect();
    match config::load(sources, &sections) {
        Ok(config) => {
            problems.extend(http_problems(&config));
            Some(config)
        }
        Err(errors) => {
            problems.extend(configuration(&errors));
            None
        }
    }
}

impl fmt::Debug for HostBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let modules = self
            .modules
            .iter()
            .map(|module| module.module().name().as_str());
        f.debug_struct("HostBuilder")
            .field("modules", &modules.collect::<Vec<_>>())
            .finish_non_exhaustive()
    }
}

/// Settings of HTTP that are each of their type and still cannot hold.
fn http_problems(config: &Config) -> Vec<StartupProblem> {
    let settings = http_settings(&config.get());
    let errors = settings.check().err().unwrap_or_default();
    let problem = |error: HttpSettingsError| {
        let origin = config.origin(error.setting())?;
        // What is not set follows `server.timeout`, which is told by itself.
        if *origin == Origin::Default {
            return None;
        }
        let subject = Subject::Origin(origin.to_string());
        let message = error.to_string();
        Some(StartupProblem::new(
            ProblemCode::Configuration,
            subject,
            message,
        ))
    };
    errors.into_iter().filter_map(problem).collect()
}

fn mail_problem(config: &Config) -> Option<StartupProblem> {
    let error = mailer(config, config.data_dir(), Clock::system()).err()?;
    let subject = Subject::Origin("`mail.from`".to_owned());
    let problem = StartupProblem::new(ProblemCode::Configuration, subject, error.to_string());
    Some(problem)
}
