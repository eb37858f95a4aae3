//! A new migration is noticed.

fn main() {
    goplt_build::watch("src/service/authz/migrations");
}
