//! Bars of which a part is marked: how many, and how many of them are unmet.

use entente_core::lang::Lang;

use super::palette::{ALERT, GRID, INK, SECOND};
use super::{Axis, Mark, Picture, Words, lines, width_of};

const WIDTH: i64 = 960;
const ROW: i64 = 36;
const LETTERS: usize = 32;

/// A row: its label, the marked part, and the whole.
pub(crate) type Part = (String, u64, u64);

/// A picture of parts. `(marked, all)` says what the two colours are.
pub(crate) fn parts(
    (id, name): (String, String),
    (marked, all): (&str, &str),
    rows: &[Part],
    lang: Lang,
) -> Picture {
    let axis = Axis::to(rows.iter().map(|(.., whole)| *whole).max().unwrap_or(0));
    let labels: Vec<_> = rows.iter().map(|(label, ..)| lines(label, LETTERS)).collect();
    let longest = labels.iter().flatten().map(|line| width_of(line, 15)).max().unwrap_or(0);
    let from = longest.clamp(60, 280) + 12;
    let length = WIDTH - from - 110;
    let bottom = 34 + ROW * i64::try_from(rows.len()).unwrap_or(0);
    let mut picture = Picture {
        id,
        name,
        description: description(rows, marked, lang),
        width: u32::try_from(WIDTH).unwrap_or(0),
        height: u32::try_from(bottom + 28).unwrap_or(0),
        marks: Vec::new(),
    };
    let mut x = from;
    for (fill, text) in [(ALERT, marked), (SECOND, all)] {
        picture.marks.push(bar(x, 3, 16, 16, fill));
        picture.text(Words::at(x + 24, 16, text).size(14));
        x += 24 + width_of(text, 14) + 30;
    }
    for tick in &axis.ticks {
        let x = from + axis.place(*tick, length);
        picture.marks.push(Mark::Line {
            x1: x,
            y1: 28,
            x2: x,
            y2: bottom,
            colour: GRID,
            width: "1",
        });
        picture.text(Words::at(x, bottom + 18, lang.number(*tick)).middle().faint().size(13));
    }
    for (at, ((_, part, whole), label)) in (0_i64..).zip(rows.iter().zip(&labels)) {
        let top = 34 + ROW * at;
        let n = i64::try_from(label.len()).unwrap_or(1);
        for (line_at, line) in (0_i64..).zip(label) {
            let y = top + ROW / 2 + 3 - 8 * (n - 1) + 16 * line_at;
            picture.text(Words::at(from - 12, y, line.as_str()).end());
        }
        picture.marks.push(bar(from, top + 7, axis.place(*whole, length), 20, SECOND));
        picture.marks.push(bar(from, top + 7, axis.place(*part, length), 20, ALERT));
        let shown = format!("{} / {}", lang.number(*part), lang.number(*whole));
        picture.text(Words::at(WIDTH - 4, top + 22, shown).end().bold());
    }
    picture.marks.push(Mark::Line {
        x1: from,
        y1: 28,
        x2: from,
        y2: bottom,
        colour: INK,
        width: "1.5",
    });
    picture
}

fn bar(x: i64, y: i64, width: i64, height: i64, fill: &str) -> Mark {
    Mark::Box { x, y, width, height, round: 0, fill: fill.to_owned(), line: "none" }
}

fn description(rows: &[Part], marked: &str, lang: Lang) -> String {
    let most = rows.iter().max_by_key(|(_, part, _)| *part);
    let Some((label, part, whole)) = most else { return String::new() };
    let (part, whole) = (lang.number(*part), lang.number(*whole));
    lang.pick(
        format!("{marked}: most in {label}, {part} of {whole}. All figures are in the table."),
        format!("{marked} : surtout {label}, {part} sur {whole}. Tous les chiffres sont dans le tableau."),
    )
}
