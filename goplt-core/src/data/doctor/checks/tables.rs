//! Row-level security, policies and rights of tables.

use super::{Examination, is_ours};
use crate::data::{
    catalogue::{Grant, Guard, PUBLIC, Policy, Server, Table},
    guard::{Expected, POLICIES, expected, is_use, quote},
    migration::{ModuleMigrations, owner},
};

/// What puts back whatever a run of migrations writes.
const MIGRATE: &str = "run `migrate`, which writes it again";

impl Examination<'_> {
    pub(super) fn tables(&mut self, server: &Server) {
        let catalogue = self.catalogue;
        for table in &catalogue.tables {
            let Some(guard) = &table.guard else { continue };
            match owner(self.modules, &table.name) {
                Some(module) if module.schema() == table.schema => {
                    let module = *module;
                    self.table(&module, table, guard, server);
                }
                _ => self.stray(table, guard, server),
            }
        }
    }

    fn table(
        &mut self,
        module: &ModuleMigrations<'_>,
        table: &Table,
        guard: &Guard,
        server: &Server,
    ) {
        let Expected {
            is_guarded,
            policies,
            grants,
        } = expected(module, table, &server.roles);
        let object = format!("table `{}`", table.full_name());
        let name = full(table);
        let is_ahead = self.ahead.contains(module.module);
        if is_guarded && !guard.is_enabled {
            self.add(
                &object,
                "has no row-level security: every row is everyone's",
                MIGRATE,
            );
        }
        if is_guarded && !guard.is_forced {
            self.add(
                &object,
                "does not force row-level security, so that its owner sees every row",
                MIGRATE,
            );
        }
        for wanted in &policies {
            if guard.policies.contains(wanted) {
                continue;
            }
            let found = guard
                .policies
                .iter()
                .find(|found| found.name == wanted.name);
            match found {
                None => self.add(
                    &object,
                    format!("lacks the policy `{}`", wanted.name),
                    MIGRATE,
                ),
                Some(found) => self.add(
                    &object,
                    format!(
                        "has a policy `{}` that is not what it must be: {}",
                        found.name,
                        said(found)
                    ),
                    MIGRATE,
                ),
            }
        }
        for found in &guard.policies {
            let is_wanted = policies.iter().any(|wanted| wanted.name == found.name);
            let binds_us = found.roles.iter().any(|role| is_ours(server, role));
            let is_newers = is_ahead && found.name == POLICIES[1];
            if is_wanted || is_newers || !found.is_permissive || !is_guarded || !binds_us {
                continue;
            }
            let message = if found.name == POLICIES[1] {
                format!(
                    "has the policy `{}`, and is not declared in `host.tables` of module.yaml",
                    found.name
                )
            } else {
                format!(
                    "has a policy more, `{}`, which lets rows through: {}",
                    found.name,
                    said(found)
                )
            };
            self.add(
                &object,
                message,
                format!("DROP POLICY {} ON {name}", quote(&found.name)),
            );
        }
        for rule in guard.rules.iter().filter(|_| is_guarded) {
            self.add(
                &object,
                format!("has the rule `{rule}`, which acts with the rights of the table's owner"),
                format!("DROP RULE {} ON {name}", quote(rule)),
            );
        }
        let newers = guard.grants.iter().filter(|grant| {
            is_ahead && is_use(grant) && (is_guarded || grant.to != server.roles.app)
        });
        let accepted: Vec<_> = newers.cloned().collect();
        self.rights(&object, &name, guard, (&grants, &accepted), server);
    }

    fn rights(
        &mut self,
        object: &str,
        name: &str,
        guard: &Guard,
        (wanted, accepted): (&[Grant], &[Grant]),
        server: &Server,
    ) {
        if is_ours(server, &guard.owner) && guard.owner != server.roles.owner {
            self.add(
                object,
                format!(
                    "belongs to `{}`, who may switch its policies off",
                    guard.owner
                ),
                format!("ALTER TABLE {name} OWNER TO {}", quote(&server.roles.owner)),
            );
        }
        for grant in &guard.grants {
            let is_known = wanted.contains(grant) || accepted.contains(grant);
            if is_known || !is_ours(server, &grant.to) {
                continue;
            }
            let Grant { to, privilege } = grant;
            let message = match (privilege.as_str(), to.as_str()) {
                ("TRUNCATE", _) => format!("lets `{to}` TRUNCATE it, which no policy binds"),
                ("REFERENCES", _) => format!("lets `{to}` refer to it, past every policy"),
                (_, PUBLIC) => format!("lets everyone {privilege}"),
                _ => {
                    format!("lets `{to}` {privilege}, and is not declared for that in module.yaml")
                }
            };
            let from = if to == PUBLIC {
                PUBLIC.to_owned()
            } else {
                quote(to)
            };
            self.add(
                object,
                message,
                format!("REVOKE {privilege} ON {name} FROM {from}"),
            );
        }
        let is_there = |grant: &&Grant| grant.to == guard.owner || guard.grants.contains(grant);
        let missing: Vec<_> = wanted.iter().filter(|grant| !is_there(grant)).collect();
        for part in missing.chunk_by(|a, b| a.to == b.to) {
            let privileges: Vec<_> = part.iter().map(|grant| grant.privilege.as_str()).collect();
            let message = format!("does not let `{}` {}", part[0].to, privileges.join(", "));
            self.add(object, message, MIGRATE);
        }
    }

    /// A table that is no module's: no business of ours, unless requests can reach it and it may hold what is a tenant's.
    fn stray(&mut self, table: &Table, guard: &Guard, server: &Server) {
        let is_reached = is_ours(server, &guard.owner)
            || guard.grants.iter().any(|grant| is_ours(server, &grant.to));
        let is_among_ours = self
            .modules
            .iter()
            .any(|module| module.schema() == table.schema);
        if !is_reached {
            return;
        }
        let message = if table.has_tenant() {
            "has a `tenant_id`, is no module's, and can be reached by requests"
        } else if guard.is_foreign {
            "has its rows elsewhere, where no policy binds, and can be reached by requests"
        } else if is_among_ours {
            "is no module's, has no policies, and can be reached by requests"
        } else {
            return;
        };
        let name = full(table);
        self.add(
            format!("table `{}`", table.full_name()),
            message,
            format!(
                "give it to a module (docs/guides/postgres.md, \"Tables that exist already\"), or REVOKE ALL ON {name} FROM PUBLIC, {}",
                quote(&server.roles.app)
            ),
        );
    }
}

fn full(table: &Table) -> String {
    format!("{}.{}", quote(&table.schema), quote(&table.name))
}

fn said(policy: &Policy) -> String {
    let Policy {
        command,
        roles,
        using,
        check,
        ..
    } = policy;
    let roles = roles.join(", ");
    let mut said = format!("FOR {command} TO {roles}");
    if !using.is_empty() {
        said.push_str(&format!(" USING {using}"));
    }
    if !check.is_empty() && check != using {
        said.push_str(&format!(" WITH CHECK {check}"));
    }
    said
}
