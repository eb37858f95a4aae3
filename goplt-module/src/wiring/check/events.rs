//! Events that are heard and that nobody publishes.

use goplt_core::{
    audit::RECORDED,
    manifest::{Manifest, suggest},
};

use super::View;
use crate::{
    Place,
    wiring::{ProblemCode, StartupProblem},
};

pub(super) fn check(view: &View<'_, '_>, problems: &mut Vec<StartupProblem>) {
    for manifest in view.manifests() {
        for event in &manifest.events().subscribes {
            let Some(mend) = mend(view, manifest, &event.name) else {
                continue;
            };
            let message = format!("hears the event `{}`, which nobody publishes", event.name);
            let problem = StartupProblem::of(ProblemCode::NoPublisher, manifest, message)
                .at(Place::in_manifest(manifest, event.mark))
                .with_mend(mend);
            problems.push(problem);
        }
    }
}

/// What to do about an event that nobody publishes; `None` if somebody does, here or elsewhere.
fn mend(view: &View<'_, '_>, subscriber: &Manifest, event: &str) -> Option<String> {
    let module = event.split('.').next().unwrap_or_default();
    if module == "core" {
        // The platform's own, which no manifest declares.
        return (event != RECORDED).then(|| format!("the platform publishes `{RECORDED}`"));
    }
    let Some(&publisher) = view.by_name.get(module) else {
        let optional =
            |dependency: &goplt_core::manifest::Dependency| dependency.name().as_str() == module;
        let may_be_away = subscriber.optional_dependencies().iter().any(optional);
        let is_elsewhere = view.version_of(module).is_some();
        return (!may_be_away && !is_elsewhere).then(|| {
            format!("add the module `{module}`, or name it under `optional_dependencies`")
        });
    };
    let published = &view.facts[publisher].manifest.events().publishes;
    if published.iter().any(|published| published.name == event) {
        return None;
    }
    let names = published.iter().map(|published| published.name.as_str());
    Some(match suggest(event, names) {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("declare it under `publishes` in the manifest of `{module}`"),
    })
}
