//! Has cargo notice new migrations.

fn main() {
    goplt_build::watch("src/service/auth/migrations");
    goplt_build::watch("src/service/identity/migrations");
}
