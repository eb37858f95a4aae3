//! Which events of other modules become entries: pure.

/// The modules that write entries with their transactions: what they publish tells the same again.
const SELF_RECORDING: [&str; 3] = ["auth", "identity", "authz"];

/// A name that the setting `audit.events` cannot have.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum BadEvent {
    #[error(
        "`audit.events` holds `{0}`: write the name of an event such as `blog.post.created`, `blog.*`, or `*`"
    )]
    Form(String),
    #[error(
        "`audit.events` holds `{0}`, but the module `{1}` writes entries by itself: leave it out"
    )]
    Twice(String, String),
}

/// The names that `settings` mean, where the modules of the process publish `published`. A name
/// without `*` is taken as it is: its publisher may run elsewhere.
pub(super) fn wanted<'a>(
    settings: &[String],
    published: impl Iterator<Item = &'a str>,
) -> Result<Vec<String>, BadEvent> {
    let published: Vec<_> = published.collect();
    let mut names = Vec::new();
    for setting in settings {
        let module = setting.split('.').next().unwrap_or_default();
        if SELF_RECORDING.contains(&module) {
            return Err(BadEvent::Twice(setting.clone(), module.to_owned()));
        }
        if let Some(prefix) = setting.strip_suffix('*') {
            if !(prefix.is_empty() || prefix.ends_with('.')) {
                return Err(BadEvent::Form(setting.clone()));
            }
            let fitting = published.iter().filter(|name| name.starts_with(prefix));
            names.extend(fitting.map(|name| (*name).to_owned()));
        } else if setting.split('.').filter(|part| !part.is_empty()).count() == 3 {
            names.push(setting.clone());
        } else {
            return Err(BadEvent::Form(setting.clone()));
        }
    }
    names.retain(|name| {
        let module = name.split('.').next().unwrap_or_default();
        !SELF_RECORDING.contains(&module)
    });
    names.sort();
    names.dedup();
    Ok(names)
}

#[cfg(test)]
mod tests {
    use super::*;

    const PUBLISHED: [&str; 4] = [
        "authz.role.assigned",
        "billing.invoice.created",
        "blog.comment.created",
        "blog.post.created",
    ];

    fn names(settings: &[&str]) -> Result<Vec<String>, BadEvent> {
        let settings: Vec<_> = settings.iter().map(|&text| text.to_owned()).collect();
        wanted(&settings, PUBLISHED.into_iter())
    }

    #[test]
    fn everything_is_everything_but_what_modules_record_themselves() {
        assert_eq!(names(&["*"]).unwrap(), PUBLISHED[1..]);
        assert!(names(&[]).unwrap().is_empty());
    }

    #[test]
    fn a_pattern_means_what_is_published_and_a_name_itself() {
        let names = names(&["blog.*", "blog.post.created", "shop.cart.emptied"]);
        assert_eq!(
            names.unwrap(),
            [
                "blog.comment.created",
                "blog.post.created",
                "shop.cart.emptied"
            ]
        );
    }

    #[test]
    fn what_would_be_told_twice_or_is_no_name_is_refused() {
        for bad in ["authz.role.assigned", "identity.*"] {
            assert!(matches!(names(&[bad]), Err(BadEvent::Twice(..))), "{bad}");
        }
        for bad in ["blog", "blog.po*", "", "a..b"] {
            assert!(matches!(names(&[bad]), Err(BadEvent::Form(_))), "{bad}");
        }
    }
}
