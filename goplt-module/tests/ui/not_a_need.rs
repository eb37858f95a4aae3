//! A field that is no contract, and a derive on what has no fields.

#[derive(goplt_module::Needs)]
struct Settings {
    page_size: u32,
}

#[derive(goplt_module::Needs)]
enum Either {
    One,
}

fn main() {}
