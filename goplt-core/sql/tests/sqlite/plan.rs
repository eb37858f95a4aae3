//! Reads `EXPLAIN QUERY PLAN`: does each step that reads a table find its rows by the tenant?

/// The steps that read one of the tables otherwise. A subquery may have the name of a table: it says so where it is made.
pub(crate) fn reads_without_tenant(steps: &[String], tables: &[&str]) -> Vec<String> {
    let made = |name: &str| {
        steps.iter().any(|step| {
            ["CO-ROUTINE ", "MATERIALIZE "]
                .iter()
                .any(|kind| step.strip_prefix(kind) == Some(name))
        })
    };
    let is_read = |step: &str, kind: &str| {
        let name = step.strip_prefix(kind)?.split(' ').next()?;
        tables.contains(&name).then(|| name.to_owned())
    };
    steps
        .iter()
        .filter(
            |step| match (is_read(step, "SEARCH "), is_read(step, "SCAN ")) {
                (Some(name), _) => !step.contains("(tenant_id=?") && !made(&name),
                (None, Some(name)) => !made(&name),
                (None, None) => false,
            },
        )
        .cloned()
        .collect()
}
