use super::*;

struct Fake(Vec<(&'static str, Value)>);

impl RawRow for Fake {
    fn len(&self) -> usize {
        self.0.len()
    }

    fn name(&self, column: usize) -> &str {
        self.0[column].0
    }

    fn value(&self, column: usize, _: DbType) -> Result<Value, ValueError> {
        Ok(self.0[column].1.clone())
    }
}

struct Post {
    title: String,
    likes: i32,
}

impl FromRow for Post {
    const FIELDS: &'static [&'static str] = &["title", "likes"];

    fn from_row(row: &Row<'_>) -> Result<Self, DbError> {
        Ok(Self {
            title: row.__field(Self::FIELDS, 0)?,
            likes: row.__field(Self::FIELDS, 1)?,
        })
    }
}

fn row() -> Fake {
    Fake(vec![
        ("likes", Value::I64(3)),
        ("title", Value::Text("a".into())),
    ])
}

#[test]
fn fields_are_found_by_name_with_and_without_known_places() {
    for places in [Places::of::<Post>(), Places::default()] {
        let raw = row();
        let post = Post::from_row(&Row::new(&raw, &places)).unwrap();
        assert_eq!((post.title.as_str(), post.likes), ("a", 3));
    }
}

#[test]
fn a_missing_column_is_named_with_those_that_are_there() {
    let raw = Fake(vec![("likes", Value::I64(3)), ("body", Value::I64(3))]);
    let error = Post::from_row(&Row::new(&raw, &Places::of::<Post>()))
        .err()
        .unwrap();
    assert_eq!(
        error.to_string(),
        "the result has no column `title`; it has `likes`, `body`"
    );
}

#[test]
fn a_tuple_wants_as_many_columns_as_it_has_places() {
    let (raw, places) = (row(), Places::default());
    let row = Row::new(&raw, &places);
    assert_eq!(<(i64, String)>::from_row(&row).unwrap(), (3, "a".into()));
    assert!(i64::from_row(&row).is_err());
}

#[test]
fn what_does_not_fit_names_the_column_and_not_the_value() {
    let (raw, places) = (row(), Places::default());
    let error = Row::new(&raw, &places).get::<bool>("title").unwrap_err();
    let shown = crate::error::chain(&error).to_string();
    assert_eq!(
        shown,
        "the column `title` cannot be read: holds TEXT, not BOOLEAN"
    );
}
