//! Rows, and the types that are read from them.

mod tuple;

use std::{fmt, sync::OnceLock};

use super::{DbError, DbType, DbValue, Value, ValueError};

/// One row of a result, while it is being read.
///
/// Columns are found by name or by their place from 0. What a `SELECT` yields twice under one
/// name is found under it once, the first time it stands there: give it an alias.
pub struct Row<'r> {
    raw: &'r dyn RawRow,
    places: &'r Places,
}

/// A type that a row is read as: `#[derive(FromRow)]` for structs, tuples by place, and every
/// [`DbValue`] as a row of one column.
///
/// # Examples
///
/// ```
/// use goplt_core::{Uuid, data::{FromRow, Json}};
///
/// #[derive(FromRow)]
/// struct Post {
///     id: Uuid,
///     title: String,
///     #[row(rename = "author_id")]
///     author: Option<Uuid>,
///     #[row(json)]
///     tags: Vec<String>,
/// }
/// ```
#[diagnostic::on_unimplemented(
    message = "a row cannot be read as `{Self}`",
    note = "derive `FromRow`, or use a tuple of column types"
)]
pub trait FromRow: Sized {
    /// The columns that the derive reads by name, in the order of its fields.
    #[doc(hidden)]
    const FIELDS: &'static [&'static str] = &[];

    /// Reads the row.
    ///
    /// # Errors
    ///
    /// A [`DbError`] that names the column which is missing or does not fit.
    fn from_row(row: &Row<'_>) -> Result<Self, DbError>;
}

/// A row as an engine has it.
pub(crate) trait RawRow {
    fn len(&self) -> usize;
    fn name(&self, column: usize) -> &str;
    fn value(&self, column: usize, ty: DbType) -> Result<Value, ValueError>;
}

/// Where the fields of one type stand in the columns of one result: found once, for its first row.
#[derive(Debug, Default)]
pub(crate) struct Places {
    fields: &'static [&'static str],
    columns: OnceLock<Box<[Option<usize>]>>,
}

// === impl Row ===

impl<'r> Row<'r> {
    pub(crate) const fn new(raw: &'r dyn RawRow, places: &'r Places) -> Self {
        Self { raw, places }
    }

    /// The column of this name.
    ///
    /// # Errors
    ///
    /// [`DbError::NoColumn`] if there is none, [`DbError::Column`] if it does not hold a `T`.
    pub fn get<T: DbValue>(&self, name: &str) -> Result<T, DbError> {
        self.read(self.find(name).ok_or_else(|| self.missing(name))?)
    }

    /// The column at this place, from 0.
    ///
    /// # Errors
    ///
    /// As for [`get`](Self::get).
    pub fn get_at<T: DbValue>(&self, column: usize) -> Result<T, DbError> {
        if column < self.len() {
            return self.read(column);
        }
        Err(self.missing(&column.to_string()))
    }

    /// How many columns the row has.
    #[must_use]
    pub fn len(&self) -> usize {
        self.raw.len()
    }

    /// Whether the row has no column.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The names of the columns.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        (0..self.len()).map(|column| self.raw.name(column))
    }

    /// The field at `index` of `fields`, which are those of the type being read.
    #[doc(hidden)]
    pub fn __field<T: DbValue>(
        &self,
        fields: &'static [&'static str],
        index: usize,
    ) -> Result<T, DbError> {
        // The same list in memory is the same list of names, so the places hold for it.
        let known = std::ptr::eq(self.places.fields, fields);
        let place = if known {
            self.places.columns.get_or_init(|| self.find_all(fields))[index]
        } else {
            self.find(fields[index])
        };
        match place {
            Some(column) => self.read(column),
            None => Err(self.missing(fields[index])),
        }
    }

    /// That the row has exactly this many columns, as a tuple needs it.
    fn expect_len(&self, wanted: usize) -> Result<(), DbError> {
        if self.len() == wanted {
            return Ok(());
        }
        let found = self.len();
        Err(DbError::Width { wanted, found })
    }

    #[inline]
    fn read<T: DbValue>(&self, column: usize) -> Result<T, DbError> {
        match self.raw.value(column, T::TYPE).and_then(T::from_value) {
            Ok(value) => Ok(value),
            Err(source) => Err(self.unreadable(column, source)),
        }
    }

    fn find(&self, name: &str) -> Option<usize> {
        self.names().position(|column| column == name)
    }

    fn find_all(&self, fields: &[&str]) -> Box<[Option<usize>]> {
        fields.iter().map(|name| self.find(name)).collect()
    }

    #[cold]
    fn missing(&self, name: &str) -> DbError {
        let present: Vec<_> = self.names().collect();
        DbError::NoColumn {
            column: name.into(),
            present: present.join("`, `").into(),
        }
    }

    #[cold]
    fn unreadable(&self, column: usize, source: ValueError) -> DbError {
        DbError::Column {
            column: self.raw.name(column).into(),
            source,
        }
    }
}

impl fmt::Debug for Row<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Names only: what a row holds may be secret.
        f.debug_set().entries(self.names()).finish()
    }
}

// === impl Places ===

impl Places {
    pub(crate) const fn of<T: FromRow>() -> Self {
        Self {
            fields: T::FIELDS,
            columns: OnceLock::new(),
        }
    }
}

// === impl FromRow ===

impl<T: DbValue> FromRow for T {
    fn from_row(row: &Row<'_>) -> Result<Self, DbError> {
        row.expect_len(1)?;
        row.read(0)
    }
}

#[cfg(test)]
mod tests;
