//! [`EventHandlers`]: who handles what.

use std::{
    borrow::Cow,
    collections::{BTreeMap, btree_map::Entry},
    sync::Arc,
};

use super::{
    CanSubscribe, EnvelopeHandler, EventHandler, EventKey, EventOf, EventPolicy,
    handler::Registered,
};
use crate::ModuleName;

/// The handlers of all groups of a process. A group is a module that hears events.
#[derive(Debug, Clone, Default)]
pub struct EventHandlers {
    groups: BTreeMap<ModuleName, BTreeMap<Cow<'static, str>, Registered>>,
    clashes: Vec<HandlerClash>,
}

/// The handlers of one group, while they are added: what `cx.events(&service)` returns.
#[derive(Debug)]
#[must_use = "it registers nothing until `on` is called"]
pub struct GroupHandlers<'h, S> {
    handlers: &'h mut EventHandlers,
    group: ModuleName,
    service: Arc<S>,
}

/// A group was given two handlers for one event.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the module `{group}` has two handlers for `{event}`: keep one, and call both from it")]
pub struct HandlerClash {
    group: ModuleName,
    event: Cow<'static, str>,
}

// === impl EventHandlers ===

impl EventHandlers {
    /// None yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds handlers of the module `group`, which are methods of `service` or functions that
    /// take it.
    pub fn group<S>(&mut self, group: ModuleName, service: &Arc<S>) -> GroupHandlers<'_, S> {
        GroupHandlers {
            handlers: self,
            group,
            service: service.clone(),
        }
    }

    /// The pairs of module and event that have a handler.
    pub fn subscriptions(&self) -> impl Iterator<Item = (&ModuleName, &str)> {
        self.groups
            .iter()
            .flat_map(|(group, events)| events.keys().map(move |name| (group, &**name)))
    }

    /// What was registered twice; the first handler of each holds.
    #[must_use]
    pub fn clashes(&self) -> &[HandlerClash] {
        &self.clashes
    }

    /// Whether nobody hears anything.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.groups.is_empty()
    }

    pub(super) fn groups(&self) -> impl Iterator<Item = (&ModuleName, Vec<&str>)> {
        self.groups
            .iter()
            .map(|(group, events)| (group, events.keys().map(|name| &**name).collect()))
    }

    pub(super) fn get(&self, group: &ModuleName, event: &str) -> Option<&Registered> {
        self.groups.get(group)?.get(event)
    }

    fn add(&mut self, group: &ModuleName, event: Cow<'static, str>, handler: Registered) {
        match self.groups.entry(group.clone()).or_default().entry(event) {
            Entry::Vacant(place) => {
                place.insert(handler);
            }
            Entry::Occupied(taken) => self.clashes.push(HandlerClash {
                group: group.clone(),
                event: taken.key().clone(),
            }),
        }
    }
}

// === impl GroupHandlers ===

impl<S: Send + Sync + 'static> GroupHandlers<'_, S> {
    /// Handles an event, with the default [`EventPolicy`].
    ///
    /// The key's tag and the payload's must agree, so a handler for another payload does not
    /// compile.
    pub fn on<const TAG: u64, R, E, H>(self, key: EventKey<TAG, R>, handler: H) -> Self
    where
        R: CanSubscribe,
        E: EventOf<TAG>,
        H: for<'a> EventHandler<'a, S, E>,
    {
        self.on_with(key, EventPolicy::default(), handler)
    }

    /// Handles an event, with this policy.
    pub fn on_with<const TAG: u64, R, E, H>(
        self,
        key: EventKey<TAG, R>,
        policy: EventPolicy,
        handler: H,
    ) -> Self
    where
        R: CanSubscribe,
        E: EventOf<TAG>,
        H: for<'a> EventHandler<'a, S, E>,
    {
        let handler = Registered::new::<S, E, H>(self.service.clone(), handler, policy);
        self.handlers.add(&self.group, key.name().into(), handler);
        self
    }

    /// Handles the events of these names without knowing their payload, with this policy: for
    /// modules that work on whatever others publish, such as audit. The manifest does not declare
    /// them, so it is the caller's to see that somebody publishes them.
    pub fn on_each<H>(
        self,
        names: impl IntoIterator<Item = String>,
        policy: EventPolicy,
        handler: H,
    ) -> Self
    where
        H: for<'a> EnvelopeHandler<'a, S>,
    {
        let handler = Registered::of_envelopes(self.service.clone(), handler, policy);
        for name in names {
            self.handlers.add(&self.group, name.into(), handler.clone());
        }
        self
    }
}
