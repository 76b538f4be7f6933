//! An estimate with its interval, beside what was counted.

use entente_core::lang::Lang;

use super::palette::{BAR, GRID, INK, SECOND};
use super::{Axis, Mark, Picture, Words};

const WIDTH: i64 = 960;

/// What is drawn.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Estimated {
    /// Persons on at least one list.
    pub(crate) observed: u64,
    /// Persons in all.
    pub(crate) estimate: u64,
    /// The lower end of the interval.
    pub(crate) low: u64,
    /// Its upper end; `None` if there is none.
    pub(crate) high: Option<u64>,
}

/// The picture of an estimate.
pub(crate) fn estimate(
    (id, name, says): (String, String, String),
    it: &Estimated,
    lang: Lang,
) -> Picture {
    let far = it.high.unwrap_or(it.estimate.saturating_mul(2)).max(it.estimate);
    let axis = Axis::to(far);
    let (from, length) = (20, WIDTH - 60);
    let x_of = |value: u64| from + axis.place(value, length);
    let mut picture =
        Picture { id, name, description: says, width: 960, height: 150, marks: Vec::new() };
    for tick in &axis.ticks {
        let x = x_of(*tick);
        picture.marks.push(Mark::Line { x1: x, y1: 24, x2: x, y2: 112, colour: GRID, width: "1" });
        picture.text(Words::at(x, 134, lang.number(*tick)).middle().faint().size(13));
    }
    let counted = Mark::Box {
        x: from,
        y: 84,
        width: axis.place(it.observed, length),
        height: 20,
        round: 0,
        fill: SECOND.to_owned(),
        line: "none",
    };
    picture.marks.push(counted);
    let words = lang.pick("on the lists", "sur les listes");
    let text = format!("{} {words}", lang.number(it.observed));
    picture.text(Words::at(from + 8, 99, text).size(14));
    let (low, high) = (x_of(it.low), it.high.map_or(WIDTH - 20, x_of));
    let line = Mark::Line { x1: low, y1: 54, x2: high, y2: 54, colour: BAR, width: "6" };
    picture.marks.push(line);
    let x = x_of(it.estimate);
    picture.marks.push(Mark::Dot { x, y: 54, radius: 9, fill: BAR, line: INK });
    let text = lang.number(it.estimate);
    picture.text(Words::at(x, 34, text).middle().bold().size(17));
    picture
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_interval_without_an_end_runs_to_the_edge() {
        let it = Estimated { observed: 70, estimate: 276, low: 120, high: None };
        let id = || ("e".to_owned(), "E".to_owned(), "…".to_owned());
        let picture = estimate(id(), &it, Lang::En);
        let to = picture.marks.iter().find_map(|mark| match mark {
            Mark::Line { x2, width: "6", .. } => Some(*x2),
            _ => None,
        });
        assert_eq!(to, Some(940));
    }
}
