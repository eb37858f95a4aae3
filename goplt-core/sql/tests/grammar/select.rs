use super::{
    Generator, Relation, SQLITE, Visible,
    schema::{Column, TABLES, Type},
};

/// What FROM will hold: decided before the SELECT list is written, since the list uses its columns.
pub(super) struct Plan {
    factors: Vec<Factor>,
    outer: Vec<Visible>,
}

struct Factor {
    relation: Relation,
    /// A subquery of these types is written in place of the relation's name.
    derived: bool,
    alias: String,
    join: &'static str,
}

impl Plan {
    pub(super) fn visible(&self) -> Vec<Visible> {
        self.factors.iter().flat_map(Factor::visible).collect()
    }

    pub(super) fn visible_with(&self, outer: &[Visible]) -> Vec<Visible> {
        let mut all = self.visible();
        all.extend(outer.iter().cloned());
        all
    }

    pub(super) fn write(&mut self, g: &mut Generator, depth: usize) {
        g.push(" FROM ");
        let mut seen: Vec<Visible> = Vec::new();
        for at in 0..self.factors.len() {
            let factor = &self.factors[at];
            if at > 0 {
                g.push(factor.join);
            }
            factor.write(g, depth);
            let on = at > 0 && !factor.join.contains("CROSS") && factor.join != ", ";
            let new = factor.visible();
            if on {
                g.push(" ON ");
                // A full or right join wants a condition that both databases can hash: an equality.
                let equality = |g: &mut Generator, side: &[Visible]| {
                    let ints: Vec<_> = side.iter().filter(|v| v.column.kind == Type::Int).collect();
                    let path = g.rng.pick(&ints).path.clone();
                    g.push(&path);
                };
                equality(g, &seen);
                g.push(" = ");
                equality(g, &new);
                if !factor.join.contains("FULL") && g.rng.chance(40) {
                    g.push(" AND ");
                    let mut all = seen.clone();
                    all.extend(new.iter().cloned());
                    all.extend(self.outer.iter().cloned());
                    g.condition(&all, depth.min(1));
                }
            }
            seen.extend(new);
        }
    }
}

impl Factor {
    fn visible(&self) -> Vec<Visible> {
        self.relation
            .columns
            .iter()
            .map(|column| Visible {
                path: format!("{}.{}", self.alias, column.name),
                column: column.clone(),
            })
            .collect()
    }

    fn write(&self, g: &mut Generator, depth: usize) {
        let Self {
            relation, alias, ..
        } = self;
        if self.derived {
            let kinds: Vec<Type> = relation.columns.iter().map(|c| c.kind).collect();
            g.push("(");
            g.query(&kinds, &[], depth);
            g.push(&format!(") AS {alias}"));
        } else if relation.name == *alias {
            g.push(alias);
        } else {
            let link = *g.rng.pick(&[" ", " AS "]);
            g.push(&format!("{}{link}{alias}", relation.name));
        }
    }
}

impl Generator {
    /// Decides on up to `most` factors.
    pub(super) fn plan(&mut self, most: usize, depth: usize, outer: &[Visible]) -> Plan {
        let count = 1 + self.rng.below(most);
        let commas = self.rng.chance(15);
        let mut factors: Vec<Factor> = Vec::new();
        for _ in 0..count {
            let derived = depth > 0 && self.rng.chance(20);
            let relation = if derived {
                self.shape()
            } else {
                self.relation()
            };
            let taken = |alias: &str| {
                factors.iter().any(|f| f.alias == alias)
                    || outer
                        .iter()
                        .any(|v| v.path.starts_with(&format!("{alias}.")))
            };
            let alias = if !derived && !taken(&relation.name) && self.rng.chance(35) {
                relation.name.clone()
            } else {
                self.fresh("a")
            };
            let join = if commas {
                ", "
            } else {
                *self.rng.pick(&[
                    " JOIN ",
                    " INNER JOIN ",
                    " LEFT JOIN ",
                    " LEFT OUTER JOIN ",
                    " RIGHT JOIN ",
                    " FULL JOIN ",
                    " CROSS JOIN ",
                ])
            };
            factors.push(Factor {
                relation,
                derived,
                alias,
                join,
            });
        }
        Plan {
            factors,
            outer: outer.to_vec(),
        }
    }

    /// The columns of a subquery to come: at least one integer, to join on.
    fn shape(&mut self) -> Relation {
        let mut columns = vec![Column::new("c0", Type::Int)];
        for at in 1..=self.rng.below(3) {
            let kind = *self.rng.pick(&[Type::Int, Type::Text]);
            columns.push(Column::new(format!("c{at}"), kind));
        }
        Relation {
            name: String::new(),
            columns,
        }
    }

