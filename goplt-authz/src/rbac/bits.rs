//! A set of interned permissions.

/// One bit for each permission of the catalogue.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Bits(Box<[u64]>);

impl Bits {
    pub(super) fn from_indices(len: usize, indices: impl Iterator<Item = usize>) -> Self {
        let mut words = vec![0; len.div_ceil(64)];
        for index in indices {
            words[index / 64] |= 1_u64 << (index % 64);
        }
        Self(words.into())
    }

    pub(super) fn contains(&self, index: usize) -> bool {
        self.0
            .get(index / 64)
            .is_some_and(|word| word >> (index % 64) & 1 == 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn contains_what_was_put_in_and_nothing_else() {
        let bits = Bits::from_indices(130, [0, 63, 64, 129].into_iter());
        let found: Vec<_> = (0..1_000).filter(|&index| bits.contains(index)).collect();
        assert_eq!(found, [0, 63, 64, 129]);
        assert!(!Bits::default().contains(0));
    }
}
