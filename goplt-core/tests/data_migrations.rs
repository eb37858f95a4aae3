//! Migrations are applied once, in order, all or none; what does not fit is refused with the mend.
#![cfg(feature = "sqlite")]
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use goplt_core::{
    ModuleName,
    data::{
        DatabaseSettings, ScopeMint, TenantDb,
        migration::{self, MigrationError, ModuleMigrations},
    },
    error::chain,
    manifest::Migration,
};

struct Fixture {
    db: TenantDb,
}

impl Fixture {
    async fn open() -> Self {
        let db = TenantDb::open(&DatabaseSettings::in_memory(), &ScopeMint::new())
            .await
            .unwrap();
        Self { db }
    }

    async fn run(&self, files: &[Migration]) -> Result<Vec<String>, MigrationError> {
        let (name, tables) = (blog(), ["blog_posts".to_owned()]);
        let blog = ModuleMigrations::new(&name, files).with_tenant_tables(&tables);
        let report = migration::run(&self.db, &[blog]).await?;
        Ok(report
            .applied()
            .iter()
            .map(|applied| applied.file.clone())
            .collect())
    }
}

fn blog() -> ModuleName {
    "blog".parse().unwrap()
}

fn file(name: &str, sql: &'static str) -> Migration {
    Migration::parse_file_name(name).unwrap().with_sql(sql)
}

const POSTS: &str = "CREATE TABLE blog_posts (\n  tenant_id TEXT NOT NULL,\n  id UUID NOT NULL,\n  PRIMARY KEY (tenant_id, id)\n);\n";

#[tokio::test]
async fn what_is_pending_is_applied_once_and_in_order() {
    let fixture = Fixture::open().await;
    let first = file("V0001__posts.sql", POSTS);
    let second = file(
        "V0002__title.sql",
        "ALTER TABLE blog_posts ADD COLUMN title TEXT",
    );
    // The order of versions holds, not that of the list.
    assert_eq!(
        fixture.run(&[second.clone(), first.clone()]).await.unwrap(),
        ["V0001__posts.sql", "V0002__title.sql"]
    );
    assert_eq!(fixture.run(&[first, second]).await.unwrap(), [""; 0]);
}

#[tokio::test]
async fn line_endings_are_no_change() {
    let fixture = Fixture::open().await;
    fixture
        .run(&[file("V0001__posts.sql", POSTS)])
        .await
        .unwrap();
    let windows = Migration::parse_file_name("V0001__posts.sql")
        .unwrap()
        .with_sql(POSTS.replace('\n', "\r\n"));
    assert_eq!(fixture.run(&[windows]).await.unwrap(), [""; 0]);
}

#[tokio::test]
async fn each_database_takes_its_own_files() {
    let fixture = Fixture::open().await;
    let files = [
        file("V0001__posts.sql", POSTS),
        file("V0002__search.pg.sql", "CREATE EXTENSION nonsense"),
        file(
            "V0002__search.sqlite.sql",
            "CREATE INDEX blog_posts_id ON blog_posts (tenant_id, id)",
        ),
    ];
    assert_eq!(
        fixture.run(&files).await.unwrap(),
        ["V0001__posts.sql", "V0002__search.sqlite.sql"]
    );
}

#[tokio::test]
async fn a_changed_file_is_refused_with_the_mend() {
    let fixture = Fixture::open().await;
    fixture
        .run(&[file("V0001__posts.sql", POSTS)])
        .await
        .unwrap();
    let error = fixture
        .run(&[file("V0001__posts.sql", "SELECT 1")])
        .await
        .unwrap_err();
    let problem = &error.problems()[0];
    assert!(
        problem
            .message()
            .starts_with("V0001__posts.sql is not what was applied on "),
        "{error}"
    );
    assert!(
        problem.help().contains("put the change into V0002"),
        "{error}"
    );
}

#[tokio::test]
async fn a_newer_binary_that_took_something_away_is_an_obstacle_and_one_that_added_is_none() {
    let fixture = Fixture::open().await;
    let first = file("V0001__posts.sql", POSTS);
    let more = file("V0002__more.sql", "SELECT 1");
    fixture.run(&[first.clone(), more.clone()]).await.unwrap();
    assert_eq!(
        fixture.run(std::slice::from_ref(&first)).await.unwrap(),
        [""; 0]
    );
    let less = file("V0003__less.sql", "-- goplt: phase: contract\nSELECT 1");
    fixture.run(&[first.clone(), more, less]).await.unwrap();
    let error = fixture.run(&[first]).await.unwrap_err();
    assert!(error.to_string().contains("by a newer version"), "{error}");
}

