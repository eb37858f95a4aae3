//! REST: the tasks of whoever asks.

use std::sync::Arc;

use goplt_core::{
    Code, Problem, RequestContext, Timestamp, Uuid, data::FromRow, problem::Violation,
};
use goplt_module::http::{Created, Json, ListQuery, NoContent, Page, Path, State};
use serde::{Deserialize, Serialize};
use tasks_contract::TaskFinished;

use crate::{Tasks, event, tenant_sql};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewTask {
    text: String,
}

#[derive(Serialize, FromRow)]
pub(crate) struct Task {
    id: Uuid,
    text: String,
    done_at: Option<Timestamp>,
}

pub(crate) async fn create(
    State(tasks): State<Arc<Tasks>>,
    cx: RequestContext,
    Json(new): Json<NewTask>,
) -> Result<Created<Task>, Problem> {
    if new.text.trim().is_empty() {
        let rule = Violation::new("text", "must say what is to do");
        return Err(Problem::unprocessable(vec![rule]));
    }
    let task = Task {
        id: tasks.ids.next(),
        text: new.text,
        done_at: None,
    };
    let mut tx = tasks.db.begin(cx.scope()?).await?;
    tx.execute(tenant_sql!(
        "INSERT INTO tasks_tasks (id, owner, text) VALUES (?, ?, ?)",
        task.id,
        cx.require_principal()?.subject(),
        task.text.as_str()
    ))
    .await?;
    tx.commit().await?;
    Ok(Created::at(format!("/api/v1/tasks/{}", task.id), task))
}

pub(crate) async fn list(
    State(tasks): State<Arc<Tasks>>,
    cx: RequestContext,
    list: ListQuery,
) -> Result<Json<Page<Task>>, Problem> {
    let before = list.after()?.unwrap_or(Uuid::from_bytes([0xff; 16]));
    let mut tx = tasks.db.begin_read(cx.scope()?).await?;
    let found = tx
        .fetch_all(tenant_sql!(
            "SELECT id, text, done_at FROM tasks_tasks
             WHERE owner = ? AND id < ? ORDER BY id DESC LIMIT ?",
            cx.require_principal()?.subject(),
            before,
            list.rows_to_fetch()
        ))
        .await?;
    Ok(Json(list.page(found, |task: &Task| task.id)))
}

pub(crate) async fn finish(
    State(tasks): State<Arc<Tasks>>,
    cx: RequestContext,
    Path(id): Path<Uuid>,
) -> Result<NoContent, Problem> {
    let owner = cx.require_principal()?.subject();
    let mut tx = tasks.db.begin(cx.scope()?).await?;
    let finished = tx
        .execute(tenant_sql!(
            "UPDATE tasks_tasks SET done_at = ? WHERE id = ? AND owner = ? AND done_at IS NULL",
            tasks.clock.now(),
            id,
            owner
        ))
        .await?;
    if finished == 0 {
        return Err(Problem::new(Code::NotFound).with_detail("you have no such task to do"));
    }
    let finished = TaskFinished {
        task_id: id.to_string(),
        owner_id: owner.to_owned(),
    };
    tx.outbox().publish(event::TASK_FINISHED, &finished).await?;
    tx.commit().await?;
    Ok(NoContent)
}
