//! Bars that lie, with intervals: the plainest picture of figures of one dimension.

use entente_core::lang::Lang;

use super::palette::{BAR, GRID, HATCH, INK, PAPER, WHISKER};
use super::{Axis, Datum, Mark, Picture, Words, lines, width_of};

/// The whole width.
const WIDTH: i64 = 960;
/// The letters of a line of a label.
const LETTERS: usize = 30;
/// The height of a row with a label of one line, and what each more line takes.
const ROW: i64 = 34;
const LINE: i64 = 18;
/// The thickness of a bar.
const BAR_HEIGHT: i64 = 18;

/// What a chart of bars says of itself.
pub(crate) struct Title<'a> {
    /// Unique on its page.
    pub(crate) id: String,
    /// What it is.
    pub(crate) name: String,
    /// What one unit is, at the axis.
    pub(crate) unit: &'a str,
}

/// A picture of bars.
pub(crate) fn bars(title: Title<'_>, data: &[Datum], lang: Lang) -> Picture {
    let axis = Axis::to(data.iter().map(Datum::reach).max().unwrap_or(0));
    let labels: Vec<Vec<String>> = data.iter().map(|it| lines(&it.label, LETTERS)).collect();
    let longest = labels.iter().flatten().map(|line| width_of(line, 15)).max().unwrap_or(0);
    let from = longest.clamp(60, 270) + 12;
    let shown = data.iter().map(|it| width_of(&it.shown(lang), 15)).max().unwrap_or(0);
    let length = WIDTH - from - shown.max(40) - 26;
    let mut picture = Picture {
        description: description(data, lang),
        id: title.id,
        name: title.name,
        width: u32::try_from(WIDTH).unwrap_or(0),
        ..Picture::default()
    };
    let heights: Vec<i64> = labels.iter().map(|it| height(it.len())).collect();
    let bottom: i64 = heights.iter().sum::<i64>() + 8;
    scale(&mut picture, &axis, (from, length, bottom), title.unit, lang);
    let mut top = 8;
    for ((datum, label), height) in data.iter().zip(&labels).zip(&heights) {
        let middle = top + height / 2;
        row(&mut picture, datum, &axis, (from, length, middle));
        let first = middle + 5 - LINE * (i64::try_from(label.len()).unwrap_or(1) - 1) / 2;
        for (at, line) in (0_i64..).zip(label) {
            picture.text(Words::at(from - 12, first + LINE * at, line.as_str()).end());
        }
        let value = Words::at(WIDTH - 4, middle + 5, datum.shown(lang)).end().bold();
        picture.text(if datum.value.is_none() { value.faint() } else { value });
        top += height;
    }
    picture.marks.push(Mark::Line {
        x1: from,
        y1: 4,
        x2: from,
        y2: bottom,
        colour: INK,
        width: "1.5",
    });
    picture.height = u32::try_from(bottom + 48).unwrap_or(0);
    picture
}

fn height(n_lines: usize) -> i64 {
    ROW + LINE * (i64::try_from(n_lines).unwrap_or(1).max(1) - 1)
}

/// The axis below, with thin lines up through the picture.
fn scale(
    picture: &mut Picture,
    axis: &Axis,
    (from, length, bottom): (i64, i64, i64),
    unit: &str,
    lang: Lang,
) {
    for tick in &axis.ticks {
        let x = from + axis.place(*tick, length);
        picture.marks.push(Mark::Line {
            x1: x,
            y1: 4,
            x2: x,
            y2: bottom,
            colour: GRID,
            width: "1",
        });
        let number = Words::at(x, bottom + 18, lang.number(*tick)).middle().faint().size(13);
        picture.text(number);
    }
    let middle = from + length / 2;
    picture.text(Words::at(middle, bottom + 40, unit).middle().faint().size(13));
}

