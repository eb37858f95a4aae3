//! What manifests declare and only one of them may: routes, permissions, tables; and roles that grant nothing.

use std::collections::{BTreeMap, HashMap};

use goplt_core::{
    Permission,
    manifest::{Manifest, PermissionPattern, yaml::Mark},
};

use super::{View, events};
use crate::{
    Place,
    http::route_table::{RouteEntry, find_clashes},
    wiring::{ProblemCode, StartupProblem},
};

pub(super) fn check(view: &View<'_, '_>, problems: &mut Vec<StartupProblem>) {
    routes(view, problems);
    let permissions = permissions(view, problems);
    roles(view, &permissions, problems);
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

type Permissions<'a> = BTreeMap<&'a Permission, &'a Manifest>;

fn permissions<'a>(view: &View<'_, 'a>, problems: &mut Vec<StartupProblem>) -> Permissions<'a> {
    let mut declared: Permissions<'a> = BTreeMap::new();
    for manifest in view.manifests() {
        for declaration in manifest.permissions() {
            let permission = &declaration.permission;
            let Some(other) = declared.insert(permission, manifest) else {
                continue;
            };
            let message = format!(
                "the permission `{permission}` is declared by {} too",
                other.name()
            );
            let problem = StartupProblem::of(ProblemCode::PermissionClash, manifest, message)
                .at(Place::in_manifest(manifest, declaration.mark))
                .with_mend("a permission belongs to one module: begin it with that module's name");
            problems.push(problem);
        }
    }
    declared
}

fn roles(view: &View<'_, '_>, permissions: &Permissions<'_>, problems: &mut Vec<StartupProblem>) {
    for manifest in view.manifests() {
        for role in manifest.roles() {
            for grant in role
                .grants
                .iter()
                .filter(|grant| !grants_any(grant, permissions))
            {
                let message = format!(
                    "the role `{}` is granted `{grant}`, which nobody declares",
                    role.name
                );
                let problem = StartupProblem::of(ProblemCode::UnknownGrant, manifest, message)
                    .at(Place::in_manifest(manifest, role.mark))
                    .with_mend("declare the permission, or take the grant away");
                problems.push(problem);
            }
        }
    }
}

fn grants_any(grant: &PermissionPattern, permissions: &Permissions<'_>) -> bool {
    match Permission::parse(grant.as_str()) {
        Ok(permission) => permissions.contains_key(&permission),
        // Only patterns come here, and there are few.
        Err(_) => permissions
            .keys()
            .any(|permission| grant.matches(permission)),
    }
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
