//! Proves that the committed code is what the protos say. `GOPLT_BLESS=1` rewrites it.

use goplt_build::{BuildError, Compiler};

fn committed(service: &str) -> Result<(), BuildError> {
    Compiler::new()
        .include("proto")
        .file(format!("proto/goplt/{service}/v1/{service}.proto"))
        .with_fakes()
        .check_or_bless(format!("src/{service}/generated.rs"))
}

#[test]
fn committed_code_matches_the_protos() -> Result<(), BuildError> {
    committed("audit")?;
    committed("auth")?;
    committed("authz")?;
    committed("identity")
}
