//! [`Held`]: which roles a user has.

/// The places of the user's roles, in the order given. A few lie in place.
#[derive(Debug, Clone)]
pub(super) enum Held {
    Few { len: u8, places: [u32; FEW] },
    Many(Box<[u32]>),
}

const FEW: usize = 4;

impl Held {
    pub(super) fn as_slice(&self) -> &[u32] {
        match self {
            Self::Few { len, places } => &places[..usize::from(*len)],
            Self::Many(places) => places,
        }
    }
}

impl FromIterator<u32> for Held {
    fn from_iter<T: IntoIterator<Item = u32>>(roles: T) -> Self {
        let mut roles = roles.into_iter();
        let (mut len, mut places) = (0, [0; FEW]);
        for (place, role) in places.iter_mut().zip(&mut roles) {
            *place = role;
            len += 1;
        }
        match roles.next() {
            None => Self::Few { len, places },
            Some(next) => Self::Many(places.into_iter().chain([next]).chain(roles).collect()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keeps_what_was_given_few_or_many() {
        for count in 0..10 {
            let held: Held = (0..count).collect();
            assert_eq!(held.as_slice(), Vec::from_iter(0..count));
        }
    }
}
