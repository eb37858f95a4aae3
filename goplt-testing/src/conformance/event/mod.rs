//! What events keep: delivered once, in the order of their key, whatever fails.

pub mod delivery;
pub mod failures;
pub mod sharing;
pub mod world;
