//! The columns of a file, for a person to look at before anything is kept.

use std::path::Path;

use entente_core::layout::Layout;

use super::import::MAX_HEADER;
use super::{not_read, open_table};
use crate::jobs::Files;
use crate::local::doc::ImportColumn;
use crate::node::Outcome;

/// Rows in which the first value of each column is looked for.
const LOOKED_AT: usize = 50;

/// How much of a value is shown, covered.
const LOOKS_CHARS: usize = 24;

/// What becomes of each column, and what its first value looks like.
pub(super) fn columns(
    files: &Files,
    path: &Path,
    sheet: Option<&str>,
    layout: &Layout,
) -> Outcome<Vec<ImportColumn>> {
    let table = open_table(files, path, sheet)?;
    let headers = table.headers.clone();
    let Ok(bound) = layout.bind(&headers) else { return Ok(Vec::new()) };
    let mut looks: Vec<Option<String>> = vec![None; headers.len()];
    for row in table.take(LOOKED_AT) {
        let row = row.map_err(|error| not_read(&error))?;
        for (looks, cell) in looks.iter_mut().zip(&row.cells) {
            if looks.is_none() && !cell.trim().is_empty() {
                *looks = Some(looks_like(cell.trim()));
            }
        }
    }
    let columns = headers.into_iter().zip(bound.feeds()).zip(looks);
    let shown = columns.map(|((column, field), looks_like)| ImportColumn {
        column: column.chars().take(MAX_HEADER).collect(),
        field: field.map(str::to_owned),
        looks_like,
    });
    Ok(shown.collect())
}

/// A value with its letters and digits covered: enough to see a date that is written the other way
/// round, and nothing about anybody.
fn looks_like(cell: &str) -> String {
    let cover = |c: char| match c {
        c if c.is_numeric() => '9',
        c if c.is_alphabetic() => 'x',
        c if c.is_ascii_punctuation() || c == ' ' => c,
        _ => '?',
    };
    cell.chars().take(LOOKS_CHARS).map(cover).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_covered_value_says_its_form_and_nothing_else() {
        assert_eq!(looks_like("2026-02-03"), "9999-99-99");
        assert_eq!(looks_like("Zoé O'Hara"), "xxx x'xxxx");
        assert_eq!(looks_like("\u{202e}٣ ᐃ"), "?9 x");
        assert_eq!(looks_like(&"a".repeat(90)).len(), LOOKS_CHARS);
    }
}
