use axum::extract::{FromRequestParts, path::ErrorKind, rejection::PathRejection};
use goplt_core::{Code, Problem};
use http::request::Parts;
use serde::de::DeserializeOwned;

/// The parameters of the path, in order as a tuple or by name as a struct.
///
/// A value that does not parse is 404, such as an id that is no UUID: from outside, nonsense and
/// another tenant's id look alike.
///
/// # Examples
///
/// ```
/// use goplt_core::Uuid;
/// use goplt_module::http::Path;
///
/// async fn comment(Path((post, comment)): Path<(Uuid, Uuid)>) -> String {
///     format!("{comment} on {post}")
/// }
/// # let _: axum::Router = axum::Router::new().route("/{id}/{comment_id}", axum::routing::get(comment));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Path<T>(pub T);

impl<T: DeserializeOwned + Send, S: Send + Sync> FromRequestParts<S> for Path<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        match axum::extract::Path::from_request_parts(parts, state).await {
            Ok(axum::extract::Path(value)) => Ok(Self(value)),
            Err(rejection) => Err(refuse(rejection)),
        }
    }
}

fn refuse(rejection: PathRejection) -> Problem {
    let is_ours = match &rejection {
        PathRejection::FailedToDeserializePathParams(error) => matches!(
            error.kind(),
            ErrorKind::WrongNumberOfParameters { .. } | ErrorKind::UnsupportedType { .. }
        ),
        _ => true,
    };
    let code = if is_ours {
        Code::Internal
    } else {
        Code::NotFound
    };
    Problem::new(code).with_source(rejection)
}
