//! Writes a parsed statement anew, for both databases at once.
//!
//! One file per part of the grammar, all of them `impl Writer`. INVARIANT: what reaches [`Out`] is fixed text, a checked
//! name, a literal written from its value, or a numbered placeholder; and a table in the set is written by `table` in
//! `from.rs` or as the target in `insert.rs`, `update.rs` and `delete.rs`, nowhere else.

mod case;
mod delete;
mod expr;
mod from;
mod function;
mod insert;
mod literal;
mod name;
mod operator;
mod out;
mod query;
mod reserved;
mod returning;
mod select;
mod set;
mod update;
mod window;

use std::{fmt::Display, ops::Range};

use sqlparser::{
    ast::{self, Spanned},
    tokenizer::Span,
};

use self::{name::Name, out::Out, returning::Returning};
use crate::{Kind, SqlError, Statement, Tables, columns, parse::Tokens, source::Source};

/// The column that every tenant table has.
const TENANT: &str = "tenant_id";

type Written = Result<(), SqlError>;

/// Whether the statement belongs to a tenant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mode {
    Tenant,
    Host,
}

pub(crate) struct Writer<'a> {
    source: &'a Source<'a>,
    tables: &'a Tables,
    mode: Mode,
    tokens: &'a Tokens,
    params_written: usize,
    tenant_written: bool,
    locks: bool,
    /// What RETURNING is of, while its own columns are written.
    returning: Option<Returning>,
    /// The CTEs in scope, innermost last.
    ctes: Vec<String>,
    out: Out,
}

/// What the statement is, beyond its text.
struct Shape {
    kind: Kind,
    returning: bool,
    columns: Option<Vec<String>>,
}

impl<'a> Writer<'a> {
    pub(crate) fn new(
        source: &'a Source<'a>,
        tables: &'a Tables,
        mode: Mode,
        tokens: &'a Tokens,
    ) -> Self {
        Self {
            source,
            tables,
            mode,
            tokens,
            params_written: 0,
            tenant_written: false,
            locks: false,
            returning: None,
            ctes: Vec::new(),
            out: Out::default(),
        }
    }

    pub(crate) fn run(mut self, statement: &ast::Statement) -> Result<Statement, SqlError> {
        let shape = self.statement(statement)?;
        // INVARIANT: every bind of the source is in the text exactly once, or the parser has dropped a part of it.
        if self.params_written != self.tokens.params() {
            return Err(SqlError::new(
                "a part of the statement was not understood",
                "write it in the syntax that SQLite and PostgreSQL share",
            ));
        }
        Ok(Statement {
            kind: shape.kind,
            sqlite: self.out.sqlite,
            postgres: self.out.postgres,
            params: self.tokens.params(),
            tenant_param: self.tenant_written.then_some(self.tokens.params() + 1),
            writes: shape.kind != Kind::Select || self.locks,
            returning: shape.returning,
            columns: shape.columns,
        })
    }

    fn statement(&mut self, statement: &ast::Statement) -> Result<Shape, SqlError> {
        match statement {
            ast::Statement::Query(query) => self.top_query(query),
            ast::Statement::Insert(_) | ast::Statement::Update(_) | ast::Statement::Delete(_) => {
                self.change(statement)
            }
            other => Err(refused(
                "this statement",
                "write one SELECT, INSERT, UPDATE or DELETE",
            )
            .at(self.range(other.span()))),
        }
    }

    /// A query, or a change that follows WITH: the parser puts both into one node.
    fn top_query(&mut self, query: &ast::Query) -> Result<Shape, SqlError> {
        let (ast::SetExpr::Insert(change)
        | ast::SetExpr::Update(change)
        | ast::SetExpr::Delete(change)) = &*query.body
        else {
            self.query(query)?;
            return Ok(Shape {
                kind: Kind::Select,
                returning: false,
                columns: columns::of_query(query),
            });
        };
        let scope = self.ctes.len();
        self.only_with(query)?;
        let shape = self.change(change)?;
        self.ctes.truncate(scope);
        Ok(shape)
    }

