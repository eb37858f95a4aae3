use std::{fmt, ops::Range};

/// Why a statement was refused, where, and what to write instead.
///
/// [`Display`](fmt::Display) is one line; [`render`](Self::render) draws the place.
///
/// ```
/// use goplt_sql::{Tables, rewrite};
///
/// let sql = "SELECT id FROM blog_post";
/// let error = rewrite(sql, &Tables::new(["blog_posts"])).unwrap_err();
///
/// assert_eq!(error.to_string(), "unknown table `blog_post`; did you mean `blog_posts`?");
/// assert_eq!(&sql[error.span().unwrap()], "blog_post");
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SqlError {
    message: String,
    help: String,
    span: Option<Range<usize>>,
}

impl SqlError {
    pub(crate) fn new(message: impl Into<String>, help: impl Into<String>) -> Self {
        Self {
            message: message.into(),
            help: help.into(),
            span: None,
        }
    }

    /// Sets the place, unless a more exact one is known already.
    pub(crate) fn at(mut self, span: Option<Range<usize>>) -> Self {
        self.span = self.span.or(span);
        self
    }

    /// What is wrong. Lower case, without a full stop.
    pub fn message(&self) -> &str {
        &self.message
    }

    /// How to mend it.
    pub fn help(&self) -> &str {
        &self.help
    }

    /// The bytes of the source SQL that the error is about; `None` when it is about the whole statement.
    ///
    /// Both ends lie on character boundaries within the source.
    pub fn span(&self) -> Option<Range<usize>> {
        self.span.clone()
    }

    /// Draws the line of `sql` that the error is about, with a caret under the place and the mend below.
    ///
    /// `sql` is the text that was refused. Tabs are shown as four spaces, wide and combining characters keep the caret in
    /// place, and a text that is not the refused one is drawn without a caret rather than wrongly.
    ///
    /// ```
    /// use goplt_sql::{Tables, rewrite};
    ///
    /// let sql = "SELECT id\nFROM blog_post";
    /// let error = rewrite(sql, &Tables::new(["blog_posts"])).unwrap_err();
    /// assert_eq!(error.render(sql), "\
    /// error: unknown table `blog_post`
    ///   |
    /// 2 | FROM blog_post
    ///   |      ^^^^^^^^^
    ///   = help: did you mean `blog_posts`?");
    /// ```
    pub fn render(&self, sql: &str) -> String {
        crate::render::render(self, sql)
    }
}

impl fmt::Display for SqlError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}; {}", self.message, self.help)
    }
}

impl std::error::Error for SqlError {}
