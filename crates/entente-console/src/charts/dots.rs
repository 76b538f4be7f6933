//! Two years side by side: a dot for each, with its interval. Where intervals overlap, nothing can be said.

use entente_core::lang::Lang;

use super::palette::{BAR, GRID, INK, PAPER, SECOND};
use super::{Axis, Datum, Mark, Picture, Words, lines, width_of};

const WIDTH: i64 = 960;
const ROW: i64 = 44;
const LETTERS: usize = 30;

/// The figures of an earlier year and of a later one, label by label.
pub(crate) fn dots(
    (id, name): (String, String),
    (before, after): (&str, &str),
    pairs: &[(Datum, Datum)],
    lang: Lang,
) -> Picture {
    let reach = pairs.iter().map(|(one, other)| one.reach().max(other.reach()));
    let axis = Axis::to(reach.max().unwrap_or(0));
    let labels: Vec<_> = pairs.iter().map(|(it, _)| lines(&it.label, LETTERS)).collect();
    let longest = labels.iter().flatten().map(|line| width_of(line, 15)).max().unwrap_or(0);
    let from = longest.clamp(60, 270) + 12;
    let length = WIDTH - from - 30;
    let n = i64::try_from(pairs.len()).unwrap_or(0);
    let bottom = 36 + ROW * n;
    let mut picture = Picture {
        id,
        name,
        description: description(pairs, (before, after), lang),
        width: u32::try_from(WIDTH).unwrap_or(0),
        height: u32::try_from(bottom + 30).unwrap_or(0),
        marks: Vec::new(),
    };
    for tick in &axis.ticks {
        let x = from + axis.place(*tick, length);
        picture.marks.push(Mark::Line {
            x1: x,
            y1: 30,
            x2: x,
            y2: bottom,
            colour: GRID,
            width: "1",
        });
        picture.text(Words::at(x, bottom + 20, lang.number(*tick)).middle().faint().size(13));
    }
    for (at, (year, fill)) in (0_i64..).zip([(before, SECOND), (after, BAR)]) {
        let x = from + 8 + at * 90;
        picture.marks.push(Mark::Dot { x, y: 12, radius: 7, fill, line: INK });
        picture.text(Words::at(x + 14, 17, year).size(14));
    }
    for (at, ((one, other), label)) in (0_i64..).zip(pairs.iter().zip(&labels)) {
        let middle = 36 + ROW * at + ROW / 2;
        let n = i64::try_from(label.len()).unwrap_or(1);
        for (line_at, line) in (0_i64..).zip(label) {
            let y = middle + 5 - 9 * (n - 1) + 18 * line_at;
            picture.text(Words::at(from - 12, y, line.as_str()).end());
        }
        point(&mut picture, one, &axis, (from, length, middle - 8), SECOND);
        point(&mut picture, other, &axis, (from, length, middle + 8), BAR);
    }
    picture.marks.push(Mark::Line {
        x1: from,
        y1: 30,
        x2: from,
        y2: bottom,
        colour: INK,
        width: "1.5",
    });
    picture
}

fn point(
    picture: &mut Picture,
    datum: &Datum,
    axis: &Axis,
    (from, length, y): (i64, i64, i64),
    fill: &'static str,
) {
    let Some(value) = datum.value else {
        let words = Words { size: 13, ..Words::at(from + 8, y + 5, datum.symbol.as_str()) };
        picture.text(words.faint());
        return;
    };
    if let Some((low, high)) = datum.interval {
        let (x1, x2) = (from + axis.place(low, length), from + axis.place(high, length));
        for (colour, width) in [(PAPER, "6"), (fill, "4")] {
            picture.marks.push(Mark::Line { x1, y1: y, x2, y2: y, colour, width });
        }
    }
    let x = from + axis.place(value, length);
    picture.marks.push(Mark::Dot { x, y, radius: 6, fill, line: INK });
}

/// How many went up or down beyond their intervals.
fn description(pairs: &[(Datum, Datum)], (before, after): (&str, &str), lang: Lang) -> String {
    let apart = |is_up: bool| {
        let moved =
            pairs.iter().filter(|(one, other)| {
                match (one.value, other.value, one.interval, other.interval) {
                    (Some(_), Some(_), Some((low, high)), Some((low_after, high_after))) => {
                        if is_up { low_after > high } else { high_after < low }
                    }
                    _ => false,
                }
            });
        lang.number(moved.count() as u64)
    };
    let (up, down) = (apart(true), apart(false));
    lang.pick(
        format!("From {before} to {after}, beyond the intervals: {up} higher, {down} lower. All figures are in the table."),
        format!("De {before} à {after}, au-delà des intervalles : {up} en hausse, {down} en baisse. Tous les chiffres sont dans le tableau."),
    )
}
