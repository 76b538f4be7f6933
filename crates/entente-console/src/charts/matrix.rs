//! A table with shades: figures of two dimensions at a glance.

use entente_core::lang::Lang;

use super::palette::{self, HATCH, INK, VOID};
use super::{Datum, Mark, Picture, Words, bars, lines, width_of};

/// The whole width, and the height of a row.
const WIDTH: i64 = 960;
const ROW: i64 = 34;
const LETTERS: usize = 34;
/// More columns than this have no room for their heads: beside the labels of the rows, 86 units each.
const COLUMNS: usize = 8;

/// The picture of a matrix: rows by columns, row by row. Turned if only its rows are few enough to be columns; none
/// if neither are, since the heads would lie on each other.
pub(crate) fn matrix(
    named: (String, String),
    rows: &[String],
    columns: &[String],
    data: &[Datum],
    lang: Lang,
) -> Option<Picture> {
    if columns.len() <= COLUMNS {
        return Some(drawn(named, rows, columns, data, lang));
    }
    let column = |at: usize| data.iter().skip(at).step_by(columns.len());
    let turned: Vec<Datum> = (0..columns.len()).flat_map(column).cloned().collect();
    (rows.len() <= COLUMNS).then(|| drawn(named, columns, rows, &turned, lang))
}

fn drawn(
    (id, name): (String, String),
    rows: &[String],
    columns: &[String],
    data: &[Datum],
    lang: Lang,
) -> Picture {
    let most = data.iter().filter_map(|it| it.value).max().unwrap_or(0);
    let named: Vec<_> = rows.iter().map(|it| lines(it, LETTERS)).collect();
    let longest = named.iter().flatten().map(|it| width_of(it, 14)).max().unwrap_or(0);
    let from = longest.clamp(60, 260) + 12;
    let n_columns = i64::try_from(columns.len().max(1)).unwrap_or(1);
    let side = (WIDTH - from) / n_columns;
    let letters = usize::try_from(side / 8).unwrap_or(1).max(4);
    let heads: Vec<_> = columns.iter().map(|it| head_lines(it, letters)).collect();
    let n_lines = heads.iter().map(Vec::len).max().unwrap_or(1);
    let head = 16 * i64::try_from(n_lines).unwrap_or(1) + 10;
    let mut picture = Picture {
        id,
        name,
        description: bars::description(data, lang),
        width: u32::try_from(WIDTH).unwrap_or(0),
        ..Picture::default()
    };
    for (column, text) in (0_i64..).zip(&heads) {
        let top = head - 10 - 16 * (i64::try_from(text.len()).unwrap_or(1) - 1);
        for (at, line) in (0_i64..).zip(text) {
            let x = from + side * column + side / 2;
            picture.text(Words::at(x, top + 16 * at, line.as_str()).middle().faint().size(13));
        }
    }
    let mut top = head;
    for (label, figures) in named.iter().zip(data.chunks(columns.len().max(1))) {
        let n = i64::try_from(label.len()).unwrap_or(1).max(1);
        let height = ROW.max(16 * n + 10);
        for (at, line) in (0_i64..).zip(label) {
            let y = top + height / 2 + 5 - 8 * (n - 1) + 16 * at;
            picture.text(Words::at(from - 12, y, line.as_str()).end().size(14));
        }
        for (column, datum) in (0_i64..).zip(figures) {
            cell(&mut picture, (from + side * column, top, side, height), datum, (most, lang));
        }
        top += height;
    }
    picture.height = u32::try_from(top + 4).unwrap_or(0);
    picture
}

/// The lines of a head. A word that is wider than its column is broken at its hyphens.
fn head_lines(text: &str, letters: usize) -> Vec<String> {
    let parts = |line: String| -> Vec<String> {
        match line.chars().count() > letters {
            true => line.split_inclusive('-').map(str::to_owned).collect(),
            false => vec![line],
        }
    };
    lines(text, letters).into_iter().flat_map(parts).collect()
}

fn cell(
    picture: &mut Picture,
    (x, y, width, height): (i64, i64, i64, i64),
    datum: &Datum,
    (most, lang): (u64, Lang),
) {
    let is_hatched = datum.is_suppressed();
    let (fill, ink) = match datum.value {
        Some(value) => {
            let (fill, ink) = palette::colours(palette::class(value, most));
            (fill.to_owned(), ink)
        }
        None if is_hatched => (picture.hatch(), INK),
        None => (VOID.to_owned(), INK),
    };
    picture.marks.push(Mark::Box {
        x: x + 1,
        y: y + 1,
        width: width - 2,
        height: height - 2,
        round: 3,
        fill,
        line: if is_hatched { HATCH } else { "none" },
    });
    picture.text(Words {
        fill: ink,
        halo: is_hatched,
        weight: if datum.value.is_some() { 600 } else { 400 },
        ..Words::at(x + width / 2, y + height / 2 + 5, datum.shown(lang)).middle().size(14)
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(n: usize, word: &str) -> Vec<String> {
        (0..n).map(|at| format!("{word}{at}")).collect()
    }

    /// Of this many rows and columns, with the number of each cell as its figure.
    fn numbered(n_rows: usize, n_columns: usize) -> Option<Picture> {
        let (rows, columns) = (labels(n_rows, "row"), labels(n_columns, "column"));
        let data: Vec<_> =
            (0_u64..).take(n_rows * n_columns).map(|at| Datum::exact("", at)).collect();
        matrix(("a".to_owned(), "A".to_owned()), &rows, &columns, &data, Lang::En)
    }

    fn texts(picture: &Picture) -> Vec<&str> {
        let texts = picture.marks.iter().filter_map(|mark| match mark {
            Mark::Text(words) => Some(words.text.as_str()),
            _ => None,
        });
        texts.collect()
    }

    #[test]
    fn many_columns_become_rows_and_too_many_of_both_are_no_picture() {
        // As it is: the heads of the columns, then each row with its label before its figures.
        let upright = numbered(9, 8).unwrap();
        assert_eq!(texts(&upright)[8..11], ["row0", "0", "1"]);
        let turned = numbered(2, 9).unwrap();
        assert_eq!(
            texts(&turned)[..8],
            ["row0", "row1", "column0", "0", "9", "column1", "1", "10"]
        );
        assert_eq!(numbered(9, 9), None);
    }

    #[test]
    fn a_head_that_is_wider_than_its_column_is_broken_at_its_hyphen() {
        assert_eq!(head_lines("Colombie-Britannique", 12), ["Colombie-", "Britannique"]);
        assert_eq!(head_lines("Colombie-Britannique", 20), ["Colombie-Britannique"]);
        assert_eq!(head_lines("Travail forcé", 12), ["Travail", "forcé"]);
    }

    #[test]
    fn every_cell_is_drawn_once_with_its_figure() {
        let picture = numbered(3, 4).unwrap();
        let boxes = picture.marks.iter().filter(|mark| matches!(mark, Mark::Box { .. }));
        assert_eq!(boxes.count(), 12);
        for value in 0..12 {
            let text = value.to_string();
            let is_it = |mark: &Mark| matches!(mark, Mark::Text(words) if words.text == text);
            assert!(picture.marks.iter().any(is_it), "{value}");
        }
    }
}
