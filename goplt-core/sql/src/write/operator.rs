//! Operators. Both databases must read the same tree from the text: where their precedence differs, or differs from the
//! parser's, the author is asked for parentheses.

use sqlparser::ast::{BinaryOperator, Expr, UnaryOperator, Value};

use super::{Writer, Written};
use crate::SqlError;

/// How tightly an expression without parentheses holds together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Class {
    Or,
    And,
    Not,
    /// `=`, `<`, `IS`, `IN`, `LIKE`, `BETWEEN`: one level in the standard, several in both databases, differently.
    Comparison,
    /// `||`, `->`, `->>`
    Concatenation,
    BitOr,
    BitAnd,
    Sum,
    Product,
    Sign,
    Atom,
}

impl Class {
    fn of(expr: &Expr) -> Self {
        match expr {
            Expr::BinaryOp { op, .. } => Operator::of(op).map_or(Self::Comparison, |op| op.class),
            Expr::UnaryOp {
                op: UnaryOperator::Not,
                ..
            } => Self::Not,
            Expr::Exists { negated: true, .. } => Self::Not,
            Expr::UnaryOp { .. } => Self::Sign,
            Expr::IsNull(_)
            | Expr::IsNotNull(_)
            | Expr::IsTrue(_)
            | Expr::IsNotTrue(_)
            | Expr::IsFalse(_)
            | Expr::IsNotFalse(_)
            | Expr::IsDistinctFrom(..)
            | Expr::IsNotDistinctFrom(..)
            | Expr::InList { .. }
            | Expr::InSubquery { .. }
            | Expr::Between { .. }
            | Expr::Like { .. }
            | Expr::ILike { .. } => Self::Comparison,
            // Everything else has its own delimiters, or is refused when it is written.
            _ => Self::Atom,
        }
    }

    /// Whether an operand of class `inner` stands in an operator of this class without parentheses, for both databases.
    fn takes(self, inner: Self, left: bool) -> bool {
        match self {
            Self::Or => inner != Self::Or || left,
            Self::And => !matches!(inner, Self::Or | Self::And) || (left && inner == Self::And),
            Self::Not => !matches!(inner, Self::Or | Self::And),
            Self::Comparison => {
                !matches!(inner, Self::Or | Self::And | Self::Not | Self::Comparison)
            }
            Self::Concatenation => inner == Self::Atom || (left && inner == Self::Concatenation),
            Self::BitOr | Self::BitAnd => {
                matches!(inner, Self::Atom | Self::Sum | Self::Product) || (left && inner == self)
            }
            Self::Sum => {
                matches!(inner, Self::Atom | Self::Product) || (left && inner == Self::Sum)
            }
            Self::Product => inner == Self::Atom || (left && inner == Self::Product),
            Self::Sign | Self::Atom => inner == Self::Atom,
        }
    }
}

struct Operator {
    text: &'static str,
    class: Class,
}

impl Operator {
    fn of(op: &BinaryOperator) -> Option<Self> {
        let (text, class) = match op {
            BinaryOperator::Or => ("OR", Class::Or),
            BinaryOperator::And => ("AND", Class::And),
            BinaryOperator::Eq => ("=", Class::Comparison),
            BinaryOperator::NotEq => ("<>", Class::Comparison),
            BinaryOperator::Lt => ("<", Class::Comparison),
            BinaryOperator::LtEq => ("<=", Class::Comparison),
            BinaryOperator::Gt => (">", Class::Comparison),
            BinaryOperator::GtEq => (">=", Class::Comparison),
            BinaryOperator::StringConcat => ("||", Class::Concatenation),
            BinaryOperator::Arrow => ("->", Class::Concatenation),
            BinaryOperator::LongArrow => ("->>", Class::Concatenation),
            BinaryOperator::BitwiseOr => ("|", Class::BitOr),
            BinaryOperator::BitwiseAnd => ("&", Class::BitAnd),
            BinaryOperator::Plus => ("+", Class::Sum),
            BinaryOperator::Minus => ("-", Class::Sum),
            BinaryOperator::Multiply => ("*", Class::Product),
            BinaryOperator::Divide => ("/", Class::Product),
            BinaryOperator::Modulo => ("%", Class::Product),
            // An allow-list: every other operator is known to one database only, if to any.
            _ => return None,
        };
        Some(Self { text, class })
    }
}

