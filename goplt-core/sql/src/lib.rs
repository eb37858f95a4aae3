//! Analyses SQL and rewrites it so that it sees one tenant only.
//!
//! This is goplt's *statement lock*. Module code writes plain SQL against its own tables, without a word about tenants;
//! [`rewrite`] turns it into a statement that cannot read or change a row of another tenant, in the dialects of SQLite and of
//! PostgreSQL. The macro `tenant_sql!` calls it at compile time, `goplt-core` at run time behind its feature `dynamic-sql`.
//!
//! ```
//! use goplt_sql::{Tables, rewrite};
//!
//! let tables = Tables::new(["blog_posts", "blog_comments"]);
//! let statement = rewrite(
//!     "SELECT p.id, c.text FROM blog_posts p LEFT JOIN blog_comments c ON c.post_id = p.id WHERE p.author_id = ?",
//!     &tables,
//! )?;
//!
//! assert_eq!(
//!     statement.sqlite,
//!     "SELECT p.id, c.text \
//!      FROM (SELECT * FROM blog_posts WHERE blog_posts.tenant_id = ?2) AS p \
//!      LEFT JOIN (SELECT * FROM blog_comments WHERE blog_comments.tenant_id = ?2) AS c ON c.post_id = p.id \
//!      WHERE p.author_id = ?1",
//! );
//! assert_eq!((statement.params, statement.tenant_param), (1, Some(2)));
//! # Ok::<(), goplt_sql::SqlError>(())
//! ```
//!
//! # How it holds
//!
//! The text that reaches a database is not the author's text with something inserted. The author's text is parsed, and a new
//! text is *written* from the parsed statement, clause by clause, by code that names every field of every node. What that
//! code does not know how to write (an unknown table, function, operator, clause, quoting, a schema, a system catalogue,
//! a second statement) is a [`SqlError`], never a text. An upgrade of the parser that adds a field breaks the build of this
//! crate, not the lock.
//!
//! - Every tenant table that is read becomes `(SELECT * FROM t WHERE t.tenant_id = $n) AS t`: in FROM, JOIN, subqueries,
//!   CTEs, set operations, wherever an expression may hold a query. A condition appended to WHERE instead would turn an outer
//!   join into an inner one.
//! - UPDATE and DELETE get the predicate on their target, INSERT gets the column and the value supplied, an upsert must name
//!   `tenant_id` in its conflict target and gets the predicate on the row it would update. Nothing may assign `tenant_id`.
//! - Names are folded to lower case as both databases do, and quoted names that would fold differently are refused.
//! - The precedence of operators is that of both databases; where the two disagree, parentheses are demanded.
//!
//! # What it does not stop
//!
//! A statement of the right tenant that the caller was not permitted to run (that is authorization), conflicts on keys that
//! do not lead with `tenant_id` (the schema must see to that), and code that reaches the database without this crate. On
//! PostgreSQL row-level security is the next lock.
//!
//! # Limits
//!
//! A statement has at most [`MAX_BYTES`] bytes, [`MAX_WORDS`] words and operators, [`MAX_PARAMS`] binds, and
//! [`MAX_DEPTH`] levels of nesting. There are no Cargo features; the minimal Rust version is that of the workspace.
#![cfg_attr(docsrs, feature(doc_cfg))]

mod columns;
mod dialect;
mod error;
mod parse;
mod render;
mod source;
mod statement;
mod tables;
mod write;

pub use self::{
    error::SqlError,
    parse::{MAX_BYTES, MAX_DEPTH, MAX_PARAMS, MAX_WORDS},
    statement::{Kind, Statement, rewrite, verify_host},
    tables::Tables,
};

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
mod readme {}
