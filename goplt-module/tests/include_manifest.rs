//! `include_manifest!` makes of a manifest what it declares: constants, settings, migrations, and SQL that knows its
//! tables.
#![allow(clippy::unwrap_used, reason = "a test")]

use std::time::Duration;

use goplt_core::{
    BoxError, Uuid,
    config::{self, Section, Sources},
    manifest::{Dialect, Manifest},
};
use goplt_module::{Host, IModule, InitContext, Place, StartContext};

goplt_module::include_manifest!("tests/fixture/module.yaml");

#[test]
fn the_manifest_and_its_migrations_are_there() {
    assert_eq!(MANIFEST.name().as_str(), "fixture");
    assert!(
        MANIFEST
            .source()
            .ends_with("goplt-module/tests/fixture/module.yaml")
    );
    assert!(
        !MANIFEST.source().starts_with('/'),
        "no path of this machine is compiled in"
    );
    let migrations: Vec<_> = MANIFEST
        .migrations()
        .iter()
        .map(|one| (one.version, one.dialect))
        .collect();
    assert_eq!(migrations, [(1, Dialect::Any), (2, Dialect::Sqlite)]);
    assert!(
        MANIFEST.migrations()[0]
            .sql
            .contains("CREATE TABLE fixture_items")
    );
}

#[test]
fn permissions_and_routes_are_constants() {
    assert_eq!(permission::ITEM_CREATE.as_str(), "fixture.item.create");
    assert_eq!(permission::ITEM_READ.as_str(), "fixture.item.read");
    assert_eq!(route::CREATE_ITEM.to_string(), "fixture:create_item");
}

fn load(set: &[&str]) -> Config {
    let section = Section::new("fixture", MANIFEST.config().to_vec());
    let set = set.iter().map(|&set| set.to_owned());
    config::load(&Sources::new("/nowhere").with_set(set), &[section])
        .unwrap()
        .get()
}

#[test]
fn settings_have_their_types_and_defaults() {
    let config = load(&[]);
    assert_eq!(config.page_size, 20);
    assert!((config.ratio - 0.5).abs() < f64::EPSILON);
    assert!(config.open);
    assert_eq!(config.lifetime, Duration::from_secs(5400));
    assert_eq!(config.origins, ["a", "b"]);
    assert_eq!(config.r#type, "plain");
    assert_eq!(config.greeting, None);
    assert!(config.key.is_none());
}

#[test]
fn settings_are_read() {
    let config = load(&[
        "fixture.page_size=5",
        "fixture.greeting=hi",
        "fixture.key=secret",
        "fixture.lifetime=5s",
    ]);
    assert_eq!(
        (config.page_size, config.greeting.as_deref()),
        (5, Some("hi"))
    );
    assert_eq!(config.lifetime, Duration::from_secs(5));
    assert!(!format!("{:?}", config.key).contains("secret\""));
}

struct Fixture;

impl IModule for Fixture {
    type Needs = ();
    type Provides = ();

    fn manifest(&self) -> &Manifest {
        &MANIFEST
    }

    async fn init(&self, _: (), cx: &mut InitContext<'_>) -> Result<(), BoxError> {
        let state = std::sync::Arc::new(cx.config::<Config>());
        cx.routes(&state)
            .mount(route::CREATE_ITEM, async || "created")
            .mount(route::GET_ITEM, async || "an item");
        Ok(())
    }

    async fn on_start(&self, cx: &StartContext) -> Result<(), BoxError> {
        for tenant in ["acme", "globex"] {
            let own = cx.service_contexts().for_tenant(tenant.parse()?);
            let mut tx = cx.db().begin(own.scope()?).await?;
            let sql = tenant_sql!(
                "INSERT INTO fixture_items (id, title) VALUES (?, ?)",
                cx.ids().next(),
                tenant
            );
            tx.execute(sql).await?;
            let titles: Vec<String> = tx
                .fetch_all(tenant_sql!("SELECT title FROM fixture_items"))
                .await?;
            assert_eq!(titles, [tenant]);
            tx.commit().await?;
        }
        let mut tx = cx.db().begin_host_read(&cx.host_scope()?).await?;
        let ids: Vec<Uuid> = tx
            .fetch_all(host_sql!("SELECT id FROM fixture_items"))
            .await?;
        assert_eq!(ids.len(), 2);
        Ok(())
    }
}

#[tokio::test]
async fn a_module_made_of_it_starts_and_sees_its_tables() {
    let folder = tempfile::tempdir().unwrap();
    let sources = Sources::new(folder.path()).with_set(["data_dir=data".to_owned()]);
    let host = Host::builder()
        .sources(sources)
        .module(Fixture)
        .build()
        .unwrap();
    let roles = host.catalogue().role_grants();
    assert_eq!(roles["editor"][0].as_str(), "fixture.*");
    let running = host.start_in_process().await.unwrap();
    running.stop().await.unwrap();
}

#[derive(goplt_module::Needs)]
struct Nothing {
    _none: (),
}

#[test]
fn a_place_reads_like_a_compiler_message() {
    let _ = Nothing { _none: () };
    assert_eq!(
        Place::new(file!(), 3, 5).to_string(),
        format!("{}:3:5", file!())
    );
}
