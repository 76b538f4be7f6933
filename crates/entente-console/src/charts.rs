//! Pictures of figures, made here as SVG: bars with intervals, a map of tiles, shaded tables, years side by
//! side.
//!
//! A picture is a list of marks that a template writes; nothing in it is trusted, nothing is a style. It has a
//! name and a description, and what stands in it is hidden from screen readers: the same figures are in a table
//! right below, always. **A picture shows no figure that its table does not show**: both are made of the same
//! [`Datum`]s, and what is below the floor has no length, only a hatch up to the floor.
//!
//! Colours are those of [`palette`], where a test computes the contrast of every pair that is used.

use entente_core::lang::Lang;

pub(crate) mod bars;
pub(crate) mod budget;
pub(crate) mod dots;
pub(crate) mod estimate;
pub(crate) mod fates;
pub(crate) mod matrix;
pub(crate) mod palette;
pub(crate) mod parts;
pub(crate) mod tiles;

/// One figure as everybody may see it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Datum {
    /// What it is about.
    pub(crate) label: String,
    /// How many; absent below the floor, or if there is none.
    pub(crate) value: Option<u64>,
    /// From how many to how many, 19 times out of 20; absent if it is exact, or not there.
    pub(crate) interval: Option<(u64, u64)>,
    /// What is below this is shown as such.
    pub(crate) floor: u64,
    /// `x`, `..`, `p`, `r`, or nothing.
    pub(crate) symbol: String,
}

impl Datum {
    /// An exact figure.
    #[cfg(test)]
    pub(crate) fn exact(label: impl Into<String>, value: u64) -> Self {
        Self { label: label.into(), value: Some(value), ..Self::default() }
    }

    /// Whether it is below the floor.
    pub(crate) fn is_suppressed(&self) -> bool {
        self.value.is_none() && self.symbol == "x"
    }

    /// As it stands beside a bar and in a table: the figure and its symbol.
    pub(crate) fn shown(&self, lang: Lang) -> String {
        match (self.value, self.symbol.as_str()) {
            (Some(value), "") => lang.number(value),
            (Some(value), symbol) => format!("{}\u{a0}{symbol}", lang.number(value)),
            (None, "") => "—".to_owned(),
            (None, symbol) => symbol.to_owned(),
        }
    }

    /// The interval in words of digits; a dash if there is none.
    pub(crate) fn interval(&self, lang: Lang) -> String {
        self.interval.map_or_else(
            || "—".to_owned(),
            |(low, high)| {
                let (low, high) = (lang.number(low), lang.number(high));
                lang.pick(format!("{low} to {high}"), format!("de {low} à {high}"))
            },
        )
    }

    /// The farthest that it reaches on an axis.
    fn reach(&self) -> u64 {
        let high = self.interval.map_or(0, |(_, high)| high);
        let floor = if self.is_suppressed() { self.floor } else { 0 };
        high.max(floor).max(self.value.unwrap_or(0))
    }
}

/// A picture.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Picture {
    /// Unique on its page.
    pub(crate) id: String,
    /// In user units, which are pixels where there is room.
    pub(crate) width: u32,
    /// The same.
    pub(crate) height: u32,
    /// What it is.
    pub(crate) name: String,
    /// What it shows, for those who do not see it.
    pub(crate) description: String,
    /// What it is made of, from back to front.
    pub(crate) marks: Vec<Mark>,
}

/// A part of a picture. Lengths are in user units; every number is whole, so that pictures are small.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Mark {
    /// A rectangle, filled with a colour or with the hatch.
    Box { x: i64, y: i64, width: i64, height: i64, round: i64, fill: String, line: &'static str },
    /// A line.
    Line { x1: i64, y1: i64, x2: i64, y2: i64, colour: &'static str, width: &'static str },
    /// A dot.
    Dot { x: i64, y: i64, radius: i64, fill: &'static str, line: &'static str },
    /// A text.
    Text(Words),
}

/// A text in a picture.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Words {
    pub(crate) x: i64,
    pub(crate) y: i64,
    pub(crate) text: String,
    /// `start`, `middle`, `end`.
    pub(crate) anchor: &'static str,
    pub(crate) size: u32,
    pub(crate) weight: u32,
    pub(crate) fill: &'static str,
    /// With a white rim, for texts on a hatch.
    pub(crate) halo: bool,
}

impl Words {
    /// A text at a place, as most are.
    pub(crate) fn at(x: i64, y: i64, text: impl Into<String>) -> Self {
        Self {
            x,
            y,
            text: text.into(),
            anchor: "start",
            size: 15,
            weight: 400,
            fill: palette::INK,
            halo: false,
        }
    }

