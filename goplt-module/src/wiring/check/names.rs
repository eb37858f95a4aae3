//! Modules and migrations that stand twice.

use goplt_core::manifest::{Manifest, Migration, yaml::Mark};

use super::View;
use crate::{
    Place,
    wiring::{ProblemCode, StartupProblem},
};

pub(super) fn check(view: &View<'_, '_>, problems: &mut Vec<StartupProblem>) {
    for manifest in view.manifests() {
        let mut migrations = manifest.migrations().to_vec();
        for error in Migration::check(&mut migrations).err().unwrap_or_default() {
            let problem = StartupProblem::of(ProblemCode::Manifest, manifest, error.to_string())
                .at(Place::in_manifest(manifest, Mark::START));
            problems.push(problem);
        }
    }
}

pub(super) fn twice(first: &Manifest, second: &Manifest) -> StartupProblem {
    let message = format!("the name `{}` is taken", second.name());
    let other = format!(
        "the other is {} {} ({})",
        first.name(),
        first.version(),
        first.source()
    );
    StartupProblem::of(ProblemCode::ModuleTwice, second, message)
        .at(Place::in_manifest(second, Mark::START))
        .with_note(other)
        .with_mend("list each module once, and give different modules different names")
}
