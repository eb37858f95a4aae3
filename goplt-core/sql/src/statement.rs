use std::thread;

use crate::{
    SqlError, Tables,
    parse::parse,
    source::Source,
    write::{Mode, Writer},
};

/// What a statement does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(
    clippy::exhaustive_enums,
    reason = "no other statement is ever accepted"
)]
pub enum Kind {
    /// `SELECT`, with or without `WITH`.
    Select,
    /// `INSERT`, also as an upsert.
    Insert,
    /// `UPDATE`.
    Update,
    /// `DELETE`.
    Delete,
}

/// A statement that was analysed and written anew for both databases.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Statement {
    /// What it does.
    pub kind: Kind,
    /// The text for SQLite, with placeholders `?1` to `?n`.
    pub sqlite: String,
    /// The text for PostgreSQL, with placeholders `$1` to `$n`.
    pub postgres: String,
    /// How many values the caller binds: the `?` of the source, in its order.
    pub params: usize,
    /// The number of the placeholder that takes the tenant, always `params + 1`. The text may use it several times.
    /// `None` if the text does not use it: a host statement, or one without a tenant table. Bind nothing then.
    pub tenant_param: Option<usize>,
    /// Whether it needs a transaction that may write: INSERT, UPDATE, DELETE, and a SELECT that locks rows.
    pub writes: bool,
    /// Whether an INSERT, UPDATE or DELETE has a `RETURNING`, so that it yields rows.
    pub returning: bool,
    /// The names of the output columns, if all are known from the text: a plain column or one with an alias each.
    /// `None` with `*` or an expression without an alias, and for a statement that yields no rows.
    pub columns: Option<Vec<String>>,
}

/// Rewrites a statement so that it sees and changes the rows of one tenant only.
///
/// `tables` are the tenant tables of the module; no others can be named. Each bind of the source is a plain `?`. The tenant
/// is bound after the caller's values, as parameter [`Statement::tenant_param`]. The crate's front page has the rules.
///
/// ```
/// use goplt_sql::{Tables, rewrite};
///
/// let insert = rewrite(
///     "INSERT INTO blog_posts (id, title) VALUES (?, ?) \
///      ON CONFLICT (tenant_id, id) DO UPDATE SET title = excluded.title RETURNING id",
///     &Tables::new(["blog_posts"]),
/// )?;
/// assert_eq!(
///     insert.postgres,
///     "INSERT INTO blog_posts (id, title, tenant_id) VALUES ($1, $2, $3) \
///      ON CONFLICT (tenant_id, id) DO UPDATE SET title = excluded.title WHERE blog_posts.tenant_id = $3 RETURNING id",
/// );
/// # Ok::<(), goplt_sql::SqlError>(())
/// ```
///
/// # Errors
///
/// Everything that is not known to be safe and to mean the same on both databases, with its place and the mend.
pub fn rewrite(sql: &str, tables: &Tables) -> Result<Statement, SqlError> {
    analyse(sql, tables, Mode::Tenant)
}

/// Checks a statement that works without a tenant, and numbers its placeholders.
///
/// `tables` are the tables that the module declared for such work; no others can be named. Nothing is filtered, and
/// `tenant_id` is a column like any other. All other rules of [`rewrite`] hold.
///
/// ```
/// use goplt_sql::{Tables, verify_host};
///
/// let keys = Tables::new(["auth_keys"]);
/// let statement = verify_host("SELECT id FROM auth_keys WHERE expires < ?", &keys)?;
/// assert_eq!(statement.sqlite, "SELECT id FROM auth_keys WHERE expires < ?1");
/// assert_eq!(statement.tenant_param, None);
///
/// assert!(verify_host("SELECT id FROM blog_posts", &keys).is_err());
/// # Ok::<(), goplt_sql::SqlError>(())
/// ```
///
/// # Errors
///
/// As for [`rewrite`].
pub fn verify_host(sql: &str, tables: &Tables) -> Result<Statement, SqlError> {
    analyse(sql, tables, Mode::Host)
}

/// Runs on a stack of its own: a build without optimisation takes 100 KiB for each level of nesting, more than the caller's
/// thread may have left. A panic in the parser becomes an error here.
fn analyse(sql: &str, tables: &Tables, mode: Mode) -> Result<Statement, SqlError> {
    thread::scope(|scope| {
        thread::Builder::new()
            .name("goplt-sql".to_owned())
            .stack_size(STACK)
            .spawn_scoped(scope, || analyse_here(sql, tables, mode))
            .map_err(|error| {
                let message = format!("no thread to analyse the statement on: {error}");
                SqlError::new(message, "try again when the machine has memory to spare")
            })?
            .join()
            .unwrap_or_else(|_| {
                Err(SqlError::new(
                    "the parser failed on the statement",
                    "simplify it, and report it to goplt with its text",
                ))
            })
    })
}

/// Address space: only what is used takes memory.
const STACK: usize = 32 << 20;

fn analyse_here(sql: &str, tables: &Tables, mode: Mode) -> Result<Statement, SqlError> {
    let source = Source::new(sql);
    let parsed = parse(sql, &source)?;
    Writer::new(&source, tables, mode, &parsed.tokens).run(&parsed.statement)
}
