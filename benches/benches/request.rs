//! A request through a router: unchecked, with the permission check of a mounted route, and the
//! way most applications write it.
#![expect(missing_docs, reason = "criterion_group! makes a public function")]
fn main() {}
