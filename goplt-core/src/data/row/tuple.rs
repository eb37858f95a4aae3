//! Tuples, read column by column.

use super::{DbError, DbValue, FromRow, Row};

macro_rules! tuples {
    ($($count:literal: $($ty:ident $at:literal)*;)*) => {$(
        impl<$($ty: DbValue),*> FromRow for ($($ty,)*) {
            fn from_row(row: &Row<'_>) -> Result<Self, DbError> {
                row.expect_len($count)?;
                Ok(($(row.read::<$ty>($at)?,)*))
            }
        }
    )*};
}

tuples! {
    1: A 0;
    2: A 0 B 1;
    3: A 0 B 1 C 2;
    4: A 0 B 1 C 2 D 3;
    5: A 0 B 1 C 2 D 3 E 4;
    6: A 0 B 1 C 2 D 3 E 4 F 5;
    7: A 0 B 1 C 2 D 3 E 4 F 5 G 6;
    8: A 0 B 1 C 2 D 3 E 4 F 5 G 6 H 7;
}
