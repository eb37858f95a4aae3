//! What a database says of itself: tables, and on PostgreSQL who may do what. Pure data, for the rules of migrations
//! and for the doctor.

/// Everything that rules are about.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Catalogue {
    pub(crate) tables: Vec<Table>,
    /// What only a server with roles has.
    pub(crate) server: Option<Server>,
}

/// A table as the catalogue describes it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Table {
    /// Empty where there are none.
    pub(crate) schema: String,
    pub(crate) name: String,
    pub(crate) columns: Vec<Column>,
    /// The columns of the primary key, in its order.
    pub(crate) primary_key: Vec<String>,
    /// Unique indexes: name and columns. An expression is an empty name.
    pub(crate) unique: Vec<(String, Vec<String>)>,
    pub(crate) references: Vec<Reference>,
    /// Who may see which of its rows, where the database guards them.
    pub(crate) guard: Option<Guard>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Column {
    pub(crate) name: String,
    pub(crate) ty: String,
    pub(crate) not_null: bool,
}

/// A foreign key.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Reference {
    /// The table that it refers to.
    pub(crate) table: String,
    /// Its own columns and those that they refer to, in order; the latter are empty if they are the primary key's.
    pub(crate) columns: Vec<(String, String)>,
}

/// Row-level security of a table, and the rights to it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Guard {
    pub(crate) owner: String,
    pub(crate) is_enabled: bool,
    pub(crate) is_forced: bool,
    pub(crate) policies: Vec<Policy>,
    pub(crate) grants: Vec<Grant>,
    /// It is a part of another table.
    pub(crate) is_partition: bool,
    /// The table that it is a part or a child of, with its schema.
    pub(crate) parent: Option<String>,
    /// Its rows are elsewhere, where none of our policies binds.
    pub(crate) is_foreign: bool,
    /// Rules, which do something else or something more, with the owner's rights.
    pub(crate) rules: Vec<String>,
    /// Indexes that a statement left unfinished.
    pub(crate) invalid_indexes: Vec<String>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Policy {
    pub(crate) name: String,
    /// `ALL`, `SELECT`, …
    pub(crate) command: String,
    pub(crate) is_permissive: bool,
    /// Sorted; `PUBLIC` is everyone.
    pub(crate) roles: Vec<String>,
    pub(crate) using: String,
    pub(crate) check: String,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Grant {
    /// `PUBLIC` is everyone.
    pub(crate) to: String,
    pub(crate) privilege: String,
}

/// What PostgreSQL knows beyond tables.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Server {
    pub(crate) database: String,
    pub(crate) roles: Roles,
    /// The app role and the host role, and those whose rights they have too.
    pub(crate) attributes: Vec<Role>,
    pub(crate) schemas: Vec<Schema>,
    pub(crate) views: Vec<View>,
    pub(crate) routines: Vec<Routine>,
    /// What belongs to the app role, the host role or one whose rights they have, beside schemas and tables.
    pub(crate) belongings: Vec<Belonging>,
    /// Rights to tables that are not there yet.
    pub(crate) promises: Vec<Promise>,
    /// Settings of ours that are set before a session begins.
    pub(crate) presets: Vec<Preset>,
    /// Who may make schemas in the database.
    pub(crate) creators: Vec<String>,
    /// The definition of `goplt.current_tenant()`, if it is there.
    pub(crate) current_tenant: Option<String>,
}

/// The three roles of an assembly.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Roles {
    /// Owns the schemas; runs migrations.
    pub(crate) owner: String,
    /// Runs requests.
    pub(crate) app: String,
    /// Works across tenants, on the tables declared for that, if there is one.
    pub(crate) host: Option<String>,
}

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Role {
    /// The role itself, or one that it is a member of.
    pub(crate) name: String,
    /// Whose right it is: the app role or the host role.
    pub(crate) held_by: String,
    pub(crate) is_superuser: bool,
    pub(crate) bypasses_rls: bool,
    pub(crate) creates_roles: bool,
    pub(crate) creates_databases: bool,
    pub(crate) replicates: bool,
}

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Schema {
    pub(crate) name: String,
    pub(crate) owner: String,
    pub(crate) grants: Vec<Grant>,
}

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct View {
    pub(crate) schema: String,
    pub(crate) name: String,
    pub(crate) is_materialized: bool,
    /// It reads with the rights of whoever asks.
    pub(crate) is_invoker: bool,
    /// The tables that it reads.
    pub(crate) reads: Vec<String>,
    /// It calls functions that somebody made, which may read anything, and requests may read it.
    pub(crate) calls: bool,
}

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Routine {
    pub(crate) schema: String,
    /// With its arguments.
    pub(crate) signature: String,
    pub(crate) owner: String,
    /// How it gets past the rights of its caller: [`DEFINER`], [`FILES`], or the name of a language without bounds.
    pub(crate) danger: String,
    /// The app role or the host role comes to rights by it that are not its own: it may call it, or a trigger or an
    /// aggregate does.
    pub(crate) is_reached: bool,
}

/// Something that a role owns.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Belonging {
    pub(crate) owner: String,
    /// In the server's words: `function goplt.current_tenant()`.
    pub(crate) object: String,
}

/// `ALTER DEFAULT PRIVILEGES … GRANT … ON TABLES`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Promise {
    /// Whoever makes the tables.
    pub(crate) maker: String,
    /// Empty for all.
    pub(crate) schema: String,
    pub(crate) grant: Grant,
}

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Preset {
    pub(crate) setting: String,
    /// `role x`, `database y`, `the server's configuration`.
    pub(crate) place: String,
    /// The statement that takes it away.
    pub(crate) mend: String,
}

/// The column that says whose a row is.
pub(crate) const TENANT: &str = "tenant_id";

/// `SECURITY DEFINER`.
pub(crate) const DEFINER: &str = "definer";

/// A function of the server's own, for its files.
pub(crate) const FILES: &str = "files";

/// Everyone.
pub(crate) const PUBLIC: &str = "PUBLIC";

impl Table {
    pub(crate) fn has_tenant(&self) -> bool {
        self.columns.iter().any(|column| column.name == TENANT)
    }

    /// With its schema, if there is one.
    pub(crate) fn full_name(&self) -> String {
        if self.schema.is_empty() {
            return self.name.clone();
        }
        format!("{}.{}", self.schema, self.name)
    }
}
