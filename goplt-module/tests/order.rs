//! The order of modules is topological, the same for every way to list them, and every cycle is found; petgraph is the
//! oracle.
#![allow(clippy::unwrap_used, reason = "a test")]

use std::collections::HashSet;

use goplt_module::graph::Graph;
use petgraph::{algo, graph::DiGraph};
use proptest::prelude::*;

/// Names and edges `(node, on)` of a random graph.
fn graphs() -> impl Strategy<Value = (Vec<String>, Vec<(usize, usize)>)> {
    (1..30usize).prop_flat_map(|count| {
        let names = Just((0..count).collect::<Vec<_>>()).prop_shuffle();
        let names = names.prop_map(|numbers| numbers.iter().map(|n| format!("m{n:02}")).collect());
        (
            names,
            prop::collection::vec((0..count, 0..count), 0..count * 2),
        )
    })
}

/// As above, without cycles: edges lead from greater to smaller numbers.
fn acyclic() -> impl Strategy<Value = (Vec<String>, Vec<(usize, usize)>)> {
    graphs().prop_map(|(names, edges)| {
        let edges = edges.into_iter().filter(|(a, b)| a != b);
        (names, edges.map(|(a, b)| (a.max(b), a.min(b))).collect())
    })
}

fn build<'a>(names: &'a [String], edges: &[(usize, usize)]) -> Graph<'a> {
    let mut graph = Graph::new(names.iter().map(String::as_str));
    edges.iter().for_each(|&(node, on)| graph.depend(node, on));
    graph
}

fn oracle(count: usize, edges: &[(usize, usize)]) -> DiGraph<(), ()> {
    let mut graph = DiGraph::new();
    let nodes: Vec<_> = (0..count).map(|_| graph.add_node(())).collect();
    edges.iter().for_each(|&(node, on)| {
        graph.add_edge(nodes[node], nodes[on], ());
    });
    graph
}

proptest! {
    #[test]
    fn an_order_exists_exactly_when_petgraph_finds_one((names, edges) in graphs()) {
        let order = build(&names, &edges).order();
        let oracle = algo::toposort(&oracle(names.len(), &edges), None);
        prop_assert_eq!(order.is_ok(), oracle.is_ok());
    }

    #[test]
    fn everyone_comes_once_and_after_what_it_depends_on((names, edges) in acyclic()) {
        let order = build(&names, &edges).order().unwrap();
        let mut sorted = order.clone();
        sorted.sort_unstable();
        prop_assert_eq!(sorted, (0..names.len()).collect::<Vec<_>>());
        let place = |node| order.iter().position(|at| *at == node);
        for (node, on) in edges {
            prop_assert!(place(on) < place(node));
        }
    }

    #[test]
    fn no_later_node_could_have_come_earlier_by_its_name((names, edges) in acyclic()) {
        let order = build(&names, &edges).order().unwrap();
        let mut done = HashSet::new();
        for node in order {
            let is_ready = |at: &usize| {
                !done.contains(at) && edges.iter().all(|(from, on)| from != at || done.contains(on))
            };
            let least = (0..names.len()).filter(is_ready).min_by_key(|at| &names[*at]);
            prop_assert_eq!(least, Some(node));
            done.insert(node);
        }
    }

    #[test]
    fn the_order_does_not_depend_on_how_modules_are_listed(
        ((names, edges), places) in acyclic().prop_flat_map(|(names, edges)| {
            let places = Just((0..names.len()).collect::<Vec<_>>()).prop_shuffle();
            (Just((names, edges)), places)
        }),
    ) {
        let mut shuffled = names.clone();
        places.iter().enumerate().for_each(|(from, to)| shuffled[*to].clone_from(&names[from]));
        let moved: Vec<_> = edges.iter().map(|(a, b)| (places[*a], places[*b])).collect();
        let named = |names: &[String], order: Vec<usize>| -> Vec<String> {
            order.into_iter().map(|at| names[at].clone()).collect()
        };
        let first = named(&names, build(&names, &edges).order().unwrap());
        let second = named(&shuffled, build(&shuffled, &moved).order().unwrap());
        prop_assert_eq!(first, second);
    }

    #[test]
    fn the_cycles_are_real_and_hold_every_edge_that_lies_on_one((names, edges) in graphs()) {
        let Err(cycles) = build(&names, &edges).order() else { return Ok(()) };
        let edges: HashSet<_> = edges.into_iter().collect();
        let mut told = HashSet::new();
        for cycle in &cycles {
            let distinct: HashSet<_> = cycle.iter().collect();
            prop_assert_eq!(distinct.len(), cycle.len());
            prop_assert!(cycle.iter().all(|at| names[cycle[0]] <= names[*at]));
            for (at, node) in cycle.iter().enumerate() {
                let edge = (*node, cycle[(at + 1) % cycle.len()]);
                prop_assert!(edges.contains(&edge));
                told.insert(edge);
            }
        }
        let components = algo::tarjan_scc(&oracle(names.len(), &edges.iter().copied().collect::<Vec<_>>()));
        let component = |node: usize| {
            components.iter().position(|members| members.iter().any(|member| member.index() == node))
        };
        for edge in edges {
            prop_assert_eq!(component(edge.0) == component(edge.1), told.contains(&edge));
        }
    }
}

#[test]
fn a_long_chain_needs_no_deep_stack() {
    let names: Vec<_> = (0..100_000).map(|number| format!("{number:06}")).collect();
    let mut edges: Vec<_> = (1..names.len()).map(|node| (node, node - 1)).collect();
    assert_eq!(build(&names, &edges).order().unwrap().len(), names.len());
    edges.push((0, names.len() - 1));
    assert_eq!(
        build(&names, &edges).order().unwrap_err()[0].len(),
        names.len()
    );
}
