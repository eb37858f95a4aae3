//! Random statements over a small schema, and random data for several tenants.
//!
//! Nothing here knows a database: the statements keep to what SQLite and PostgreSQL share, and to what has one answer
//! whatever the order of evaluation. A test runs each statement twice, rewritten on the shared data and as it is on the
//! data of one tenant, and compares.

mod change;
mod expr;
mod rng;
mod schema;
mod select;

use self::schema::Column;
pub(crate) use self::{
    rng::Rng,
    schema::{DDL, Row, TABLES, TENANTS, Table, Value, rows},
};

/// A statement as a module's author writes it, with its binds.
#[derive(Debug)]
pub(crate) struct Case {
    pub(crate) sql: String,
    pub(crate) binds: Vec<Value>,
    /// Whether it changes data.
    pub(crate) writes: bool,
    /// The databases that cannot run it as it is (SQLite: but for ILIKE), or mean something else by it.
    unreadable: Vec<&'static str>,
}

impl Case {
    /// A statement of the test's own.
    pub(crate) fn new(sql: &str, binds: Vec<Value>, writes: bool) -> Self {
        Self {
            sql: sql.to_owned(),
            binds,
            writes,
            unreadable: vec![SQLITE, POSTGRES],
        }
    }

    /// Whether a database can run it as it is.
    pub(crate) fn is_plain_for(&self, database: &str) -> bool {
        !self.unreadable.contains(&database)
    }
}

pub(crate) const SQLITE: &str = "sqlite";
pub(crate) const POSTGRES: &str = "postgres";

/// The statement of a seed: the same seed, the same statement.
pub(crate) fn case(seed: u64) -> Case {
    let mut generator = Generator::new(seed);
    let writes = generator.rng.chance(35);
    if writes {
        generator.change();
    } else {
        generator.top_select();
    }
    Case {
        sql: generator.sql,
        binds: generator.binds,
        writes,
        unreadable: generator.unreadable,
    }
}

/// Writes from left to right, so that binds come in the order of their placeholders.
struct Generator {
    rng: Rng,
    sql: String,
    binds: Vec<Value>,
    unreadable: Vec<&'static str>,
    /// For names that must be new.
    names: usize,
    /// The CTEs that may be read here.
    ctes: Vec<Relation>,
    /// A table whose rows may be half changed while the expression runs.
    unstable: Option<&'static str>,
}

/// What FROM can name.
#[derive(Clone, Debug)]
struct Relation {
    name: String,
    columns: Vec<Column>,
}

/// A column that an expression can use: `alias.name`.
#[derive(Clone, Debug)]
struct Visible {
    path: String,
    column: Column,
}

impl Generator {
    fn new(seed: u64) -> Self {
        Self {
            rng: Rng::new(seed),
            sql: String::new(),
            binds: Vec::new(),
            unreadable: Vec::new(),
            names: 0,
            ctes: Vec::new(),
            unstable: None,
        }
    }

    fn push(&mut self, text: &str) {
        self.sql.push_str(text);
    }

    fn bind(&mut self, value: Value) {
        self.push("?");
        self.binds.push(value);
    }

    fn unreadable(&mut self, database: &'static str) {
        self.unreadable.push(database);
    }

    fn fresh(&mut self, prefix: &str) -> String {
        self.names += 1;
        format!("{prefix}{}", self.names)
    }

    /// Writes `count` parts with a separator.
    fn separated(&mut self, count: usize, separator: &str, mut part: impl FnMut(&mut Self, usize)) {
        for at in 0..count {
            if at > 0 {
                self.push(separator);
            }
            part(self, at);
        }
    }
}
