//! What is not declared does not compile, and what is promised cannot be forgotten; the messages say what to do.

#[test]
fn misuse_does_not_compile() {
    let cases = trybuild::TestCases::new();
    cases.compile_fail("tests/ui/*.rs");
}