    fn relation(&mut self) -> Relation {
        if self.unstable.is_none() && !self.ctes.is_empty() && self.rng.chance(40) {
            let ctes = self.ctes.clone();
            return self.rng.pick(&ctes).clone();
        }
        let stable: Vec<_> = TABLES
            .iter()
            .filter(|table| Some(table.name) != self.unstable)
            .collect();
        let table = self.rng.pick(&stable);
        Relation {
            name: table.name.to_owned(),
            columns: table.columns(),
        }
    }

    /// A whole statement.
    pub(super) fn top_select(&mut self) {
        if self.rng.chance(30) {
            self.with();
        }
        if self.rng.chance(15) {
            return self.star();
        }
        let kinds: Vec<Type> = (0..1 + self.rng.below(4))
            .map(|_| *self.rng.pick(&[Type::Int, Type::Text]))
            .collect();
        self.query(&kinds, &[], 3);
    }

    /// `SELECT *` and `SELECT a.*`, which show the tenant's column too.
    fn star(&mut self) {
        let mut plan = self.plan(2, 1, &[]);
        let alias = plan.factors[0].alias.clone();
        self.push("SELECT ");
        let list = if self.rng.chance(50) {
            "*".to_owned()
        } else {
            format!("{alias}.*")
        };
        self.push(&list);
        plan.write(self, 1);
        if self.rng.chance(60) {
            self.push(" WHERE ");
            self.condition(&plan.visible(), 2);
        }
    }

    /// `WITH …`; the names stay known.
    pub(super) fn with(&mut self) {
        if self.rng.chance(20) {
            return self.with_recursive();
        }
        self.push("WITH ");
        let count = 1 + self.rng.below(2);
        self.separated(count, ", ", |g, _| {
            let mut relation = g.shape();
            relation.name = g.fresh("w");
            let kinds: Vec<Type> = relation.columns.iter().map(|c| c.kind).collect();
            if g.rng.chance(50) {
                let names: Vec<_> = relation.columns.iter().map(|c| c.name.clone()).collect();
                g.push(&format!("{} ({}) AS (", relation.name, names.join(", ")));
            } else {
                g.push(&format!("{} AS (", relation.name));
            }
            g.query(&kinds, &[], 1);
            g.push(")");
            g.ctes.push(relation);
        });
        self.push(" ");
    }

    /// The bosses of some authors, up to the top.
    fn with_recursive(&mut self) {
        let name = self.fresh("r");
        let author = Visible {
            path: "authors.age".to_owned(),
            column: Column::new("age", Type::Int),
        };
        self.push(&format!(
            "WITH RECURSIVE {name} (c0) AS (SELECT authors.id FROM authors WHERE "
        ));
        self.condition(&[author], 1);
        self.push(&format!(
            " UNION SELECT a.boss FROM authors AS a JOIN {name} ON a.id = {name}.c0 WHERE a.boss IS NOT NULL) "
        ));
        self.ctes.push(Relation {
            name,
            columns: vec![Column::new("c0", Type::Int)],
        });
    }

    /// A query that yields columns of these types, named `c0`, `c1`, …
    pub(super) fn query(&mut self, kinds: &[Type], outer: &[Visible], depth: usize) {
        let ctes = self.ctes.len();
        if depth > 0 && self.sql.ends_with('(') && self.rng.chance(10) {
            self.with();
        }
        self.core(kinds, outer, depth);
        if depth > 0 && self.rng.chance(20) {
            for at in 0..1 + self.rng.below(2) {
                let op = *self
                    .rng
                    .pick(&[" UNION ", " UNION ALL ", " EXCEPT ", " INTERSECT "]);
                self.push(op);
                // SQLite runs a chain from the left; elsewhere INTERSECT comes first.
                if at > 0 && op == " INTERSECT " {
                    self.unreadable(SQLITE);
                }
                if self.rng.chance(25) {
                    // SQLite knows no parentheses here.
                    self.unreadable(SQLITE);
                    self.push("(");
                    self.core(kinds, outer, depth - 1);
                    self.limited(kinds);
                    self.push(")");
                } else {
                    self.core(kinds, outer, depth - 1);
                }
            }
        }
        if self.rng.chance(25) {
            self.limited(kinds);
        }
        self.ctes.truncate(ctes);
    }

    /// Ordered by every column: what is cut off is the same in any plan.
    fn limited(&mut self, kinds: &[Type]) {
        self.push(" ORDER BY ");
        self.separated(kinds.len(), ", ", |g, at| {
            let direction = *g
                .rng
                .pick(&["", " ASC", " DESC", " DESC NULLS LAST", " NULLS FIRST"]);
            g.push(&format!("{}{direction}", at + 1));
        });
        self.push(" LIMIT ");
        self.constant(Type::Int);
        if self.rng.chance(30) {
            self.push(" OFFSET ");
            self.constant(Type::Int);
        }
    }

