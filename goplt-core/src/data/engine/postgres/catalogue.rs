//! PostgreSQL's catalogue: tables, and who may do what. A fixed number of questions, however much there is.

use std::collections::BTreeMap;

use super::admin::PgAdmin;
use crate::data::{
    DbError, DbType, DbValue, IntoValue, Value,
    catalogue::{
        Belonging, Catalogue, Column, Grant, Guard, PUBLIC, Policy, Preset, Promise, Reference,
        Role, Roles, Routine, Schema, Server, Table, View,
    },
    engine::Admin,
};

const TEXT: DbType = DbType::Text;
const BOOL: DbType = DbType::Bool;

/// Parts a list within a column; no name holds it.
const UNIT: char = '\u{1f}';

/// What is the application's: not the server's, and not an extension's.
macro_rules! ours {
    ($class:literal, $object:literal) => {
        concat!(
            "n.nspname !~ '^pg_' AND n.nspname <> 'information_schema' AND NOT EXISTS (\
             SELECT FROM pg_depend e WHERE e.classid = '",
            $class,
            "'::regclass AND e.objid = ",
            $object,
            ".oid AND e.deptype = 'e')"
        )
    };
}

/// A collation by which two texts are one is a part of the type.
const TABLES: &str = concat!(
    "SELECT n.nspname::text, t.relname::text, o.rolname::text, t.relrowsecurity, t.relforcerowsecurity, \
     t.relispartition, t.relkind = 'f', \
     coalesce((SELECT pn.nspname || '.' || p.relname FROM pg_inherits h JOIN pg_class p ON p.oid = h.inhparent \
         JOIN pg_namespace pn ON pn.oid = p.relnamespace WHERE h.inhrelid = t.oid ORDER BY h.inhseqno LIMIT 1), ''), \
     coalesce((SELECT string_agg(w.rulename::text, chr(31) ORDER BY w.rulename) FROM pg_rewrite w \
         WHERE w.ev_class = t.oid), ''), \
     coalesce(a.attname::text, ''), \
     coalesce(format_type(a.atttypid, a.atttypmod), '') \
         || CASE WHEN l.collisdeterministic THEN '' ELSE coalesce(' COLLATE ' || l.collname, '') END, \
     coalesce(a.attnotnull, false) \
     FROM pg_class t JOIN pg_namespace n ON n.oid = t.relnamespace JOIN pg_roles o ON o.oid = t.relowner \
     LEFT JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum > 0 AND NOT a.attisdropped \
     LEFT JOIN pg_collation l ON l.oid = a.attcollation \
     WHERE t.relkind IN ('r', 'p', 'f') AND ",
    ours!("pg_class", "t"),
    " ORDER BY 1, 2, a.attnum"
);

/// A column that is compared by a collation by which two texts are one is an expression.
const INDEXES: &str = concat!(
    "SELECT n.nspname::text, t.relname::text, i.relname::text, x.indisprimary, \
     x.indisunique OR x.indisexclusion, x.indisvalid, \
     CASE WHEN coalesce(l.collisdeterministic, true) THEN coalesce(a.attname::text, '') ELSE '' END \
     FROM pg_index x JOIN pg_class t ON t.oid = x.indrelid JOIN pg_class i ON i.oid = x.indexrelid \
     JOIN pg_namespace n ON n.oid = t.relnamespace \
     CROSS JOIN LATERAL unnest(x.indkey) WITH ORDINALITY k (att, place) \
     LEFT JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum = k.att \
     LEFT JOIN pg_collation l ON l.oid = x.indcollation[k.place - 1] \
     WHERE t.relkind IN ('r', 'p') AND k.place <= x.indnkeyatts AND ",
    ours!("pg_class", "t"),
    " ORDER BY 1, 2, 3, k.place"
);

