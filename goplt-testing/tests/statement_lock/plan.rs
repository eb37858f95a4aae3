//! Reads `EXPLAIN (FORMAT JSON)`: does each node that reads a table find its rows by the tenant?

use serde_json::Value;

/// The nodes that read one of the tables otherwise.
pub(crate) fn reads_without_tenant(plan: &Value, tables: &[&str]) -> Vec<String> {
    let mut found = Vec::new();
    walk(plan, tables, &mut found);
    found
}

fn walk(node: &Value, tables: &[&str], found: &mut Vec<String>) {
    match node {
        Value::Array(items) => items.iter().for_each(|item| walk(item, tables, found)),
        Value::Object(fields) => {
            let text = |name: &str| fields.get(name).and_then(Value::as_str).unwrap_or_default();
            let (kind, table) = (text("Node Type"), text("Relation Name"));
            let by_tenant = match kind {
                _ if !tables.contains(&table) => true,
                "ModifyTable" => true,
                // Its condition is that of the indexes below it.
                "Bitmap Heap Scan" => text("Recheck Cond").contains("tenant_id"),
                _ => text("Index Cond").contains("tenant_id"),
            };
            if !by_tenant {
                found.push(format!("{kind} on {table} by ({})", text("Index Cond")));
            }
            fields.values().for_each(|field| walk(field, tables, found));
        }
        _ => {}
    }
}
