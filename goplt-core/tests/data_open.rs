//! A database that cannot be opened says which, why and what to do; secrets stay out of it.
#![cfg(feature = "data")]
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use goplt_core::{
    data::{DatabaseSettings, ScopeMint, TenantDb},
    error::chain,
};

async fn refused(url: &str) -> String {
    let error = TenantDb::open(&DatabaseSettings::new(url), &ScopeMint::new())
        .await
        .unwrap_err();
    chain(&error).to_string()
}

#[cfg(not(feature = "postgres"))]
#[tokio::test]
async fn an_engine_that_is_not_compiled_in_names_its_feature() {
    let shown = refused("postgres://ada:secret@db/goplt").await;
    assert!(shown.contains("enable the feature `postgres`"), "{shown}");
    assert!(!shown.contains("secret"), "{shown}");
}

#[tokio::test]
async fn a_url_that_is_none_is_refused_without_showing_it() {
    for url in ["", "secret", "mysql://ada:secret@db/goplt"] {
        let shown = refused(url).await;
        assert!(shown.starts_with("`database.url` is not usable"), "{shown}");
        assert!(!shown.contains("secret"), "{shown}");
    }
    let settings = format!(
        "{:?}",
        DatabaseSettings::new("postgres://ada:secret@db/goplt")
    );
    assert!(!settings.contains("secret"), "{settings}");
}

#[cfg(not(feature = "sqlite"))]
#[tokio::test]
async fn sqlite_without_its_feature_is_refused() {
    let shown = refused("sqlite::memory:").await;
    assert!(shown.contains("enable the feature `sqlite`"), "{shown}");
}

#[cfg(feature = "sqlite")]
mod sqlite {
    use goplt_core::data::DbError;

    use super::*;

    #[tokio::test]
    async fn the_folder_is_made() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("deep/er/goplt.db");
        let url = format!("sqlite:{}", file.display());
        let db = TenantDb::open(&DatabaseSettings::new(url), &ScopeMint::new())
            .await
            .unwrap();
        db.ping().await.unwrap();
        assert!(file.exists());
    }

    #[tokio::test]
    async fn what_stands_in_the_way_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("note.txt");
        std::fs::write(
            &file,
            "not a database, and long enough to have a header of its own",
        )
        .unwrap();
        let below = refused(&format!("sqlite:{}/goplt.db", file.display())).await;
        assert!(below.contains("its folder cannot be made"), "{below}");
        let text = refused(&format!("sqlite:{}", file.display())).await;
        assert!(text.contains("no SQLite database or is damaged"), "{text}");
        let is_folder = refused(&format!("sqlite:{}", folder.path().display())).await;
        assert!(is_folder.contains("it is a folder"), "{is_folder}");
        assert!(refused("sqlite:").await.contains("no file is named"));
        assert!(
            refused("sqlite:a.db?mode=ro")
                .await
                .contains("parameters have no meaning")
        );
    }

    #[tokio::test]
    async fn what_was_committed_is_there_after_opening_again() {
        let folder = tempfile::tempdir().unwrap();
        let url = format!("sqlite:{}", folder.path().join("goplt.db").display());
        let mint = ScopeMint::new();
        let host = mint.host_scope("kv".parse().unwrap(), "tests");
        for round in 0..2_i64 {
            let db = TenantDb::open(&DatabaseSettings::new(url.clone()), &mint)
                .await
                .unwrap();
            let file = goplt_core::manifest::Migration::parse_file_name("V0001__pairs.sql")
                .unwrap()
                .with_sql("CREATE TABLE kv_pairs (k BIGINT PRIMARY KEY)");
            let (name, files) = ("kv".parse().unwrap(), [file]);
            let modules = [goplt_core::data::migration::ModuleMigrations::new(
                &name, &files,
            )];
            goplt_core::data::migration::run(&db, &modules)
                .await
                .unwrap();
            let mut tx = db.begin_host(&host).await.unwrap();
            let count =
                goplt_macros::__host_sql!(tables = ["kv_pairs"]; "SELECT count(*) FROM kv_pairs");
            assert_eq!(tx.fetch_one::<i64>(count).await.unwrap(), round);
            let insert = goplt_macros::__host_sql!(tables = ["kv_pairs"]; "INSERT INTO kv_pairs (k) VALUES (?)", round);
            tx.execute(insert).await.unwrap();
            tx.commit().await.unwrap();
            db.close().await;
        }
    }

    #[tokio::test]
    async fn databases_in_memory_are_apart_and_leave_no_file() {
        let (one, two) = (DatabaseSettings::in_memory(), DatabaseSettings::in_memory());
        let (one, two) = (
            TenantDb::open(&one, &ScopeMint::new()).await.unwrap(),
            TenantDb::open(&two, &ScopeMint::new()).await.unwrap(),
        );
        one.ping().await.unwrap();
        two.close().await;
        one.ping().await.unwrap();
    }

    #[test]
    fn errors_are_small_enough_for_results() {
        assert!(size_of::<DbError>() <= 64, "{}", size_of::<DbError>());
    }
}
