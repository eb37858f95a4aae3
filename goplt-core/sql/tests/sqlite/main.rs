//! Proves the rewriter on SQLite: what is accepted runs, and shows and changes the rows of one tenant only.

#[path = "../attempts/mod.rs"]
mod attempts;
#[path = "../differential/mod.rs"]
mod differential;
#[path = "../grammar/mod.rs"]
mod grammar;

mod database;
mod plan;
mod prove;
mod runs;
