//! A repository finds, inserts, changes, deletes and lists the rows of one tenant; a lost race is told, not overwritten.

use std::sync::Arc;

use goplt_core::{
    Code, ModuleName, Problem, RequestContext,
    data::{
        Cursor, DbError, Entity, FromRow, Repo, RowVersion, ScopeMint, TenantDb, TenantScope,
        Versioned,
        migration::{self, ModuleMigrations},
    },
    manifest::{Dialect, Migration},
};

use tokio::task::JoinSet;

use crate::conformance::{Engine, Ground};

/// As `include_manifest!` would write it.
macro_rules! tenant_sql {
    ($($sql:tt)*) => {
        goplt_macros::__tenant_sql!(tables = ["shop_items", "shop_tags"]; $($sql)*)
    };
}

const SCHEMA: Migration = Migration::from_static(
    1,
    "items",
    Dialect::Any,
    "CREATE TABLE shop_items (
         tenant_id TEXT NOT NULL, id BIGINT NOT NULL, label TEXT NOT NULL, tags JSONB NOT NULL, version BIGINT NOT NULL,
         PRIMARY KEY (tenant_id, id)
     );
     CREATE TABLE shop_tags (tenant_id TEXT NOT NULL, tag TEXT NOT NULL, PRIMARY KEY (tenant_id, tag));",
);

#[derive(Debug, Clone, PartialEq, FromRow, Entity)]
#[entity(table = "shop_items", sql = tenant_sql)]
struct Item {
    id: i64,
    #[row(rename = "label")]
    name: String,
    #[row(json)]
    tags: Vec<String>,
    #[entity(version)]
    version: RowVersion,
}

#[derive(Debug, PartialEq, FromRow, Entity)]
#[entity(table = "shop_tags", sql = tenant_sql)]
struct Tag {
    #[entity(id)]
    tag: String,
}

const ITEMS: Repo<Item> = Repo::new();
const TAGS: Repo<Tag> = Repo::new();

fn item(id: i64, name: &str) -> Item {
    Item {
        id,
        name: name.to_owned(),
        tags: vec!["new".to_owned()],
        version: RowVersion::FIRST,
    }
}

struct Shop {
    db: TenantDb,
    mint: ScopeMint,
    // Last: the database goes when nobody uses it.
    _ground: Ground,
}

impl Shop {
    async fn open(engine: &Engine) -> Self {
        let ground = engine.ground();
        let mint = ScopeMint::new();
        let db = TenantDb::open(ground.settings(), &mint).await.unwrap();
        let name: ModuleName = "shop".parse().unwrap();
        let tables = ["shop_items".to_owned(), "shop_tags".to_owned()];
        let files = [SCHEMA];
        let shop = ModuleMigrations::new(&name, &files).with_tenant_tables(&tables);
        migration::run(&db, &[shop]).await.unwrap();
        Self {
            db,
            mint,
            _ground: ground,
        }
    }

    fn scope(&self, tenant: &str) -> TenantScope {
        let cx = RequestContext::new("req-1".parse().unwrap());
        let cx = self.mint.enter(cx, tenant.parse().unwrap()).unwrap();
        cx.scope().unwrap().clone()
    }

    async fn add(&self, tenant: &str, items: impl IntoIterator<Item = Item>) {
        let mut tx = self.db.begin(&self.scope(tenant)).await.unwrap();
        for item in items {
            ITEMS.insert(&mut tx, &item).await.unwrap();
        }
        tx.commit().await.unwrap();
    }

    /// Again and again until no other came between: seven times at most, since each of the others comes once.
    async fn count_up(&self) {
        for _ in 0..8 {
            let mut mine = self.item("acme", 1).await.unwrap();
            mine.name = (mine.name.parse::<u32>().unwrap() + 1).to_string();
            let mut tx = self.db.begin(&self.scope("acme")).await.unwrap();
            match ITEMS.update(&mut tx, &mut mine).await {
                Ok(()) => return tx.commit().await.unwrap(),
                Err(DbError::Changed { .. }) => {}
                Err(other) => panic!("{other:?}"),
            }
        }
        panic!("others came between more often than they can");
    }

    async fn item(&self, tenant: &str, id: i64) -> Option<Item> {
        let mut tx = self.db.begin_read(&self.scope(tenant)).await.unwrap();
        ITEMS.find(&mut tx, id).await.unwrap()
    }
}

pub async fn a_row_is_found_and_deleted_by_its_own_tenant_only(engine: Engine) {
    let shop = Shop::open(&engine).await;
    shop.add("acme", [item(1, "anvil")]).await;
    shop.add("globex", [item(1, "boat"), item(2, "oar")]).await;

    assert_eq!(shop.item("acme", 1).await, Some(item(1, "anvil")));
    assert_eq!(shop.item("acme", 2).await, None);
    let mut tx = shop.db.begin(&shop.scope("acme")).await.unwrap();
    assert!(matches!(ITEMS.get(&mut tx, 2).await, Err(DbError::NoRow)));
    assert!(!ITEMS.delete(&mut tx, 2).await.unwrap());
    assert!(ITEMS.delete(&mut tx, 1).await.unwrap());
    tx.commit().await.unwrap();
    assert_eq!(shop.item("acme", 1).await, None);
    assert_eq!(shop.item("globex", 1).await, Some(item(1, "boat")));
}