const REFERENCES: &str = concat!(
    "SELECT n.nspname::text, t.relname::text, c.conname::text, r.relname::text, own.attname::text, \
     theirs.attname::text \
     FROM pg_constraint c JOIN pg_class t ON t.oid = c.conrelid JOIN pg_namespace n ON n.oid = t.relnamespace \
     JOIN pg_class r ON r.oid = c.confrelid \
     CROSS JOIN LATERAL unnest(c.conkey, c.confkey) WITH ORDINALITY k (own, theirs, place) \
     JOIN pg_attribute own ON own.attrelid = t.oid AND own.attnum = k.own \
     JOIN pg_attribute theirs ON theirs.attrelid = r.oid AND theirs.attnum = k.theirs \
     WHERE c.contype = 'f' AND ",
    ours!("pg_class", "t"),
    " ORDER BY 1, 2, 3, k.place"
);

const POLICIES: &str = concat!(
    "SELECT n.nspname::text, t.relname::text, p.polname::text, p.polcmd::text, p.polpermissive, \
     coalesce((SELECT string_agg(coalesce(r.rolname::text, 'PUBLIC'), chr(31) ORDER BY r.rolname) \
         FROM unnest(p.polroles) u (oid) LEFT JOIN pg_roles r ON r.oid = u.oid), ''), \
     coalesce(pg_get_expr(p.polqual, p.polrelid), ''), coalesce(pg_get_expr(p.polwithcheck, p.polrelid), '') \
     FROM pg_policy p JOIN pg_class t ON t.oid = p.polrelid JOIN pg_namespace n ON n.oid = t.relnamespace \
     WHERE ",
    ours!("pg_class", "t"),
    " ORDER BY 1, 2, 3"
);

/// Beside those of the owner. A right to a column counts as the right to the table.
const GRANTS: &str = concat!(
    "SELECT DISTINCT n.nspname::text, t.relname::text, coalesce(r.rolname::text, 'PUBLIC'), g.privilege_type \
     FROM pg_class t JOIN pg_namespace n ON n.oid = t.relnamespace \
     CROSS JOIN LATERAL ( \
         SELECT * FROM aclexplode(t.relacl) UNION ALL \
         SELECT c.* FROM pg_attribute a CROSS JOIN LATERAL aclexplode(a.attacl) c \
         WHERE a.attrelid = t.oid AND a.attacl IS NOT NULL) g \
     LEFT JOIN pg_roles r ON r.oid = g.grantee \
     WHERE t.relkind IN ('r', 'p', 'f') AND g.grantee <> t.relowner AND ",
    ours!("pg_class", "t"),
    " ORDER BY 1, 2, 3, 4"
);

const SCHEMAS: &str = "SELECT n.nspname::text, o.rolname::text, \
     CASE WHEN g.grantee IS NULL THEN '' ELSE coalesce(r.rolname::text, 'PUBLIC') END, \
     coalesce(g.privilege_type, '') \
     FROM pg_namespace n JOIN pg_roles o ON o.oid = n.nspowner \
     LEFT JOIN LATERAL aclexplode(n.nspacl) g ON g.grantee <> n.nspowner \
     LEFT JOIN pg_roles r ON r.oid = g.grantee \
     WHERE n.nspname !~ '^pg_' AND n.nspname <> 'information_schema' ORDER BY 1, 3, 4";

const ROLES: &str = "WITH RECURSIVE held (role, holder) AS ( \
         SELECT r.oid, r.rolname FROM pg_roles r WHERE r.rolname IN (?1, ?2) \
         UNION SELECT m.roleid, h.holder FROM held h JOIN pg_auth_members m ON m.member = h.role) \
     SELECT r.rolname::text, h.holder::text, r.rolsuper, r.rolbypassrls, r.rolcreaterole, r.rolcreatedb, \
     r.rolreplication FROM held h JOIN pg_roles r ON r.oid = h.role ORDER BY h.holder <> ?1, 2, 1";

