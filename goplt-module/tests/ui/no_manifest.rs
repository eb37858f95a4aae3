//! A manifest that is not there.

goplt_module::include_manifest!("nowhere/module.yaml");

fn main() {}
