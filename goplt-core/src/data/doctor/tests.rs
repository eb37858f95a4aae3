//! The list that an operator reads, for a catalogue in which everything is wrong.

use super::*;
use crate::data::{
    catalogue::{
        Catalogue, Column, DEFINER, Grant, Guard, Policy, Preset, Reference, Role, Roles, Routine,
        Schema, Server, Table, View,
    },
    guard::{CURRENT_TENANT, expected},
    migration::ModuleMigrations,
};

fn roles() -> Roles {
    Roles {
        owner: "shop_owner".into(),
        app: "shop_app".into(),
        host: Some("shop_host".into()),
    }
}

fn server() -> Server {
    let role = |name: &str| Role {
        name: name.into(),
        held_by: name.into(),
        ..Role::default()
    };
    Server {
        database: "shop".into(),
        roles: roles(),
        attributes: vec![role("shop_app"), role("shop_host")],
        schemas: vec![Schema {
            name: "blog".into(),
            owner: "shop_owner".into(),
            grants: vec![],
        }],
        current_tenant: Some(CURRENT_TENANT.into()),
        ..Server::default()
    }
}

fn posts() -> Table {
    Table {
        schema: "blog".into(),
        name: "blog_posts".into(),
        columns: vec![Column {
            name: "tenant_id".into(),
            ty: "text".into(),
            not_null: true,
        }],
        primary_key: vec!["tenant_id".into(), "id".into()],
        guard: Some(Guard {
            owner: "shop_owner".into(),
            ..Guard::default()
        }),
        ..Table::default()
    }
}

fn grant(to: &str, privilege: &str) -> Grant {
    Grant {
        to: to.into(),
        privilege: privilege.into(),
    }
}

fn diagnose(catalogue: &Catalogue) -> Diagnosis {
    let name = "blog".parse().unwrap();
    let tables = ["blog_posts".to_owned()];
    let blog = [ModuleMigrations::new(&name, &[]).with_tenant_tables(&tables)];
    Examination::of(&blog, catalogue, &[]).diagnose()
}

fn guarded() -> Table {
    let name = "blog".parse().unwrap();
    let tables = ["blog_posts".to_owned()];
    let blog = ModuleMigrations::new(&name, &[]).with_tenant_tables(&tables);
    let mut table = posts();
    let expected = expected(&blog, &table, &roles());
    table.guard = Some(Guard {
        owner: "shop_owner".into(),
        is_enabled: true,
        is_forced: true,
        policies: expected.policies,
        grants: expected.grants,
        ..Guard::default()
    });
    table
}

#[test]
fn a_database_as_it_must_be_is_healthy() {
    let diagnosis = diagnose(&Catalogue {
        tables: vec![guarded()],
        server: Some(server()),
    });
    assert_eq!(diagnosis.to_string(), "healthy: 1 table of tenants");
}

#[test]
fn rights_and_policies_of_others_are_no_fault() {
    let mut table = guarded();
    let guard = table.guard.as_mut().unwrap();
    guard.grants.push(grant("bi", "SELECT"));
    guard.policies.push(Policy {
        name: "bi_reads".into(),
        command: "SELECT".into(),
        is_permissive: true,
        roles: vec!["bi".into()],
        using: "true".into(),
        check: String::new(),
    });
    let diagnosis = diagnose(&Catalogue {
        tables: vec![table],
        server: Some(server()),
    });
    assert!(diagnosis.is_healthy(), "{diagnosis}");
}

