use crate::{
    Permission,
    permission::count_parts,
    text::{Text, name_impls},
};

/// Which permissions a role grants: a permission, all below a prefix (`blog.*`, `blog.post.*`), or all (`*`).
///
/// `*` stands only at the end and matches one or more parts.
///
/// ```
/// use goplt_manifest::{Permission, PermissionPattern};
///
/// let pattern = PermissionPattern::parse("blog.*")?;
/// assert!(pattern.matches(&Permission::from_static("blog.post.create")));
/// assert!(!pattern.matches(&Permission::from_static("blogs.post.create")));
/// # Ok::<(), goplt_manifest::PermissionPatternError>(())
/// ```
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PermissionPattern(Text);

/// The text is not a pattern of permissions.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{text}` is not a pattern: a permission, or one to three parts of `[a-z0-9-]+` and `.*`, or `*`"
)]
pub struct PermissionPatternError {
    text: String,
}

impl PermissionPattern {
    /// The pattern that matches every permission.
    pub const ALL: Self = Self(Text::Static("*"));

    /// Parses a pattern.
    ///
    /// # Errors
    ///
    /// Returns [`PermissionPatternError`], which names the grammar, when the text does not follow it.
    pub fn parse(text: &str) -> Result<Self, PermissionPatternError> {
        if is_pattern(text) {
            return Ok(Self(Text::shared(text)));
        }
        Err(PermissionPatternError {
            text: crate::error::shorten(text),
        })
    }

    /// A pattern known when compiling, for constants.
    ///
    /// # Panics
    ///
    /// If the text does not follow the grammar; in a constant that is a compile error.
    #[must_use]
    pub const fn from_static(text: &'static str) -> Self {
        assert!(is_pattern(text), "not a pattern of permissions");
        Self(Text::Static(text))
    }

    /// Whether the pattern grants the permission.
    pub fn matches(&self, permission: &Permission) -> bool {
        match self.prefix() {
            None => self.as_str() == permission.as_str(),
            Some(prefix) => permission.as_str().starts_with(prefix),
        }
    }

    /// For a pattern that ends with `*`, what stands before it (`blog.`, empty for `*`); `None` for a single permission.
    pub fn prefix(&self) -> Option<&str> {
        self.as_str().strip_suffix('*')
    }
}

impl From<Permission> for PermissionPattern {
    /// The pattern that matches this permission alone.
    fn from(permission: Permission) -> Self {
        Self(Text::shared(permission.as_str()))
    }
}

name_impls!(PermissionPattern, PermissionPatternError);

const fn is_pattern(text: &str) -> bool {
    let bytes = text.as_bytes();
    let length = bytes.len();
    if length == 0 {
        return false;
    }
    if bytes[length - 1] != b'*' {
        let parts = count_parts(bytes, length);
        return 2 <= parts && parts <= 4;
    }
    if length == 1 {
        return true;
    }
    if length < 3 || bytes[length - 2] != b'.' {
        return false;
    }
    let parts = count_parts(bytes, length - 2);
    1 <= parts && parts <= 3
}
