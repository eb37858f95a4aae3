//! Run with `cargo run -p monolith`: every module in one process, on SQLite, at <http://127.0.0.1:8080>.

use std::process::ExitCode;

fn main() -> ExitCode {
    goplt_module::assembly::main(monolith::compose)
}
