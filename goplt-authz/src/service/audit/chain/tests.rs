//! Whatever is done to a log, the verifier names the first place where it shows.

use goplt_core::{Timestamp, Uuid};
use proptest::prelude::*;

use super::*;
use crate::service::audit::domain::Who;

fn acme() -> TenantId {
    "acme".parse().unwrap()
}

fn start() -> Head {
    Head {
        sequence: 0,
        hash: START.to_vec(),
    }
}

fn head_of(log: &[Entry]) -> Head {
    log.last().map_or_else(start, |entry| Head {
        sequence: entry.sequence,
        hash: entry.hash.clone(),
    })
}

prop_compose! {
    fn content()(
        id: [u8; 16],
        who in prop_oneof![Just(None), "[a-z]{1,4}".prop_map(Some)],
        action in "[a-z.]{1,6}",
        resource in "[a-z.]{0,4}",
        resource_id in proptest::option::of("[a-zé ]{0,5}"),
        ip_address in proptest::option::of(Just("127.0.0.1".to_owned())),
        user_agent in proptest::option::of("[a-z]{0,5}"),
        request_id in "[a-z0-9-]{1,8}",
        metadata in r#"\{("[a-z]":[0-9])?\}"#,
        micros in 0_i64..4_000_000_000_000_000,
    ) -> NewEntry {
        NewEntry {
            id: Uuid::from_bytes(id),
            actor: Who { kind: if who.is_some() { "user" } else { "anonymous" }.to_owned(), id: who },
            action,
            resource,
            resource_id,
            ip_address,
            user_agent,
            request_id,
            metadata,
            timestamp: Timestamp::from_micros(micros),
        }
    }
}

fn written(contents: Vec<NewEntry>) -> Vec<Entry> {
    let mut log: Vec<Entry> = Vec::new();
    for content in contents {
        let head = head_of(&log);
        log.push(seal(&acme(), content, &head));
    }
    log
}

fn log() -> impl Strategy<Value = Vec<Entry>> {
    proptest::collection::vec(content(), 1..12).prop_map(written)
}

/// As the service does it: entries in the order of their places, then the head.
fn verify(log: &[Entry], head: Option<Head>, kept: Option<Head>) -> Result<Head, Broken> {
    let tenant = acme();
    let mut verifier = Verifier::new(&tenant, kept);
    let mut ordered: Vec<_> = log.iter().collect();
    ordered.sort_by_key(|entry| entry.sequence);
    for entry in ordered {
        verifier.check(entry)?;
    }
    verifier.finish(head)
}

/// Changes one field; every one of them counts.
fn change(entry: &mut Entry, field: usize) {
    let content = &mut entry.content;
    match field {
        0 => content.id = Uuid::from_bytes(content.id.as_bytes().map(|byte| byte ^ 1)),
        1 => content.actor.kind.push('x'),
        2 => {
            content.actor.id = Some(
                content
                    .actor
                    .id
                    .take()
                    .map_or_else(String::new, |id| id + "x"),
            )
        }
        3 => content.action.push('x'),
        4 => content.resource.push('x'),
        5 => content.resource_id = flip(content.resource_id.take()),
        6 => content.ip_address = flip(content.ip_address.take()),
        7 => content.user_agent = flip(content.user_agent.take()),
        8 => content.request_id.push('x'),
        9 => content.metadata.push(' '),
        10 => content.timestamp = Timestamp::from_micros(content.timestamp.as_micros() + 1),
        11 => entry.previous_hash[7] ^= 1,
        _ => entry.hash[7] ^= 1,
    }
}

/// The smallest change: nothing and an empty text are not the same.
fn flip(text: Option<String>) -> Option<String> {
    match text {
        None => Some(String::new()),
        Some(text) if text.is_empty() => None,
        Some(text) => Some(text + "x"),
    }
}

