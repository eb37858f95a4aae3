use crate::ModuleName;

/// The Rust constant for a name: upper case, and `_` for whatever no identifier may hold.
///
/// A name that begins with a digit gets a leading `_`.
///
/// ```
/// use goplt_manifest::constant_name;
///
/// assert_eq!(constant_name("create_post"), "CREATE_POST");
/// assert_eq!(constant_name("identity.user.deleted"), "IDENTITY_USER_DELETED");
/// ```
pub fn constant_name(name: &str) -> String {
    let mut constant: String = name
        .chars()
        .map(|character| match character.to_ascii_uppercase() {
            letter @ ('A'..='Z' | '0'..='9') => letter,
            _ => '_',
        })
        .collect();
    if constant.starts_with(|first: char| first.is_ascii_digit()) {
        constant.insert(0, '_');
    }
    constant
}

/// As [`constant_name`], without the module's own name in front: `blog.post.create` in module `blog` is `POST_CREATE`.
///
/// Names of other modules keep theirs.
///
/// ```
/// use goplt_manifest::{ModuleName, constant_name_in};
///
/// let blog = ModuleName::from_static("blog");
/// assert_eq!(constant_name_in(&blog, "blog.post.create"), "POST_CREATE");
/// assert_eq!(constant_name_in(&blog, "identity.user.deleted"), "IDENTITY_USER_DELETED");
/// ```
pub fn constant_name_in(module: &ModuleName, name: &str) -> String {
    let own = name
        .strip_prefix(module.as_str())
        .and_then(|rest| rest.strip_prefix('.'));
    constant_name(own.unwrap_or(name))
}
