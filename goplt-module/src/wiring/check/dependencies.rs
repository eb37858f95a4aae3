//! Dependencies between manifests, and the edges that they and the needs make.

use goplt_core::manifest::{Dependency, Version, suggest};

use super::{Facts, View};
use crate::{
    Place,
    wiring::{ProblemCode, StartupProblem},
};

/// The platform itself; no module can have the name.
const CORE: &str = "core";

pub(super) fn check(view: &View<'_, '_>, problems: &mut Vec<StartupProblem>) {
    let platform = Version::platform();
    for facts in &view.facts {
        let manifest = facts.manifest;
        let required = manifest
            .dependencies()
            .iter()
            .map(|dependency| (dependency, true));
        let optional = manifest
            .optional_dependencies()
            .iter()
            .map(|dependency| (dependency, false));
        for (dependency, is_required) in required.chain(optional) {
            let name = dependency.name().as_str();
            let present = if name == CORE {
                Some(&platform)
            } else {
                view.version_of(name)
            };
            match present {
                Some(version) => problems.extend(version_problem(facts, dependency, version)),
                None if is_required => problems.push(missing(view, facts, dependency)),
                None => {}
            }
        }
    }
}

fn version_problem(
    facts: &Facts<'_>,
    dependency: &Dependency,
    present: &Version,
) -> Option<StartupProblem> {
    let why = dependency.range().mismatch(present)?;
    let name = dependency.name();
    let message = format!("depends on `{dependency}`, and {name} {present} is present");
    let problem = StartupProblem::of(ProblemCode::Version, facts.manifest, message)
        .at(Place::in_manifest(facts.manifest, dependency.mark()))
        .with_note(why)
        .with_mend(format!(
            "use a version of {name} in the range, or widen the range"
        ));
    Some(problem)
}

fn missing(view: &View<'_, '_>, facts: &Facts<'_>, dependency: &Dependency) -> StartupProblem {
    let name = dependency.name().as_str();
    let message = format!("depends on `{dependency}`, and no module `{name}` is present");
    let present = view.by_name.keys().copied();
    let mut present: Vec<_> = present.chain([CORE]).collect();
    present.sort_unstable();
    let mend = match suggest(name, present.into_iter()) {
        Some(near) => format!("did you mean `{near}`?"),
        None => {
            format!("add the module `{name}` to this assembly, or say that it runs `outside` of it")
        }
    };
    StartupProblem::of(ProblemCode::NoModule, facts.manifest, message)
        .at(Place::in_manifest(facts.manifest, dependency.mark()))
        .with_mend(mend)
}

/// Who comes after whom, by position in the view: by dependency, by optional dependency, by need.
pub(super) fn edges(view: &View<'_, '_>) -> Vec<(usize, usize)> {
    let providers = view.providers();
    let mut edges = Vec::new();
    for (from, facts) in view.facts.iter().enumerate() {
        let manifest = facts.manifest;
        let declared = manifest
            .dependencies()
            .iter()
            .chain(manifest.optional_dependencies());
        edges.extend(declared.filter_map(|dependency| {
            let to = view.by_name.get(dependency.name().as_str())?;
            Some((from, *to))
        }));
        for need in &facts.needs {
            let to = providers.of(&need.contract).iter();
            edges.extend(to.map(|&to| (from, to)));
        }
    }
    edges
}

pub(super) fn cycle(view: &View<'_, '_>, cycle: &[usize]) -> StartupProblem {
    let name = |at: usize| view.facts[at].manifest.name().as_str();
    let back = cycle.first().copied();
    let path: Vec<_> = cycle.iter().copied().chain(back).map(name).collect();
    let message = format!(
        "modules depend on one another in a circle: {}",
        path.join(" → ")
    );
    let first = view.facts[cycle[0]].manifest;
    let problem = StartupProblem::of(ProblemCode::Cycle, first, message);
    let next = cycle.iter().cycle().skip(1);
    let mend = match cycle.len() {
        1 => "a module calls its own service, not the contract that it provides",
        _ => {
            "one of these must do without the other: hear its events, or let a third module call both"
        }
    };
    cycle
        .iter()
        .zip(next)
        .fold(problem, |problem, (&from, &to)| {
            problem.with_note(reason(view, from, to))
        })
        .with_mend(mend)
}

/// Why one module comes after another.
fn reason(view: &View<'_, '_>, from: usize, to: usize) -> String {
    let (facts, other) = (view.facts[from], view.facts[to]);
    let (name, manifest) = (facts.manifest.name(), facts.manifest);
    let declared = manifest
        .dependencies()
        .iter()
        .chain(manifest.optional_dependencies());
    if let Some(dependency) = declared
        .into_iter()
        .find(|dependency| dependency.name() == other.manifest.name())
    {
        let place = Place::in_manifest(manifest, dependency.mark());
        return format!("{name} depends on `{dependency}` ({place})");
    }
    let is_provided = |need: &&super::Need| {
        other
            .provides
            .iter()
            .any(|provided| provided.contract == need.contract)
    };
    match facts.needs.iter().find(is_provided) {
        Some(need) => {
            let (contract, place) = (need.contract, need.place_in(manifest));
            format!(
                "{name} needs `{contract}` of {} ({place})",
                other.manifest.name()
            )
        }
        None => format!("{name} comes after {}", other.manifest.name()),
    }
}
