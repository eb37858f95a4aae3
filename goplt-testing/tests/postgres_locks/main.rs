//! Each lock switched off in turn on a real PostgreSQL: the doctor says so, and nothing leaks while another stands.
#![cfg(feature = "postgres")]
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod blind_spots;
#[path = "../pg_support/mod.rs"]
mod pg_support;

use goplt_core::data::{
    __Statement as Statement, DbError, TenantDb, TenantSql, doctor, kernel_migrations, tenant_sql,
};
use pg_support::{Bench, Module, blog};

macro_rules! blog_sql {
    ($($sql:tt)*) => { tenant_sql!(tables = ["blog_posts"]; $($sql)*) };
}

/// As they are written: what runs when nobody rewrites it.
mod raw {
    use std::borrow::Cow;

    use super::Statement;

    const fn statement(sql: &'static str, writes: bool) -> Statement {
        Statement {
            sqlite: Cow::Borrowed(sql),
            postgres: Cow::Borrowed(sql),
            params: 0,
            takes_tenant: false,
            writes,
            of_all_tenants: false,
        }
    }

    pub(super) static TITLES: Statement =
        statement("SELECT title FROM blog_posts ORDER BY title", false);
    pub(super) static DELETE: Statement = statement("DELETE FROM blog_posts", true);
    pub(super) static STEAL: Statement =
        statement("UPDATE blog_posts SET tenant_id = 'acme'", true);
    pub(super) static PLANT: Statement = statement(
        "INSERT INTO blog_posts (tenant_id, id, title) VALUES ('globex', 9, 'planted')",
        true,
    );
}

/// A blog with a row of each of two tenants.
struct Shop {
    bench: Bench,
    db: TenantDb,
    blog: Module,
}

impl Shop {
    async fn new() -> Option<Self> {
        Self::of(blog(&[])).await
    }

    async fn of(blog: Module) -> Option<Self> {
        let bench = Bench::new()?;
        bench.migrate(&blog).await.unwrap();
        let db = bench.open().await;
        let shop = Self { bench, db, blog };
        for tenant in ["acme", "globex"] {
            let cx = shop.bench.scope(tenant);
            let mut tx = shop.db.begin(cx.scope().unwrap()).await.unwrap();
            let insert = blog_sql!("INSERT INTO blog_posts (id, title) VALUES (1, ?)", tenant);
            tx.execute(insert).await.unwrap();
            tx.commit().await.unwrap();
        }
        Some(shop)
    }

    fn run(&self, sql: &str) {
        let sql = sql
            .replace("{app}", &self.bench.role("app"))
            .replace("{db}", self.bench.database.name());
        self.bench.database.execute(&sql).unwrap();
    }

    async fn faults(&self) -> String {
        let modules = [kernel_migrations(), self.blog.migrations()];
        let diagnosis = doctor::examine(&self.db, &modules).await.unwrap();
        let faults = diagnosis.faults().iter().map(|fault| format!("{fault}\n"));
        let faults: String = faults.collect();
        faults.replace(self.bench.database.name(), "shop")
    }

    /// What a statement sees of acme's request, in a session that was opened after the lock was taken off.
    async fn seen(&self, sql: TenantSql) -> Vec<String> {
        let db = self.bench.open().await;
        let cx = self.bench.scope("acme");
        let mut tx = db.begin(cx.scope().unwrap()).await.unwrap();
        let seen = tx.fetch_all(sql).await.unwrap();
        drop(tx);
        db.close().await;
        seen
    }

    async fn rewritten(&self) -> Vec<String> {
        self.seen(blog_sql!("SELECT title FROM blog_posts ORDER BY title"))
            .await
    }

    /// The rewriter is off.
    async fn unrewritten(&self) -> Vec<String> {
        self.seen(TenantSql::__new(&raw::TITLES, vec![])).await
    }

