/// A place with a name.
#[inline]
pub(crate) const fn point(_name: &str) {}
