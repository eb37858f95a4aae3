use std::{borrow::Cow, fmt};

/// A place in a source file, for messages: `blog/module.yaml:12:5`.
///
/// Ordered by file, line and column.
///
/// # Examples
///
/// ```
/// use goplt_module::Place;
///
/// assert_eq!(Place::new("blog/src/lib.rs", 42, 5).to_string(), "blog/src/lib.rs:42:5");
/// ```
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Place {
    file: Cow<'static, str>,
    line: u32,
    column: u32,
}

impl Place {
    /// A place known when compiling; lines and columns begin at 1.
    #[must_use]
    pub const fn new(file: &'static str, line: u32, column: u32) -> Self {
        Self {
            file: Cow::Borrowed(file),
            line,
            column,
        }
    }

    /// A place in a file whose name is known only now.
    #[must_use]
    pub fn in_file(file: impl Into<Cow<'static, str>>, line: usize, column: usize) -> Self {
        let number = |n| u32::try_from(n).unwrap_or(u32::MAX);
        Self {
            file: file.into(),
            line: number(line),
            column: number(column),
        }
    }

    /// The file, as it was named to the compiler or the parser.
    #[must_use]
    pub fn file(&self) -> &str {
        &self.file
    }

    /// The line, from 1.
    #[must_use]
    pub const fn line(&self) -> u32 {
        self.line
    }

    /// The column, from 1.
    #[must_use]
    pub const fn column(&self) -> u32 {
        self.column
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}", self.file, self.line, self.column)
    }
}
