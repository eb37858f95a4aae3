fn main() {
    goplt_build::watch("src/service/authz/migrations");
}
