//! The privacy budget of a year: what is spent, what is left.

use entente_core::lang::Lang;

use super::palette::{BAR, GRID, INK, VOID};
use super::{Mark, Picture, Words};

const WIDTH: i64 = 520;

/// A bar for one year: `spent` of `cap`, in any unit. The figures stand beside it, on the page.
pub(crate) fn budget(
    (id, name, description): (String, String, String),
    (spent, cap): (u64, u64),
    lang: Lang,
) -> Picture {
    let cap = cap.max(1);
    let place = |value: u64| {
        let at = u128::from(value.min(cap)) * 520 / u128::from(cap);
        i64::try_from(at).unwrap_or(0)
    };
    let box_of = |width: i64, fill: &str, line: &'static str| Mark::Box {
        x: 0,
        y: 2,
        width,
        height: 26,
        round: 4,
        fill: fill.to_owned(),
        line,
    };
    let mut picture = Picture { id, name, description, width: 520, height: 50, marks: Vec::new() };
    picture.marks.push(box_of(WIDTH, VOID, GRID));
    picture.marks.push(box_of(place(spent), BAR, "none"));
    for quarter in 1..4 {
        let x = WIDTH * quarter / 4;
        picture.marks.push(Mark::Line { x1: x, y1: 28, x2: x, y2: 34, colour: INK, width: "1" });
    }
    for (x, text, anchor) in [
        (0, "0", "start"),
        (WIDTH / 2, lang.pick("50%", "50\u{a0}%"), "middle"),
        (WIDTH, lang.pick("100%", "100\u{a0}%"), "end"),
    ] {
        let words = Words { anchor, ..Words::at(x, 47, text).faint().size(12) };
        picture.text(words);
    }
    picture
}
