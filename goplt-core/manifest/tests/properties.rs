//! Proves that no text makes the parser panic, that names survive a round trip, and that patterns match as their
//! definition says.

use goplt_manifest::{
    Dependency, Migration, ModuleName, Permission, PermissionPattern, Version, VersionRange,
    constant_name, parse, parse_duration, suggest, yaml,
};
use proptest::{collection::vec, prelude::*, sample::select};

/// Texts near the grammar: arbitrary characters would rarely get past the first line.
fn near_manifest() -> impl Strategy<Value = String> {
    let pieces = select(vec![
        "name",
        "version",
        "routes",
        "permissions",
        "config",
        "jobs",
        "roles",
        "host",
        "events",
        "tables",
        ": ",
        ":",
        "\n",
        "\n  ",
        "\n  - ",
        "- ",
        "{ ",
        " }",
        "[",
        "]",
        ", ",
        "blog",
        "1.0.0",
        "blog.post.read",
        "*",
        "\"",
        "'",
        "/posts/{id}",
        "cron",
        "* * * * *",
        "default",
        "type",
        "integer",
        "true",
        "~",
        "é",
        "\t",
        "#",
        "|\n",
        ">\n",
        "&a ",
        "*a",
        "!t ",
        "---\n",
        "? ",
        "<<",
        "0x1f",
        "-.inf",
        "%",
        "@",
        "\u{feff}",
        "\r\n",
        "\0",
    ]);
    vec(pieces, 0..60).prop_map(|pieces| pieces.concat())
}

fn part() -> impl Strategy<Value = String> {
    // Few letters, so that prefixes and equal parts come up.
    "[ab-]{1,2}"
}

fn permission() -> impl Strategy<Value = String> {
    vec(part(), 2..=4).prop_map(|parts| parts.join("."))
}

fn pattern() -> impl Strategy<Value = String> {
    let prefix = vec(part(), 0..=3).prop_map(|mut parts| {
        parts.push("*".to_owned());
        parts.join(".")
    });
    prop_oneof![permission(), prefix]
}

/// The definition: part by part, a `*` at the end stands for one or more.
fn oracle(pattern: &str, permission: &str) -> bool {
    let pattern: Vec<&str> = pattern.split('.').collect();
    let permission: Vec<&str> = permission.split('.').collect();
    match pattern.split_last() {
        Some((&"*", prefix)) => {
            permission.len() > prefix.len() && permission[..prefix.len()] == *prefix
        }
        _ => pattern == permission,
    }
}

proptest! {
    #[test]
    fn no_text_makes_the_parser_panic(text in any::<String>()) {
        let _ = parse("module.yaml", &text);
    }

    #[test]
    fn errors_stand_inside_the_text_and_in_order(text in near_manifest()) {
        let parsed = parse("module.yaml", &text);
        let lines = text.lines().count() + 1;
        prop_assert!(parsed.errors.is_sorted_by_key(|error| error.mark()));
        for error in &parsed.errors {
            let mark = error.mark();
            prop_assert!((1..=lines).contains(&mark.line) && mark.column >= 1, "{error}");
        }
    }

    #[test]
    fn a_text_is_good_exactly_if_nothing_was_refused(text in near_manifest()) {
        let partial = yaml::parse_all(&text);
        prop_assert_eq!(yaml::parse(&text).is_ok(), partial.errors.is_empty());
        prop_assert!(partial.complete || !partial.errors.is_empty());
    }

    #[test]
    fn no_text_makes_a_name_panic(text in any::<String>()) {
        let _ = (ModuleName::parse(&text), Permission::parse(&text), PermissionPattern::parse(&text));
        let _ = (Version::parse(&text), VersionRange::parse(&text), Dependency::parse(&text));
        let _ = (Migration::parse_file_name(&text), parse_duration(&text), yaml::scalar(&text));
    }

    #[test]
    fn names_survive_a_round_trip(name in "[a-z][a-z0-9-]{0,62}", permission in permission(), pattern in pattern()) {
        prop_assert_eq!(ModuleName::parse(&name).unwrap().to_string(), name);
        prop_assert_eq!(Permission::parse(&permission).unwrap().to_string(), permission);
        prop_assert_eq!(PermissionPattern::parse(&pattern).unwrap().to_string(), pattern);
    }

    #[test]
    fn dependencies_and_migrations_survive_a_round_trip(
        name in "[a-z][a-z0-9-]{0,9}",
        range in select(vec!["^1", ">=1.0.0", "*", "~1.2", ">=1.1, <3", "=2.0.0-rc.1"]),
        file in "V[0-9]{3}[1-9]__[a-z0-9_]{1,9}(\\.pg|\\.sqlite)?\\.sql",
    ) {
        let written = format!("{name} {range}");
        prop_assert_eq!(Dependency::parse(&written).unwrap().to_string(), written);
        prop_assert_eq!(Migration::parse_file_name(&file).unwrap().file_name(), file);
    }

    #[test]
    fn patterns_match_as_defined(pattern in pattern(), permission in permission()) {
        let parsed = PermissionPattern::parse(&pattern).unwrap();
        let matches = parsed.matches(&Permission::parse(&permission).unwrap());
        prop_assert_eq!(matches, oracle(&pattern, &permission));
    }

    #[test]
    fn a_suggestion_is_one_of_the_others_and_mutual(
        input in "[abc]{1,8}",
        other in "[abc]{1,8}",
    ) {
        let found = suggest(&input, [other.as_str(), input.as_str()].into_iter());
        prop_assert!(found.is_none() || found == Some(other.as_str()));
        if input.len() == other.len() {
            let back = suggest(&other, [input.as_str()].into_iter());
            prop_assert_eq!(found.is_some(), back.is_some());
        }
    }

    #[test]
    fn one_slip_in_a_long_word_is_suggested(word in "[a-z]{4,12}", at in 0..4_usize, letter in "[A-Z]") {
        let mut slip = word.clone();
        slip.replace_range(at..=at, &letter);
        prop_assert_eq!(suggest(&slip, [word.as_str()].into_iter()), Some(word.as_str()));
    }

    #[test]
    fn constants_are_identifiers(name in "[a-z0-9][a-z0-9_.-]{0,20}") {
        let constant = constant_name(&name);
        prop_assert!(!constant.starts_with(|first: char| first.is_ascii_digit()));
        prop_assert!(constant.bytes().all(|byte| matches!(byte, b'A'..=b'Z' | b'0'..=b'9' | b'_')));
    }

    #[test]
    fn quoted_scalars_stay_text(text in "[ -~]{0,20}") {
        let quoted = format!("'{}'", text.replace('\'', "''"));
        prop_assert_eq!(yaml::parse(&quoted).unwrap().value, yaml::Value::String(text));
    }

    #[test]
    fn plain_numbers_keep_their_text(number in "[0-9]{1,3}\\.[0-9]{1,3}") {
        let node = yaml::parse(&number).unwrap();
        prop_assert!(matches!(node.value, yaml::Value::Float(_)));
        prop_assert_eq!(node.text(), Some(number.as_str()));
    }
}
