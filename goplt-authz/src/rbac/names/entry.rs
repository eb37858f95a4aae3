//! [`Entry`]: a name with its value, in one place.

/// A line of the cache, if the value takes no more than 24 bytes.
#[derive(Debug, Clone)]
#[repr(align(64))]
pub(super) struct Entry<V> {
    name: Name,
    pub(super) value: V,
}

/// Text that lies in place if it is short, as that of a UUID is.
#[derive(Debug, Clone)]
enum Name {
    Short { len: u8, bytes: [u8; SHORT] },
    Long(Box<[u8]>),
}

/// With it a name takes 40 bytes.
const SHORT: usize = 38;

impl<V> Entry<V> {
    pub(super) fn new(name: &str, value: V) -> Self {
        let text = name.as_bytes();
        let mut bytes = [0; SHORT];
        let name = match (bytes.get_mut(..text.len()), u8::try_from(text.len())) {
            (Some(place), Ok(len)) => {
                place.copy_from_slice(text);
                Name::Short { len, bytes }
            }
            _ => Name::Long(text.into()),
        };
        Self { name, value }
    }

    /// The bytes of the name.
    pub(super) fn name(&self) -> &[u8] {
        match &self.name {
            Name::Short { len, bytes } => &bytes[..usize::from(*len)],
            Name::Long(bytes) => bytes,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_stays_as_it_is_however_long() {
        for len in [0, 1, 36, 37, 38, 39, 255, 300] {
            let name = "ä".repeat(len / 2) + &"x".repeat(len % 2);
            assert_eq!(Entry::new(&name, ()).name(), name.as_bytes());
        }
    }

    #[test]
    fn an_entry_is_a_line_of_the_cache() {
        assert_eq!(size_of::<Option<Entry<[u64; 3]>>>(), 64);
    }
}
