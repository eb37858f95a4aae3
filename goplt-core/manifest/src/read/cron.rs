//! The grammar of `cron`; when a job is due is computed where it runs.

/// The five fields: what each is called, its least and greatest value, and its names.
const FIELDS: [(&str, u8, u8, &[&str]); 5] = [
    ("minute", 0, 59, &[]),
    ("hour", 0, 23, &[]),
    ("day of the month", 1, 31, &[]),
    ("month", 1, 12, &MONTHS),
    ("day of the week", 0, 7, &DAYS),
];

const MONTHS: [&str; 12] = [
    "JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC",
];

const DAYS: [&str; 7] = ["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"];

/// Checks five fields of lists (`1,15`), ranges (`MON-FRI`) and steps (`*/5`); says what is wrong.
pub(super) fn check(text: &str) -> Result<(), String> {
    let given: Vec<&str> = text.split_ascii_whitespace().collect();
    if given.len() != FIELDS.len() {
        let text = crate::error::shorten(text);
        return Err(format!(
            "cron `{text}` has {} fields instead of five",
            given.len()
        ));
    }
    for (field, (name, least, greatest, names)) in given.into_iter().zip(FIELDS) {
        let valid = field
            .split(',')
            .all(|item| is_item(item, least, greatest, names));
        if !valid {
            let field = crate::error::shorten(field);
            return Err(format!(
                "cron has `{field}` for the {name} ({least}-{greatest})"
            ));
        }
    }
    Ok(())
}

/// `*`, a value or a range, and optionally a step.
fn is_item(item: &str, least: u8, greatest: u8, names: &[&str]) -> bool {
    let (range, step) = match item.split_once('/') {
        Some((range, step)) => (range, Some(step)),
        None => (item, None),
    };
    if step.is_some_and(|step| number(step).is_none_or(|step| step == 0 || step > greatest)) {
        return false;
    }
    if range == "*" {
        return true;
    }
    let value = |text: &str| -> Option<u8> {
        let named = names
            .iter()
            .position(|name| name.eq_ignore_ascii_case(text))
            .and_then(|index| u8::try_from(index).ok())
            .map(|index| index + least);
        named.or_else(|| number(text).filter(|value| (least..=greatest).contains(value)))
    };
    match range.split_once('-') {
        Some((from, to)) => match (value(from), value(to)) {
            (Some(from), Some(to)) => from <= to,
            _ => false,
        },
        None => value(range).is_some(),
    }
}

/// Digits alone: `parse` would take a sign as well.
fn number(text: &str) -> Option<u8> {
    let digits = text.bytes().all(|byte| byte.is_ascii_digit());
    digits.then(|| text.parse().ok()).flatten()
}
