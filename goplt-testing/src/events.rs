//! [`Events`]: what was published.

use goplt_core::event::{Envelope, Event};

/// What was published up to now, in order: [`TestHost::events`](crate::TestHost::events).
///
/// Only what was committed: an event of a transaction that rolled back never happened.
#[derive(Debug, Clone)]
pub struct Events {
    envelopes: Vec<Envelope>,
}

impl Events {
    pub(crate) const fn new(envelopes: Vec<Envelope>) -> Self {
        Self { envelopes }
    }

    /// The payloads of one kind.
    ///
    /// # Panics
    ///
    /// If a payload does not decode.
    #[must_use]
    pub fn of<E: Event>(&self) -> Vec<E> {
        let decode = |envelope: &Envelope| {
            E::decode(envelope.payload()).unwrap_or_else(|error| panic!("{}: {error}", E::NAME))
        };
        self.named(E::NAME).map(decode).collect()
    }

    /// The events of one name, such as `blog.post.created`.
    pub fn named(&self, name: &str) -> impl Iterator<Item = &Envelope> {
        let name = name.to_owned();
        self.iter().filter(move |envelope| envelope.name() == name)
    }

    /// The events of one tenant.
    pub fn of_tenant(&self, tenant: &str) -> impl Iterator<Item = &Envelope> {
        let tenant = tenant.to_owned();
        self.iter()
            .filter(move |envelope| envelope.tenant().as_str() == tenant)
    }

    /// All of them.
    pub fn iter(&self) -> std::slice::Iter<'_, Envelope> {
        self.envelopes.iter()
    }

    /// Their names, in order.
    #[must_use]
    pub fn names(&self) -> Vec<&str> {
        self.iter().map(Envelope::name).collect()
    }
}

impl<'a> IntoIterator for &'a Events {
    type Item = &'a Envelope;
    type IntoIter = std::slice::Iter<'a, Envelope>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}
