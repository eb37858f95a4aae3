use std::{collections::HashMap, fmt};

use goplt_core::{ModuleName, manifest::Method};

/// A declared route, as [`find_clashes`] compares it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RouteEntry<'a> {
    /// The module that declares it.
    pub module: &'a ModuleName,
    /// Its `id` in the manifest.
    pub id: &'a str,
    /// Its method.
    pub method: Method,
    /// Its path, of the grammar that a manifest enforces.
    pub path: &'a str,
}

/// Two routes that one router cannot hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Clash<'a> {
    /// The one that came first.
    pub first: RouteEntry<'a>,
    /// The one that clashes with it.
    pub second: RouteEntry<'a>,
    /// How they clash.
    pub kind: ClashKind,
}

/// How two routes clash.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum ClashKind {
    /// The same method on paths that match the same requests.
    Same,
    /// Paths that match the same requests and name their parameters differently.
    ParameterNames,
    /// `{id}` and `{*rest}` in one place.
    Wildcards,
}

/// Every pair of routes that a router would refuse, each of the later routes once, in the order given.
///
/// Routes of one module and of several are compared alike. It is pure, and asked before any
/// router is made, since a router answers a clash with a panic.
///
/// # Examples
///
/// ```
/// use goplt_core::{ModuleName, manifest::Method};
/// use goplt_module::http::route_table::{ClashKind, RouteEntry, find_clashes};
///
/// let blog = ModuleName::from_static("blog");
/// let route = |id, method, path| RouteEntry { module: &blog, id, method, path };
/// let clashes = [
///     route("get_post", Method::Get, "/posts/{id}"),
///     route("put_post", Method::Put, "/posts/{post_id}"),
/// ];
/// let clashes = find_clashes(&clashes);
/// assert_eq!(clashes[0].kind, ClashKind::ParameterNames);
/// ```
#[must_use]
pub fn find_clashes<'a>(routes: &[RouteEntry<'a>]) -> Vec<Clash<'a>> {
    let mut seen = Seen::default();
    routes
        .iter()
        .filter_map(|route| seen.insert(*route))
        .collect()
}

/// What has been accepted so far. A route that clashes is not added, so that one mistake is told once.
#[derive(Default)]
struct Seen<'a> {
    /// By shape: the routes that match the same requests; all of one path.
    shapes: HashMap<String, Vec<RouteEntry<'a>>>,
    /// By shape before the first wildcard of each place: who has put which kind there.
    wildcards: HashMap<String, (bool, RouteEntry<'a>)>,
}

impl<'a> Seen<'a> {
    fn insert(&mut self, second: RouteEntry<'a>) -> Option<Clash<'a>> {
        let clash = |first, kind| {
            Some(Clash {
                first,
                second,
                kind,
            })
        };
        let shape = shape(second.path);
        if let Some(others) = self.shapes.get(&shape) {
            if let Some(first) = others.iter().find(|other| other.method == second.method) {
                return clash(*first, ClashKind::Same);
            }
            if others[0].path != second.path {
                return clash(others[0], ClashKind::ParameterNames);
            }
        }
        for (place, is_rest) in wildcards(&shape) {
            match self.wildcards.get(place) {
                Some((other, first)) if *other != is_rest => {
                    return clash(*first, ClashKind::Wildcards);
                }
                _ => {}
            }
        }
        for (place, is_rest) in wildcards(&shape) {
            self.wildcards
                .entry(place.to_owned())
                .or_insert((is_rest, second));
        }
        self.shapes.entry(shape).or_default().push(second);
        None
    }
}

const PARAMETER: &str = "{}";
const REST: &str = "{*}";

/// The path without the names of its parameters: equal for paths that match the same requests.
fn shape(path: &str) -> String {
    let segments = path.split('/').map(|segment| match segment.as_bytes() {
        [b'{', b'*', ..] => REST,
        [b'{', ..] => PARAMETER,
        _ => segment,
    });
    segments.collect::<Vec<_>>().join("/")
}

/// Each wildcard of a shape: what stands before it, and whether it takes the rest.
fn wildcards(shape: &str) -> impl Iterator<Item = (&str, bool)> {
    shape
        .match_indices('{')
        .map(|(at, _)| (&shape[..at], shape[at..].starts_with(REST)))
}

// === impl Clash ===

impl fmt::Display for Clash<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let why = match self.kind {
            ClashKind::Same => "answer the same requests",
            ClashKind::ParameterNames => "name the parameters of one path differently",
            ClashKind::Wildcards => "have `{…}` and `{*…}` in one place",
        };
        write!(f, "{} and {} {why}", self.first, self.second)
    }
}

impl fmt::Display for RouteEntry<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "`{} {}` (`{}` of module `{}`)",
            self.method, self.path, self.id, self.module
        )
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use proptest::prelude::*;

    use super::*;

    static BLOG: ModuleName = ModuleName::from_static("blog");
    static SHOP: ModuleName = ModuleName::from_static("shop");

    fn route<'a>(module: &'a ModuleName, method: Method, path: &'a str) -> RouteEntry<'a> {
        RouteEntry {
            module,
            id: "it",
            method,
            path,
        }
    }

    #[test]
    fn a_clash_names_both_modules_and_the_reason() {
        let routes = [
            route(&BLOG, Method::Get, "/x/{id}"),
            route(&SHOP, Method::Get, "/x/{key}"),
        ];
        let clashes = find_clashes(&routes);
        assert_eq!(
            clashes[0].to_string(),
            "`GET /x/{id}` (`it` of module `blog`) and `GET /x/{key}` (`it` of module `shop`) \
             answer the same requests"
        );
    }

    #[test]
    fn literals_beside_parameters_and_names_further_up_do_not_clash() {
        let routes = [
            route(&BLOG, Method::Get, "/users/me"),
            route(&BLOG, Method::Get, "/users/{id}"),
            route(&BLOG, Method::Put, "/users/{id}"),
            route(&BLOG, Method::Get, "/users/{user_id}/roles"),
        ];
        assert_eq!(find_clashes(&routes), []);
    }

    proptest! {
        /// matchit is what axum routes with: a path that it refuses makes axum panic.
        #[test]
        fn what_it_accepts_the_router_accepts_and_what_it_refuses_the_router_refuses(
            paths in prop::collection::vec("(/(a|b|\\{x\\}|\\{y\\}|\\{z\\})){1,3}(/\\{\\*r\\})?|/\\{\\*r\\}|/", 1..6),
        ) {
            let paths: Vec<_> = paths.into_iter().filter(|path| has_distinct_names(path)).collect();
            let routes: Vec<_> = paths.iter().map(|path| route(&BLOG, Method::Get, path)).collect();
            let refused: Vec<_> = find_clashes(&routes).iter().map(|clash| clash.second.path).collect();
            let mut router = matchit::Router::new();
            let conflicts: Vec<_> =
                paths.iter().filter(|path| router.insert(path.as_str(), ()).is_err()).collect();
            prop_assert_eq!(refused, conflicts);
        }
    }

    fn has_distinct_names(path: &str) -> bool {
        let mut names = HashSet::new();
        path.split('/')
            .filter(|segment| segment.starts_with('{'))
            .all(|name| names.insert(name))
    }
}
