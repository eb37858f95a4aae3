//! The text format of Prometheus, version 0.0.4.

use std::{
    fmt::{self, Write},
    sync::atomic::Ordering::Relaxed,
};

use super::{cell::Cell, family::Family, registry::Registry};

pub(super) fn render(registry: &Registry) -> String {
    let mut text = String::with_capacity(4_096);
    for family in registry.snapshot() {
        // INVARIANT: writing into a `String` cannot fail.
        let _ = write_family(&mut text, &family);
    }
    text
}

/// Nothing for a metric without series.
fn write_family(text: &mut String, family: &Family) -> fmt::Result {
    let (series, overflow) = family.snapshot();
    if series.is_empty() {
        return Ok(());
    }
    let name = family.name;
    writeln!(
        text,
        "# HELP {name} {}",
        Escaped {
            text: family.help,
            quotes: false
        }
    )?;
    writeln!(text, "# TYPE {name} {}", family.kind.as_str())?;
    for (values, cell) in &series {
        let values = values.iter().map(|value| &**value);
        let labels: Vec<(&str, &str)> = family.labels.iter().copied().zip(values).collect();
        write_cell(text, name, &labels, cell)?;
    }
    match overflow {
        Some(cell) => write_cell(text, name, &[("otel_metric_overflow", "true")], &cell),
        None => Ok(()),
    }
}

fn write_cell(text: &mut String, name: &str, labels: &[(&str, &str)], cell: &Cell) -> fmt::Result {
    match cell {
        Cell::Counter(count) => write_line(text, name, "", labels, None, &count.load(Relaxed)),
        Cell::Gauge(bits) => write_line(
            text,
            name,
            "",
            labels,
            None,
            &Number(f64::from_bits(bits.load(Relaxed))),
        ),
        Cell::Histogram(distribution) => {
            let (buckets, count) = distribution.cumulative();
            for (bound, below) in buckets {
                write_line(text, name, "_bucket", labels, Some(bound), &below)?;
            }
            write_line(text, name, "_bucket", labels, Some(f64::INFINITY), &count)?;
            write_line(
                text,
                name,
                "_sum",
                labels,
                None,
                &Number(distribution.sum()),
            )?;
            write_line(text, name, "_count", labels, None, &count)
        }
    }
}

/// A label without value is left out: to Prometheus both are the same.
fn write_line(
    text: &mut String,
    name: &str,
    suffix: &str,
    labels: &[(&str, &str)],
    bound: Option<f64>,
    value: &dyn fmt::Display,
) -> fmt::Result {
    write!(text, "{name}{suffix}")?;
    let mut separator = '{';
    for (label, value) in labels.iter().filter(|(_, value)| !value.is_empty()) {
        write!(
            text,
            "{separator}{label}=\"{}\"",
            Escaped {
                text: value,
                quotes: true
            }
        )?;
        separator = ',';
    }
    if let Some(bound) = bound {
        write!(text, "{separator}le=\"{}\"", Number(bound))?;
        separator = ',';
    }
    let end = if separator == ',' { "}" } else { "" };
    writeln!(text, "{end} {value}")
}

/// Backslash and line feed are escaped everywhere, the quote in label values only.
struct Escaped<'a> {
    text: &'a str,
    quotes: bool,
}

impl fmt::Display for Escaped<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for character in self.text.chars() {
            match character {
                '\\' => f.write_str("\\\\")?,
                '\n' => f.write_str("\\n")?,
                '"' if self.quotes => f.write_str("\\\"")?,
                other => f.write_char(other)?,
            }
        }
        Ok(())
    }
}

struct Number(f64);

impl fmt::Display for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            f64::INFINITY => f.write_str("+Inf"),
            f64::NEG_INFINITY => f.write_str("-Inf"),
            number => write!(f, "{number}"),
        }
    }
}
