//! Needs against provides.

use std::{any::TypeId, collections::HashMap};

use goplt_core::{
    contract::Binding,
    manifest::{Manifest, yaml::Mark},
};

use super::View;
use crate::{
    Place,
    wiring::{ContractId, Need, NeedKind, ProblemCode, StartupProblem, Subject},
};

/// The modules that provide each contract, by position in the view.
pub(super) struct Providers {
    by_contract: HashMap<TypeId, Vec<usize>>,
}

impl Providers {
    pub(super) fn of(&self, contract: &ContractId) -> &[usize] {
        self.by_contract
            .get(&contract.type_id())
            .map_or(&[], Vec::as_slice)
    }
}

impl View<'_, '_> {
    pub(super) fn providers(&self) -> Providers {
        let mut by_contract: HashMap<TypeId, Vec<usize>> = HashMap::new();
        for (position, facts) in self.facts.iter().enumerate() {
            for provided in &facts.provides {
                by_contract
                    .entry(provided.contract.type_id())
                    .or_default()
                    .push(position);
            }
        }
        Providers { by_contract }
    }
}

/// What is known of one contract.
struct Contract<'c> {
    id: ContractId,
    providers: Vec<usize>,
    supplied: usize,
    /// Who needs it, by position in the view.
    needs: Vec<(usize, &'c Need)>,
}

pub(super) fn check(view: &View<'_, '_>, problems: &mut Vec<StartupProblem>) {
    for contract in contracts(view) {
        match contract.providers.len() + contract.supplied {
            0 => nobody(view, &contract, problems),
            1 => {}
            _ => problems.extend(several(view, &contract)),
        }
    }
}

fn contracts<'c>(view: &View<'c, '_>) -> impl Iterator<Item = Contract<'c>> {
    let mut contracts: HashMap<TypeId, Contract<'c>> = HashMap::new();
    let mut of = |id: ContractId, change: &mut dyn FnMut(&mut Contract<'c>)| {
        let empty = || Contract {
            id,
            providers: Vec::new(),
            supplied: 0,
            needs: Vec::new(),
        };
        change(contracts.entry(id.type_id()).or_insert_with(empty));
    };
    for (position, facts) in view.facts.iter().enumerate() {
        for provided in &facts.provides {
            of(provided.contract, &mut |contract| {
                contract.providers.push(position)
            });
        }
        for need in &facts.needs {
            of(need.contract, &mut |contract| {
                contract.needs.push((position, need))
            });
        }
    }
    for supplied in &view.composition.supplied {
        of(*supplied, &mut |contract| contract.supplied += 1);
    }
    for (bound, _) in &view.composition.bindings {
        of(*bound, &mut |_| {});
    }
    contracts.into_values()
}

/// Nobody provides it: a problem of each module that must have it, and of a binding to this host.
fn nobody(view: &View<'_, '_>, contract: &Contract<'_>, problems: &mut Vec<StartupProblem>) {
    let id = contract.id;
    let mend = format!("{}, or supply the contract", add_module(&id));
    for (position, need) in &contract.needs {
        if need.kind != NeedKind::Required {
            continue;
        }
        let manifest = view.facts[*position].manifest;
        let message = format!("needs `{id}`, and nobody provides it");
        let problem = StartupProblem::of(ProblemCode::NoProvider, manifest, message)
            .at(need.place_in(manifest))
            .with_mend(mend.clone());
        problems.push(problem);
    }
    let is_bound =
        |(bound, binding): &&(ContractId, Binding)| *bound == id && *binding == Binding::Local;
    if view
        .composition
        .bindings
        .iter()
        .any(|binding| is_bound(&binding))
    {
        let message = format!("binds `{id}` to a module of this host, and none provides it");
        let problem = StartupProblem::new(ProblemCode::NoProvider, Subject::Assembly, message);
        problems.push(problem.with_mend(add_module(&id)));
    }
}

/// By convention `goplt.identity.v1.IdentityService` is a contract of the module `identity`: the name before the
/// version.
fn add_module(contract: &ContractId) -> String {
    let is_version = |part: &str| {
        part.strip_prefix('v')
            .is_some_and(|rest| rest.parse::<u32>().is_ok())
    };
    let parts: Vec<_> = contract.name().split('.').collect();
    let version = parts.iter().position(|part| is_version(part));
    match version.and_then(|at| parts.get(at.checked_sub(1)?)) {
        Some(module) => format!(
            "add the module `{}` to this assembly",
            module.replace('_', "-")
        ),
        None => "add the module that provides it to this assembly".to_owned(),
    }
}

/// Several provide it, which is right only for who wants them all.
fn several(view: &View<'_, '_>, contract: &Contract<'_>) -> Option<StartupProblem> {
    let mut wants_one = contract
        .needs
        .iter()
        .filter(|(_, need)| need.kind != NeedKind::Many);
    let first = wants_one.next();
    if first.is_none() && !contract.needs.is_empty() {
        return None;
    }
    let id = contract.id;
    let manifest = |position: &usize| view.facts[*position].manifest;
    let named = |manifest: &Manifest| format!("{} {}", manifest.name(), manifest.version());
    let mut providers: Vec<_> = contract
        .providers
        .iter()
        .map(|position| named(manifest(position)))
        .collect();
    providers.extend((0..contract.supplied).map(|_| "the assembly".to_owned()));
    let message = format!("`{id}` has several providers: {}", providers.join(", "));
    let subject = contract
        .providers
        .last()
        .map_or(Subject::Assembly, |last| Subject::of(manifest(last)));
    let mut problem = StartupProblem::new(ProblemCode::SeveralProviders, subject, message)
        .with_mend("keep one of them in this assembly, or take all of them as `Vec<Arc<dyn …>>`");
    if let Some(last) = contract.providers.last() {
        problem = problem.at(Place::in_manifest(manifest(last), Mark::START));
    }
    if let Some((position, need)) = first {
        let manifest = manifest(position);
        let who = format!(
            "{} needs one ({})",
            manifest.name(),
            need.place_in(manifest)
        );
        problem = problem.with_note(who);
    }
    Some(problem)
}

impl Need {
    /// Where it stands: the field, or else the module's manifest.
    pub(super) fn place_in(&self, manifest: &Manifest) -> Place {
        let in_manifest = || Place::in_manifest(manifest, Mark::START);
        self.place.clone().unwrap_or_else(in_manifest)
    }
}