proptest! {
    #[test]
    fn a_log_that_was_left_alone_holds(log in log()) {
        let head = head_of(&log);
        prop_assert_eq!(verify(&log, Some(head.clone()), Some(head.clone())), Ok(head));
    }

    #[test]
    fn a_changed_entry_is_named(mut log in log(), at: prop::sample::Index, field in 0_usize..13) {
        let head = head_of(&log);
        let at = at.index(log.len());
        change(&mut log[at], field);
        let broken = verify(&log, Some(head), None).unwrap_err();
        prop_assert_eq!(broken.sequence, log[at].sequence);
        prop_assert_eq!(broken.kind, BrokenKind::Changed);
        prop_assert_eq!(broken.id, Some(log[at].content.id.to_string()));
    }

    #[test]
    fn a_removed_entry_is_named(mut log in log(), at: prop::sample::Index) {
        let head = head_of(&log);
        let removed = log.remove(at.index(log.len()));
        let broken = verify(&log, Some(head), None).unwrap_err();
        prop_assert_eq!(broken.sequence, removed.sequence);
        let last = log.iter().all(|entry| entry.sequence < removed.sequence);
        prop_assert_eq!(broken.kind, if last { BrokenKind::CutOff } else { BrokenKind::Missing });
    }

    #[test]
    fn two_entries_that_changed_places_are_noticed_at_the_first(
        mut log in log().prop_filter("two", |log| log.len() > 1),
        one: prop::sample::Index,
        other: prop::sample::Index,
    ) {
        let head = head_of(&log);
        let (one, other) = (one.index(log.len()), other.index(log.len()));
        prop_assume!(one != other);
        let (first, second) = (log[one].sequence, log[other].sequence);
        log[one].sequence = second;
        log[other].sequence = first;
        let broken = verify(&log, Some(head), None).unwrap_err();
        prop_assert_eq!(broken.sequence, first.min(second));
        prop_assert_eq!(broken.kind, BrokenKind::Changed);
    }

    #[test]
    fn a_log_whose_end_was_cut_off_with_its_head_is_not_the_one_that_was_kept(
        log in log(),
        cut: prop::sample::Index,
    ) {
        let kept = head_of(&log);
        let left = &log[..cut.index(log.len())];
        // Head and entries agree: nothing within the database tells.
        prop_assert!(verify(left, Some(head_of(left)), None).is_ok());
        let broken = verify(left, Some(head_of(left)), Some(kept)).unwrap_err();
        prop_assert_eq!(broken.kind, BrokenKind::CutOff);
        prop_assert_eq!(broken.sequence, i64::try_from(left.len()).unwrap() + 1);
    }

    #[test]
    fn a_log_written_anew_holds_but_is_not_the_one_that_was_kept(
        log in log(),
        at: prop::sample::Index,
    ) {
        let kept = head_of(&log);
        let mut contents: Vec<_> = log.into_iter().map(|entry| entry.content).collect();
        let at = at.index(contents.len());
        contents[at].action.push('x');
        let forged = written(contents);
        prop_assert!(verify(&forged, Some(head_of(&forged)), None).is_ok());
        let broken = verify(&forged, Some(head_of(&forged)), Some(kept.clone())).unwrap_err();
        prop_assert_eq!((broken.sequence, broken.kind), (kept.sequence, BrokenKind::NotAsKept));
    }

    #[test]
    fn an_entry_that_was_written_anew_does_not_fit_its_follower(
        mut log in log().prop_filter("two", |log| log.len() > 1),
        at: prop::sample::Index,
    ) {
        let head = head_of(&log);
        let at = at.index(log.len() - 1);
        let before = head_of(&log[..at]);
        let mut content = log[at].content.clone();
        content.action.push('x');
        log[at] = seal(&acme(), content, &before);
        let broken = verify(&log, Some(head), None).unwrap_err();
        prop_assert_eq!((broken.sequence, broken.kind), (log[at + 1].sequence, BrokenKind::Unlinked));
    }

    #[test]
    fn an_entry_past_the_head_is_named(mut log in log(), content in content()) {
        let head = head_of(&log);
        let smuggled = seal(&acme(), content, &head);
        log.push(smuggled.clone());
        let broken = verify(&log, Some(head), None).unwrap_err();
        prop_assert_eq!((broken.sequence, broken.kind), (smuggled.sequence, BrokenKind::BeyondHead));
    }

    #[test]
    fn an_entry_of_another_tenant_is_no_entry_of_this_one(content in content()) {
        let globex = "globex".parse().unwrap();
        let foreign = seal(&globex, content, &start());
        let broken = verify(std::slice::from_ref(&foreign), Some(head_of(std::slice::from_ref(&foreign))), None);
        prop_assert_eq!(broken.unwrap_err().kind, BrokenKind::Changed);
    }
}

#[test]
fn an_empty_log_holds_and_one_without_head_does_not() {
    assert_eq!(verify(&[], None, None), Ok(start()));
    let log = written(vec![NewEntry {
        id: Uuid::from_bytes([1; 16]),
        actor: Who::of(None),
        action: "a.b.c".into(),
        resource: "a.b".into(),
        resource_id: None,
        ip_address: None,
        user_agent: None,
        request_id: "r".into(),
        metadata: "{}".into(),
        timestamp: Timestamp::from_micros(1),
    }]);
    assert_eq!(
        verify(&log, None, None).unwrap_err().kind,
        BrokenKind::BeyondHead
    );
    let mut early = log;
    early[0].sequence = 0;
    assert_eq!(
        verify(&early, None, None).unwrap_err().kind,
        BrokenKind::Misplaced
    );
}
