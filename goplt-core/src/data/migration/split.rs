//! A migration's text as its statements, so that one that fails can be named.

use std::str::CharIndices;

/// One statement, and the line of the file where it begins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Statement<'a> {
    pub(super) line: usize,
    pub(super) sql: &'a str,
}

/// Cuts at each `;` that ends a statement: not in quotes, comments or the body of a trigger.
pub(super) fn split(sql: &str) -> Vec<Statement<'_>> {
    let mut splitter = Splitter {
        sql,
        chars: sql.char_indices(),
        start: None,
        words: 0,
        trigger: false,
        depth: 0,
        found: Vec::new(),
    };
    splitter.run();
    splitter.found
}

/// The first word of a statement, in capitals.
pub(super) fn first_word(sql: &str) -> String {
    let word = sql.chars().take_while(|c| c.is_ascii_alphabetic());
    word.map(|c| c.to_ascii_uppercase()).collect()
}

struct Splitter<'a> {
    sql: &'a str,
    chars: CharIndices<'a>,
    /// Where the present statement begins, past spaces and comments.
    start: Option<usize>,
    /// How many words of it were seen.
    words: usize,
    /// It is `CREATE TRIGGER`, which holds statements between BEGIN and END.
    trigger: bool,
    depth: usize,
    found: Vec<Statement<'a>>,
}

impl Splitter<'_> {
    fn run(&mut self) {
        while let Some((at, c)) = self.chars.next() {
            match c {
                '-' if self.peek() == Some('-') => self.skip_past(at, "\n"),
                '/' if self.peek() == Some('*') => self.skip_past(at + 2, "*/"),
                ';' if self.depth == 0 => self.end(at),
                c if c.is_whitespace() => {}
                c => {
                    self.start.get_or_insert(at);
                    self.token(at, c);
                }
            }
        }
        self.end(self.sql.len());
    }

    fn token(&mut self, at: usize, c: char) {
        match c {
            // A doubled quote closes and opens at once.
            '\'' | '"' | '`' => self.skip_past(at + 1, &self.sql[at..=at]),
            '[' => self.skip_past(at + 1, "]"),
            '$' => {
                if let Some(tag) = dollar_tag(&self.sql[at..]) {
                    self.skip_past(at + tag.len(), tag);
                }
            }
            c if is_word(c) => {
                let rest = &self.sql[at..];
                let end = rest.find(|c| !is_word(c)).unwrap_or(rest.len());
                self.word(&rest[..end].to_ascii_uppercase());
                self.go_to(at + end);
            }
            _ => {}
        }
    }

    fn word(&mut self, word: &str) {
        self.words += 1;
        match (self.words, word) {
            (2..=3, "TRIGGER") => self.trigger = true,
            (_, "BEGIN" | "CASE") if self.trigger => self.depth += 1,
            (_, "END") if self.trigger => self.depth = self.depth.saturating_sub(1),
            _ => {}
        }
    }

    fn end(&mut self, at: usize) {
        if let Some(start) = self.start.take() {
            self.found.push(Statement {
                line: self.sql[..start].matches('\n').count() + 1,
                sql: self.sql[start..at].trim_end(),
            });
        }
        (self.words, self.trigger, self.depth) = (0, false, 0);
    }

    fn peek(&self) -> Option<char> {
        self.chars.clone().next().map(|(_, c)| c)
    }

    fn skip_past(&mut self, from: usize, end: &str) {
        let found = self.sql[from..].find(end);
        self.go_to(found.map_or(self.sql.len(), |at| from + at + end.len()));
    }

    fn go_to(&mut self, at: usize) {
        while self.chars.offset() < at && self.chars.next().is_some() {}
    }
}

const fn is_word(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_' || !c.is_ascii()
}

/// `$$` or `$tag$`, with which PostgreSQL quotes bodies of functions.
fn dollar_tag(text: &str) -> Option<&str> {
    let end = text[1..].find('$')? + 2;
    let name = &text[1..end - 1];
    let starts_well = !name.starts_with(|c: char| c.is_ascii_digit());
    (starts_well && name.chars().all(is_word)).then(|| &text[..end])
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn texts(sql: &str) -> Vec<&str> {
        split(sql)
            .into_iter()
            .map(|statement| statement.sql)
            .collect()
    }

    #[test]
    fn statements_know_their_line() {
        let sql =
            "-- posts; and more\nCREATE TABLE a (b TEXT);\n\n/* x; */ CREATE INDEX c ON a (b)";
        let found = split(sql);
        assert_eq!(
            found[0],
            Statement {
                line: 2,
                sql: "CREATE TABLE a (b TEXT)"
            }
        );
        assert_eq!(
            found[1],
            Statement {
                line: 4,
                sql: "CREATE INDEX c ON a (b)"
            }
        );
    }

    #[test]
    fn a_semicolon_in_quotes_ends_nothing() {
        for quoted in [
            "'a;''b;'",
            "\"a;b\"",
            "`a;`",
            "[a;b]",
            "$$a;b$$",
            "$f$a; $$ b;$f$",
        ] {
            let sql = format!("SELECT {quoted}; SELECT 2");
            assert_eq!(
                texts(&sql),
                [format!("SELECT {quoted}").as_str(), "SELECT 2"]
            );
        }
    }

    #[test]
    fn the_body_of_a_trigger_stays_in_one_piece() {
        let trigger = "CREATE TEMP TRIGGER t AFTER INSERT ON a BEGIN \
                       UPDATE a SET b = CASE WHEN c THEN 1 ELSE 2 END; SELECT 1; END";
        let sql = format!("{trigger}; SELECT 2;");
        assert_eq!(texts(&sql), [trigger, "SELECT 2"]);
        // PostgreSQL's has no body.
        let sql = "CREATE TRIGGER t AFTER INSERT ON a EXECUTE FUNCTION f(); SELECT 2";
        assert_eq!(texts(sql).len(), 2);
    }

    #[test]
    fn nothing_but_comments_is_no_statement() {
        assert_eq!(texts(" -- a\n;; /* b"), [""; 0]);
    }

    proptest! {
        #[test]
        fn any_text_is_split_and_nothing_is_lost(sql in "[a-zA-Z;'\"$\\-/* \nä]{0,60}") {
            let found = split(&sql);
            for statement in &found {
                prop_assert!(sql.contains(statement.sql) && !statement.sql.is_empty());
            }
        }
    }
}