    fn core(&mut self, kinds: &[Type], outer: &[Visible], depth: usize) {
        let most = if depth > 1 { 3 } else { 2 };
        let mut plan = self.plan(most, depth.saturating_sub(1), outer);
        if self.rng.chance(25) {
            return self.grouped(kinds, &mut plan, outer, depth);
        }
        let visible = plan.visible_with(outer);
        let inside = plan.visible();
        self.push("SELECT ");
        if self.rng.chance(20) {
            self.push("DISTINCT ");
        }
        self.separated(kinds.len(), ", ", |g, at| {
            if kinds[at] == Type::Int && depth > 0 && g.rng.chance(15) {
                g.window(&inside);
            } else {
                g.expr(kinds[at], &visible, depth.min(2));
            }
            g.push(&format!(" AS c{at}"));
        });
        plan.write(self, depth.saturating_sub(1));
        if self.rng.chance(50) {
            self.push(" WHERE ");
            self.condition(&visible, depth.min(2));
        }
    }

    /// Grouped by columns; the list holds these and aggregates.
    fn grouped(&mut self, kinds: &[Type], plan: &mut Plan, outer: &[Visible], depth: usize) {
        let inside = plan.visible();
        let keys: Vec<Visible> = (0..1 + self.rng.below(2))
            .map(|_| self.rng.pick(&inside).clone())
            .collect();
        self.push("SELECT ");
        self.separated(kinds.len(), ", ", |g, at| {
            let kind = kinds[at];
            match keys.iter().find(|key| key.column.kind == kind) {
                Some(key) if g.rng.chance(50) => g.push(&key.path),
                _ => g.aggregate(kind, &inside),
            }
            g.push(&format!(" AS c{at}"));
        });
        plan.write(self, depth.saturating_sub(1));
        if self.rng.chance(50) {
            self.push(" WHERE ");
            self.condition(&plan.visible_with(outer), depth.min(1));
        }
        self.push(" GROUP BY ");
        self.separated(keys.len(), ", ", |g, at| g.push(&keys[at].path));
        if self.rng.chance(40) {
            self.push(" HAVING ");
            self.aggregate(Type::Int, &inside);
            self.push(" >= ");
            self.constant(Type::Int);
        }
    }

    fn aggregate(&mut self, kind: Type, visible: &[Visible]) {
        let mut filter = true;
        match (kind, self.rng.below(5)) {
            (Type::Int, 0) => self.push("count(*)"),
            (Type::Int, 1) => {
                self.push("count(DISTINCT ");
                self.atom(Type::Text, visible);
                self.push(")");
            }
            (Type::Int, _) => {
                let call = *self.rng.pick(&["sum(", "min(", "max(", "count("]);
                self.push(call);
                self.expr(Type::Int, visible, 1.min(visible.len()) - 1);
                self.push(")");
            }
            (Type::Text, 0) => {
                self.push("string_agg(");
                let texts: Vec<_> = visible
                    .iter()
                    .filter(|v| v.column.kind == Type::Text)
                    .cloned()
                    .collect();
                let path = match texts.as_slice() {
                    [] => "'x'".to_owned(),
                    texts => self.rng.pick(texts).path.clone(),
                };
                self.push(&format!("{path}, ',' ORDER BY {path})"));
                filter = false;
            }
            (Type::Text, _) => {
                let call = *self.rng.pick(&["min(", "max("]);
                self.push(call);
                self.atom(Type::Text, visible);
                self.push(")");
            }
        }
        if filter && self.rng.chance(15) {
            self.push(" FILTER (WHERE ");
            self.condition(visible, 0);
            self.push(")");
        }
    }

    /// Window functions whose answer does not depend on the order of peers.
    fn window(&mut self, visible: &[Visible]) {
        match self.rng.below(4) {
            0 => self.push("rank()"),
            1 => self.push("dense_rank()"),
            2 => self.push("count(*)"),
            _ => {
                self.push("sum(");
                self.atom(Type::Int, visible);
                self.push(")");
            }
        }
        let column = self.rng.pick(visible).path.clone();
        let order = self.rng.pick(visible).path.clone();
        let over = match self.rng.below(3) {
            0 => format!(" OVER (ORDER BY {order})"),
            1 => format!(" OVER (PARTITION BY {column})"),
            _ => format!(" OVER (PARTITION BY {column} ORDER BY {order} DESC)"),
        };
        self.push(&over);
    }
}