const VIEWS: &str = concat!(
    "SELECT n.nspname::text, v.relname::text, v.relkind = 'm', \
     EXISTS (SELECT FROM unnest(v.reloptions) o WHERE o ~* '^security_invoker=(true|on|yes|1|t|y)$'), \
     coalesce((SELECT string_agg(DISTINCT tn.nspname || '.' || t.relname, chr(31)) \
         FROM pg_rewrite w JOIN pg_depend d ON d.classid = 'pg_rewrite'::regclass AND d.objid = w.oid \
             AND d.refclassid = 'pg_class'::regclass AND d.refobjid <> v.oid \
         JOIN pg_class t ON t.oid = d.refobjid JOIN pg_namespace tn ON tn.oid = t.relnamespace \
         WHERE w.ev_class = v.oid), ''), \
     EXISTS (SELECT FROM pg_rewrite w JOIN pg_depend d ON d.classid = 'pg_rewrite'::regclass AND d.objid = w.oid \
         AND d.refclassid = 'pg_proc'::regclass WHERE w.ev_class = v.oid AND NOT EXISTS (SELECT FROM pg_depend e \
             WHERE e.classid = 'pg_proc'::regclass AND e.objid = d.refobjid AND e.deptype = 'e')) \
     AND EXISTS (SELECT FROM pg_roles r WHERE r.rolname IN (?1, ?2) AND has_table_privilege(r.oid, v.oid, 'SELECT')) \
     FROM pg_class v JOIN pg_namespace n ON n.oid = v.relnamespace \
     WHERE v.relkind IN ('v', 'm') AND ",
    ours!("pg_class", "v"),
    " ORDER BY 1, 2"
);

/// A trigger's function needs no right to be called, and an aggregate's parts need those of the aggregate's owner.
const ROUTINES: &str = concat!(
    "SELECT n.nspname::text, p.proname || '(' || pg_get_function_identity_arguments(p.oid) || ')', o.rolname::text, \
     CASE WHEN p.prosecdef THEN 'definer' WHEN n.nspname = 'pg_catalog' THEN 'files' ELSE l.lanname::text END, \
     (has_function_privilege(a.oid, p.oid, 'EXECUTE') AND (o.oid <> a.oid OR NOT p.prosecdef)) \
     OR (has_function_privilege(h.oid, p.oid, 'EXECUTE') AND (o.oid NOT IN (a.oid, h.oid) OR NOT p.prosecdef)) \
     OR (o.oid <> a.oid AND ( \
         EXISTS (SELECT FROM pg_trigger g JOIN pg_attribute t ON t.attrelid = g.tgrelid \
             WHERE g.tgfoid = p.oid AND t.attname = 'tenant_id' AND NOT t.attisdropped) \
         OR EXISTS (SELECT FROM pg_aggregate g WHERE has_function_privilege(a.oid, g.aggfnoid, 'EXECUTE') \
             AND p.oid IN (g.aggtransfn, g.aggfinalfn, g.aggcombinefn, g.aggmtransfn, g.aggminvtransfn, g.aggmfinalfn)))) \
     FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace JOIN pg_roles o ON o.oid = p.proowner \
     JOIN pg_language l ON l.oid = p.prolang \
     JOIN pg_roles a ON a.rolname = ?1 JOIN pg_roles h ON h.rolname = ?2 \
     WHERE ((p.prosecdef OR NOT l.lanpltrusted) AND ",
    ours!("pg_proc", "p"),
    ") OR (n.nspname = 'pg_catalog' AND p.proname IN ('pg_read_file', 'pg_read_binary_file', 'pg_ls_dir', \
     'pg_stat_file', 'lo_import', 'lo_export') AND NOT a.rolsuper AND NOT h.rolsuper \
     AND (has_function_privilege(a.oid, p.oid, 'EXECUTE') \
     OR has_function_privilege(h.oid, p.oid, 'EXECUTE'))) ORDER BY 1, 2"
);

