//! Every mistake of a manifest at once, with its place; what is right can be used.

goplt_module::include_manifest!("bad/module.yaml");

fn main() {
    let _ = permission::ITEM_READ;
}