    pub(crate) fn end(self) -> Self {
        Self { anchor: "end", ..self }
    }

    pub(crate) fn middle(self) -> Self {
        Self { anchor: "middle", ..self }
    }

    pub(crate) fn faint(self) -> Self {
        Self { fill: palette::FAINT, ..self }
    }

    pub(crate) fn bold(self) -> Self {
        Self { weight: 600, ..self }
    }

    pub(crate) fn size(self, size: u32) -> Self {
        Self { size, ..self }
    }
}

impl Picture {
    pub(crate) fn text(&mut self, words: Words) {
        self.marks.push(Mark::Text(words));
    }

    /// Another name on its page: also of its hatch.
    pub(crate) fn rename(&mut self, old: &str, new: &str) {
        let hatch = self.hatch();
        self.id = self.id.replacen(old, new, 1);
        let renamed = self.hatch();
        for mark in &mut self.marks {
            if let Mark::Box { fill, .. } = mark
                && *fill == hatch
            {
                fill.clone_from(&renamed);
            }
        }
    }

    /// What fills a box that is below the floor.
    pub(crate) fn hatch(&self) -> String {
        format!("url(#{}-hatch)", self.id)
    }
}

/// An axis from zero: where its marks stand, evenly and at round numbers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Axis {
    /// The numbers at its marks, from 0 to its end.
    pub(crate) ticks: Vec<u64>,
}

impl Axis {
    /// An axis that reaches at least as far as `reach`, with four to six marks.
    pub(crate) fn to(reach: u64) -> Self {
        let reach = reach.max(4);
        let mut step = 1_u64;
        let steps = [2_u64, 5, 10];
        let mut decade = 1_u64;
        'found: while reach.div_ceil(step) > 5 {
            for times in steps {
                step = decade.saturating_mul(times);
                if reach.div_ceil(step) <= 5 {
                    break 'found;
                }
            }
            decade = decade.saturating_mul(10);
        }
        Self { ticks: (0..=reach.div_ceil(step)).map(|n| n.saturating_mul(step)).collect() }
    }

    /// Its end.
    pub(crate) fn end(&self) -> u64 {
        self.ticks.last().copied().unwrap_or(1).max(1)
    }

    /// How far along `length` a number stands.
    pub(crate) fn place(&self, value: u64, length: i64) -> i64 {
        let length = u128::try_from(length).unwrap_or(0);
        let at = u128::from(value.min(self.end())) * length / u128::from(self.end());
        i64::try_from(at).unwrap_or(0)
    }
}

/// How wide a text of this size is at most, in user units: for room, not for measuring.
pub(crate) fn width_of(text: &str, size: u32) -> i64 {
    let n = i64::try_from(text.chars().count()).unwrap_or(i64::MAX / 1000);
    n.saturating_mul(i64::from(size)).saturating_mul(56) / 100
}

/// A text on as many lines as it needs, of at most `n` letters if its words allow.
pub(crate) fn lines(text: &str, n: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split_whitespace() {
        match lines.last_mut() {
            Some(line) if line.chars().count() + 1 + word.chars().count() <= n => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_axis_has_a_few_round_marks_and_reaches_far_enough() {
        for reach in (0..3_000).chain([12_345, 1_000_000, u64::MAX / 4]) {
            let axis = Axis::to(reach);
            assert!(axis.end() >= reach, "{reach}: {axis:?}");
            assert!((3..=6).contains(&axis.ticks.len()), "{reach}: {axis:?}");
            let step = axis.ticks[1];
            let first = step.to_string().chars().next().unwrap();
            assert!(['1', '2', '5'].contains(&first), "{reach}: {axis:?}");
        }
        assert_eq!(Axis::to(214).ticks, [0, 50, 100, 150, 200, 250]);
        assert_eq!(Axis::to(100).place(50, 400), 200);
    }

    #[test]
    fn long_labels_are_broken_at_their_words() {
        let text = "Forced labour, servitude and slavery";
        assert_eq!(lines(text, 22), ["Forced labour,", "servitude and slavery"]);
        assert_eq!(lines("", 10), Vec::<String>::new());
        assert_eq!(lines("Incommensurablement", 5), ["Incommensurablement"]);
    }

    #[test]
    fn what_is_suppressed_shows_its_symbol_and_nothing_else() {
        let hidden = Datum { symbol: "x".to_owned(), floor: 15, ..Datum::default() };
        assert_eq!(hidden.shown(Lang::Fr), "x");
        assert_eq!(hidden.reach(), 15);
        let revised = Datum { symbol: "r".to_owned(), ..Datum::exact("a", 1_214) };
        assert_eq!(revised.shown(Lang::En), "1,214\u{a0}r");
    }
}