    /// The scope check is off: a transaction that says of nobody that it is theirs.
    fn without_a_tenant(&self, role: &str, password: &str) -> String {
        let sql = "BEGIN; SELECT title FROM blog.blog_posts ORDER BY title";
        let rows = self
            .bench
            .database
            .execute_as(&self.bench.role(role), password, sql);
        let rows = rows.unwrap().into_iter().flatten().flatten();
        rows.collect::<Vec<_>>().join(",")
    }
}

#[tokio::test]
async fn with_every_lock_on_there_is_no_fault_and_everyone_sees_their_own() {
    let Some(shop) = Shop::new().await else {
        return;
    };
    assert_eq!(shop.faults().await, "");
    assert_eq!(shop.rewritten().await, ["acme"]);
    assert_eq!(shop.unrewritten().await, ["acme"]);
    assert_eq!(shop.without_a_tenant("app", "a"), "");
    assert_eq!(shop.without_a_tenant("owner", "o"), "");
}

#[tokio::test]
async fn each_database_lock_that_is_off_is_a_fault_and_the_rewriter_stands() {
    let Some(shop) = Shop::new().await else {
        return;
    };
    // What takes the lock off, what puts it back, what the doctor says, and what leaks without the rewriter: so that
    // each is known to be off.
    let both = ["acme", "globex"].as_slice();
    let own = ["acme"].as_slice();
    let cases = [
        (
            "ALTER TABLE blog.blog_posts DISABLE ROW LEVEL SECURITY",
            "ALTER TABLE blog.blog_posts ENABLE ROW LEVEL SECURITY",
            "table `blog.blog_posts` has no row-level security",
            both,
        ),
        (
            "ALTER POLICY goplt_tenant ON blog.blog_posts USING (true)",
            "ALTER POLICY goplt_tenant ON blog.blog_posts USING (tenant_id = (SELECT goplt.current_tenant()))",
            "has a policy `goplt_tenant` that is not what it must be",
            both,
        ),
        (
            "ALTER TABLE blog.blog_posts NO FORCE ROW LEVEL SECURITY",
            "ALTER TABLE blog.blog_posts FORCE ROW LEVEL SECURITY",
            "does not force row-level security",
            own,
        ),
        (
            "CREATE POLICY open_house ON blog.blog_posts USING (true)",
            "DROP POLICY open_house ON blog.blog_posts",
            "has a policy more, `open_house`",
            both,
        ),
        (
            "ALTER ROLE {app} BYPASSRLS",
            "ALTER ROLE {app} NOBYPASSRLS",
            "role `shop_app` bypasses row-level security",
            both,
        ),
        (
            "ALTER ROLE {app} SUPERUSER",
            "ALTER ROLE {app} NOSUPERUSER",
            "role `shop_app` is a superuser",
            both,
        ),
        (
            "CREATE ROLE {db}_boss BYPASSRLS CREATEROLE; GRANT {db}_boss TO {app}",
            "DROP ROLE {db}_boss",
            "is a member of `shop_boss`, which bypasses row-level security",
            own,
        ),
        (
            "GRANT {db}_owner TO {app}",
            "REVOKE {db}_owner FROM {app}",
            "is a member of `shop_owner`, which owns the tables",
            own,
        ),
        (
            "GRANT TRUNCATE ON blog.blog_posts TO {app}",
            "REVOKE TRUNCATE ON blog.blog_posts FROM {app}",
            "lets `shop_app` TRUNCATE it",
            own,
        ),
        (
            "GRANT SELECT (title) ON blog.blog_posts TO PUBLIC",
            "REVOKE SELECT (title) ON blog.blog_posts FROM PUBLIC",
            "lets everyone SELECT",
            own,
        ),
        (
            "GRANT CREATE ON SCHEMA blog TO {app}",
            "REVOKE CREATE ON SCHEMA blog FROM {app}",
            "schema `blog` lets `shop_app` make tables",
            own,
        ),
        (
            "GRANT CREATE ON DATABASE {db} TO {app}",
            "REVOKE CREATE ON DATABASE {db} FROM {app}",
            "may make schemas in the database",
            own,
        ),
        (
            "CREATE VIEW blog.blog_titles AS SELECT title FROM blog.blog_posts",
            "DROP VIEW blog.blog_titles",
            "view `blog.blog_titles` reads with the rights of its owner",
            own,
        ),
        (
            "CREATE VIEW blog.blog_titles WITH (security_invoker) AS SELECT title FROM blog.blog_posts; \
             CREATE MATERIALIZED VIEW public.totals AS SELECT count(*) FROM blog.blog_titles",
            "DROP MATERIALIZED VIEW public.totals; DROP VIEW blog.blog_titles",
            "materialized view `public.totals` keeps rows of every tenant",
            own,
        ),
        (
            "CREATE FUNCTION blog.blog_all() RETURNS bigint LANGUAGE sql SECURITY DEFINER AS 'SELECT count(*) FROM blog.blog_posts'",
            "DROP FUNCTION blog.blog_all()",
            "function `blog.blog_all()` runs with the rights of",
            own,
        ),
        (
            "CREATE POLICY goplt_host ON blog.blog_posts TO {db}_host USING (true)",
            "DROP POLICY goplt_host ON blog.blog_posts",
            "has the policy `goplt_host`, and is not declared",
            own,
        ),
        (
            "CREATE TABLE public.legacy (tenant_id TEXT); GRANT SELECT ON public.legacy TO {app}",
            "DROP TABLE public.legacy",
            "table `public.legacy` has a `tenant_id`, is no module's",
            own,
        ),
        (
            "ALTER TABLE blog.blog_posts DROP CONSTRAINT blog_posts_pkey, ADD PRIMARY KEY (id, tenant_id)",
            "ALTER TABLE blog.blog_posts DROP CONSTRAINT blog_posts_pkey, ADD PRIMARY KEY (tenant_id, id)",
            "the primary key of `blog_posts` does not begin with `tenant_id`",
            own,
        ),
    ];
    for (off, on, fault, leaks) in cases {
        shop.run(off);
        let faults = shop.faults().await;
        assert!(faults.contains(fault), "after `{off}`:\n{faults}");
        assert_eq!(shop.rewritten().await, ["acme"], "after `{off}`");
        assert_eq!(shop.unrewritten().await, leaks, "after `{off}`");
        shop.run(on);
        assert_eq!(shop.faults().await, "", "after `{on}`");
    }
}

