//! The order in which modules depend on one another: pure, and the same on every run.

use std::{
    cmp::Reverse,
    collections::{BTreeSet, BinaryHeap, HashSet, VecDeque},
};

/// Who depends on whom. Nodes are known by their place in the list they were given in.
///
/// # Examples
///
/// ```
/// use goplt_module::graph::Graph;
///
/// let mut graph = Graph::new(["blog", "identity", "auth"]);
/// graph.depend(0, 1);
/// graph.depend(2, 1);
/// assert_eq!(graph.order(), Ok(vec![1, 2, 0]), "identity first; then by name");
///
/// graph.depend(1, 0);
/// assert_eq!(graph.order(), Err(vec![vec![0, 1]]), "blog → identity → blog");
/// ```
#[derive(Debug, Clone)]
pub struct Graph<'a> {
    names: Vec<&'a str>,
    // What each node depends on; sets, so that an edge given twice counts once.
    dependencies: Vec<BTreeSet<usize>>,
}

/// A path that ends where it begins; the first node is not repeated at the end.
pub type Cycle = Vec<usize>;

impl<'a> Graph<'a> {
    /// Nodes without edges. Names decide between nodes that are otherwise equal.
    pub fn new(names: impl IntoIterator<Item = &'a str>) -> Self {
        let names: Vec<_> = names.into_iter().collect();
        let dependencies = vec![BTreeSet::new(); names.len()];
        Self {
            names,
            dependencies,
        }
    }

    /// `node` comes after `on`.
    ///
    /// # Panics
    ///
    /// If there is no such node.
    pub fn depend(&mut self, node: usize, on: usize) {
        assert!(
            on < self.names.len(),
            "an edge leads to a node of the graph"
        );
        self.dependencies[node].insert(on);
    }

    /// What `node` depends on.
    ///
    /// # Panics
    ///
    /// If there is no such node.
    pub fn dependencies(&self, node: usize) -> impl Iterator<Item = usize> {
        self.dependencies[node].iter().copied()
    }

    /// Every node after all it depends on; of those that could come next, the one with the least name.
    ///
    /// # Errors
    ///
    /// If some depend on themselves: cycles that together hold every edge which lies on one, each beginning with
    /// its least name.
    pub fn order(&self) -> Result<Vec<usize>, Vec<Cycle>> {
        let mut missing: Vec<usize> = self.dependencies.iter().map(BTreeSet::len).collect();
        let mut dependents = vec![Vec::new(); self.names.len()];
        for (node, dependencies) in self.dependencies.iter().enumerate() {
            for &on in dependencies {
                dependents[on].push(node);
            }
        }
        let mut ready: BinaryHeap<_> = (0..self.names.len())
            .filter(|&node| missing[node] == 0)
            .map(|node| Reverse(self.key(node)))
            .collect();
        let mut order = Vec::with_capacity(self.names.len());
        while let Some(Reverse((_, node))) = ready.pop() {
            order.push(node);
            for &dependent in &dependents[node] {
                missing[dependent] -= 1;
                if missing[dependent] == 0 {
                    ready.push(Reverse(self.key(dependent)));
                }
            }
        }
        if order.len() == self.names.len() {
            Ok(order)
        } else {
            Err(self.cycles())
        }
    }

    fn key(&self, node: usize) -> (&'a str, usize) {
        (self.names[node], node)
    }

    fn cycles(&self) -> Vec<Cycle> {
        let component = self.components();
        let mut edges: Vec<(usize, usize)> = (0..self.names.len())
            .flat_map(|from| self.dependencies(from).map(move |to| (from, to)))
            .filter(|&(from, to)| component[from] == component[to])
            .collect();
        edges.sort_by_key(|&(from, to)| (self.key(from), self.key(to)));
        let mut told = HashSet::new();
        let mut cycles = Vec::new();
        for (from, to) in edges {
            if told.contains(&(from, to)) {
                continue;
            }
            // INVARIANT: both ends lie in one component, so there is a way back.
            let cycle = self
                .path(to, from, &component)
                .expect("a component is connected");
            let next = cycle.iter().cycle().skip(1);
            told.extend(cycle.iter().copied().zip(next.copied()));
            cycles.push(self.rotated(cycle));
        }
        cycles
    }

    /// The shortest way from one node to another within their component.
    fn path(&self, from: usize, to: usize, component: &[usize]) -> Option<Vec<usize>> {
        let mut came_from = vec![None; self.names.len()];
        let mut queue = VecDeque::from([from]);
        came_from[from] = Some(from);
        while let Some(node) = queue.pop_front() {
            if node == to {
                let back = std::iter::successors(Some(node), |&node| {
                    came_from[node].filter(|&before| before != node)
                });
                let mut path: Vec<_> = back.collect();
                path.reverse();
                return Some(path);
            }
            let mut next: Vec<_> = self.dependencies(node).collect();
            next.sort_by_key(|&node| self.key(node));
            for after in next {
                if component[after] == component[from] && came_from[after].is_none() {
                    came_from[after] = Some(node);
                    queue.push_back(after);
                }
            }
        }
        None
    }

    /// The same cycle, beginning with its least name.
    fn rotated(&self, mut cycle: Cycle) -> Cycle {
        let least = (0..cycle.len())
            .min_by_key(|&at| self.key(cycle[at]))
            .unwrap_or(0);
        cycle.rotate_left(least);
        cycle
    }

    /// The strongly connected component of each node, by a number (Tarjan, without recursion: the depth of a graph
    /// must not be the depth of the stack).
    fn components(&self) -> Vec<usize> {
        const NONE: usize = usize::MAX;
        let count = self.names.len();
        let edges: Vec<Vec<usize>> = (0..count)
            .map(|node| self.dependencies(node).collect())
            .collect();
        let (mut index, mut low) = (vec![NONE; count], vec![0; count]);
        let mut component = vec![NONE; count];
        let mut open = Vec::new();
        let (mut next_index, mut next_component) = (0, 0);
        for root in 0..count {
            if index[root] != NONE {
                continue;
            }
            // Each entry is a node and how many of its edges have been followed.
            let mut calls = vec![(root, 0)];
            while let Some((node, followed)) = calls.pop() {
                if followed == 0 {
                    (index[node], low[node]) = (next_index, next_index);
                    next_index += 1;
                    open.push(node);
                }
                if let Some(&to) = edges[node].get(followed) {
                    calls.push((node, followed + 1));
                    if index[to] == NONE {
                        calls.push((to, 0));
                    } else if component[to] == NONE {
                        low[node] = low[node].min(index[to]);
                    }
                    continue;
                }
                if low[node] == index[node] {
                    while let Some(member) = open.pop() {
                        component[member] = next_component;
                        if member == node {
                            break;
                        }
                    }
                    next_component += 1;
                }
                if let Some(&(parent, _)) = calls.last() {
                    low[parent] = low[parent].min(low[node]);
                }
            }
        }
        component
    }
}
