//! Migrations on a real PostgreSQL: guarded tables, one run at a time, and a run that was cut off goes on.
#![cfg(feature = "postgres")]
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod pg_pooler;
mod pg_support;

use goplt_core::{
    data::{
        Instance, TenantDb, doctor, kernel_migrations,
        migration::{self, MigrationError},
        tenant_sql,
    },
    error::chain,
};
use pg_support::{Bench, Module, blog, file};

macro_rules! blog_sql {
    ($($sql:tt)*) => { tenant_sql!(tables = ["blog_posts"]; $($sql)*) };
}

const BY_TITLE: &str = "-- goplt: transaction: off
CREATE INDEX CONCURRENTLY IF NOT EXISTS blog_posts_by_title ON blog_posts (tenant_id, title);
";

const VALID: &str = "SELECT count(*) FROM pg_index WHERE indisvalid AND indexrelid = 'blog.blog_posts_by_title'::regclass";

#[tokio::test]
async fn a_first_run_makes_schemas_and_guards_whatever_has_a_tenant() {
    let Some(bench) = Bench::new() else { return };
    let blog = blog(&[]);
    let report = bench.migrate(&blog).await.unwrap();
    assert!(
        report
            .applied()
            .iter()
            .any(|applied| applied.file == "V0001__posts.sql")
    );

    let unguarded = "SELECT c.relname FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'tenant_id' \
        WHERE c.relkind = 'r' AND NOT (c.relrowsecurity AND c.relforcerowsecurity)";
    assert_eq!(bench.text(unguarded), "");
    let policies = bench.text(
        "SELECT policyname, replace(roles::text, current_database(), 'shop'), qual = with_check FROM pg_policies \
         WHERE schemaname = 'blog' ORDER BY 1",
    );
    assert_eq!(
        policies,
        "goplt_migrate|{shop_owner}|t\ngoplt_tenant|{shop_app}|t"
    );
    let rights = bench.text(
        "SELECT grantee, string_agg(privilege_type, ',' ORDER BY privilege_type) FROM information_schema.role_table_grants \
         WHERE table_name = 'blog_posts' AND grantee <> current_database() || '_owner' GROUP BY 1",
    );
    assert_eq!(
        rights,
        format!("{}|DELETE,INSERT,SELECT,UPDATE", bench.role("app"))
    );

    // A second run has nothing to do, and says nothing.
    assert!(bench.migrate(&blog).await.unwrap().applied().is_empty());
    let db = bench.open().await;
    let plan = migration::plan(&db, &[kernel_migrations(), blog.migrations()])
        .await
        .unwrap();
    assert_eq!(plan.to_string(), "nothing to apply\n");
}

