//! [`JobHandlers`]: which job is run by what.

use std::{collections::BTreeMap, sync::Arc};

use super::{JobHandler, JobKey, JobPolicy, handler::Registered, schedule::Schedule};

/// The jobs of a process.
#[derive(Debug, Clone, Default)]
pub struct JobHandlers {
    jobs: BTreeMap<(&'static str, &'static str), Registered>,
    schedules: Vec<(JobKey, JobPolicy, Schedule)>,
    problems: Vec<JobProblem>,
}

/// The jobs of one module, while they are added: what `cx.jobs(&service)` returns.
#[derive(Debug)]
#[must_use = "it registers nothing until `on` is called"]
pub struct ModuleJobs<'h, S> {
    handlers: &'h mut JobHandlers,
    service: Arc<S>,
}

/// A job that cannot run as it was registered.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum JobProblem {
    /// It has two handlers.
    #[error("the job `{name}` of `{module}` has two handlers: keep one")]
    Clash {
        /// Whose job it is.
        module: &'static str,
        /// Its name.
        name: &'static str,
    },
    /// Its schedule cannot be computed.
    #[error("the schedule of the job `{name}` of `{module}` is not usable: {reason}")]
    Schedule {
        /// Whose job it is.
        module: &'static str,
        /// Its name.
        name: &'static str,
        /// Why.
        reason: String,
    },
}

// === impl JobHandlers ===

impl JobHandlers {
    /// None yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds jobs that are methods of `service` or functions that take it.
    pub fn service<S>(&mut self, service: &Arc<S>) -> ModuleJobs<'_, S> {
        ModuleJobs {
            handlers: self,
            service: service.clone(),
        }
    }

    /// The jobs that have a handler.
    pub fn keys(&self) -> impl Iterator<Item = JobKey> {
        self.jobs.values().map(|registered| registered.key)
    }

    /// What cannot run as it was registered.
    #[must_use]
    pub fn problems(&self) -> &[JobProblem] {
        &self.problems
    }

    /// Whether there is no job.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.jobs.is_empty()
    }

    pub(super) fn modules(&self) -> Vec<&'static str> {
        let mut modules: Vec<_> = self.jobs.keys().map(|(module, _)| *module).collect();
        modules.dedup();
        modules
    }

    pub(super) fn schedules(&self) -> &[(JobKey, JobPolicy, Schedule)] {
        &self.schedules
    }

    pub(super) fn get(&self, module: &str, name: &str) -> Option<&Registered> {
        let mut found = self.jobs.values();
        found.find(|job| job.key.module() == module && job.key.name() == name)
    }

    fn add(&mut self, registered: Registered) {
        let (key, policy) = (registered.key, registered.policy);
        let (module, name) = (key.module(), key.name());
        if self.jobs.contains_key(&(module, name)) {
            self.problems.push(JobProblem::Clash { module, name });
            return;
        }
        self.jobs.insert((module, name), registered);
        match Schedule::of(key) {
            Ok(Some(schedule)) => self.schedules.push((key, policy, schedule)),
            Ok(None) => {}
            Err(error) => self.problems.push(JobProblem::Schedule {
                module,
                name,
                reason: error.to_string(),
            }),
        }
    }
}

// === impl ModuleJobs ===

impl<S: Send + Sync + 'static> ModuleJobs<'_, S> {
    /// Runs a job, with the default [`JobPolicy`].
    pub fn on<H>(self, key: JobKey, handler: H) -> Self
    where
        H: for<'a> JobHandler<'a, S>,
    {
        self.on_with(key, JobPolicy::default(), handler)
    }

    /// Runs a job, with this policy.
    pub fn on_with<H>(self, key: JobKey, policy: JobPolicy, handler: H) -> Self
    where
        H: for<'a> JobHandler<'a, S>,
    {
        let registered = Registered::new(key, policy, self.service.clone(), handler);
        self.handlers.add(registered);
        self
    }
}
