//! What changed between two texts, as lines: for messages.

/// How many lines around a change are shown.
const CONTEXT: usize = 2;

/// Beyond this many comparisons only the first line that differs is shown.
const MOST_COMPARISONS: usize = 4_000_000;

/// One line of a comparison.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Line<'a> {
    Kept(&'a str),
    Removed(&'a str),
    Added(&'a str),
}

/// The lines that differ with what stands around them: `-` was, `+` is.
pub(super) fn diff(was: &str, is: &str) -> String {
    let (was, is): (Vec<_>, Vec<_>) = (was.lines().collect(), is.lines().collect());
    let same = |(a, b): &(&&str, &&str)| a == b;
    let head = was.iter().zip(&is).take_while(same).count();
    let rest = was[head..].iter().rev().zip(is[head..].iter().rev());
    let tail = rest.take_while(same).count();
    let (old, new) = (&was[head..was.len() - tail], &is[head..is.len() - tail]);
    let mut lines: Vec<_> = was[..head].iter().map(|line| Line::Kept(line)).collect();
    if old.len().saturating_mul(new.len()) > MOST_COMPARISONS {
        lines.extend(old.first().map(|line| Line::Removed(line)));
        lines.extend(new.first().map(|line| Line::Added(line)));
    } else {
        compare(old, new, &mut lines);
    }
    lines.extend(was[was.len() - tail..].iter().map(|line| Line::Kept(line)));
    render(&lines)
}

/// By the longest common subsequence.
fn compare<'a>(old: &[&'a str], new: &[&'a str], lines: &mut Vec<Line<'a>>) {
    let width = new.len() + 1;
    let mut longest = vec![0_u32; (old.len() + 1) * width];
    for i in (0..old.len()).rev() {
        for j in (0..new.len()).rev() {
            longest[i * width + j] = if old[i] == new[j] {
                longest[(i + 1) * width + j + 1] + 1
            } else {
                longest[(i + 1) * width + j].max(longest[i * width + j + 1])
            };
        }
    }
    let (mut i, mut j) = (0, 0);
    while i < old.len() || j < new.len() {
        if i < old.len() && j < new.len() && old[i] == new[j] {
            lines.push(Line::Kept(old[i]));
            (i, j) = (i + 1, j + 1);
        } else if j == new.len()
            || (i < old.len() && longest[(i + 1) * width + j] >= longest[i * width + j + 1])
        {
            lines.push(Line::Removed(old[i]));
            i += 1;
        } else {
            lines.push(Line::Added(new[j]));
            j += 1;
        }
    }
}

fn render(lines: &[Line<'_>]) -> String {
    let is_near = |at: usize| {
        let from = at.saturating_sub(CONTEXT);
        let near = &lines[from..lines.len().min(at + CONTEXT + 1)];
        near.iter().any(|line| !matches!(line, Line::Kept(_)))
    };
    let mut text = String::new();
    let mut has_gap = false;
    for (at, line) in lines.iter().enumerate() {
        if !is_near(at) {
            has_gap = true;
            continue;
        }
        if std::mem::take(&mut has_gap) {
            text.push_str("  …\n");
        }
        let (mark, line) = match line {
            Line::Kept(line) => (' ', line),
            Line::Removed(line) => ('-', line),
            Line::Added(line) => ('+', line),
        };
        text.push_str(format!("{mark} {line}").trim_end());
        text.push('\n');
    }
    text
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn changes_are_shown_with_what_stands_around_them() {
        let was = "-- Posts\nCREATE TABLE posts (\n  id UUID,\n  title TEXT,\n  body TEXT\n);\n\n-- Tags\nCREATE TABLE tags (\n  id UUID\n);\n";
        let is = "-- Posts\nCREATE TABLE posts (\n  id UUID NOT NULL,\n  title TEXT,\n  body TEXT\n);\n\n-- Tags\nCREATE TABLE tags (\n  id UUID,\n  name TEXT\n);\n";
        insta::assert_snapshot!(diff(was, is), @r"
          -- Posts
          CREATE TABLE posts (
        -   id UUID,
        +   id UUID NOT NULL,
            title TEXT,
            body TEXT
          …
          -- Tags
          CREATE TABLE tags (
        -   id UUID
        +   id UUID,
        +   name TEXT
          );
        ");
    }

    proptest! {
        #[test]
        fn what_was_and_what_is_can_be_read_from_it(was in "([ab]\n){0,8}", is in "([ab]\n){0,8}") {
            let lines = |mark| {
                let text = diff(&was, &is);
                let kept = text.lines().filter(|line| line.starts_with(mark)).count();
                i64::try_from(kept).unwrap()
            };
            let grown = i64::try_from(is.lines().count()).unwrap() - i64::try_from(was.lines().count()).unwrap();
            prop_assert_eq!(lines('+') - lines('-'), grown);
            prop_assert_eq!(diff(&was, &is).is_empty(), was == is);
        }
    }
}
