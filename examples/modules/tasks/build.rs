//! Rebuilds when a migration is added.

fn main() {
    goplt_build::watch("migrations");
}
