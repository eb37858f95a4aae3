use crate::text::{Text, name_impls};

/// What a caller may be allowed to do: two to four parts of `[a-z0-9-]+` joined by points, such as `blog.post.create`.
///
/// In a manifest the first part is the module's name. At most 255 characters. Clones are cheap, and constants cost
/// nothing to build.
///
/// ```
/// use goplt_manifest::Permission;
///
/// const CREATE: Permission = Permission::from_static("blog.post.create");
/// assert_eq!(CREATE, Permission::parse("blog.post.create")?);
/// assert_eq!(CREATE.module(), "blog");
/// assert!(Permission::parse("blog").is_err());
/// # Ok::<(), goplt_manifest::PermissionError>(())
/// ```
///
/// A constant that does not follow the grammar does not compile:
///
/// ```compile_fail
/// const BAD: goplt_manifest::Permission = goplt_manifest::Permission::from_static("Blog.post");
/// ```
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Permission(Text);

/// The text is not a permission.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is not a permission: two to four parts of `[a-z0-9-]+` joined by `.`")]
pub struct PermissionError {
    text: String,
}

impl Permission {
    /// The most characters that a permission has.
    pub const MAX_LENGTH: usize = 255;

    /// Parses a permission.
    ///
    /// # Errors
    ///
    /// Returns [`PermissionError`], which names the grammar, when the text does not follow it.
    pub fn parse(text: &str) -> Result<Self, PermissionError> {
        if is_permission(text) {
            return Ok(Self(Text::shared(text)));
        }
        Err(PermissionError {
            text: crate::error::shorten(text),
        })
    }

    /// A permission known when compiling, for constants.
    ///
    /// # Panics
    ///
    /// If the text does not follow the grammar; in a constant that is a compile error.
    #[must_use]
    pub const fn from_static(text: &'static str) -> Self {
        assert!(
            is_permission(text),
            "not a permission: two to four parts of [a-z0-9-]+ joined by points"
        );
        Self(Text::Static(text))
    }

    /// The first part: the name of the module that declares it.
    pub fn module(&self) -> &str {
        self.parts().next().unwrap_or_default()
    }

    /// The parts between the points; two to four.
    pub fn parts(&self) -> impl Iterator<Item = &str> {
        self.as_str().split('.')
    }
}

name_impls!(Permission, PermissionError);

const fn is_permission(text: &str) -> bool {
    let parts = count_parts(text.as_bytes(), text.len());
    2 <= parts && parts <= 4
}

/// How many parts of `[a-z0-9-]+` the first `end` bytes hold; zero if they hold anything else.
pub(crate) const fn count_parts(bytes: &[u8], end: usize) -> usize {
    if end > Permission::MAX_LENGTH {
        return 0;
    }
    let mut parts = 1;
    let mut length = 0;
    let mut index = 0;
    while index < end {
        match bytes[index] {
            b'a'..=b'z' | b'0'..=b'9' | b'-' => length += 1,
            b'.' if length > 0 => {
                parts += 1;
                length = 0;
            }
            _ => return 0,
        }
        index += 1;
    }
    if length == 0 { 0 } else { parts }
}
