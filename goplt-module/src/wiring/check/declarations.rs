//! What manifests declare and only one of them may: routes and tables.
//!
//! Permissions, events and grants of roles need no check here: the manifest holds them to names that begin with the
//! module's own, and no module's name stands twice.

use std::collections::HashMap;

use goplt_core::manifest::{Manifest, yaml::Mark};

use super::{View, events};
use crate::{
    Place,
    http::{
        PROBE_PATHS,
        route_table::{RouteEntry, find_clashes},
    },
    wiring::{ProblemCode, StartupProblem},
};

pub(super) fn check(view: &View<'_, '_>, problems: &mut Vec<StartupProblem>) {
    routes(view, problems);
    tables(view, problems);
    events::check(view, problems);
}

fn routes(view: &View<'_, '_>, problems: &mut Vec<StartupProblem>) {
    let entries: Vec<_> = view
        .manifests()
        .flat_map(|manifest| {
            manifest.routes().iter().map(|route| RouteEntry {
                module: manifest.name(),
                id: &route.id,
                method: route.method,
                path: &route.path,
            })
        })
        .collect();
    for clash in find_clashes(&entries) {
        let (Some((first, first_mark)), Some((second, second_mark))) =
            (declared(view, &clash.first), declared(view, &clash.second))
        else {
            continue;
        };
        let other = Place::in_manifest(first, first_mark);
        let problem = StartupProblem::of(ProblemCode::RouteClash, second, clash.to_string())
            .at(Place::in_manifest(second, second_mark))
            .with_note(format!("the other is at {other}"))
            .with_mend("change the path of one of them");
        problems.push(problem);
    }
    for entry in entries {
        if !PROBE_PATHS.contains(&entry.path) {
            continue;
        }
        let Some((manifest, mark)) = declared(view, &entry) else {
            continue;
        };
        let message = format!("{entry} takes a path of the host");
        let problem = StartupProblem::of(ProblemCode::RouteClash, manifest, message)
            .at(Place::in_manifest(manifest, mark))
            .with_mend(format!(
                "choose another: `{}` tell how the process is",
                PROBE_PATHS.join("`, `")
            ));
        problems.push(problem);
    }
}

/// Where a route is declared.
fn declared<'a>(view: &View<'_, 'a>, entry: &RouteEntry<'_>) -> Option<(&'a Manifest, Mark)> {
    let position = view.by_name.get(entry.module.as_str())?;
    let manifest = view.facts[*position].manifest;
    let route = manifest
        .routes()
        .iter()
        .find(|route| route.id == entry.id)?;
    Some((manifest, route.mark))
}

fn tables(view: &View<'_, '_>, problems: &mut Vec<StartupProblem>) {
    let mut owners: HashMap<&str, &Manifest> = HashMap::new();
    for manifest in view.manifests() {
        for table in manifest.tables() {
            let Some(owner) = owners.insert(table, manifest) else {
                continue;
            };
            let message = format!("the table `{table}` is a table of {} too", owner.name());
            let problem = StartupProblem::of(ProblemCode::TableClash, manifest, message)
                .at(Place::in_manifest(manifest, Mark::START))
                .with_mend("a table belongs to one module; others ask it by its contract");
            problems.push(problem);
        }
    }
}
