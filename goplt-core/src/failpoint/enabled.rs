use std::sync::{
    LazyLock,
    atomic::{AtomicU64, Ordering},
};

/// `GOPLT_FAILPOINT=name:n` aborts the process when the place is passed for the n-th time.
static ARMED: LazyLock<Option<(String, AtomicU64)>> = LazyLock::new(|| {
    let armed = std::env::var("GOPLT_FAILPOINT").ok()?;
    let (name, passes) = armed.split_once(':').unwrap_or((&armed, "1"));
    Some((name.to_owned(), AtomicU64::new(passes.parse().ok()?)))
});

/// A place with a name.
pub(crate) fn point(name: &str) {
    let Some((armed, passes)) = &*ARMED else {
        return;
    };
    if armed == name && passes.fetch_sub(1, Ordering::Relaxed) == 1 {
        // As kill -9 does: no destructor runs, nothing is flushed.
        std::process::abort();
    }
}