/// Schemas and tables are told of where they are described; a privilege to come is told as one.
const BELONGINGS: &str = "WITH RECURSIVE held (role) AS ( \
         SELECT r.oid FROM pg_roles r WHERE r.rolname IN (?1, ?2) \
         UNION SELECT m.roleid FROM held h JOIN pg_auth_members m ON m.member = h.role) \
     SELECT r.rolname::text, pg_describe_object(d.classid, d.objid, d.objsubid) \
     FROM held h JOIN pg_roles r ON r.oid = h.role \
     JOIN pg_shdepend d ON d.refclassid = 'pg_authid'::regclass AND d.refobjid = r.oid AND d.deptype = 'o' \
     WHERE d.dbid = (SELECT oid FROM pg_database WHERE datname = current_database()) \
     AND NOT r.rolsuper AND r.rolname <> coalesce((SELECT pg_get_userbyid(nspowner)::text FROM pg_namespace \
         WHERE nspname = 'goplt'), '') \
     AND d.classid NOT IN ('pg_namespace'::regclass, 'pg_default_acl'::regclass) \
     AND NOT EXISTS (SELECT FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace \
         WHERE d.classid = 'pg_class'::regclass AND c.oid = d.objid \
         AND (c.relkind IN ('r', 'p', 'f') OR n.nspname ~ '^pg_')) ORDER BY 1, 2";

const PROMISES: &str = "SELECT m.rolname::text, coalesce(n.nspname::text, ''), coalesce(r.rolname::text, 'PUBLIC'), \
     g.privilege_type FROM pg_default_acl d JOIN pg_roles m ON m.oid = d.defaclrole \
     LEFT JOIN pg_namespace n ON n.oid = d.defaclnamespace CROSS JOIN LATERAL aclexplode(d.defaclacl) g \
     LEFT JOIN pg_roles r ON r.oid = g.grantee \
     WHERE d.defaclobjtype = 'r' AND g.grantee <> d.defaclrole ORDER BY 1, 2, 3, 4";

const PRESETS: &str = "SELECT lower(split_part(c, '=', 1)), coalesce(d.datname::text, ''), coalesce(r.rolname::text, '') \
     FROM pg_db_role_setting s CROSS JOIN LATERAL unnest(s.setconfig) c \
     LEFT JOIN pg_database d ON d.oid = s.setdatabase LEFT JOIN pg_roles r ON r.oid = s.setrole \
     WHERE lower(split_part(c, '=', 1)) IN \
         ('goplt.tenant', 'goplt.migrating', 'role', 'row_security', 'session_replication_role') \
     AND (s.setdatabase = 0 OR d.datname = current_database()) \
     AND (s.setrole = 0 OR r.rolname IN (?1, ?2)) ORDER BY 1, 2, 3";

const DATABASE: &str = "SELECT current_database()::text, \
     coalesce((SELECT string_agg(r.rolname::text, chr(31) ORDER BY r.rolname) FROM pg_roles r \
         WHERE r.rolname IN (?1, ?2) AND has_database_privilege(r.oid, current_database(), 'CREATE')), ''), \
     coalesce(current_setting('goplt.tenant', true), ''), \
     coalesce((SELECT CASE WHEN l.lanname = 'sql' AND p.provolatile = 's' AND NOT p.prosecdef \
         AND p.proconfig IS NULL THEN btrim(p.prosrc) ELSE 'another' END \
         FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace JOIN pg_language l ON l.oid = p.prolang \
         WHERE n.nspname = 'goplt' AND p.proname = 'current_tenant' AND p.pronargs = 0), '')";

type Tables = BTreeMap<(String, String), Table>;

pub(super) async fn read(admin: &mut PgAdmin, roles: Roles) -> Result<Catalogue, DbError> {
    // Expressions are then shown with the schemas of what they call.
    admin.execute("SET search_path = ''").await?;
    let mut tables = tables(admin).await?;
    indexes(admin, &mut tables).await?;
    references(admin, &mut tables).await?;
    policies(admin, &mut tables).await?;
    grants(admin, &mut tables).await?;
    let server = server(admin, roles).await?;
    Ok(Catalogue {
        tables: tables.into_values().collect(),
        server: Some(server),
    })
}