/// One bar, and the whisker of its interval.
fn row(picture: &mut Picture, datum: &Datum, axis: &Axis, (from, length, middle): (i64, i64, i64)) {
    let top = middle - BAR_HEIGHT / 2;
    let bar = |x: i64, width: i64, fill: String, line: &'static str| Mark::Box {
        x,
        y: top,
        width,
        height: BAR_HEIGHT,
        round: 0,
        fill,
        line,
    };
    match datum.value {
        Some(value) => {
            let width = axis.place(value, length).max(i64::from(value > 0));
            picture.marks.push(bar(from, width, BAR.to_owned(), "none"));
        }
        // How far it could reach, and not how far it does.
        None if datum.is_suppressed() => {
            let width = axis.place(datum.floor, length).max(6);
            let hatch = picture.hatch();
            picture.marks.push(bar(from, width, hatch, HATCH));
        }
        None => {}
    }
    let (Some((low, high)), Some(_)) = (datum.interval, datum.value) else { return };
    let (low, high) = (from + axis.place(low, length), from + axis.place(high, length));
    // White below dark, so that it is seen on the bar and beside it.
    for (colour, width) in [(PAPER, "5"), (WHISKER, "2")] {
        for (x1, y1, x2, y2) in [
            (low, middle, high, middle),
            (low, middle - 5, low, middle + 5),
            (high, middle - 5, high, middle + 5),
        ] {
            picture.marks.push(Mark::Line { x1, y1, x2, y2, colour, width });
        }
    }
}

/// The highest, the lowest that is shown, and how many are not: what one sees at a glance.
pub(crate) fn description(data: &[Datum], lang: Lang) -> String {
    let shown = || data.iter().filter_map(|it| Some((it.value?, it)));
    let hidden = data.iter().filter(|it| it.is_suppressed()).count() as u64;
    let Some((_, most)) = shown().max_by_key(|(value, _)| *value) else {
        return lang.pick("No figure is shown.", "Aucun chiffre n’est montré.").to_owned();
    };
    let n = lang.number(data.len() as u64);
    let (label, value) = (&most.label, most.shown(lang));
    let hidden = match hidden {
        0 => String::new(),
        n => lang.pick(
            format!(" {} suppressed.", lang.number(n)),
            format!(" Supprimés : {}.", lang.number(n)),
        ),
    };
    lang.pick(
        format!("{n} rows. The highest: {label}, {value}.{hidden} All figures are in the table."),
        format!("{n} lignes. La plus élevée : {label}, {value}.{hidden} Tous les chiffres sont dans le tableau."),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn data() -> Vec<Datum> {
        let shown = Datum { interval: Some((201, 227)), ..Datum::exact("Ontario", 214) };
        let hidden = Datum {
            label: "Nunavut".to_owned(),
            interval: Some((0, 9)),
            floor: 15,
            symbol: "x".to_owned(),
            ..Datum::default()
        };
        vec![shown, hidden]
    }

    fn picture() -> Picture {
        let title = Title { id: "a".to_owned(), name: "Persons".to_owned(), unit: "Persons" };
        bars(title, &data(), Lang::En)
    }

    #[test]
    fn what_is_suppressed_has_neither_a_bar_nor_an_interval_in_the_picture() {
        let picture = picture();
        let boxes: Vec<_> = picture
            .marks
            .iter()
            .filter_map(|mark| match mark {
                Mark::Box { width, fill, .. } => Some((*width, fill.as_str())),
                _ => None,
            })
            .collect();
        assert_eq!(boxes.len(), 2);
        assert_eq!(boxes[0].1, BAR);
        assert_eq!(boxes[1].1, "url(#a-hatch)");
        let whiskers = picture
            .marks
            .iter()
            .filter(|mark| matches!(mark, Mark::Line { colour, .. } if *colour == WHISKER));
        assert_eq!(whiskers.count(), 3, "one interval, and not that of what is suppressed");
    }

    #[test]
    fn everything_stands_within_the_picture() {
        let picture = picture();
        let (width, height) = (i64::from(picture.width), i64::from(picture.height));
        for mark in &picture.marks {
            let (x, y) = match mark {
                Mark::Box { x, y, width, height, .. } => (x + width, y + height),
                Mark::Line { x2, y2, .. } => (*x2, *y2),
                Mark::Dot { x, y, .. } => (*x, *y),
                Mark::Text(words) => (words.x, words.y),
            };
            assert!((0..=width).contains(&x) && (0..=height).contains(&y), "{mark:?}");
        }
        assert!(
            picture.description.contains("Ontario, 214") && picture.description.contains("1 supp")
        );
    }
}
