//! The check of a composition: pure, over what modules declare, before anything is done.

mod contracts;
mod declarations;
mod dependencies;
mod events;
mod names;

use std::collections::HashMap;

use goplt_core::{
    ModuleName,
    contract::Binding,
    manifest::{Manifest, Version},
};

use super::{ContractId, Need, Provided, StartupProblem};
use crate::graph::Graph;

/// What is known of a module before its `init`.
#[derive(Debug, Clone)]
pub(crate) struct Facts<'a> {
    pub(crate) manifest: &'a Manifest,
    pub(crate) needs: Vec<Need>,
    pub(crate) provides: Vec<Provided>,
}

/// Everything that is composed.
#[derive(Debug, Clone, Default)]
pub(crate) struct Composition<'a> {
    pub(crate) modules: Vec<Facts<'a>>,
    /// Contracts that the assembly supplies itself.
    pub(crate) supplied: Vec<ContractId>,
    /// Modules that run elsewhere, with the version that is met there.
    pub(crate) outside: Vec<(ModuleName, Version)>,
    pub(crate) bindings: Vec<(ContractId, Binding)>,
}

/// What the check finds.
#[derive(Debug)]
pub(crate) struct Checked {
    /// Places in the list of modules, in the order of `init`; empty when there are cycles.
    pub(crate) order: Vec<usize>,
    pub(crate) problems: Vec<StartupProblem>,
}

/// The modules that take part, sorted by name, without those whose name is taken: so no message depends on the order
/// in which modules were listed.
struct View<'c, 'a> {
    facts: Vec<&'c Facts<'a>>,
    by_name: HashMap<&'c str, usize>,
    composition: &'c Composition<'a>,
}

pub(crate) fn check(composition: &Composition<'_>) -> Checked {
    let mut problems = Vec::new();
    let (view, listed) = View::new(composition, &mut problems);
    names::check(&view, &mut problems);
    dependencies::check(&view, &mut problems);
    contracts::check(&view, &mut problems);
    declarations::check(&view, &mut problems);
    let mut graph = Graph::new(
        composition
            .modules
            .iter()
            .map(|facts| facts.manifest.name().as_str()),
    );
    for (from, to) in dependencies::edges(&view) {
        graph.depend(listed[from], listed[to]);
    }
    let order = graph.order().unwrap_or_else(|cycles| {
        let cycles = cycles
            .into_iter()
            .map(|cycle| view.positions(&cycle, &listed));
        problems.extend(cycles.map(|cycle| dependencies::cycle(&view, &cycle)));
        Vec::new()
    });
    Checked { order, problems }
}

impl<'c, 'a> View<'c, 'a> {
    /// The view, and for each of its modules the place in the list.
    fn new(
        composition: &'c Composition<'a>,
        problems: &mut Vec<StartupProblem>,
    ) -> (Self, Vec<usize>) {
        let mut listed: Vec<usize> = (0..composition.modules.len()).collect();
        let key = |&place: &usize| {
            let manifest = composition.modules[place].manifest;
            (
                manifest.name(),
                manifest.version(),
                manifest.source(),
                place,
            )
        };
        listed.sort_by(|a, b| key(a).cmp(&key(b)));
        let mut by_name = HashMap::with_capacity(listed.len());
        let mut facts: Vec<&Facts<'_>> = Vec::with_capacity(listed.len());
        listed.retain(|&place| {
            let module = &composition.modules[place];
            let name = module.manifest.name().as_str();
            if let Some(&taken) = by_name.get(name) {
                let taken: &Facts<'_> = facts[taken];
                problems.push(names::twice(taken.manifest, module.manifest));
                return false;
            }
            by_name.insert(name, facts.len());
            facts.push(module);
            true
        });
        (
            Self {
                facts,
                by_name,
                composition,
            },
            listed,
        )
    }

    fn manifests(&self) -> impl Iterator<Item = &'a Manifest> {
        self.facts.iter().map(|facts| facts.manifest)
    }

    /// The version of a module that is present here, or declared to run elsewhere.
    fn version_of(&self, name: &str) -> Option<&Version> {
        match self.by_name.get(name) {
            Some(&place) => Some(self.facts[place].manifest.version()),
            None => {
                let mut outside = self.composition.outside.iter();
                outside
                    .find(|(module, _)| module.as_str() == name)
                    .map(|(_, version)| version)
            }
        }
    }

    /// A cycle of the graph in terms of this view.
    fn positions(&self, cycle: &[usize], listed: &[usize]) -> Vec<usize> {
        let position = |place| listed.iter().position(|listed| *listed == place);
        cycle.iter().filter_map(|&place| position(place)).collect()
    }
}
