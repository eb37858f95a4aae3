use std::collections::BTreeSet;

/// The tables that a statement may touch.
///
/// For [`rewrite`](crate::rewrite) these are the tenant tables of the module, for [`verify_host`](crate::verify_host) the
/// tables that the module declared for work without a tenant. Names compare without regard to case, as in both databases.
///
/// ```
/// use goplt_sql::Tables;
///
/// let tables = Tables::new(["blog_posts"]);
/// assert!(tables.contains("Blog_Posts"));
/// assert!(!tables.contains("blog_comments"));
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tables(BTreeSet<String>);

impl Tables {
    /// Takes the names as the manifest declares them.
    ///
    /// A name that is no plain identifier (a letter or `_`, then letters, digits and `_`) can be declared but never
    /// matches, since no statement with such a name is accepted.
    pub fn new(tables: impl IntoIterator<Item = impl Into<String>>) -> Self {
        Self(
            tables
                .into_iter()
                .map(|table| table.into().to_ascii_lowercase())
                .collect(),
        )
    }

    /// Whether a statement may touch this table.
    pub fn contains(&self, table: &str) -> bool {
        self.0.contains(&table.to_ascii_lowercase())
    }

    /// The names, in lower case and in alphabetical order.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(String::as_str)
    }

    /// The declared name nearest to `name`, if any is near enough to be what was meant.
    pub(crate) fn nearest<'a>(&'a self, name: &str, others: &'a [String]) -> Option<&'a str> {
        self.iter()
            .chain(others.iter().map(String::as_str))
            .map(|known| (distance(name, known), known))
            .filter(|(distance, known)| *distance <= 1 + known.len() / 5)
            .min()
            .map(|(_, known)| known)
    }
}

/// Levenshtein distance over bytes: names are ASCII.
fn distance(a: &str, b: &str) -> usize {
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.bytes().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, y) in b.bytes().enumerate() {
            let change = diagonal + usize::from(x != y);
            diagonal = row[j + 1];
            row[j + 1] = change.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[b.len()]
}