pub async fn a_change_counts_the_version_up_here_and_there(engine: Engine) {
    let shop = Shop::open(&engine).await;
    shop.add("acme", [item(1, "anvil")]).await;
    let mut tx = shop.db.begin(&shop.scope("acme")).await.unwrap();
    let mut anvil = ITEMS.get(&mut tx, 1).await.unwrap();
    anvil.name = "hammer".to_owned();
    anvil.tags.push("used".to_owned());
    ITEMS.update(&mut tx, &mut anvil).await.unwrap();
    assert_eq!(anvil.version(), RowVersion::new(2));
    ITEMS.update(&mut tx, &mut anvil).await.unwrap();
    tx.commit().await.unwrap();

    let stored = shop.item("acme", 1).await.unwrap();
    assert_eq!((&stored, stored.version.number()), (&anvil, 3));
}

pub async fn who_comes_second_is_told_and_overwrites_nothing(engine: Engine) {
    let shop = Shop::open(&engine).await;
    shop.add("acme", [item(1, "anvil")]).await;
    let mut mine = shop.item("acme", 1).await.unwrap();
    let mut theirs = mine.clone();
    theirs.name = "theirs".to_owned();
    let mut tx = shop.db.begin(&shop.scope("acme")).await.unwrap();
    ITEMS.update(&mut tx, &mut theirs).await.unwrap();
    tx.commit().await.unwrap();

    mine.name = "mine".to_owned();
    let mut tx = shop.db.begin(&shop.scope("acme")).await.unwrap();
    let lost = ITEMS.update(&mut tx, &mut mine).await.unwrap_err();
    assert!(
        matches!(lost, DbError::Changed { present } if present == theirs.version),
        "{lost:?}"
    );
    assert_eq!((lost.code(), lost.is_retryable()), (Code::Aborted, false));
    assert_eq!(Problem::from(lost).status(), 409);
    assert_eq!(
        mine.version,
        RowVersion::FIRST,
        "the row keeps the version that it had"
    );
    tx.commit().await.unwrap();
    assert_eq!(shop.item("acme", 1).await.unwrap().name, "theirs");
}

pub async fn of_many_who_change_one_row_at_once_none_is_overwritten(engine: Engine) {
    let shop = Arc::new(Shop::open(&engine).await);
    shop.add("acme", [item(1, "0")]).await;
    let mut writers = JoinSet::new();
    for _ in 0..8 {
        let shop = Arc::clone(&shop);
        writers.spawn(async move { shop.count_up().await });
    }
    writers.join_all().await;
    let last = shop.item("acme", 1).await.unwrap();
    assert_eq!((last.name.as_str(), last.version.number()), ("8", 9));
}

pub async fn a_row_that_is_gone_or_of_another_tenant_cannot_be_changed(engine: Engine) {
    let shop = Shop::open(&engine).await;
    shop.add("globex", [item(1, "boat")]).await;
    let mut tx = shop.db.begin(&shop.scope("acme")).await.unwrap();
    for id in [1, 2] {
        let gone = ITEMS.update(&mut tx, &mut item(id, "mine now")).await;
        assert!(matches!(gone, Err(DbError::NoRow)), "{gone:?}");
    }
    tx.commit().await.unwrap();
    assert_eq!(shop.item("globex", 1).await, Some(item(1, "boat")));
}

pub async fn a_list_goes_from_the_newest_to_the_oldest_of_its_tenant(engine: Engine) {
    let shop = Shop::open(&engine).await;
    shop.add("acme", (1..=25).map(|id| item(id, "anvil"))).await;
    shop.add("globex", (1..=40).map(|id| item(id, "boat")))
        .await;
    let mut tx = shop.db.begin_read(&shop.scope("acme")).await.unwrap();
    let (mut pages, mut cursor): (Vec<Vec<i64>>, Option<Cursor>) = (Vec::new(), None);
    loop {
        let page = ITEMS.page(&mut tx, cursor.as_ref(), 10).await.unwrap();
        assert!(page.items.iter().all(|item| item.name == "anvil"));
        pages.push(page.items.iter().map(Entity::id).collect());
        // As a caller sends it back.
        cursor = page
            .next_cursor
            .map(|cursor| cursor.to_string().parse().unwrap());
        if cursor.is_none() {
            break;
        }
    }
    let ids = |range: std::ops::RangeInclusive<i64>| range.rev().collect::<Vec<_>>();
    assert_eq!(pages, [ids(16..=25), ids(6..=15), ids(1..=5)]);
}

pub async fn a_page_that_no_list_has_is_a_bad_request(engine: Engine) {
    let shop = Shop::open(&engine).await;
    let mut tx = shop.db.begin_read(&shop.scope("acme")).await.unwrap();
    let of_another_list = Cursor::at(&"a text");
    for (cursor, limit) in [
        (None, 0),
        (None, 101),
        (None, u32::MAX),
        (Some(&of_another_list), 10),
    ] {
        let refused = ITEMS.page(&mut tx, cursor, limit).await.unwrap_err();
        let problem = Problem::from(refused);
        assert_eq!(problem.status(), 400, "{limit}");
        assert!(problem.detail().unwrap().contains('`'), "{problem:?}");
    }
    assert_eq!(ITEMS.page(&mut tx, None, 100).await.unwrap().items, []);
}

pub async fn a_row_may_be_its_id_and_nothing_else(engine: Engine) {
    let shop = Shop::open(&engine).await;
    let mut tx = shop.db.begin(&shop.scope("acme")).await.unwrap();
    for tag in ["b", "a"] {
        TAGS.insert(
            &mut tx,
            &Tag {
                tag: tag.to_owned(),
            },
        )
        .await
        .unwrap();
    }
    assert!(TAGS.find(&mut tx, "a".to_owned()).await.unwrap().is_some());
    let twice = TAGS
        .insert(
            &mut tx,
            &Tag {
                tag: "a".to_owned(),
            },
        )
        .await
        .unwrap_err();
    assert!(twice.is_unique_violation(), "{twice:?}");
}
