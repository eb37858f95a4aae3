//! [`Repo`]: the statements that every table with an id needs, and no others.

use std::{fmt, marker::PhantomData};

use serde::{Deserialize, Serialize, de::DeserializeOwned};

use super::{Cursor, DbError, DbValue, FromRow, MAX_PAGE, Page, TenantSql, TenantTx};

/// The rows of one tenant table, as the type `E`.
///
/// It finds, inserts, changes, deletes and lists by id; everything else is SQL of its own beside
/// it, by `tenant_sql!`. It holds nothing and costs nothing: keep one in a constant.
///
/// # Examples
///
/// ```
/// # #[cfg(feature = "sqlite")]
/// # mod test {
/// use goplt_core::data::{Entity, FromRow, Repo, RowVersion, TenantTx, DbError};
///
/// // A module has a `tenant_sql!` of its manifest instead, which needs no `sql = …`.
/// macro_rules! notes_sql {
///     ($($sql:tt)*) => { goplt_core::data::tenant_sql!(tables = ["notes"]; $($sql)*) };
/// }
///
/// #[derive(FromRow, Entity)]
/// #[entity(table = "notes", sql = notes_sql)]
/// struct Note {
///     id: i64,
///     text: String,
///     #[entity(version)]
///     version: RowVersion,
/// }
///
/// const NOTES: Repo<Note> = Repo::new();
///
/// async fn shout(tx: &mut TenantTx, id: i64) -> Result<(), DbError> {
///     let mut note = NOTES.get(tx, id).await?;
///     note.text = note.text.to_uppercase();
///     NOTES.update(tx, &mut note).await
/// }
/// # }
/// ```
///
/// A table that the macro does not know does not compile:
///
/// ```compile_fail
/// # use goplt_core::data::{Entity, FromRow};
/// # macro_rules! notes_sql { ($($sql:tt)*) => { goplt_core::data::tenant_sql!(tables = ["notes"]; $($sql)*) }; }
/// #[derive(FromRow, Entity)]
/// #[entity(table = "note", sql = notes_sql)] // did you mean `notes`?
/// struct Note { id: i64, text: String }
/// ```
pub struct Repo<E>(PhantomData<fn() -> E>);

/// A row of a tenant table that has an id. Derived: see [`Repo`].
///
/// The table's primary key is `(tenant_id, id)`. Ids that grow with time (UUIDv7, numbers) make
/// the order of lists the order of time.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no row of a tenant table",
    note = "derive `Entity` beside `FromRow`, with `#[entity(table = \"…\")]`"
)]
pub trait Entity: FromRow + Send + Sync + 'static {
    /// The type of the id.
    type Id: DbValue + Serialize + DeserializeOwned + Send + Sync;

    /// The id.
    fn id(&self) -> Self::Id;

    #[doc(hidden)]
    fn __find(id: Self::Id) -> TenantSql;
    #[doc(hidden)]
    fn __insert(&self) -> TenantSql;
    #[doc(hidden)]
    fn __delete(id: Self::Id) -> TenantSql;
    #[doc(hidden)]
    fn __newest(rows: i64) -> TenantSql;
    #[doc(hidden)]
    fn __older(id: Self::Id, rows: i64) -> TenantSql;
}

/// A row that knows which version of itself it is. Derived, with `#[entity(version)]` on a field of
/// type [`RowVersion`] (`BIGINT NOT NULL`).
#[diagnostic::on_unimplemented(
    message = "`{Self}` has no version, so a change could overwrite another unseen",
    note = "mark a field of type `RowVersion` with `#[entity(version)]`, or write the UPDATE with `tenant_sql!`"
)]
pub trait Versioned: Entity {
    /// The version that was read.
    fn version(&self) -> RowVersion;

    #[doc(hidden)]
    fn __set_version(&mut self, version: RowVersion);
    #[doc(hidden)]
    fn __update(&self) -> TenantSql;
    #[doc(hidden)]
    fn __version_of(id: Self::Id) -> TenantSql;
}

