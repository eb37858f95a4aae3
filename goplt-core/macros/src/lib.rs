//! Procedural macros of goplt: `include_manifest!`, `tenant_sql!`, derives.
