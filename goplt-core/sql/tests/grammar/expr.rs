use super::{
    Generator, Visible,
    schema::{Type, Value},
};

const COMPARISONS: [&str; 7] = ["=", "<>", "<>", "<", "<=", ">", ">="];

impl Generator {
    /// An expression of a type, in parentheses where it is more than an atom.
    pub(super) fn expr(&mut self, kind: Type, visible: &[Visible], depth: usize) {
        match kind {
            Type::Int => self.int(visible, depth),
            Type::Text => self.string(visible, depth),
        }
    }

    /// A column of the type if there is one, or a constant.
    pub(super) fn atom(&mut self, kind: Type, visible: &[Visible]) {
        let fitting: Vec<_> = visible.iter().filter(|v| v.column.kind == kind).collect();
        if !fitting.is_empty() && self.rng.chance(75) {
            let path = self.rng.pick(&fitting).path.clone();
            return self.push(&path);
        }
        self.constant(kind);
    }

    pub(super) fn constant(&mut self, kind: Type) {
        let value = match kind {
            Type::Int => Value::Int(self.rng.small()),
            Type::Text => {
                Value::Text((*self.rng.pick(&["a", "B", "it's", "red", "green"])).to_owned())
            }
        };
        if self.rng.chance(40) {
            return self.bind(value);
        }
        match value {
            Value::Int(number) => self.push(&number.to_string()),
            Value::Text(text) => self.push(&format!("'{}'", text.replace('\'', "''"))),
            Value::Null | Value::Real(_) => unreachable!("not made above"),
        }
    }

    fn int(&mut self, visible: &[Visible], depth: usize) {
        if depth == 0 {
            return self.atom(Type::Int, visible);
        }
        match self.rng.below(9) {
            0 => {
                self.push("(");
                self.int(visible, depth - 1);
                let op = *self.rng.pick(&[" + ", " - ", " * "]);
                self.push(op);
                self.atom(Type::Int, visible);
                self.push(")");
            }
            1 => {
                self.push("coalesce(");
                self.int(visible, depth - 1);
                self.push(", ");
                self.constant(Type::Int);
                self.push(")");
            }
            2 => {
                self.push("length(");
                self.string(visible, depth - 1);
                self.push(")");
            }
            3 => self.case(Type::Int, visible, depth),
            4 | 5 => self.scalar_query(Type::Int, visible, depth),
            _ => self.atom(Type::Int, visible),
        }
    }

    fn string(&mut self, visible: &[Visible], depth: usize) {
        if depth == 0 {
            return self.atom(Type::Text, visible);
        }
        match self.rng.below(9) {
            0 => {
                self.push("(");
                self.string(visible, depth - 1);
                self.push(" || ");
                self.atom(Type::Text, visible);
                self.push(")");
            }
            1 => {
                let call = *self.rng.pick(&["lower(", "upper(", "trim("]);
                self.push(call);
                self.string(visible, depth - 1);
                self.push(")");
            }
            2 => {
                self.push("coalesce(");
                self.string(visible, depth - 1);
                self.push(", 'none')");
            }
            3 => self.case(Type::Text, visible, depth),
            4 => self.scalar_query(Type::Text, visible, depth),
            _ => self.atom(Type::Text, visible),
        }
    }

    fn case(&mut self, kind: Type, visible: &[Visible], depth: usize) {
        self.push("CASE WHEN ");
        self.condition(visible, depth - 1);
        self.push(" THEN ");
        self.expr(kind, visible, depth - 1);
        self.push(" ELSE ");
        self.expr(kind, visible, depth - 1);
        self.push(" END");
    }

    /// A query of one row at most: an aggregate.
    fn scalar_query(&mut self, kind: Type, visible: &[Visible], depth: usize) {
        self.push("(SELECT ");
        let aggregate = match kind {
            Type::Int => *self.rng.pick(&["max(", "min(", "count(", "sum("]),
            Type::Text => *self.rng.pick(&["max(", "min("]),
        };
        let mut plan = self.plan(1, depth - 1, visible);
        let inside = plan.visible();
        self.push(aggregate);
        self.expr(kind, &inside, 0);
        self.push(")");
        plan.write(self, depth - 1);
        let all = plan.visible_with(visible);
        if self.rng.chance(80) {
            self.push(" WHERE ");
            self.condition(&all, depth - 1);
        }
        self.push(")");
    }

    /// A condition, in parentheses.
    pub(super) fn condition(&mut self, visible: &[Visible], depth: usize) {
        self.push("(");
        let choice = if depth == 0 {
            self.rng.below(5)
        } else {
            self.rng.below(13)
        };
        match choice {
            0 | 1 => {
                let kind = *self.rng.pick(&[Type::Int, Type::Int, Type::Text]);
                self.compare(kind, visible, depth);
            }
            2 => {
                let kind = *self.rng.pick(&[Type::Int, Type::Text]);
                self.atom(kind, visible);
                let test = *self.rng.pick(&[" IS NULL", " IS NOT NULL"]);
                self.push(test);
            }
            3 => {
                self.atom(Type::Int, visible);
                self.push(" BETWEEN ");
                self.constant(Type::Int);
                self.push(" AND ");
                self.constant(Type::Int);
            }
            4 => {
                self.atom(Type::Text, visible);
                self.push(" ILIKE '%e%'");
            }
            5 => {
                self.condition(visible, depth - 1);
                let op = *self.rng.pick(&[" AND ", " OR "]);
                self.push(op);
                self.condition(visible, depth - 1);
            }
            6 => {
                self.push("NOT ");
                self.condition(visible, depth - 1);
            }
            7 => {
                self.atom(Type::Int, visible);
                let test = *self.rng.pick(&[" IN (", " NOT IN ("]);
                self.push(test);
                self.separated(3, ", ", |g, _| g.constant(Type::Int));
                self.push(")");
            }
            8 | 9 => {
                let kind = *self.rng.pick(&[Type::Int, Type::Text]);
                self.atom(kind, visible);
                let test = *self.rng.pick(&[" IN (", " IN (", " NOT IN ("]);
                self.push(test);
                self.query(&[kind], visible, depth - 1);
                self.push(")");
            }
            10 => {
                self.push("(");
                self.atom(Type::Int, visible);
                self.push(", ");
                self.atom(Type::Text, visible);
                let op = *self.rng.pick(&[") = (", ") < ("]);
                self.push(op);
                self.constant(Type::Int);
                self.push(", ");
                self.constant(Type::Text);
                self.push(")");
            }
            _ => {
                let test = *self.rng.pick(&["EXISTS (", "EXISTS (", "NOT EXISTS ("]);
                self.push(test);
                self.query(&[Type::Int], visible, depth - 1);
                self.push(")");
            }
        }
        self.push(")");
    }

    fn compare(&mut self, kind: Type, visible: &[Visible], depth: usize) {
        self.expr(kind, visible, depth.min(1));
        let op = *self.rng.pick(&COMPARISONS);
        self.push(&format!(" {op} "));
        self.expr(kind, visible, depth.min(1));
    }
}