#[test]
fn every_fault_is_told_with_its_mend() {
    let mut bare = posts();
    bare.primary_key = vec!["id".into()];
    bare.references = vec![Reference {
        table: "blog_posts".into(),
        columns: vec![("parent".into(), "id".into())],
    }];
    let guard = bare.guard.as_mut().unwrap();
    guard.policies = vec![
        Policy {
            name: "goplt_tenant".into(),
            command: "ALL".into(),
            is_permissive: true,
            roles: vec!["shop_app".into()],
            using: "true".into(),
            check: "true".into(),
        },
        Policy {
            name: "open_house".into(),
            command: "SELECT".into(),
            is_permissive: true,
            roles: vec!["PUBLIC".into()],
            using: "true".into(),
            check: String::new(),
        },
        Policy {
            name: "goplt_host".into(),
            command: "ALL".into(),
            is_permissive: true,
            roles: vec!["shop_host".into()],
            using: "true".into(),
            check: "true".into(),
        },
    ];
    guard.grants = vec![
        grant("PUBLIC", "SELECT"),
        grant("shop_app", "TRUNCATE"),
        grant("shop_host", "DELETE"),
    ];
    let mut stray = posts();
    stray.schema = "public".into();
    stray.name = "legacy_orders".into();
    stray.guard.as_mut().unwrap().grants = vec![grant("shop_app", "SELECT")];

    let mut server = server();
    server.attributes = vec![
        Role {
            name: "shop_app".into(),
            held_by: "shop_app".into(),
            is_superuser: true,
            bypasses_rls: true,
            creates_roles: true,
            replicates: true,
            ..Role::default()
        },
        Role {
            name: "shop_owner".into(),
            held_by: "shop_host".into(),
            bypasses_rls: true,
            ..Role::default()
        },
        Role {
            name: "shop_host".into(),
            held_by: "shop_host".into(),
            ..Role::default()
        },
    ];
    server.creators = vec!["shop_app".into()];
    server.presets = vec![Preset {
        setting: "goplt.tenant".into(),
        place: "the role `shop_app`".into(),
        mend: "ALTER ROLE \"shop_app\" RESET \"goplt.tenant\"".into(),
    }];
    server.current_tenant = Some("SELECT 'acme'".into());
    server.schemas[0].grants = vec![grant("shop_app", "CREATE"), grant("PUBLIC", "CREATE")];
    let view = |name: &str, is_materialized, reads: &str| View {
        schema: "blog".into(),
        name: name.into(),
        is_materialized,
        is_invoker: false,
        reads: vec![reads.into()],
        calls: false,
    };
    server.views = vec![
        view("blog_titles", false, "blog.blog_posts"),
        view("blog_totals", true, "blog.blog_titles"),
    ];
    server.routines = vec![Routine {
        schema: "blog".into(),
        signature: "blog_all()".into(),
        owner: "shop_owner".into(),
        is_reached: true,
        danger: DEFINER.into(),
    }];
    let diagnosis = diagnose(&Catalogue {
        tables: vec![bare, stray],
        server: Some(server),
    });
    insta::assert_snapshot!(diagnosis, @r#"
    the database does not keep tenants apart: 27 faults
    - role `shop_app` is a superuser, whom no policy binds; ALTER ROLE "shop_app" NOSUPERUSER
    - role `shop_app` bypasses row-level security; ALTER ROLE "shop_app" NOBYPASSRLS
    - role `shop_app` may make roles, and so one that may do more; ALTER ROLE "shop_app" NOCREATEROLE
    - role `shop_app` may replicate, and so read every row; ALTER ROLE "shop_app" NOREPLICATION
    - role `shop_host` is a member of `shop_owner`, which bypasses row-level security; REVOKE "shop_owner" FROM "shop_host"
    - role `shop_host` is a member of `shop_owner`, which owns the tables and may switch their policies off; REVOKE "shop_owner" FROM "shop_host"
    - role `shop_app` may make schemas in the database `shop`; REVOKE CREATE ON DATABASE "shop" FROM "shop_app"
    - setting `goplt.tenant` is set for the role `shop_app`, so that a session is somebody's before it says whose; ALTER ROLE "shop_app" RESET "goplt.tenant"
    - function `goplt.current_tenant()` is not what every policy must ask; run `migrate`, which makes it anew
    - schema `blog` lets `shop_app` make tables, views and functions in it; REVOKE CREATE ON SCHEMA "blog" FROM "shop_app"
    - schema `blog` lets `PUBLIC` make tables, views and functions in it; REVOKE CREATE ON SCHEMA "blog" FROM PUBLIC
    - module `blog`: the primary key of `blog_posts` does not begin with `tenant_id`; write `PRIMARY KEY (tenant_id, id)`
    - module `blog`: the foreign key of `blog_posts` on (parent) to `blog_posts` does not begin with `tenant_id`, so a row can hang on another tenant's; write `FOREIGN KEY (tenant_id, parent) REFERENCES blog_posts (tenant_id, …)`
    - table `blog.blog_posts` has no row-level security: every row is everyone's; run `migrate`, which writes it again
    - table `blog.blog_posts` does not force row-level security, so that its owner sees every row; run `migrate`, which writes it again
    - table `blog.blog_posts` has a policy `goplt_tenant` that is not what it must be: FOR ALL TO shop_app USING true; run `migrate`, which writes it again
    - table `blog.blog_posts` lacks the policy `goplt_migrate`; run `migrate`, which writes it again
    - table `blog.blog_posts` has a policy more, `open_house`, which lets rows through: FOR SELECT TO PUBLIC USING true; DROP POLICY "open_house" ON "blog"."blog_posts"
    - table `blog.blog_posts` has the policy `goplt_host`, and is not declared in `host.tables` of module.yaml; DROP POLICY "goplt_host" ON "blog"."blog_posts"
    - table `blog.blog_posts` lets everyone SELECT; REVOKE SELECT ON "blog"."blog_posts" FROM PUBLIC
    - table `blog.blog_posts` lets `shop_app` TRUNCATE it, which no policy binds; REVOKE TRUNCATE ON "blog"."blog_posts" FROM "shop_app"
    - table `blog.blog_posts` lets `shop_host` DELETE, and is not declared for that in module.yaml; REVOKE DELETE ON "blog"."blog_posts" FROM "shop_host"
    - table `blog.blog_posts` does not let `shop_app` DELETE, INSERT, SELECT, UPDATE; run `migrate`, which writes it again
    - table `public.legacy_orders` has a `tenant_id`, is no module's, and can be reached by requests; give it to a module (docs/guides/postgres.md, "Tables that exist already"), or REVOKE ALL ON "public"."legacy_orders" FROM PUBLIC, "shop_app"
    - view `blog.blog_titles` reads with the rights of its owner, whom other policies bind; ALTER VIEW "blog"."blog_titles" SET (security_invoker = true)
    - materialized view `blog.blog_totals` keeps rows of every tenant, and no policy binds it; DROP MATERIALIZED VIEW "blog"."blog_totals", and keep what it holds in a table with a `tenant_id`
    - function `blog.blog_all()` runs with the rights of `shop_owner`, whoever calls it (SECURITY DEFINER); ALTER ROUTINE "blog".blog_all() SECURITY INVOKER
    "#);
}
