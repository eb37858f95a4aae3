//! `graph`: modules, contracts and order, as text and for Graphviz.

use std::{
    any::TypeId,
    collections::{BTreeMap, HashMap},
    fmt::Write,
};

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
        let places: HashMap<_, _> = registry
            .all()
            .enumerate()
            .map(|(place, module)| (module.name().as_str(), place))
            .collect();
        let mut providers: HashMap<TypeId, Vec<usize>> = HashMap::new();
        for place in 0..registry.len() {
            for provided in registry.module(place).provides() {
                providers
                    .entry(provided.contract.type_id())
                    .or_default()
                    .push(place);
            }
        }
        let nodes = (0..registry.len()).map(|place| Node::of(registry, place, &places, &providers));
        Self {
            nodes: nodes.collect(),
        }
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
        let mut after: BTreeMap<usize, Vec<String>> = BTreeMap::new();
        let declared = manifest
            .dependencies()
            .iter()
            .chain(manifest.optional_dependencies());
        for dependency in declared {
            if let Some(on) = places.get(dependency.name().as_str()) {
                after
                    .entry(*on)
                    .or_default()
                    .push(format!("depends on {dependency}"));
            }
        }
        let mut missing = Vec::new();
        for need in module.needs() {
            let contract = need.contract;
            let found = providers
                .get(&contract.type_id())
                .map_or(&[][..], Vec::as_slice);
            for on in found {
                after
                    .entry(*on)
                    .or_default()
                    .push(format!("needs {contract}"));
            }
            if found.is_empty() && need.kind == NeedKind::Optional {
                missing.push(format!("without {contract}, which is optional"));
            }
        }
        let after = after
            .into_iter()
            .map(|(on, why)| (on, why.join(", ")))
            .collect();
        let provides = module
            .provides()
            .into_iter()
            .map(|provided| provided.contract)
            .collect();
        let title = format!("{} {}", manifest.name(), manifest.version());
        Self {
            title,
            provides,
            after,
            missing,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use goplt_core::{
        BoxError,
        contract::{Contract, LocalGuard, MethodMeta},
        manifest::Manifest,
    };

    use super::*;
    use crate::{Host, IModule, InitContext};

    trait Users: Send + Sync + 'static {}

    impl Contract for dyn Users {
        const NAME: &'static str = "identity.v1.Users";
        const VERSION: &'static str = "1.0.0";
        const METHODS: &'static [MethodMeta] = &[];

        fn guarded(this: Arc<Self>, _: LocalGuard) -> Arc<Self> {
            this
        }
    }

    struct Nobody;

    impl Users for Nobody {}

    struct Identity(Manifest);

    impl IModule for Identity {
        type Needs = ();
        type Provides = Arc<dyn Users>;

        fn manifest(&self) -> &Manifest {
            &self.0
        }

        async fn init(&self, _: (), _: &mut InitContext<'_>) -> Result<Arc<dyn Users>, BoxError> {
            Ok(Arc::new(Nobody))
        }
    }

    struct Blog(Manifest);

    impl IModule for Blog {
        type Needs = Arc<dyn Users>;
        type Provides = ();

        fn manifest(&self) -> &Manifest {
            &self.0
        }

        async fn init(&self, _: Arc<dyn Users>, _: &mut InitContext<'_>) -> Result<(), BoxError> {
            Ok(())
        }
    }

    fn host() -> Host {
        let manifest = |text| Manifest::parse("module.yaml", text).unwrap();
        let identity = Identity(manifest("name: identity\nversion: 1.0.0\n"));
        let blog = Blog(manifest(
            "name: blog\nversion: 1.2.0\ndependencies: [identity ^1]\n",
        ));
        Host::builder()
            .module(blog)
            .module(identity)
            .build()
            .unwrap()
    }

    #[test]
    fn the_text_says_who_comes_after_whom_and_why() {
        let expected = "identity 1.0.0\n  provides dyn Users (identity.v1.Users)\nblog 1.2.0\n  \
                        after identity 1.0.0: depends on identity ^1, needs dyn Users\n";
        assert_eq!(render(host().modules(), "text"), expected);
    }

    #[test]
    fn the_picture_has_an_edge_for_each_pair() {
        let dot = render(host().modules(), "dot");
        assert!(
            dot.contains("m1 -> m0 [label = \"depends on identity ^1, needs dyn Users\"];"),
            "{dot}"
        );
        assert_eq!(dot.matches("->").count(), 1);
    }
}