impl Writer<'_> {
    /// Writes the expressions that `Class::of` knows as operators.
    pub(super) fn operation(&mut self, expr: &Expr) -> Written {
        match expr {
            Expr::BinaryOp { left, op, right } => self.binary(left, op, right, expr),
            Expr::UnaryOp { op, expr: inner } => self.unary(*op, inner, expr),
            Expr::IsNull(inner) => self.postfix(inner, " IS NULL"),
            Expr::IsNotNull(inner) => self.postfix(inner, " IS NOT NULL"),
            Expr::IsTrue(inner) => self.postfix(inner, " IS TRUE"),
            Expr::IsNotTrue(inner) => self.postfix(inner, " IS NOT TRUE"),
            Expr::IsFalse(inner) => self.postfix(inner, " IS FALSE"),
            Expr::IsNotFalse(inner) => self.postfix(inner, " IS NOT FALSE"),
            Expr::IsDistinctFrom(left, right) => self.comparison(left, " IS DISTINCT FROM ", right),
            Expr::IsNotDistinctFrom(left, right) => self.comparison(left, " IS NOT DISTINCT FROM ", right),
            Expr::InList { expr: left, list, negated } => {
                if list.is_empty() || list.iter().any(|item| matches!(item, Expr::Tuple(_))) {
                    return Err(self.refuse(
                        "this list",
                        "write at least one value; for rows of values write IN (VALUES (…), (…))",
                        expr,
                    ));
                }
                self.postfix(left, if *negated { " NOT IN " } else { " IN " })?;
                self.in_parentheses(|w| w.list(list, Self::expr))
            }
            Expr::InSubquery {
                expr: left,
                subquery,
                negated,
            } => {
                self.postfix(left, if *negated { " NOT IN " } else { " IN " })?;
                self.subquery(subquery)
            }
            Expr::Between {
                expr: inner,
                negated,
                low,
                high,
            } => {
                self.postfix(inner, if *negated { " NOT BETWEEN " } else { " BETWEEN " })?;
                self.operand(Class::Comparison, low, false)?;
                self.text(" AND ");
                self.operand(Class::Comparison, high, false)
            }
            Expr::ILike {
                negated,
                any,
                expr: left,
                pattern,
                escape_char,
            } => {
                self.absent(!any, "ILIKE ANY", expr)?;
                self.ilike(left, *negated, pattern, escape_char.as_deref())
            }
            Expr::Like { .. } => Err(self.refuse(
                "LIKE",
                "it ignores case on SQLite and not on PostgreSQL; write ILIKE, which ignores it on both",
                expr,
            )),
            other => Err(self.refuse("this expression", "write it in the syntax that both databases share", other)),
        }
    }

    /// A chain such as `a AND b AND …` leans to the left as deep as it is long, so it is walked, not recursed into.
    fn binary(&mut self, left: &Expr, op: &BinaryOperator, right: &Expr, whole: &Expr) -> Written {
        let known = |w: &Self, op: &BinaryOperator| {
            Operator::of(op).ok_or_else(|| {
                w.refuse(
                    format_args!("the operator {op}"),
                    "use one that SQLite and PostgreSQL share",
                    whole,
                )
            })
        };
        let top = known(self, op)?;
        let mut chain = vec![(top.text, right)];
        let mut first = left;
        while let Expr::BinaryOp { left, op, right } = first {
            let operator = known(self, op)?;
            if operator.class != top.class || top.class == Class::Comparison {
                break;
            }
            chain.push((operator.text, &**right));
            first = left;
        }
        self.operand(top.class, first, true)?;
        for (text, right) in chain.into_iter().rev() {
            self.text(&format!(" {text} "));
            self.operand(top.class, right, false)?;
        }
        Ok(())
    }

    fn unary(&mut self, op: UnaryOperator, inner: &Expr, whole: &Expr) -> Written {
        let (text, class) = match op {
            UnaryOperator::Not => ("NOT ", Class::Not),
            UnaryOperator::Minus => ("-", Class::Sign),
            UnaryOperator::Plus => ("+", Class::Sign),
            UnaryOperator::BitwiseNot => ("~", Class::Sign),
            other => {
                let help = "use one that SQLite and PostgreSQL share";
                return Err(self.refuse(format_args!("the operator {other}"), help, whole));
            }
        };
        self.text(text);
        self.operand(class, inner, false)
    }

    fn postfix(&mut self, inner: &Expr, text: &str) -> Written {
        self.operand(Class::Comparison, inner, true)?;
        self.text(text);
        Ok(())
    }

    fn comparison(&mut self, left: &Expr, text: &str, right: &Expr) -> Written {
        self.postfix(left, text)?;
        self.operand(Class::Comparison, right, false)
    }

    /// SQLite's LIKE ignores the case of ASCII letters, as ILIKE does; PostgreSQL's escape is `\` unless said otherwise.
    fn ilike(
        &mut self,
        left: &Expr,
        negated: bool,
        pattern: &Expr,
        escape: Option<&Expr>,
    ) -> Written {
        self.operand(Class::Comparison, left, true)?;
        self.text(if negated { " NOT" } else { "" });
        self.out.split(" LIKE ", " ILIKE ");
        self.operand(Class::Comparison, pattern, false)?;
        self.text(" ESCAPE ");
        match escape {
            None => self.string("\\"),
            Some(Expr::Value(value)) => match &value.value {
                Value::SingleQuotedString(text) if text.chars().count() == 1 => self.string(text),
                _ => Err(self.refuse(
                    "this escape",
                    "write one character in quotes: ESCAPE '!'",
                    value,
                )),
            },
            Some(other) => Err(self.refuse(
                "this escape",
                "write one character in quotes: ESCAPE '!'",
                other,
            )),
        }
    }

    fn operand(&mut self, outer: Class, expr: &Expr, left: bool) -> Written {
        let inner = Class::of(expr);
        if outer.takes(inner, left) {
            return self.expr(expr);
        }
        // A sign within anything is clear to the reader and to both databases once it has parentheses: `1 - -x`.
        if inner == Class::Sign {
            return self.in_parentheses(|w| w.expr(expr));
        }
        Err(self.ambiguous(expr))
    }

    fn ambiguous(&self, expr: &Expr) -> SqlError {
        let range = self.range(sqlparser::ast::Spanned::span(expr));
        SqlError::new(
            "the order of these operators differs between SQLite and PostgreSQL",
            "put parentheses around this part",
        )
        .at(range)
    }
}
