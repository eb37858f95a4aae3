//! Roles, what is set for them, and the schemas that they may use.

use super::{Examination, is_ours};
use crate::data::{
    catalogue::{Grant, PUBLIC, Promise, Role, Server},
    guard::{CURRENT_TENANT, quote},
};

/// Roles of the server's own whose members come to rows or files past every policy of ours, or to tables that have none.
const SERVERS: [&str; 6] = [
    "pg_read_all_data",
    "pg_write_all_data",
    "pg_read_server_files",
    "pg_write_server_files",
    "pg_execute_server_program",
    "pg_create_subscription",
];

impl Examination<'_> {
    pub(super) fn roles(&mut self, server: &Server) {
        let roles = &server.roles;
        for held in &server.attributes {
            self.role(held, &roles.owner);
            self.membership(held, server);
        }
        for belonging in &server.belongings {
            let owner = &belonging.owner;
            self.add(
                format!("role `{owner}`"),
                format!(
                    "owns something that it may change at will: {}",
                    belonging.object
                ),
                format!(
                    "REASSIGN OWNED BY {} TO {}",
                    quote(owner),
                    quote(&roles.owner)
                ),
            );
        }
        for (role, what) in [
            (Some(&roles.app), "requests"),
            (roles.host.as_ref(), "work across tenants"),
        ] {
            if role == Some(&roles.owner) {
                self.add(
                    format!("role `{}`", roles.owner),
                    format!("owns the tables and runs {what}: whoever owns a table may switch its policies off"),
                    "run `db setup`, which makes a role for each",
                );
            }
        }
        for creator in &server.creators {
            self.add(
                format!("role `{creator}`"),
                format!("may make schemas in the database `{}`", server.database),
                format!(
                    "REVOKE CREATE ON DATABASE {} FROM {}",
                    quote(&server.database),
                    quote(creator)
                ),
            );
        }
    }

    fn role(&mut self, role: &Role, owner: &str) {
        let Role { name, held_by, .. } = role;
        let is_itself = name == held_by;
        let object = if is_itself {
            format!("role `{name}`")
        } else {
            format!("role `{held_by}`")
        };
        let attributes = [
            (
                role.is_superuser,
                "is a superuser, whom no policy binds",
                "NOSUPERUSER",
            ),
            (
                role.bypasses_rls,
                "bypasses row-level security",
                "NOBYPASSRLS",
            ),
            (
                role.creates_roles,
                "may make roles, and so one that may do more",
                "NOCREATEROLE",
            ),
            (
                role.replicates,
                "may replicate, and so read every row",
                "NOREPLICATION",
            ),
        ];
        for (holds, message, attribute) in attributes {
            if !holds {
                continue;
            }
            if is_itself {
                self.add(
                    &object,
                    message,
                    format!("ALTER ROLE {} {attribute}", quote(name)),
                );
            } else {
                self.add(
                    &object,
                    format!("is a member of `{name}`, which {message}"),
                    format!("REVOKE {} FROM {}", quote(name), quote(held_by)),
                );
            }
        }
        if !is_itself && name == owner {
            self.add(
                &object,
                format!("is a member of `{name}`, which owns the tables and may switch their policies off"),
                format!("REVOKE {} FROM {}", quote(name), quote(held_by)),
            );
        }
    }

    /// Whose policies and rights bind requests too.
    fn membership(&mut self, role: &Role, server: &Server) {
        let Role { name, held_by, .. } = role;
        let reason = if Some(name) == server.roles.host.as_ref() && *held_by == server.roles.app {
            "whose policies show the rows of every tenant"
        } else if SERVERS.contains(&name.as_str()) {
            "which gets at rows or files past every policy"
        } else {
            return;
        };
        self.add(
            format!("role `{held_by}`"),
            format!("is a member of `{name}`, {reason}"),
            format!("REVOKE {} FROM {}", quote(name), quote(held_by)),
        );
    }

    /// What would be there before a transaction says whose it is.
    pub(super) fn settings(&mut self, server: &Server) {
        for preset in &server.presets {
            let consequence = match preset.setting.as_str() {
                "role" => "so that a session has another's rights from its beginning",
                "row_security" => "so that policies end statements instead of filtering",
                "session_replication_role" => "so that triggers and foreign keys are not looked at",
                _ => "so that a session is somebody's before it says whose",
            };
            self.add(
                format!("setting `{}`", preset.setting),
                format!("is set for {}, {consequence}", preset.place),
                &preset.mend,
            );
        }
        if server.current_tenant.as_deref() != Some(CURRENT_TENANT) {
            let message = match server.current_tenant {
                None => "is not there, and every policy asks it",
                Some(_) => "is not what every policy must ask",
            };
            self.add(
                "function `goplt.current_tenant()`",
                message,
                "run `migrate`, which makes it anew",
            );
        }
    }

    pub(super) fn schemas(&mut self, server: &Server) {
        let names: Vec<_> = self.modules.iter().map(|module| module.schema()).collect();
        for schema in &server.schemas {
            let (object, quoted) = (format!("schema `{}`", schema.name), quote(&schema.name));
            for grant in &schema.grants {
                if grant.privilege == "CREATE" && is_ours(server, &grant.to) {
                    let to = if grant.to == PUBLIC {
                        PUBLIC.to_owned()
                    } else {
                        quote(&grant.to)
                    };
                    self.add(
                        &object,
                        format!("lets `{}` make tables, views and functions in it", grant.to),
                        format!("REVOKE CREATE ON SCHEMA {quoted} FROM {to}"),
                    );
                }
            }
            let owner = &server.roles.owner;
            let is_wrong = schema.owner != *owner && is_ours(server, &schema.owner);
            if names.contains(&schema.name) && is_wrong {
                self.add(
                    &object,
                    format!("belongs to `{}`", schema.owner),
                    format!("ALTER SCHEMA {quoted} OWNER TO {}", quote(owner)),
                );
            }
        }
    }

    /// Tables that somebody makes later, and that requests could reach before anyone has guarded them.
    pub(super) fn promises(&mut self, server: &Server) {
        for Promise {
            maker,
            schema,
            grant: Grant { to, privilege },
        } in &server.promises
        {
            if !is_ours(server, to) {
                continue;
            }
            let place = if schema.is_empty() {
                String::new()
            } else {
                format!(" IN SCHEMA {}", quote(schema))
            };
            let from = if to == PUBLIC {
                PUBLIC.to_owned()
            } else {
                quote(to)
            };
            self.add(
                format!("role `{maker}`"),
                format!(
                    "lets `{to}` {privilege} every table that it makes, guarded or not (ALTER DEFAULT PRIVILEGES)"
                ),
                format!(
                    "ALTER DEFAULT PRIVILEGES FOR ROLE {}{place} REVOKE {privilege} ON TABLES FROM {from}",
                    quote(maker)
                ),
            );
        }
    }
}
