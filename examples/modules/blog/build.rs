fn main() {
    goplt_build::watch("migrations");
}