    fn change(&mut self, statement: &ast::Statement) -> Result<Shape, SqlError> {
        let (kind, returning) = match statement {
            ast::Statement::Insert(insert) => {
                self.insert(insert)?;
                (Kind::Insert, insert.returning.as_deref())
            }
            ast::Statement::Update(update) => {
                self.update(update)?;
                (Kind::Update, update.returning.as_deref())
            }
            ast::Statement::Delete(delete) => {
                self.delete(delete)?;
                (Kind::Delete, delete.returning.as_deref())
            }
            other => {
                return Err(refused(
                    "this statement",
                    "write one SELECT, INSERT, UPDATE or DELETE",
                )
                .at(self.range(other.span())));
            }
        };
        Ok(Shape {
            kind,
            returning: returning.is_some(),
            columns: returning.and_then(columns::of_items),
        })
    }

    // === text ===

    fn text(&mut self, text: &str) {
        self.out.both(text);
    }

    fn name(&mut self, name: &Name) {
        self.out.both(&name.to_string());
    }

    /// The placeholder of the tenant.
    fn tenant(&mut self) {
        self.tenant_written = true;
        self.out.param(self.tokens.params() + 1);
    }

    /// `name.tenant_id = $n`
    fn predicate(&mut self, name: &Name) {
        self.out.both(&format!("{name}.{TENANT} = "));
        self.tenant();
    }

    /// Writes each item, with commas between them.
    fn list<T>(&mut self, items: &[T], mut each: impl FnMut(&mut Self, &T) -> Written) -> Written {
        for (at, item) in items.iter().enumerate() {
            if at > 0 {
                self.text(", ");
            }
            each(self, item)?;
        }
        Ok(())
    }

    // === places and refusals ===

    fn range(&self, span: Span) -> Option<Range<usize>> {
        self.source.range(span)
    }

    /// Refuses with the place of a node.
    fn refuse(&self, what: impl Display, help: impl Into<String>, node: &impl Spanned) -> SqlError {
        let what = what.to_string();
        let span = node.span();
        let word = self
            .tokens
            .find(&what, span.start)
            .filter(|word| word.end <= span.end);
        refused(what, help).at(self.range(word.unwrap_or(span)))
    }

    /// Says what is wrong with a node, in words of its own.
    fn wrong(
        &self,
        message: impl Into<String>,
        help: impl Into<String>,
        node: &impl Spanned,
    ) -> SqlError {
        SqlError::new(message, help).at(self.range(node.span()))
    }

    /// Refuses with the place of a name.
    fn refuse_name(
        &self,
        what: impl Display,
        help: impl Into<String>,
        name: &ast::Ident,
    ) -> SqlError {
        refused(what, help).at(self.range(name.span))
    }

    /// Refuses a clause of a node: the parser's span of a node need not reach to it.
    fn refuse_clause(&self, what: &str, help: impl Into<String>, node: &impl Spanned) -> SqlError {
        let span = node.span();
        let word = self.tokens.find(what, span.start);
        refused(what, help).at(self.range(word.unwrap_or(span)))
    }

    /// A clause that only some databases know must be absent. `what` may say in parentheses what to write instead.
    fn absent(&self, absent: bool, what: &str, node: &impl Spanned) -> Written {
        if absent {
            return Ok(());
        }
        let (what, help) = match what.split_once(" (") {
            Some((what, instead)) => (what, instead.trim_end_matches(')')),
            None => (
                what,
                "SQLite and PostgreSQL have no such syntax in common; write it without",
            ),
        };
        Err(self.refuse_clause(what, help, node))
    }
}

fn refused(what: impl Display, help: impl Into<String>) -> SqlError {
    SqlError::new(format!("{what} cannot be used"), help)
}
