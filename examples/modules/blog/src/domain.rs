//! Posts and comments, and the rules that they keep. No database, no HTTP.

use goplt_core::{
    Code, Problem, Timestamp, Uuid,
    contract::RpcError,
    data::{DbError, Entity, FromRow, NoTenant, RowVersion},
    problem::Violation,
};
use http::StatusCode;

/// The most characters of a title.
const MAX_TITLE: usize = 200;

/// The author of what was written by a user who was deleted since: an id that nobody has.
pub const NOBODY: &str = "00000000-0000-0000-0000-000000000000";

/// A post as it is stored.
#[derive(Debug, Clone, PartialEq, Eq, FromRow, Entity)]
#[entity(table = "blog_posts")]
pub struct Post {
    /// UUIDv7: posts sort by it as by time.
    pub id: Uuid,
    /// The subject of who wrote it.
    pub author_id: String,
    /// 1 to 200 characters.
    pub title: String,
    /// The text.
    pub content: String,
    /// 1 at first, one more with each change.
    #[entity(version)]
    pub version: RowVersion,
    /// When it was written.
    pub created_at: Timestamp,
    /// When it was last changed.
    pub updated_at: Timestamp,
}

/// A comment as it is stored.
#[derive(Debug, Clone, PartialEq, Eq, FromRow, Entity)]
#[entity(table = "blog_comments")]
pub struct Comment {
    /// UUIDv7.
    pub id: Uuid,
    /// The post that it is about.
    pub post_id: Uuid,
    /// The subject of who wrote it.
    pub author_id: String,
    /// The text.
    pub content: String,
    /// When it was written.
    pub created_at: Timestamp,
}

/// What an author writes, checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Draft {
    title: String,
    content: String,
}

/// Why something was not done.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BlogError {
    /// There is no such post, or none of this tenant.
    #[error("no post has this id")]
    NoPost,
    /// There is no such comment on this post.
    #[error("the post has no comment with this id")]
    NoComment,
    /// The post was changed since the caller read it.
    #[error("the post was changed since: it has version {present} now")]
    Changed {
        /// The version that it has now.
        present: RowVersion,
    },
    /// The request breaks rules.
    #[error("the request breaks {} rules", .0.len())]
    Rules(Vec<Violation>),
    /// No tenant was named.
    #[error(transparent)]
    NoTenant(#[from] NoTenant),
    /// Nobody is logged in.
    #[error("nobody is logged in")]
    NoAuthor,
    /// The database refused or did not answer.
    #[error("the database did not do it")]
    Db(#[source] DbError),
}

impl Draft {
    /// A draft of at most `max_content` characters.
    ///
    /// # Errors
    ///
    /// [`BlogError::Rules`] with every rule that it breaks.
    pub fn new(title: String, content: String, max_content: usize) -> Result<Self, BlogError> {
        let mut violations = Vec::new();
        if title.trim().is_empty() || title.chars().count() > MAX_TITLE {
            violations.push(Violation::new("title", "must have 1 to 200 characters"));
        }
        violations.extend(check_content(&content, max_content));
        if violations.is_empty() {
            return Ok(Self { title, content });
        }
        Err(BlogError::Rules(violations))
    }

    /// Title and text.
    pub(crate) fn into_parts(self) -> (String, String) {
        (self.title, self.content)
    }

    /// The title.
    #[must_use]
    pub fn title(&self) -> &str {
        &self.title
    }

    /// The text.
    #[must_use]
    pub fn content(&self) -> &str {
        &self.content
    }
}

/// The rule that `content` breaks, if it does.
pub(crate) fn check_content(content: &str, max: usize) -> Option<Violation> {
    let length = content.chars().count();
    if (1..=max).contains(&length) {
        return None;
    }
    Some(Violation::new(
        "content",
        format!("must have 1 to {max} characters"),
    ))
}

impl BlogError {
    /// The code of the answer.
    #[must_use]
    pub fn code(&self) -> Code {
        match self {
            Self::NoPost | Self::NoComment => Code::NotFound,
            Self::Changed { .. } => Code::Aborted,
            Self::Rules(_) => Code::InvalidArgument,
            Self::NoTenant(error) => error.code(),
            Self::NoAuthor => Code::Unauthenticated,
            Self::Db(error) => error.code(),
        }
    }
}

impl From<DbError> for BlogError {
    fn from(error: DbError) -> Self {
        match error {
            DbError::Changed { present } => Self::Changed { present },
            other => Self::Db(other),
        }
    }
}

impl From<BlogError> for RpcError {
    fn from(error: BlogError) -> Self {
        match error {
            BlogError::Rules(violations) => Self::invalid(violations),
            BlogError::NoTenant(error) => error.into(),
            BlogError::Db(error) => error.into(),
            BlogError::Changed { .. } => {
                Self::new(error.code(), error.to_string()).with_reason("version_mismatch")
            }
            BlogError::NoPost | BlogError::NoComment | BlogError::NoAuthor => {
                Self::new(error.code(), error.to_string())
            }
        }
    }
}

impl From<BlogError> for Problem {
    fn from(error: BlogError) -> Self {
        let changed = matches!(error, BlogError::Changed { .. });
        let problem = Self::from(RpcError::from(error));
        // RFC 9110 §13.1.1: a false If-Match.
        if changed {
            problem.with_status(StatusCode::PRECONDITION_FAILED)
        } else {
            problem
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_draft_tells_every_rule_that_it_breaks() {
        let Err(BlogError::Rules(violations)) = Draft::new(" ".into(), String::new(), 10) else {
            panic!("both fields are empty");
        };
        let fields: Vec<_> = violations.iter().map(Violation::field).collect();
        assert_eq!(fields, ["title", "content"]);
    }

    #[test]
    fn length_is_counted_in_characters() {
        assert!(Draft::new("ü".repeat(200), "ß".repeat(10), 10).is_ok());
        assert!(Draft::new("ü".repeat(201), "ß".into(), 10).is_err());
        assert!(Draft::new("t".into(), "ß".repeat(11), 10).is_err());
    }

    #[test]
    fn a_changed_post_is_412_over_http_and_aborted_over_rpc() {
        let changed = || BlogError::Changed {
            present: RowVersion::new(3),
        };
        assert_eq!(Problem::from(changed()).status(), 412);
        assert_eq!(RpcError::from(changed()).code(), Code::Aborted);
    }
}
