//! A permission and a route that the manifest does not declare.

goplt_module::include_manifest!("../fixture/module.yaml");

fn main() {
    let _ = permission::ITEM_DESTROY;
    let _ = route::DELETE_ITEM;
    let _ = tenant_sql!("SELECT id FROM other_items");
    let _ = host_sql!("SELECT id FROM other_items");
}