#[tokio::test]
async fn an_older_binary_starts_on_a_tenant_table_that_a_newer_one_added() {
    let fixture = Fixture::open().await;
    let first = file("V0001__posts.sql", POSTS);
    let likes = "CREATE TABLE blog_likes (tenant_id TEXT NOT NULL, id BIGINT NOT NULL, PRIMARY KEY (tenant_id, id))";
    let more = file("V0002__likes.sql", likes);
    let (name, tables) = (
        "blog".parse().unwrap(),
        ["blog_posts".to_owned(), "blog_likes".to_owned()],
    );
    let files = [first.clone(), more];
    let newer = ModuleMigrations::new(&name, &files).with_tenant_tables(&tables);
    migration::run(&fixture.db, &[newer]).await.unwrap();
    assert_eq!(
        fixture.run(std::slice::from_ref(&first)).await.unwrap(),
        [""; 0]
    );
}

#[tokio::test]
async fn a_failed_statement_is_named_and_nothing_is_left_of_the_run() {
    let fixture = Fixture::open().await;
    let files = [
        file("V0001__posts.sql", POSTS),
        file(
            "V0002__broken.sql",
            "-- why\nSELECT 1;\n\nCREATE TABLE blog_tags (;\nSELECT 2",
        ),
    ];
    let error = fixture.run(&files).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "V0002__broken.sql of module `blog` failed in line 4: `CREATE TABLE blog_tags (`"
    );
    assert!(
        chain(&error).to_string().contains("incomplete input"),
        "{}",
        chain(&error)
    );
    // The first file went with the second.
    assert_eq!(
        fixture.run(&files[..1]).await.unwrap(),
        ["V0001__posts.sql"]
    );
}

#[tokio::test]
async fn a_migration_cannot_end_its_transaction() {
    let fixture = Fixture::open().await;
    let files = [file(
        "V0001__posts.sql",
        "CREATE TABLE blog_x (id BIGINT);\ncommit;\nSELECT nonsense",
    )];
    let error = fixture.run(&files).await.unwrap_err();
    assert!(
        chain(&error)
            .to_string()
            .contains("`COMMIT` has no place in a migration"),
        "{}",
        chain(&error)
    );
    assert_eq!(
        fixture
            .run(&[file("V0001__posts.sql", POSTS)])
            .await
            .unwrap()
            .len(),
        1
    );
}

#[tokio::test]
async fn a_schema_that_lets_tenants_meet_is_not_applied() {
    let fixture = Fixture::open().await;
    let leaky = "CREATE TABLE blog_posts (tenant_id TEXT NOT NULL, id UUID PRIMARY KEY, slug TEXT UNIQUE);
                 CREATE TABLE blog_notes (tenant_id TEXT NOT NULL, id UUID, PRIMARY KEY (tenant_id, id));";
    let error = fixture
        .run(&[file("V0001__posts.sql", leaky)])
        .await
        .unwrap_err();
    insta::assert_snapshot!(error, @r"
    the schema breaks rules:
    - module `blog`: the primary key of `blog_posts` does not begin with `tenant_id`; write `PRIMARY KEY (tenant_id, id)`
    - module `blog`: `blog_posts` is unique on (slug) across tenants, so one learns what another has; make it unique on (tenant_id, slug)
    - module `blog`: `blog_notes` has a column `tenant_id` and is not declared; add `blog_notes` to `tables` in module.yaml
    ");
    assert_eq!(
        fixture
            .run(&[file("V0001__posts.sql", POSTS)])
            .await
            .unwrap()
            .len(),
        1
    );
}

#[tokio::test]
async fn rows_without_what_they_refer_to_are_refused() {
    let fixture = Fixture::open().await;
    let sql = "CREATE TABLE blog_posts (tenant_id TEXT NOT NULL, id UUID NOT NULL, parent UUID, PRIMARY KEY (tenant_id, id),
                 FOREIGN KEY (tenant_id, parent) REFERENCES blog_posts (tenant_id, id));
               INSERT INTO blog_posts VALUES ('acme', x'01', x'02');";
    let error = fixture
        .run(&[file("V0001__posts.sql", sql)])
        .await
        .unwrap_err();
    assert!(
        chain(&error)
            .to_string()
            .contains("refers to one that is not there"),
        "{}",
        chain(&error)
    );
}

#[tokio::test]
async fn a_run_that_was_cut_off_leaves_nothing_and_can_be_run_again() {
    let fixture = Fixture::open().await;
    let files = [
        file("V0001__posts.sql", POSTS),
        file("V0002__more.sql", "CREATE TABLE blog_more (id BIGINT)"),
    ];
    for polls in 0..200 {
        let mut run = Box::pin(fixture.run(&files));
        for _ in 0..polls {
            let polled =
                std::future::poll_fn(|cx| std::task::Poll::Ready(run.as_mut().poll(cx))).await;
            if polled.is_ready() {
                break;
            }
            tokio::task::yield_now().await;
        }
    }
    let applied = fixture.run(&files).await.unwrap();
    assert!(applied.is_empty() || applied.len() == 2, "{applied:?}");
}

