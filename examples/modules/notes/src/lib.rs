//! Notes: the module of the README, as small as a module can be.

use std::sync::Arc;

use goplt_core::{BoxError, Problem, RequestContext, data::TenantDb, id::Ids, manifest::Manifest};
use goplt_module::{
    IModule, InitContext,
    http::{Json, NoContent, State},
};

goplt_module::include_manifest!("module.yaml");

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct NewNote {
    text: String,
}

struct Notes {
    db: TenantDb,
    ids: Ids,
}

async fn create(
    State(notes): State<Arc<Notes>>,
    cx: RequestContext,
    Json(new): Json<NewNote>,
) -> Result<NoContent, Problem> {
    let mut tx = notes.db.begin(cx.scope()?).await?;
    let id = notes.ids.next();
    tx.execute(tenant_sql!(
        "INSERT INTO notes_notes (id, text) VALUES (?, ?)",
        id,
        new.text
    ))
    .await?;
    tx.commit().await?;
    Ok(NoContent)
}

/// The module.
#[derive(Debug)]
pub struct NotesModule;

impl IModule for NotesModule {
    type Needs = ();
    type Provides = ();

    fn manifest(&self) -> &Manifest {
        &MANIFEST
    }

    async fn init(&self, _: (), cx: &mut InitContext<'_>) -> Result<(), BoxError> {
        let notes = Arc::new(Notes {
            db: cx.db(),
            ids: cx.ids(),
        });
        cx.routes(&notes).mount(route::CREATE, create);
        Ok(())
    }
}
