use super::Rng;

/// A value that is stored, bound or returned.
#[derive(Clone, Debug, PartialEq, PartialOrd)]
pub(crate) enum Value {
    Null,
    Int(i64),
    Real(f64),
    Text(String),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Type {
    Int,
    Text,
}

#[derive(Clone, Debug)]
pub(crate) struct Column {
    pub(crate) name: String,
    pub(crate) kind: Type,
}

impl Column {
    pub(crate) fn new(name: impl Into<String>, kind: Type) -> Self {
        Self {
            name: name.into(),
            kind,
        }
    }
}

/// A table; `tenant_id` and `id` are its key, `id` comes first in `columns`.
#[derive(Debug)]
pub(crate) struct Table {
    pub(crate) name: &'static str,
    pub(crate) columns: &'static [(&'static str, Type)],
    /// Rows per tenant.
    pub(crate) rows: usize,
}

impl Table {
    pub(crate) fn columns(&self) -> Vec<Column> {
        self.columns
            .iter()
            .map(|(name, kind)| Column::new(*name, *kind))
            .collect()
    }
}

pub(crate) const TABLES: &[Table] = &[
    Table {
        name: "authors",
        columns: &[
            ("id", Type::Int),
            ("boss", Type::Int),
            ("name", Type::Text),
            ("age", Type::Int),
        ],
        rows: 6,
    },
    Table {
        name: "posts",
        columns: &[
            ("id", Type::Int),
            ("author", Type::Int),
            ("title", Type::Text),
            ("score", Type::Int),
            ("body", Type::Text),
        ],
        rows: 9,
    },
    Table {
        name: "comments",
        columns: &[
            ("id", Type::Int),
            ("post", Type::Int),
            ("author", Type::Int),
            ("text", Type::Text),
            ("likes", Type::Int),
        ],
        rows: 12,
    },
];

/// The tables. `{default}` is the tenant that a database of one tenant gives to rows without one.
pub(crate) const DDL: &[&str] = &[
    "CREATE TABLE authors (tenant_id TEXT NOT NULL {default}, id BIGINT NOT NULL, boss BIGINT, name TEXT, age BIGINT, \
     PRIMARY KEY (tenant_id, id))",
    "CREATE TABLE posts (tenant_id TEXT NOT NULL {default}, id BIGINT NOT NULL, author BIGINT, title TEXT, score BIGINT, \
     body TEXT, PRIMARY KEY (tenant_id, id))",
    "CREATE TABLE comments (tenant_id TEXT NOT NULL {default}, id BIGINT NOT NULL, post BIGINT, author BIGINT, text TEXT, \
     likes BIGINT, PRIMARY KEY (tenant_id, id))",
];

pub(crate) const TENANTS: [&str; 3] = ["red", "green", "blue"];

pub(crate) type Row = Vec<Value>;

/// A tenant's rows of a table, without the tenant. The same ids in every tenant, so that a mix-up finds rows to mix.
pub(crate) fn rows(rng: &mut Rng, table: &Table, tenant: &str) -> Vec<Row> {
    (1..=table.rows)
        .map(|id| {
            let id = Value::Int(i64::try_from(id).expect("few rows"));
            std::iter::once(id)
                .chain(
                    table.columns[1..]
                        .iter()
                        .map(|(_, kind)| datum(rng, *kind, tenant)),
                )
                .collect()
        })
        .collect()
}

fn datum(rng: &mut Rng, kind: Type, tenant: &str) -> Value {
    if rng.chance(12) {
        return Value::Null;
    }
    match kind {
        Type::Int => Value::Int(rng.small()),
        Type::Text if rng.chance(50) => Value::Text(tenant.to_owned()),
        Type::Text => Value::Text((*rng.pick(&["a", "B", "cc", ""])).to_owned()),
    }
}
