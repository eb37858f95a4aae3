//! Proves that the committed code is what the proto says. `GOPLT_BLESS=1` rewrites it.

use goplt_build::{BuildError, Compiler};

#[test]
fn committed_code_matches_the_protos() -> Result<(), BuildError> {
    Compiler::new()
        .include("proto")
        .file("proto/tasks.proto")
        .check_or_bless("src/generated.rs")
}