async fn tables(admin: &mut PgAdmin) -> Result<Tables, DbError> {
    const TYPES: &[DbType] = &[
        TEXT, TEXT, TEXT, BOOL, BOOL, BOOL, BOOL, TEXT, TEXT, TEXT, TEXT, BOOL,
    ];
    let mut tables = Tables::new();
    for row in admin.query(TABLES, vec![], TYPES).await? {
        let [
            schema,
            name,
            owner,
            enabled,
            forced,
            partition,
            foreign,
            parent,
            rules,
            column,
            ty,
            not_null,
        ] = fields(row);
        let (schema, name): (String, String) = (value(schema)?, value(name)?);
        let guard = Guard {
            owner: value(owner)?,
            is_enabled: value(enabled)?,
            is_forced: value(forced)?,
            is_partition: value(partition)?,
            parent: Some(value(parent)?).filter(|parent: &String| !parent.is_empty()),
            is_foreign: value(foreign)?,
            rules: list(rules)?,
            ..Guard::default()
        };
        let table = tables
            .entry((schema.clone(), name.clone()))
            .or_insert_with(|| Table {
                schema,
                name,
                guard: Some(guard),
                ..Table::default()
            });
        let column: String = value(column)?;
        if !column.is_empty() {
            table.columns.push(Column {
                name: column,
                ty: value(ty)?,
                not_null: value(not_null)?,
            });
        }
    }
    Ok(tables)
}

async fn indexes(admin: &mut PgAdmin, tables: &mut Tables) -> Result<(), DbError> {
    const TYPES: &[DbType] = &[TEXT, TEXT, TEXT, BOOL, BOOL, BOOL, TEXT];
    for row in admin.query(INDEXES, vec![], TYPES).await? {
        let [schema, table, index, primary, unique, valid, column] = fields(row);
        let Some(table) = tables.get_mut(&(value(schema)?, value(table)?)) else {
            continue;
        };
        let (index, column): (String, String) = (value(index)?, value(column)?);
        if !value::<bool>(valid)? {
            let guard = table.guard.get_or_insert_default();
            if !guard.invalid_indexes.contains(&index) {
                guard.invalid_indexes.push(index.clone());
            }
        }
        if value(primary)? {
            table.primary_key.push(column);
        } else if value(unique)? {
            match table.unique.last_mut() {
                Some((last, columns)) if *last == index => columns.push(column),
                _ => table.unique.push((index, vec![column])),
            }
        }
    }
    Ok(())
}

async fn references(admin: &mut PgAdmin, tables: &mut Tables) -> Result<(), DbError> {
    const TYPES: &[DbType] = &[TEXT, TEXT, TEXT, TEXT, TEXT, TEXT];
    let mut last = None;
    for row in admin.query(REFERENCES, vec![], TYPES).await? {
        let [schema, table, name, other, own, theirs] = fields(row);
        let key: (String, String) = (value(schema)?, value(table)?);
        let constraint = Some((key.clone(), value::<String>(name)?));
        let Some(table) = tables.get_mut(&key) else {
            continue;
        };
        if last != constraint {
            last = constraint;
            table.references.push(Reference {
                table: value(other)?,
                columns: Vec::new(),
            });
        }
        if let Some(reference) = table.references.last_mut() {
            reference.columns.push((value(own)?, value(theirs)?));
        }
    }
    Ok(())
}

async fn policies(admin: &mut PgAdmin, tables: &mut Tables) -> Result<(), DbError> {
    const TYPES: &[DbType] = &[TEXT, TEXT, TEXT, TEXT, BOOL, TEXT, TEXT, TEXT];
    for row in admin.query(POLICIES, vec![], TYPES).await? {
        let [
            schema,
            table,
            name,
            command,
            permissive,
            roles,
            using,
            check,
        ] = fields(row);
        let Some(guard) = guard(tables, schema, table)? else {
            continue;
        };
        let command: String = value(command)?;
        let command = match command.as_str() {
            "r" => "SELECT",
            "a" => "INSERT",
            "w" => "UPDATE",
            "d" => "DELETE",
            _ => "ALL",
        };
        guard.policies.push(Policy {
            name: value(name)?,
            command: command.to_owned(),
            is_permissive: value(permissive)?,
            roles: list(roles)?,
            using: value(using)?,
            check: value(check)?,
        });
    }
    Ok(())
}

async fn grants(admin: &mut PgAdmin, tables: &mut Tables) -> Result<(), DbError> {
    const TYPES: &[DbType] = &[TEXT, TEXT, TEXT, TEXT];
    for row in admin.query(GRANTS, vec![], TYPES).await? {
        let [schema, table, to, privilege] = fields(row);
        if let Some(guard) = guard(tables, schema, table)? {
            guard.grants.push(grant(to, privilege)?);
        }
    }
    Ok(())
}