#[tokio::test]
async fn without_force_the_owner_sees_everything_and_the_doctor_says_so() {
    let Some(shop) = Shop::new().await else {
        return;
    };
    shop.run("ALTER TABLE blog.blog_posts NO FORCE ROW LEVEL SECURITY");
    assert_eq!(shop.without_a_tenant("owner", "o"), "acme,globex");
    assert_eq!(shop.without_a_tenant("app", "a"), "");
    assert!(
        shop.faults()
            .await
            .contains("does not force row-level security")
    );
}

#[tokio::test]
async fn without_the_policy_nobody_sees_anything() {
    let Some(shop) = Shop::new().await else {
        return;
    };
    shop.run("DROP POLICY goplt_tenant ON blog.blog_posts");
    assert!(shop.rewritten().await.is_empty());
    assert!(shop.unrewritten().await.is_empty());
    assert!(
        shop.faults()
            .await
            .contains("lacks the policy `goplt_tenant`")
    );
}

#[tokio::test]
async fn a_function_that_names_another_tenant_shows_nothing_and_is_a_fault() {
    let Some(shop) = Shop::new().await else {
        return;
    };
    shop.run("CREATE OR REPLACE FUNCTION goplt.current_tenant() RETURNS text LANGUAGE sql STABLE AS $$SELECT 'globex'$$");
    // The rewriter asks for acme's rows, and the policy lets globex's through.
    assert!(shop.rewritten().await.is_empty());
    assert!(
        shop.faults()
            .await
            .contains("function `goplt.current_tenant()` is not what every policy must ask")
    );
}

