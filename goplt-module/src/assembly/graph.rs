//! `graph`: modules, contracts and order, as text and for Graphviz.

use std::{any::TypeId, collections::HashMap, fmt::Write};

use crate::{
    Registry,
    wiring::{ContractId, NeedKind},
};

pub(super) fn render(registry: &Registry, format: &str) -> String {
    let graph = Picture::of(registry);
    match format {
        "dot" => graph.dot(),
        _ => graph.text(),
    }
}

struct Picture {
    nodes: Vec<Node>,
}

struct Node {
    title: String,
    provides: Vec<ContractId>,
    /// Who it comes after, by place in the list, and why.
    after: Vec<(usize, String)>,
    missing: Vec<String>,
}

impl Picture {
    fn of(registry: &Registry) -> Self {
        let places: HashMap<_, _> =
            registry.all().enumerate().map(|(place, module)| (module.name().as_str(), place)).collect();
        let mut providers: HashMap<TypeId, Vec<usize>> = HashMap::new();
        for place in 0..registry.len() {
            for provided in registry.module(place).provides() {
                providers.entry(provided.contract.type_id()).or_default().push(place);
            }
        }
        let nodes = (0..registry.len()).map(|place| Node::of(registry, place, &places, &providers));
        Self { nodes: nodes.collect() }
    }

    fn text(&self) -> String {
        let mut text = String::new();
        for node in &self.nodes {
            // Writing to a string does not fail.
            let _ = writeln!(text, "{}", node.title);
            for contract in &node.provides {
                let _ = writeln!(text, "  provides {contract} ({})", contract.name());
            }
            for (place, why) in &node.after {
                let _ = writeln!(text, "  after {}: {why}", self.nodes[*place].title);
            }
            for missing in &node.missing {
                let _ = writeln!(text, "  {missing}");
            }
        }
        text
    }

    fn dot(&self) -> String {
        let mut text = String::from("digraph modules {\n  rankdir = BT;\n  node [shape = box];\n");
        for (place, node) in self.nodes.iter().enumerate() {
            let _ = writeln!(text, "  m{place} [label = {:?}];", node.title);
        }
        for (place, node) in self.nodes.iter().enumerate() {
            for (after, why) in &node.after {
                let _ = writeln!(text, "  m{place} -> m{after} [label = {why:?}];");
            }
        }
        text.push_str("}\n");
        text
    }
}

impl Node {
    fn of(
        registry: &Registry,
        place: usize,
        places: &HashMap<&str, usize>,
        providers: &HashMap<TypeId, Vec<usize>>,
    ) -> Self {
        let module = registry.module(place);
        let manifest = module.module().manifest();
        let mut after = Vec::new();
        let declared = manifest.dependencies().iter().chain(manifest.optional_dependencies());
        for dependency in declared {
            if let Some(on) = places.get(dependency.name().as_str()) {
                after.push((*on, format!("depends on {dependency}")));
            }
        }
        let mut missing = Vec::new();
        for need in module.needs() {
            let contract = need.contract;
            let found = providers.get(&contract.type_id()).map_or(&[][..], Vec::as_slice);
            after.extend(found.iter().map(|on| (*on, format!("needs {contract}"))));
            if found.is_empty() && need.kind == NeedKind::Optional {
                missing.push(format!("without {contract}, which is optional"));
            }
        }
        after.sort();
        let provides = module.provides().into_iter().map(|provided| provided.contract).collect();
        let title = format!("{} {}", manifest.name(), manifest.version());
        Self { title, provides, after, missing }
    }
}