async fn server(admin: &mut PgAdmin, mut roles: Roles) -> Result<Server, DbError> {
    let both = || {
        let host = roles.host.as_deref().unwrap_or(&roles.app);
        vec![roles.app.as_str().into_value(), host.into_value()]
    };
    let database = admin
        .query(DATABASE, both(), &[TEXT, TEXT, TEXT, TEXT])
        .await?;
    let [name, creators, tenant, current_tenant] =
        fields(database.into_iter().next().ok_or(DbError::NoRow)?);
    let mut presets = presets(admin, both()).await?;
    let tenant: String = value(tenant)?;
    let is_told = presets
        .iter()
        .any(|preset| preset.setting == "goplt.tenant");
    if !tenant.is_empty() && !is_told {
        presets.push(Preset {
            setting: "goplt.tenant".to_owned(),
            place: "the server's configuration".to_owned(),
            mend: "ALTER SYSTEM RESET \"goplt.tenant\", or take it out of postgresql.conf"
                .to_owned(),
        });
    }
    let current_tenant: String = value(current_tenant)?;
    let attributes = attributes(admin, both()).await?;
    let views = views(admin, both()).await?;
    let routines = routines(admin, both()).await?;
    let belongings = belongings(admin, both()).await?;
    let promises = promises(admin).await?;
    let schemas = schemas(admin).await?;
    if roles.owner.is_empty() {
        // A process that may not migrate does not know the owner's URL: the kernel's schema tells.
        let kernel = schemas.iter().find(|schema| schema.name == "goplt");
        roles.owner = kernel.map_or_else(String::new, |schema| schema.owner.clone());
    }
    Ok(Server {
        database: value(name)?,
        attributes,
        schemas,
        views,
        routines,
        belongings,
        promises,
        presets,
        creators: list(creators)?,
        current_tenant: Some(current_tenant).filter(|text| !text.is_empty()),
        roles,
    })
}

async fn schemas(admin: &mut PgAdmin) -> Result<Vec<Schema>, DbError> {
    let mut schemas: Vec<Schema> = Vec::new();
    for row in admin
        .query(SCHEMAS, vec![], &[TEXT, TEXT, TEXT, TEXT])
        .await?
    {
        let [name, owner, to, privilege] = fields(row);
        let name: String = value(name)?;
        if schemas.last().is_none_or(|last| last.name != name) {
            schemas.push(Schema {
                name,
                owner: value(owner)?,
                grants: Vec::new(),
            });
        }
        let grant = grant(to, privilege)?;
        if let Some(schema) = schemas.last_mut().filter(|_| !grant.to.is_empty()) {
            schema.grants.push(grant);
        }
    }
    Ok(schemas)
}

async fn attributes(admin: &mut PgAdmin, roles: Vec<Value>) -> Result<Vec<Role>, DbError> {
    const TYPES: &[DbType] = &[TEXT, TEXT, BOOL, BOOL, BOOL, BOOL, BOOL];
    let rows = admin.query(ROLES, roles, TYPES).await?;
    let role = |row| {
        let [
            name,
            holder,
            superuser,
            bypass,
            roles,
            databases,
            replicates,
        ] = fields(row);
        Ok(Role {
            name: value(name)?,
            held_by: value(holder)?,
            is_superuser: value(superuser)?,
            bypasses_rls: value(bypass)?,
            creates_roles: value(roles)?,
            creates_databases: value(databases)?,
            replicates: value(replicates)?,
        })
    };
    rows.into_iter().map(role).collect()
}

async fn views(admin: &mut PgAdmin, roles: Vec<Value>) -> Result<Vec<View>, DbError> {
    let rows = admin
        .query(VIEWS, roles, &[TEXT, TEXT, BOOL, BOOL, TEXT, BOOL])
        .await?;
    let view = |row| {
        let [schema, name, materialized, invoker, reads, calls] = fields(row);
        Ok(View {
            schema: value(schema)?,
            name: value(name)?,
            is_materialized: value(materialized)?,
            is_invoker: value(invoker)?,
            reads: list(reads)?,
            calls: value(calls)?,
        })
    };
    rows.into_iter().map(view).collect()
}