#[tokio::test]
async fn a_tenant_that_is_set_before_the_session_begins_is_a_fault() {
    let Some(shop) = Shop::new().await else {
        return;
    };
    for (off, on, place) in [
        (
            "ALTER ROLE {app} SET goplt.tenant = 'globex'",
            "ALTER ROLE {app} RESET goplt.tenant",
            "for the role `shop_app`",
        ),
        (
            "ALTER DATABASE {db} SET goplt.tenant = 'globex'",
            "ALTER DATABASE {db} RESET goplt.tenant",
            "for the database `shop`",
        ),
    ] {
        shop.run(off);
        assert_eq!(shop.without_a_tenant("app", "a"), "globex", "after `{off}`");
        assert_eq!(
            shop.rewritten().await,
            ["acme"],
            "what a transaction sets for itself holds"
        );
        let faults = shop.faults().await;
        assert!(
            faults.contains("setting `goplt.tenant`") && faults.contains(place),
            "{faults}"
        );
        shop.run(on);
    }
    assert_eq!(shop.faults().await, "");
}

#[tokio::test]
async fn without_the_rewriter_the_database_lets_nobody_touch_what_is_anothers() {
    let Some(shop) = Shop::new().await else {
        return;
    };
    let rows = "SELECT tenant_id, title FROM blog.blog_posts ORDER BY 1";
    let before = shop.bench.text(rows);
    let cx = shop.bench.scope("acme");
    let scope = cx.scope().unwrap();

    let mut tx = shop.db.begin(scope).await.unwrap();
    let error = tx
        .execute(TenantSql::__new(&raw::PLANT, vec![]))
        .await
        .unwrap_err();
    assert!(matches!(error, DbError::Denied(_)), "{error}");
    drop(tx);

    for (sql, changed) in [(&raw::STEAL, 1), (&raw::DELETE, 1)] {
        let mut tx = shop.db.begin(scope).await.unwrap();
        assert_eq!(
            tx.execute(TenantSql::__new(sql, vec![])).await.unwrap(),
            changed,
            "its own row, and no other"
        );
        drop(tx);
    }
    assert_eq!(shop.bench.text(rows), before);
}

#[tokio::test]
async fn without_a_tenant_nothing_is_seen_and_nothing_can_be_written() {
    let Some(shop) = Shop::new().await else {
        return;
    };
    let app = shop.bench.role("app");
    let as_app = |sql: &str| shop.bench.database.execute_as(&app, "a", sql);
    assert_eq!(shop.without_a_tenant("app", "a"), "");
    let error = as_app("INSERT INTO blog.blog_posts VALUES ('acme', 2, 'b')").unwrap_err();
    assert_eq!(error.code(), Some("42501"), "{error}");
    // After its first use the setting is empty rather than unset, which is nobody too.
    let used =
        "BEGIN; SET LOCAL goplt.tenant = 'acme'; COMMIT; SELECT count(*) FROM blog.blog_posts";
    assert_eq!(as_app(used).unwrap(), [[Some("0".to_owned())]]);
    for forbidden in [
        "TRUNCATE blog.blog_posts",
        "ALTER TABLE blog.blog_posts DISABLE ROW LEVEL SECURITY",
        "COPY blog.blog_posts FROM STDIN",
        "CREATE TABLE blog.blog_copy (a TEXT)",
        "SET ROLE postgres",
    ] {
        assert!(as_app(forbidden).is_err(), "{forbidden}");
    }
    let host = shop.bench.role("host");
    let refused = shop
        .bench
        .database
        .execute_as(&host, "h", "SELECT title FROM blog.blog_posts");
    assert_eq!(
        refused.unwrap_err().code(),
        Some("42501"),
        "the host role has declared tables only"
    );
}
