//! A set of interned permissions.

/// Where a permission stands in the catalogue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Place {
    index: u32,
    section: Sections,
}

/// The sections of the catalogue, at most 64, that hold something of a set. As permissions
/// stand in order, those of a module or two are in few of them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Sections(u64);

/// One bit for each permission of the catalogue.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Bits(Box<[u64]>);

impl Place {
    /// Of the permission of this index among `len`.
    pub(super) fn new(index: usize, len: usize) -> Self {
        let sections = len.next_power_of_two() / 64;
        Self {
            index: u32::try_from(index).expect("fewer than 2³² permissions fit in memory"),
            section: Sections(1 << (index / sections.max(1))),
        }
    }

    pub(super) const fn index(self) -> usize {
        self.index as usize
    }
}

impl Sections {
    pub(super) fn of(places: impl Iterator<Item = Place>) -> Self {
        Self(places.fold(0, |all, place| all | place.section.0))
    }

    /// Whether the set may hold what stands there. If not, it does not.
    pub(super) const fn may_hold(self, place: Place) -> bool {
        self.0 & place.section.0 != 0
    }
}

impl Bits {
    pub(super) fn of(len: usize, places: impl Iterator<Item = Place>) -> Self {
        let mut words = vec![0; len.div_ceil(64)];
        for place in places {
            words[place.index() / 64] |= 1_u64 << (place.index() % 64);
        }
        Self(words.into())
    }

    pub(super) fn holds(&self, place: Place) -> bool {
        self.0
            .get(place.index() / 64)
            .is_some_and(|word| word >> (place.index() % 64) & 1 == 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn holds_what_was_put_in_and_nothing_else() {
        for len in [1, 63, 64, 65, 130, 4_096, 10_000] {
            let place = |index| Place::new(index, len);
            let put = [0, 62, 63, 64, 129, 4_095, 9_999];
            let put: Vec<_> = put.into_iter().filter(|&index| index < len).collect();
            let bits = Bits::of(len, put.iter().copied().map(place));
            let sections = Sections::of(put.iter().copied().map(place));
            let all = 0..len;
            let found: Vec<_> = all.filter(|&index| bits.holds(place(index))).collect();
            assert_eq!(found, put);
            assert!(
                found
                    .into_iter()
                    .all(|index| sections.may_hold(place(index)))
            );
        }
        assert!(!Bits::default().holds(Place::new(0, 1)));
    }

    #[test]
    fn the_sections_of_a_set_rule_out_what_stands_far_from_it() {
        let place = |index| Place::new(index, 10_000);
        let sections = Sections::of((5_000..5_010).map(place));
        let ruled_out = (0..10_000).filter(|&index| !sections.may_hold(place(index)));
        assert!(ruled_out.count() >= 10_000 - 512);
    }
}
