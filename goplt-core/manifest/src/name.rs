use crate::text::{Text, name_impls};

/// The name of a module: `[a-z][a-z0-9-]*`, at most 63 characters, such as `blog`.
///
/// ```
/// use goplt_manifest::ModuleName;
///
/// let name: ModuleName = "blog".parse()?;
/// assert_eq!(name, "blog");
/// assert!(ModuleName::parse("Blog").is_err());
/// # Ok::<(), goplt_manifest::ModuleNameError>(())
/// ```
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ModuleName(Text);

/// The text is not a module name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{text}` is not a module name: `[a-z][a-z0-9-]*`, at most {} characters",
    ModuleName::MAX_LENGTH
)]
pub struct ModuleNameError {
    text: String,
}

impl ModuleName {
    /// The most characters that a name has.
    pub const MAX_LENGTH: usize = 63;

    /// Parses a name.
    ///
    /// # Errors
    ///
    /// Returns [`ModuleNameError`], which names the grammar, when the text does not follow it.
    pub fn parse(text: &str) -> Result<Self, ModuleNameError> {
        if is_module_name(text) {
            return Ok(Self(Text::shared(text)));
        }
        Err(ModuleNameError {
            text: crate::error::shorten(text),
        })
    }

    /// A name known when compiling, for constants.
    ///
    /// # Panics
    ///
    /// If the text does not follow the grammar; in a constant that is a compile error.
    #[must_use]
    pub const fn from_static(text: &'static str) -> Self {
        assert!(is_module_name(text), "not a module name");
        Self(Text::Static(text))
    }
}

name_impls!(ModuleName, ModuleNameError);

const fn is_module_name(text: &str) -> bool {
    let bytes = text.as_bytes();
    if bytes.is_empty() || bytes.len() > ModuleName::MAX_LENGTH || !bytes[0].is_ascii_lowercase() {
        return false;
    }
    let mut index = 1;
    while index < bytes.len() {
        if !matches!(bytes[index], b'a'..=b'z' | b'0'..=b'9' | b'-') {
            return false;
        }
        index += 1;
    }
    true
}
