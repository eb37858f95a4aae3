//! The check of a composition as a unit test.

use super::Assembly;

/// Checks what `compose` makes as `check` does, configuration files beside the package included.
///
/// See [`assert_composition!`](crate::assert_composition).
///
/// # Panics
///
/// With the whole report, if there is a problem.
pub fn assert_composition(compose: impl FnOnce(Assembly) -> Assembly) {
    let Assembly { host, .. } = compose(Assembly::new());
    let checked = host
        .build()
        .map_err(|report| report.to_string())
        .and_then(|host| {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build();
            let runtime = runtime.map_err(|error| error.to_string())?;
            runtime
                .block_on(host.check())
                .map_err(|error| error.to_string())
        });
    if let Err(report) = checked {
        panic!("{report}");
    }
}

/// Makes a unit test of the check that a start begins with: `assert_composition!(monolith);`.
///
/// The argument is the function that is given to [`assembly::main`](crate::assembly::main).
///
/// # Examples
///
/// ```
/// use goplt_module::assembly::Assembly;
///
/// fn shop(assembly: Assembly) -> Assembly {
///     assembly // .module(Blog::new())
/// }
///
/// goplt_module::assert_composition!(shop);
/// ```
#[macro_export]
macro_rules! assert_composition {
    ($compose:path) => {
        #[test]
        fn the_composition_is_sound() {
            $crate::assembly::assert_composition($compose);
        }
    };
}
