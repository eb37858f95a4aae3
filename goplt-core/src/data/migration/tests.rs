use goplt_manifest::Dialect;

use super::*;
use crate::data::{DatabaseSettings, ScopeMint};

#[tokio::test]
async fn a_ledger_from_before_states_were_kept_goes_on() {
    let settings = DatabaseSettings::in_memory();
    let db = TenantDb::open(&settings, &ScopeMint::new()).await.unwrap();
    let first = Migration::from_static(
        1,
        "things",
        Dialect::Any,
        "CREATE TABLE blog_things (id BIGINT)",
    );
    let second = Migration::from_static(
        2,
        "more",
        Dialect::Any,
        "CREATE TABLE blog_more (id BIGINT)",
    );
    let mut admin = db.engine().admin().await.unwrap();
    let old = [
        "CREATE TABLE blog_things (id BIGINT)".to_owned(),
        "CREATE TABLE blog_schema_history (version BIGINT NOT NULL PRIMARY KEY, file TEXT NOT NULL, \
         checksum TEXT NOT NULL, sql TEXT NOT NULL, started TIMESTAMPTZ NOT NULL, finished TIMESTAMPTZ NOT NULL, \
         platform TEXT NOT NULL)"
            .to_owned(),
        format!(
            "INSERT INTO blog_schema_history VALUES (1, 'V0001__things.sql', '{}', '{}', 0, 0, '1.0.0')",
            ledger::checksum(&first.sql),
            first.sql
        ),
    ];
    for statement in old {
        admin.execute(&statement).await.unwrap();
    }
    admin.finish().await;

    let name = "blog".parse().unwrap();
    let files = [first.clone(), second];
    let blog = [ModuleMigrations::new(&name, &files)];
    let report = run(&db, &blog).await.unwrap();
    assert_eq!(report.applied().len(), 1);
    assert!(run(&db, &blog).await.unwrap().applied().is_empty());
    // What a ledger without phases holds may have taken something away.
    let nothing = [ModuleMigrations::new(&name, &[])];
    assert!(run(&db, &nothing).await.is_err());
    assert_eq!(
        plan(&db, &[ModuleMigrations::new(&name, &files[..1])])
            .await
            .unwrap()
            .newer()
            .len(),
        1
    );
}
