/// The number that stands for a name in types, so that the compiler can tell names apart: FNV-1a of its UTF-8, 64 bits.
///
/// `include_manifest!` gives it to the key of an event and goplt-build to the event's message; a handler for the one with
/// the payload of the other does not compile.
///
/// ```
/// use goplt_manifest::name_tag;
///
/// const TAG: u64 = name_tag("blog.post.created");
/// assert_ne!(TAG, name_tag("blog.post.deleted"));
/// ```
#[must_use]
pub const fn name_tag(name: &str) -> u64 {
    let bytes = name.as_bytes();
    let mut hash: u64 = 0xcbf2_9ce4_8422_2325;
    let mut at = 0;
    while at < bytes.len() {
        hash ^= bytes[at] as u64;
        hash = hash.wrapping_mul(0x0000_0100_0000_01b3);
        at += 1;
    }
    hash
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_fnv_1a() {
        assert_eq!(name_tag(""), 0xcbf2_9ce4_8422_2325);
        assert_eq!(name_tag("a"), 0xaf63_dc4c_8601_ec8c);
        assert_eq!(name_tag("foobar"), 0x8594_4171_f739_67e8);
    }
}