/// The version of a row: one more with each change, so that a change can say which state it is of.
///
/// # Examples
///
/// ```
/// use goplt_core::data::RowVersion;
///
/// assert_eq!(RowVersion::FIRST.number(), 1);
/// assert_eq!(RowVersion::new(7).to_string(), "7");
/// ```
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, super::DbValue,
)]
#[db_value(crate = crate)]
#[serde(transparent)]
pub struct RowVersion(i64);

// === impl Repo ===

impl<E> Repo<E> {
    /// The rows of `E`'s table.
    #[must_use]
    pub const fn new() -> Self {
        Self(PhantomData)
    }
}

impl<E: Entity> Repo<E> {
    /// The row with this id, if the tenant has one.
    ///
    /// # Errors
    ///
    /// A [`DbError`].
    pub async fn find(&self, tx: &mut TenantTx, id: E::Id) -> Result<Option<E>, DbError> {
        tx.fetch_optional(E::__find(id)).await
    }

    /// The row with this id.
    ///
    /// # Errors
    ///
    /// [`DbError::NoRow`] if the tenant has none, else a [`DbError`].
    pub async fn get(&self, tx: &mut TenantTx, id: E::Id) -> Result<E, DbError> {
        tx.fetch_one(E::__find(id)).await
    }

    /// Adds a row.
    ///
    /// # Errors
    ///
    /// [`DbError::Constraint`] if its id is taken, else a [`DbError`].
    pub async fn insert(&self, tx: &mut TenantTx, row: &E) -> Result<(), DbError> {
        tx.execute(row.__insert()).await?;
        Ok(())
    }

    /// Deletes a row; false if the tenant has none with this id.
    ///
    /// # Errors
    ///
    /// A [`DbError`].
    pub async fn delete(&self, tx: &mut TenantTx, id: E::Id) -> Result<bool, DbError> {
        Ok(tx.execute(E::__delete(id)).await? > 0)
    }

    /// The newest rows by id, or those before where the last page ended: found by the key, however
    /// far back. `limit` is 1 to [`MAX_PAGE`].
    ///
    /// # Errors
    ///
    /// [`DbError::Page`] for a limit outside of that or a cursor of another list, else a
    /// [`DbError`].
    pub async fn page(
        &self,
        tx: &mut TenantTx,
        cursor: Option<&Cursor>,
        limit: u32,
    ) -> Result<Page<E>, DbError> {
        if !(1..=MAX_PAGE).contains(&limit) {
            return Err(DbError::Page("`limit` is not a number from 1 to 100"));
        }
        let rows = i64::from(limit) + 1;
        let statement = match cursor.map(Cursor::key::<E::Id>).transpose()? {
            None => E::__newest(rows),
            Some(id) => E::__older(id, rows),
        };
        let rows = tx.fetch_all(statement).await?;
        Ok(Page::of_rows(rows, limit, E::id))
    }
}

impl<E: Versioned> Repo<E> {
    /// Writes every column of a row that has not changed since it was read, and counts its version
    /// up, here and there.
    ///
    /// # Errors
    ///
    /// [`DbError::Changed`] if another change came between, [`DbError::NoRow`] if the row is gone,
    /// else a [`DbError`]. The row keeps the version that it had.
    pub async fn update(&self, tx: &mut TenantTx, row: &mut E) -> Result<(), DbError> {
        let changed: Option<RowVersion> = tx.fetch_optional(row.__update()).await?;
        if let Some(version) = changed {
            row.__set_version(version);
            return Ok(());
        }
        let present: RowVersion = tx.fetch_one(E::__version_of(row.id())).await?;
        Err(DbError::Changed { present })
    }
}

impl<E> Default for Repo<E> {
    fn default() -> Self {
        Self::new()
    }
}

impl<E> Clone for Repo<E> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<E> Copy for Repo<E> {}

impl<E> fmt::Debug for Repo<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Repo")
            .field(&std::any::type_name::<E>())
            .finish()
    }
}

// === impl RowVersion ===

impl RowVersion {
    /// That of a new row.
    pub const FIRST: Self = Self(1);

    /// A version that a caller names, as in `If-Match`.
    #[must_use]
    pub const fn new(number: i64) -> Self {
        Self(number)
    }

    /// Its number.
    #[must_use]
    pub const fn number(self) -> i64 {
        self.0
    }
}

impl fmt::Display for RowVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