#[tokio::test]
async fn two_runs_at_once_apply_everything_once() {
    let folder = tempfile::tempdir().unwrap();
    let url = format!("sqlite:{}", folder.path().join("blog.db").display());
    let files = [file("V0001__posts.sql", POSTS)];
    let mut databases = Vec::new();
    for _ in 0..3 {
        databases.push(
            TenantDb::open(&DatabaseSettings::new(url.clone()), &ScopeMint::new())
                .await
                .unwrap(),
        );
    }
    let runs = databases.into_iter().map(|db| {
        let files = files.clone();
        tokio::spawn(async move {
            let (name, tables) = (blog(), ["blog_posts".to_owned()]);
            let blog = ModuleMigrations::new(&name, &files).with_tenant_tables(&tables);
            migration::run(&db, &[blog]).await.unwrap().applied().len()
        })
    });
    let mut applied = 0;
    for run in runs.collect::<Vec<_>>() {
        applied += run.await.unwrap();
    }
    assert_eq!(applied, 1);
}

#[tokio::test]
async fn a_plan_shows_statements_and_changes_nothing() {
    let fixture = Fixture::open().await;
    let (name, files) = (blog(), [file("V0001__posts.sql", POSTS)]);
    let modules = [ModuleMigrations::new(&name, &files)];
    for _ in 0..2 {
        let plan = migration::plan(&fixture.db, &modules).await.unwrap();
        assert_eq!(plan.pending().len(), 1);
        assert!(plan.pending()[0].statements[0].starts_with("CREATE TABLE blog_posts"));
    }
}

#[tokio::test]
async fn a_changed_file_is_shown_with_what_differs_and_can_be_accepted() {
    let fixture = Fixture::open().await;
    let was = file("V0001__posts.sql", POSTS);
    fixture.run(std::slice::from_ref(&was)).await.unwrap();
    let is = file(
        "V0001__posts.sql",
        "-- Posts.\nCREATE TABLE blog_posts (\n  tenant_id TEXT NOT NULL,\n  id UUID NOT NULL,\n  PRIMARY KEY (tenant_id, id)\n);\n",
    );
    let error = fixture.run(std::slice::from_ref(&is)).await.unwrap_err();
    insta::assert_snapshot!(error.problems()[0].detail().unwrap(), @r"
    + -- Posts.
      CREATE TABLE blog_posts (
        tenant_id TEXT NOT NULL,
    ");

    let (name, files, tables) = (blog(), [is.clone()], ["blog_posts".to_owned()]);
    let modules = [ModuleMigrations::new(&name, &files).with_tenant_tables(&tables)];
    let changed = migration::changed(&fixture.db, &modules).await.unwrap();
    assert_eq!(changed.len(), 1);
    let accepted = migration::repair(&fixture.db, &modules, "a test").await;
    assert_eq!(accepted.unwrap(), changed);
    assert_eq!(fixture.run(&files).await.unwrap(), [""; 0]);
    // What was accepted is now what the old file differs from.
    assert!(fixture.run(&[was]).await.is_err());
}

#[tokio::test]
async fn a_process_that_may_not_migrate_says_what_is_missing() {
    let fixture = Fixture::open().await;
    let (name, files, tables) = (
        blog(),
        [file(
            "V0001__posts.sql",
            "-- goplt: phase: contract\nCREATE TABLE blog_posts (tenant_id TEXT NOT NULL, id UUID NOT NULL, PRIMARY KEY (tenant_id, id));",
        )],
        ["blog_posts".to_owned()],
    );
    let modules = [ModuleMigrations::new(&name, &files).with_tenant_tables(&tables)];
    let error = migration::verify(&fixture.db, &modules).await.unwrap_err();
    insta::assert_snapshot!(error, @r"
    the database lacks migrations that this binary needs; apply them with `migrate`, which prints the same with `--plan`:
    blog/V0001__posts.sql (contract: no older version may run then)
        CREATE TABLE blog_posts (tenant_id TEXT NOT NULL, id UUID NOT NULL, PRIMARY KEY (tenant_id, id));
    ");
    migration::run(&fixture.db, &modules).await.unwrap();
    migration::verify(&fixture.db, &modules).await.unwrap();
}

#[tokio::test]
async fn flags_that_are_none_are_told_before_anything_is_done() {
    let fixture = Fixture::open().await;
    let error = fixture
        .run(&[file(
            "V0001__posts.sql",
            "-- goplt: transaction: off\nSELECT 1",
        )])
        .await
        .unwrap_err();
    assert!(
        error
            .to_string()
            .contains("`transaction: off` is PostgreSQL's"),
        "{error}"
    );
}
