use std::fmt::Write as _;

/// Both texts, growing together.
#[derive(Debug, Default)]
pub(super) struct Out {
    pub(super) sqlite: String,
    pub(super) postgres: String,
}

impl Out {
    pub(super) fn both(&mut self, text: &str) {
        self.split(text, text);
    }

    pub(super) fn split(&mut self, sqlite: &str, postgres: &str) {
        self.sqlite.push_str(sqlite);
        self.postgres.push_str(postgres);
    }

    pub(super) fn param(&mut self, number: usize) {
        // Writing to a String cannot fail.
        let _ = write!(self.sqlite, "?{number}");
        let _ = write!(self.postgres, "${number}");
    }
}
