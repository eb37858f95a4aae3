//! Proves the rewriter on SQLite: what is accepted runs, and shows and changes the rows of one tenant only.

#[path = "../grammar/mod.rs"]
mod grammar;

mod database;
mod differential;
mod runs;
