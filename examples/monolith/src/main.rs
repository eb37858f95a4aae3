//! Runs every module in one process.
fn main() {}
