//! The composition holds: whatever does not fit together is found here, not when it is started.

goplt_module::assert_composition!(monolith::compose);