async fn routines(admin: &mut PgAdmin, roles: Vec<Value>) -> Result<Vec<Routine>, DbError> {
    const TYPES: &[DbType] = &[TEXT, TEXT, TEXT, TEXT, BOOL];
    let rows = admin.query(ROUTINES, roles, TYPES).await?;
    let routine = |row| {
        let [schema, signature, owner, danger, reached] = fields(row);
        Ok(Routine {
            schema: value(schema)?,
            signature: value(signature)?,
            owner: value(owner)?,
            danger: value(danger)?,
            is_reached: value(reached)?,
        })
    };
    rows.into_iter().map(routine).collect()
}

async fn belongings(admin: &mut PgAdmin, roles: Vec<Value>) -> Result<Vec<Belonging>, DbError> {
    let rows = admin.query(BELONGINGS, roles, &[TEXT, TEXT]).await?;
    let belonging = |row| {
        let [owner, object] = fields(row);
        Ok(Belonging {
            owner: value(owner)?,
            object: value(object)?,
        })
    };
    rows.into_iter().map(belonging).collect()
}

async fn promises(admin: &mut PgAdmin) -> Result<Vec<Promise>, DbError> {
    const TYPES: &[DbType] = &[TEXT, TEXT, TEXT, TEXT];
    let rows = admin.query(PROMISES, vec![], TYPES).await?;
    let promise = |row| {
        let [maker, schema, to, privilege] = fields(row);
        Ok(Promise {
            maker: value(maker)?,
            schema: value(schema)?,
            grant: grant(to, privilege)?,
        })
    };
    rows.into_iter().map(promise).collect()
}

async fn presets(admin: &mut PgAdmin, roles: Vec<Value>) -> Result<Vec<Preset>, DbError> {
    let rows = admin.query(PRESETS, roles, &[TEXT, TEXT, TEXT]).await?;
    let preset = |row| {
        let [setting, database, role] = fields(row);
        let (setting, database, role): (String, String, String) =
            (value(setting)?, value(database)?, value(role)?);
        let quote = crate::data::guard::quote;
        let (place, whose) = match (database.as_str(), role.as_str()) {
            (database, "") => (
                format!("the database `{database}`"),
                format!("DATABASE {}", quote(database)),
            ),
            ("", role) => (
                format!("the role `{role}`"),
                format!("ROLE {}", quote(role)),
            ),
            (database, role) => (
                format!("the role `{role}` in the database `{database}`"),
                format!("ROLE {} IN DATABASE {}", quote(role), quote(database)),
            ),
        };
        Ok(Preset {
            mend: format!("ALTER {whose} RESET {}", quote(&setting)),
            setting,
            place,
        })
    };
    rows.into_iter().map(preset).collect()
}

fn guard(tables: &mut Tables, schema: Value, table: Value) -> Result<Option<&mut Guard>, DbError> {
    let found = tables.get_mut(&(value(schema)?, value(table)?));
    Ok(found.map(|table| table.guard.get_or_insert_default()))
}

fn grant(to: Value, privilege: Value) -> Result<Grant, DbError> {
    let to: String = value(to)?;
    Ok(Grant {
        to: if to.eq_ignore_ascii_case(PUBLIC) {
            PUBLIC.to_owned()
        } else {
            to
        },
        privilege: value(privilege)?,
    })
}

fn list(text: Value) -> Result<Vec<String>, DbError> {
    let text: String = value(text)?;
    let parts = text.split(UNIT).filter(|part| !part.is_empty());
    Ok(parts.map(str::to_owned).collect())
}

fn fields<const N: usize>(row: Vec<Value>) -> [Value; N] {
    row.try_into()
        .expect("as many values as types were asked for")
}

fn value<T: DbValue>(value: Value) -> Result<T, DbError> {
    T::from_value(value).map_err(|source| DbError::Column {
        column: "of the catalogue".into(),
        source,
    })
}
