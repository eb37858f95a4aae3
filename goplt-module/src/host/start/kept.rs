//! Whether `init` did what the manifests and types say.

use super::phases::Starting;
use crate::{
    Place, ProblemCode, StartupProblem, StartupReport, Subject,
    host::{StartCause, Workers},
    http::RouteTable,
    wiring::Contracts,
};

impl Starting {
    /// A promise that `Provides` did not keep: only one written by hand can.
    pub(super) fn check_supplied(
        &self,
        index: usize,
        contracts: &Contracts,
    ) -> Result<(), StartCause> {
        let module = self.shared.registry.module(index);
        let problems = module
            .provides()
            .into_iter()
            .filter(|provided| contracts.count(&provided.contract) == 0);
        let manifest = module.module().manifest();
        let problems = problems.map(|provided| {
            let message = format!(
                "promised `{}` and did not hand it over in `init`",
                provided.contract
            );
            StartupProblem::of(ProblemCode::NotSupplied, manifest, message)
                .with_mend("hand it over in `Provides::supply`, or do not declare it there")
        });
        Ok(StartupReport::check(problems.collect())?)
    }

    /// Everything that is declared has a handler, and nothing else has one.
    pub(super) fn check_mounted(
        &self,
        routes: &RouteTable,
        workers: &Workers,
    ) -> Result<(), StartCause> {
        let mut problems = workers.problems(&self.shared.registry);
        for module in self.shared.registry.all() {
            let manifest = module.manifest();
            for id in routes.unmounted(manifest) {
                let Some(route) = manifest.routes().iter().find(|route| route.id == id) else {
                    continue;
                };
                let message = format!(
                    "the route `{} {}` (`{id}`) has no handler",
                    route.method, route.path
                );
                let problem = StartupProblem::of(ProblemCode::NotMounted, manifest, message)
                    .at(Place::in_manifest(manifest, route.mark))
                    .with_mend("mount one in `init`, or take the route out of the manifest");
                problems.push(problem);
            }
        }
        problems.extend(routes.errors().iter().map(|error| {
            StartupProblem::new(ProblemCode::Mount, Subject::Assembly, error.to_string())
        }));
        Ok(StartupReport::check(problems)?)
    }
}