#[tokio::test]
async fn a_tenant_sees_its_own_rows_and_a_migration_those_of_all() {
    let Some(bench) = Bench::new() else { return };
    bench.migrate(&blog(&[])).await.unwrap();
    let db = bench.open().await;
    for tenant in ["acme", "globex"] {
        let cx = bench.scope(tenant);
        let mut tx = db.begin(cx.scope().unwrap()).await.unwrap();
        tx.execute(blog_sql!(
            "INSERT INTO blog_posts (id, title) VALUES (1, ?)",
            tenant
        ))
        .await
        .unwrap();
        tx.commit().await.unwrap();
    }
    let filled = blog(&[file(
        "V0002__fill.sql",
        "UPDATE blog_posts SET title = upper(title);",
    )]);
    bench.migrate(&filled).await.unwrap();

    let cx = bench.scope("acme");
    let mut tx = db.begin_read(cx.scope().unwrap()).await.unwrap();
    let titles: Vec<String> = tx
        .fetch_all(blog_sql!("SELECT title FROM blog_posts"))
        .await
        .unwrap();
    assert_eq!(titles, ["ACME"]);
    assert_eq!(
        bench.text("SELECT title FROM blog.blog_posts ORDER BY 1"),
        "ACME\nGLOBEX"
    );
    // The owner outside of a migration is nobody.
    let seen = bench.database.execute_as(
        &bench.role("owner"),
        "o",
        "SELECT count(*) FROM blog.blog_posts",
    );
    assert_eq!(seen.unwrap(), [[Some("0".to_owned())]]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn five_replicas_that_start_at_once_all_come_up() {
    let Some(bench) = Bench::new() else { return };
    let blog = blog(&[file("V0002__by_title.pg.sql", BY_TITLE)]);
    let mut replicas = Vec::new();
    for _ in 0..5 {
        let (db, blog) = (bench.open().await, blog.clone());
        replicas.push(tokio::spawn(async move { run(&db, &blog).await }));
    }
    let mut applied = 0;
    for replica in replicas {
        applied += replica.await.unwrap().unwrap();
    }
    assert_eq!(bench.text(VALID), "1");
    let ledgers = "SELECT count(*) FROM blog.blog_schema_history WHERE state = 'applied'";
    assert_eq!(bench.text(ledgers), "2");
    let all: usize = bench
        .text(
            "SELECT (SELECT count(*) FROM blog.blog_schema_history) + \
        coalesce((SELECT count(*) FROM goplt.goplt_schema_history), 0)",
        )
        .parse()
        .unwrap();
    assert_eq!(applied, all, "each file was applied by one of them");
}

async fn run(db: &TenantDb, module: &Module) -> Result<usize, MigrationError> {
    let report = migration::run(db, &[kernel_migrations(), module.migrations()]).await?;
    Ok(report.applied().len())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_run_that_was_cut_off_while_it_built_an_index_goes_on() {
    let Some(bench) = Bench::new() else { return };
    bench.migrate(&blog(&[])).await.unwrap();
    let db = bench.open().await;
    // An index waits for whoever has written before.
    let cx = bench.scope("acme");
    let mut tx = db.begin(cx.scope().unwrap()).await.unwrap();
    tx.execute(blog_sql!(
        "INSERT INTO blog_posts (id, title) VALUES (1, 'a')"
    ))
    .await
    .unwrap();

    let indexed = blog(&[file("V0002__by_title.pg.sql", BY_TITLE)]);
    let (other, module) = (bench.open().await, indexed.clone());
    let cut_off = tokio::spawn(async move { run(&other, &module).await });
    let kill = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() \
        AND query LIKE 'CREATE INDEX CONCURRENTLY%' AND wait_event_type = 'Lock'";
    while bench.text(kill) != "t" {
        tokio::task::yield_now().await;
    }
    cut_off.await.unwrap().unwrap_err();
    assert_eq!(bench.text(VALID), "0", "the index is there, and of no use");
    let state = "SELECT state FROM blog.blog_schema_history WHERE version = 2";
    assert_eq!(bench.text(state), "running");

    let plan = migration::plan(&db, &[kernel_migrations(), indexed.migrations()])
        .await
        .unwrap();
    assert!(
        plan.to_string().contains("and cut off: it runs again"),
        "{plan}"
    );
    tx.commit().await.unwrap();
    assert_eq!(bench.migrate(&indexed).await.unwrap().applied().len(), 1);
    assert_eq!(bench.text(VALID), "1");
    assert_eq!(bench.text(state), "applied");
}

#[tokio::test]
async fn what_a_transaction_began_is_gone_when_its_connection_is_cut() {
    let Some(bench) = Bench::new() else { return };
    let wrong = blog(&[file(
        "V0002__cut.pg.sql",
        "CREATE TABLE blog_more (id BIGINT);\nSELECT pg_terminate_backend(pg_backend_pid());",
    )]);
    bench.migrate(&wrong).await.unwrap_err();
    assert_eq!(
        bench.text("SELECT count(*) FROM pg_class WHERE relname LIKE 'blog_%'"),
        "0"
    );
    bench.migrate(&blog(&[])).await.unwrap();
}

#[tokio::test]
async fn a_process_without_the_owner_can_tell_whether_it_may_start() {
    let Some(bench) = Bench::new() else { return };
    let db = TenantDb::open(&bench.settings_without_owner(), &bench.mint)
        .await
        .unwrap();
    let blog = blog(&[]);
    let modules = [kernel_migrations(), blog.migrations()];
    let error = migration::verify(&db, &modules).await.unwrap_err();
    assert!(
        matches!(&error, MigrationError::Pending(plan) if plan.pending().iter().any(|file| file.file == "V0001__posts.sql")),
        "{error}"
    );
    let error = migration::run(&db, &modules).await.unwrap_err();
    assert!(
        chain(&error).to_string().contains("owner"),
        "{}",
        chain(&error)
    );

    bench.migrate(&blog).await.unwrap();
    migration::verify(&db, &modules).await.unwrap();
}

#[tokio::test]
async fn a_table_outside_of_the_modules_schema_is_refused() {
    let Some(bench) = Bench::new() else { return };
    bench
        .database
        .execute(&format!(
            "GRANT CREATE ON SCHEMA public TO {}",
            bench.role("owner")
        ))
        .unwrap();
    let stray = blog(&[file(
        "V0002__stray.sql",
        "CREATE TABLE public.blog_tags (id BIGINT);",
    )]);
    let error = bench.migrate(&stray).await.unwrap_err();
    assert!(
        error.to_string().contains("is not in the module's schema"),
        "{error}"
    );
    assert_eq!(
        bench.text("SELECT count(*) FROM pg_class WHERE relname LIKE 'blog_%'"),
        "0"
    );
}

#[tokio::test]
async fn guards_that_were_taken_away_are_put_back_by_the_next_run() {
    let Some(bench) = Bench::new() else { return };
    let blog = blog(&[]);
    bench.migrate(&blog).await.unwrap();
    let guards = "SELECT relrowsecurity, relforcerowsecurity, (SELECT count(*) FROM pg_policies WHERE tablename = 'blog_posts'), relacl \
        FROM pg_class WHERE oid = 'blog.blog_posts'::regclass";
    let before = bench.text(guards);
    bench
        .database
        .execute(&format!(
            "ALTER TABLE blog.blog_posts DISABLE ROW LEVEL SECURITY; ALTER TABLE blog.blog_posts NO FORCE ROW LEVEL SECURITY; \
             DROP POLICY goplt_tenant ON blog.blog_posts; GRANT TRUNCATE ON blog.blog_posts TO {}; GRANT SELECT ON blog.blog_posts TO PUBLIC",
            bench.role("app")
        ))
        .unwrap();
    bench.migrate(&blog).await.unwrap();
    assert_eq!(bench.text(guards), before);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_pooler_of_transactions_is_refused_before_anything_is_changed() {
    let Some(bench) = Bench::new() else { return };
    let direct = bench.database.url_as(&bench.role("owner"), "o");
    let (credentials, place) = direct.rsplit_once('@').unwrap();
    let (server, rest) = place.split_once('/').unwrap();
    let pooler = pg_pooler::start(server.to_owned());
    let settings = bench
        .settings_without_owner()
        .with_owner_url(format!("{credentials}@{pooler}/{rest}"));
    let db = TenantDb::open(&settings, &bench.mint).await.unwrap();
    let blog = blog(&[]);
    let error = migration::run(&db, &[kernel_migrations(), blog.migrations()])
        .await
        .unwrap_err();
    assert!(matches!(error, MigrationError::Pooler), "{}", chain(&error));
    assert_eq!(
        bench.text("SELECT count(*) FROM pg_namespace WHERE nspname = 'blog'"),
        "0"
    );
}

/// A rolling deploy, or the way back from it.
#[tokio::test]
async fn an_older_binary_works_beside_what_a_newer_one_added_and_leaves_it_alone() {
    let Some(bench) = Bench::new() else { return };
    let older = blog(&[]);
    let likes = "CREATE TABLE blog_likes (tenant_id TEXT NOT NULL, id BIGINT NOT NULL, PRIMARY KEY (tenant_id, id));
        CREATE TABLE blog_sums (id BIGINT NOT NULL PRIMARY KEY);";
    let mut newer = blog(&[file("V0002__likes.sql", likes)]);
    newer.tables.push("blog_likes".into());
    newer.host = vec!["blog_posts".into(), "blog_likes".into(), "blog_sums".into()];
    bench.migrate(&newer).await.unwrap();
    let rights = "SELECT relname, relacl, (SELECT string_agg(polname, ',' ORDER BY polname) FROM pg_policy WHERE polrelid = c.oid) \
         FROM pg_class c WHERE relname IN ('blog_posts', 'blog_likes', 'blog_sums') ORDER BY 1";
    let before = bench.text(rights);

    let db = bench.open().await;
    let modules = [kernel_migrations(), older.migrations()];
    let plan = migration::plan(&db, &modules).await.unwrap();
    assert!(plan.is_empty() && plan.newer().len() == 1, "{plan}");
    migration::verify(&db, &modules).await.unwrap();
    let diagnosis = doctor::examine(&db, &modules).await.unwrap();
    assert!(diagnosis.is_healthy(), "{diagnosis}");
    bench.migrate(&older).await.unwrap();
    assert_eq!(bench.text(rights), before);

    // What it does not know must be guarded all the same.
    bench
        .database
        .execute(&format!(
            "ALTER TABLE blog.blog_likes DISABLE ROW LEVEL SECURITY; GRANT SELECT ON blog.blog_sums TO {}",
            bench.role("app")
        ))
        .unwrap();
    let diagnosis = doctor::examine(&db, &modules).await.unwrap().to_string();
    assert!(
        diagnosis.contains("`blog.blog_likes` has no row-level security"),
        "{diagnosis}"
    );
    assert!(
        diagnosis.contains("table `blog.blog_sums` lets"),
        "{diagnosis}"
    );
}

#[tokio::test]
async fn what_a_file_without_a_transaction_takes_from_the_guards_is_put_back_by_the_same_run() {
    let Some(bench) = Bench::new() else { return };
    let blog = blog(&[file(
        "V0002__open.pg.sql",
        "-- goplt: transaction: off\nALTER TABLE blog_posts DISABLE ROW LEVEL SECURITY; GRANT SELECT ON blog_posts TO PUBLIC;",
    )]);
    bench.migrate(&blog).await.unwrap();
    let db = bench.open().await;
    let modules = [kernel_migrations(), blog.migrations()];
    let diagnosis = doctor::examine(&db, &modules).await.unwrap();
    assert!(diagnosis.is_healthy(), "{diagnosis}");
}

#[tokio::test]
async fn a_file_that_was_accepted_is_in_the_log_of_the_platform() {
    let Some(bench) = Bench::new() else { return };
    let filled = |sql| blog(&[file("V0002__fill.sql", sql)]);
    bench.migrate(&filled("SELECT 1;")).await.unwrap();
    let changed = filled("SELECT 2;");
    let modules = [kernel_migrations(), changed.migrations()];
    let accepted = migration::repair(&bench.open().await, &modules, "migrate repair by ada").await;
    let accepted = &accepted.unwrap()[0];
    assert_ne!(accepted.applied, accepted.checksum);
    let told = bench.text(
        "SELECT tenant_id, name, actor, position('blog/V0002__fill.sql' IN encode(payload, 'escape')) > 0 \
         FROM goplt.goplt_outbox",
    );
    assert_eq!(
        told,
        "@platform|core.audit.recorded|migrate repair by ada|t"
    );
    let payload = bench.text("SELECT encode(payload, 'escape') FROM goplt.goplt_outbox");
    for checksum in [&accepted.applied, &accepted.checksum] {
        assert!(payload.contains(checksum.as_str()), "{payload}");
    }
    // Nothing to accept, nothing to tell.
    let again = migration::repair(&bench.open().await, &modules, "ada").await;
    assert!(again.unwrap().is_empty());
    assert_eq!(bench.text("SELECT count(*) FROM goplt.goplt_outbox"), "1");
}

#[tokio::test]
async fn a_contract_waits_while_an_instance_lives_that_does_not_know_it() {
    let Some(bench) = Bench::new() else { return };
    let old = blog(&[]);
    bench.migrate(&old).await.unwrap();
    let db = bench.open().await;
    let older = instance(&bench, &db, "old", &old);
    older.announce().await.unwrap();

    let less = "-- goplt: phase: contract\nALTER TABLE blog_posts DROP COLUMN title;";
    let new = blog(&[
        file(
            "V0002__text.sql",
            "ALTER TABLE blog_posts ADD COLUMN text TEXT;",
        ),
        file("V0003__less.sql", less),
    ]);
    let newer = instance(&bench, &db, "new", &new);
    newer.announce().await.unwrap();
    let report = bench.migrate(&new).await.unwrap();
    assert_eq!(report.applied().len(), 1, "what adds does not wait");
    let [held] = report.held() else {
        panic!("{report:?}");
    };
    assert_eq!(
        (held.file.as_str(), held.older.len()),
        ("V0003__less.sql", 1)
    );
    let shown = held.to_string();
    assert!(
        shown.contains("blog 1.2.0, which knows V0001 at most, on old"),
        "{shown}"
    );
    // Whoever may not migrate starts without it, and so does the doctor let it.
    let modules = [kernel_migrations(), new.migrations()];
    let plan = migration::verify(&db, &modules).await.unwrap();
    assert_eq!(plan.held().len(), 1);
    assert!(doctor::examine(&db, &modules).await.unwrap().is_healthy());

    // What has to come after it cannot wait.
    let both = [
        file(
            "V0002__text.sql",
            "ALTER TABLE blog_posts ADD COLUMN text TEXT;",
        ),
        file("V0003__less.sql", less),
        file(
            "V0004__more.sql",
            "ALTER TABLE blog_posts ADD COLUMN more TEXT;",
        ),
    ];
    let error = bench.migrate(&blog(&both)).await.unwrap_err();
    assert!(matches!(error, MigrationError::Older { .. }), "{error}");
    let shown = error.to_string();
    assert!(
        shown.contains("V0004__more.sql comes after it") && shown.contains("on old"),
        "{shown}"
    );

    // Who ends is not waited for, and who died only for its lease.
    older.leave().await.unwrap();
    let crashed = instance(&bench, &db, "crashed", &old);
    crashed.announce().await.unwrap();
    assert_eq!(bench.migrate(&new).await.unwrap().held().len(), 1);
    bench.text("UPDATE goplt.goplt_instance SET alive_until = now() - interval '1 second' WHERE name = 'crashed' RETURNING 1");
    let report = bench.migrate(&new).await.unwrap();
    assert_eq!(report.applied()[0].file, "V0003__less.sql");
    assert!(report.held().is_empty());
}

#[tokio::test]
async fn a_table_that_a_contract_will_drop_stays_usable_until_then() {
    let Some(bench) = Bench::new() else { return };
    let mut old = blog(&[file(
        "V0002__likes.sql",
        "CREATE TABLE blog_likes (tenant_id TEXT NOT NULL, id BIGINT NOT NULL, PRIMARY KEY (tenant_id, id));",
    )]);
    old.tables.push("blog_likes".to_owned());
    bench.migrate(&old).await.unwrap();
    let db = bench.open().await;
    instance(&bench, &db, "old", &old).announce().await.unwrap();
    let mut new = old.clone();
    new.tables.pop();
    let drop = "-- goplt: phase: contract\nDROP TABLE blog_likes;";
    new.files.push(file("V0003__no_likes.sql", drop));
    assert_eq!(bench.migrate(&new).await.unwrap().held().len(), 1);
    let rights = "SELECT count(*) FROM information_schema.role_table_grants WHERE table_name = 'blog_likes' \
                  AND grantee = current_database() || '_app'";
    assert_eq!(bench.text(rights), "4");
    let modules = [kernel_migrations(), new.migrations()];
    let diagnosis = doctor::examine(&db, &modules).await.unwrap();
    assert!(diagnosis.is_healthy(), "{diagnosis}");
}

fn instance(bench: &Bench, db: &TenantDb, name: &str, module: &Module) -> Instance {
    Instance::new(
        db,
        &bench.mint,
        name,
        &[kernel_migrations(), module.migrations()],
    )
}
