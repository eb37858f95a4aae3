//! A new migration is noticed.

fn main() {
    goplt_build::watch("src/service/audit/migrations");
    goplt_build::watch("src/service/authz/migrations");
}
