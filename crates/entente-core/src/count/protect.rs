//! What of a table may be shown: primary and complementary suppression, with a proof per small cell.
//!
//! Write a table together with its margins as a cube that has, along each dimension, one more
//! coordinate for "all". Choose two coordinates per dimension: the `2^d` cells at their crossings are
//! a *hypercube*. Adding `k` at one corner and, at the others, `k` or `-k` (the sign turns with each
//! step between two labels, not with a step to "all") leaves every sum in the cube right and every
//! other cell as it was: some persons are moved, added or taken away. So if all corners are hidden and
//! none leaves the range that its flag states, the result is another table that looks the same. It
//! is a *witness*: the reader cannot rule it out. Moves are made one after another too, and where a
//! table is too sparse for hypercubes, two persons swap labels (`moves.rs`).
//!
//! For each small cell we look for moves that give it enough values and, where there are too few, hide
//! the corners of the hypercube that costs the fewest persons. Hiding more never spoils an earlier
//! witness, so one pass over the small cells is enough, and it ends. This is done for every depth: with
//! all cells, without the finest level, and so on down to the total alone, which is always safe. The
//! depth that tells the most is taken; one at which some cell has no witness is not.
//!
//! Parts of a small total are withheld too. Otherwise four parts of a total below five, each known not
//! to be zero, would say that all of them are one.
//!
//! Counts that are not small are no secret, but what is hidden and can be computed is neither hidden nor
//! told. So whatever was hidden to protect another must be able to move as well, if only by one; and of
//! a withheld level what follows is shown. Should that break a promise, the depth is not taken.
//!
//! Work: `O(dimensions × places)` if nothing is small; else each small cell looks at up to `places`
//! hypercubes of at most 16 corners, most of them cut off early, and at 128 pairs of persons.
//! Measured, optimised, on one core of a small server: 14 × 8 × 5 cells with nothing small below
//! 0.1 ms; 13 × 8 × 5 with 5,000 persons, a third of the cells small, about 25 ms. That is once per
//! period, since [`super::Answered`] keeps the result.

use std::fmt;

use super::lines::{OPEN, Range, tighten};
use super::moves::{Aim, Found, Reach, Search, swap};
use super::table::{Axis, Frame, Question, Table};

/// What is done with a count of nobody.
///
/// An empty cell names nobody, but it says something of those in the others: if all of a region's
/// persons are of one form, whoever is known to be among them is of that form.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Zeros {
    /// Zeros are shown. The steward of the records must agree.
    Shown,
    /// A zero looks like a small count. That it is zero may still follow from a total all of whose
    /// persons are in other parts, as in a province that the node does not serve.
    Flagged,
    /// A zero is defended against subtraction too. Hides much more: a node that serves one province
    /// must then hide that province's count as well.
    Defended,
}

/// What counts as small.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rules {
    min_cell: u32,
    zeros: Zeros,
}

impl Rules {
    /// The least and the greatest minimum cell. Below 3, "small" would name one exact number; 1,000 is
    /// arbitrary and catches a wrong unit.
    pub const MIN_CELL_RANGE: std::ops::RangeInclusive<u32> = 3..=1_000;

    /// Hides counts from 1 to below `min_cell`, and zeros as `zeros` says.
    ///
    /// `None` if `min_cell` is outside [`Rules::MIN_CELL_RANGE`].
    pub fn new(min_cell: u32, zeros: Zeros) -> Option<Self> {
        Self::MIN_CELL_RANGE.contains(&min_cell).then_some(Self { min_cell, zeros })
    }

    /// The least count above 0 that is shown.
    pub fn min_cell(&self) -> u32 {
        self.min_cell
    }

    /// What is done with a count of 0.
    pub fn zeros(&self) -> Zeros {
        self.zeros
    }

    /// How many neighbouring values a defended count can have in the reader's eyes, at least: 3, or 2
    /// if `lt5` has only two. Two would be enough not to be exact, but "1 or 2" is as good as exact.
    pub fn spread(&self) -> u64 {
        (self.min() - self.least_hidden()).min(3)
    }

    /// The least count that `lt5` can stand for.
    pub(super) fn least_hidden(&self) -> u64 {
        u64::from(self.zeros == Zeros::Shown)
    }

    /// The least count that must not be derivable.
    pub(super) fn least_defended(&self) -> u64 {
        u64::from(self.zeros != Zeros::Defended)
    }

    fn min(&self) -> u64 {
        u64::from(self.min_cell)
    }

    fn hides(&self, count: u64) -> bool {
        (self.least_hidden()..self.min()).contains(&count)
    }

    fn defends(&self, count: u64) -> bool {
        (self.least_defended()..self.min()).contains(&count)
    }
}

impl Default for Rules {
    /// Five, as in GLOTIP and Statistics Canada's tables, and zeros look like small counts.
    fn default() -> Self {
        Self { min_cell: 5, zeros: Zeros::Flagged }
    }
}

/// What a partner is told about one cell or margin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cell {
    /// The exact count: 0, or the minimum or more.
    Ok(u64),
    /// Below the minimum. Not 0 if zeros are shown.
    Lt5,
    /// The minimum or more, hidden to protect another.
    Comp,
    /// Hidden whatever it is: part of a small total, or of a level that is withheld whole but for what
    /// follows from shown counts.
    Withheld,
}

impl Cell {
    /// The count, if it is shown.
    pub fn value(self) -> Option<u64> {
        match self {
            Self::Ok(value) => Some(value),
            Self::Lt5 | Self::Comp | Self::Withheld => None,
        }
    }

    /// The code in the list `suppression`. Both kinds of complementary suppression are `comp` there.
    pub fn code(self) -> &'static str {
        match self {
            Self::Ok(_) => "ok",
            Self::Lt5 => "lt5",
            Self::Comp | Self::Withheld => "comp",
        }
    }
}

/// A table with its margins, as a partner may see it.
///
/// Controlled information: `Debug` prints its size and no number.
#[derive(Clone, PartialEq, Eq)]
pub struct Protected {
    frame: Frame,
    rules: Rules,
    /// By place.
    cells: Vec<Cell>,
}

impl Protected {
    /// Puts together what came over the wire or from a store, `cells` by place.
    ///
    /// `None` if their number is not the frame's, or a count is shown that the rules hide. This does
    /// not check that the sender protected it well.
    pub fn from_parts(frame: Frame, rules: Rules, cells: Vec<Cell>) -> Option<Self> {
        let shown = |cell: &Cell| {
            cell.value().is_none_or(|value| !rules.hides(value) && value <= Table::MAX_PERSONS)
        };
        (cells.len() == frame.n_places() && cells.iter().all(shown)).then_some(Self {
            frame,
            rules,
            cells,
        })
    }

    /// What is counted over.
    pub fn frame(&self) -> &Frame {
        &self.frame
    }

    /// What was hidden as small.
    pub fn rules(&self) -> Rules {
        self.rules
    }

    /// All cells and margins by place, the total first.
    pub fn cells(&self) -> &[Cell] {
        &self.cells
    }

    /// One cell or margin: for each dimension a label, or `None` for all.
    pub fn cell(&self, selection: &[Option<&str>]) -> Option<Cell> {
        self.cells.get(self.frame.place(selection)?).copied()
    }

    /// The part that answers a question: a table over the dimensions of `by`, in that order.
    ///
    /// A look-up; nothing is counted or hidden anew, so any number of answers says no more than the
    /// whole. `None` if the question names what is not in the frame, a dimension twice, or more than
    /// [`Question::MAX_BY`] dimensions.
    pub fn select(&self, question: &Question) -> Option<Self> {
        let find = |name: &String| self.frame.dimensions().iter().position(|d| d.name == *name);
        let axes: Vec<Axis> = self.frame.axes().collect();
        let mut unused: Vec<bool> = vec![true; axes.len()];
        let mut take = |name: &String| {
            let index = find(name)?;
            std::mem::take(unused.get_mut(index)?).then_some(index)
        };
        if question.by.len() > Question::MAX_BY {
            return None;
        }
        let mut origin = 0;
        for (name, label) in &question.only {
            let index = take(name)?;
            let labels = &self.frame.dimensions().get(index)?.labels;
            let number = labels.iter().position(|l| l == label)?;
            origin += (number + 1) * axes.get(index)?.stride;
        }
        let by: Vec<usize> = question.by.iter().map(take).collect::<Option<_>>()?;
        let dimensions = by.iter().map(|&i| self.frame.dimensions().get(i).cloned());
        let frame = Frame::new(dimensions.collect::<Option<_>>()?).ok()?;
        let cells = (0..frame.n_places()).map(|place| {
            let offset = (by.iter().zip(frame.coordinates(place)))
                .map(|(&i, coordinate)| Some(coordinate * axes.get(i)?.stride));
            self.cells.get(origin + offset.sum::<Option<usize>>()?).copied()
        });
        let cells = cells.collect::<Option<_>>()?;
        Some(Self { frame, rules: self.rules, cells })
    }
}

impl fmt::Debug for Protected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Protected({} cells and margins)", self.cells.len())
    }
}

/// Hides what must not be told of a table, under the promises of [the module](super).
///
/// Deterministic: equal tables and rules give equal answers.
pub fn protect(table: &Table, rules: Rules) -> Protected {
    let frame = table.frame();
    let counts = table.with_margins();
    let deepest = frame.axes().count();
    let mut best = None;
    for depth in (0..=deepest).rev() {
        let draft = Draft::new(frame, rules, &counts, depth);
        let cells = if depth == 0 { Some(draft.cells) } else { draft.finished() };
        let Some(cells) = cells else { continue };
        let everything = !cells.contains(&Cell::Comp) && depth == deepest;
        let worth = worth(frame, &cells);
        if best.as_ref().is_none_or(|(most, _)| worth > *most) {
            best = Some((worth, cells));
        }
        if everything {
            break;
        }
    }
    // The total alone is always there.
    let cells = best.map(|(_, cells)| cells).unwrap_or_default();
    Protected { frame: frame.clone(), rules, cells }
}

/// How much a reader gets: the persons in shown cells, each level counting half of the one above it,
/// so that a fine table is not bought with the totals.
fn worth(frame: &Frame, cells: &[Cell]) -> u64 {
    let shown = cells.iter().enumerate();
    shown
        .filter_map(|(place, cell)| {
            Some(cell.value()? << Frame::MAX_DIMENSIONS >> frame.order(place))
        })
        .fold(0, u64::saturating_add)
}

/// A table on its way to being protected.
pub(super) struct Draft<'a> {
    frame: &'a Frame,
    pub(super) axes: Vec<Axis>,
    pub(super) rules: Rules,
    counts: &'a [u64],
    cells: Vec<Cell>,
    /// The finest cells that are not empty, by place.
    pub(super) occupied: Vec<usize>,
}

impl<'a> Draft<'a> {
    /// Primary suppression. Cells that are fixed in more than `depth` dimensions are withheld.
    fn new(frame: &'a Frame, rules: Rules, counts: &'a [u64], depth: usize) -> Self {
        let axes: Vec<Axis> = frame.axes().collect();
        let mut cells: Vec<Cell> = Vec::with_capacity(counts.len());
        // A total has a lower place than its parts, so it is decided before them.
        for (place, &count) in counts.iter().enumerate() {
            let of_small = axes.iter().any(|axis| {
                let total = axis.total(place);
                total != place && matches!(cells.get(total), Some(Cell::Lt5 | Cell::Withheld))
            });
            cells.push(match count {
                _ if of_small || frame.order(place) > depth => Cell::Withheld,
                _ if rules.hides(count) => Cell::Lt5,
                shown => Cell::Ok(shown),
            });
        }
        let finest = |place: &usize| frame.order(*place) == axes.len();
        let some = counts.iter().enumerate().filter(|&(_, &count)| count > 0);
        let occupied = some.map(|(place, _)| place).filter(finest).collect();
        Self { frame, axes, rules, counts, cells, occupied }
    }

    /// Complementary suppression. `None` if some small cell cannot be protected at this depth.
    fn finished(mut self) -> Option<Vec<Cell>> {
        let small = |&(_, count): &(usize, &u64)| self.rules.defends(*count);
        // The finest first: what they hide protects their totals too.
        let mut targets: Vec<usize> =
            self.counts.iter().enumerate().filter(small).map(|(place, _)| place).collect();
        targets.sort_by_key(|&place| std::cmp::Reverse(self.frame.order(place)));

        let mut worlds = self.counts.to_vec();
        for target in targets {
            self.spread(target, &mut worlds)?;
        }
        self.hide_small_groups();
        self.hide_small_differences();
        self.hide_what_follows(&mut worlds)?;
        self.show_what_follows()
    }

    /// Hides until `target` can have enough values. `worlds` is scratch, and left as it was.
    fn spread(&mut self, target: usize, worlds: &mut [u64]) -> Option<()> {
        let enough = self.rules.spread() - 1;
        loop {
            let down = self.walk(target, Aim::Down, enough, worlds);
            if down >= enough {
                return Some(());
            }
            let up = self.walk(target, Aim::Up, enough - down, worlds);
            if down + up >= enough {
                return Some(());
            }
            // Each time round gains a value at least, so there are at most `enough` rounds.
            for (place, _) in self.search(target, Aim::More { down, up }, worlds)?.corners {
                self.hide(place);
            }
        }
    }

    /// How far free moves, one after another, can take `target` in one direction, up to `limit`.
    fn walk(&self, target: usize, aim: Aim, limit: u64, worlds: &mut [u64]) -> u64 {
        let mut trail = Vec::new();
        let mut walked = 0;
        while walked < limit {
            let found = self.search(target, aim, worlds);
            let Some(found) = found.or_else(|| swap(self, target, aim, worlds)) else { break };
            let step = found.step.min(limit - walked);
            for (place, turned) in found.corners {
                let Some(count) = worlds.get_mut(place) else { continue };
                trail.push((place, *count));
                let falls = turned != (aim == Aim::Down);
                *count = if falls { count.saturating_sub(step) } else { *count + step };
            }
            walked += step;
        }
        for (place, count) in trail.into_iter().rev() {
            if let Some(slot) = worlds.get_mut(place) {
                *slot = count;
            }
        }
        walked
    }

    /// The best hypercube with `target` as a corner.
    fn search(&self, target: usize, aim: Aim, worlds: &[u64]) -> Option<Found> {
        Search::new(self, target, aim, worlds).best()
    }

    /// How far one cell can move before its flag or its count would be wrong, and what hiding it
    /// costs.
    pub(super) fn reach(&self, place: usize, worlds: &[u64]) -> Reach {
        let count = worlds.get(place).copied().unwrap_or(0);
        let (low, high) = match self.cells.get(place) {
            None | Some(Cell::Ok(0)) => (count, count),
            Some(Cell::Ok(_) | Cell::Comp) => (self.rules.min(), u64::MAX),
            Some(Cell::Lt5) => (self.rules.least_hidden(), self.rules.min() - 1),
            Some(Cell::Withheld) => (0, u64::MAX),
        };
        let cost = self.cells.get(place).and_then(|cell| cell.value()).unwrap_or(0);
        Reach { down: count.saturating_sub(low), up: high.saturating_sub(count), cost }
    }

    fn hide(&mut self, place: usize) {
        if let Some(cell @ Cell::Ok(1..)) = self.cells.get_mut(place) {
            *cell = Cell::Comp;
        }
    }

    /// Promise 2. Hiding one more part, which is not small, mends a line and breaks no other.
    fn hide_small_groups(&mut self) {
        for axis in self.axes.clone() {
            for total in (0..self.cells.len()).filter(|&place| axis.coordinate(place) == 0) {
                let (mut n_hidden, mut hidden, mut cheapest) = (0_usize, 0_u64, None);
                for part in axis.parts(total) {
                    match self.cells.get(part) {
                        Some(Cell::Ok(0)) | None => {}
                        Some(&Cell::Ok(value)) => {
                            cheapest = cheapest.into_iter().chain([(value, part)]).min();
                        }
                        Some(_) => {
                            n_hidden += 1;
                            hidden += self.counts.get(part).copied().unwrap_or(0);
                        }
                    }
                }
                if n_hidden > 0 && self.rules.defends(hidden) {
                    // No part is shown if the total is small itself.
                    if let Some((_, part)) = cheapest {
                        self.hide(part);
                    }
                }
            }
        }
    }

    /// Promise 3. A part that is nearly all of one of its totals is hidden.
    fn hide_small_differences(&mut self) {
        for part in 0..self.cells.len() {
            let Some(&Cell::Ok(value @ 1..)) = self.cells.get(part) else { continue };
            let mut totals = vec![part];
            for axis in &self.axes {
                if axis.coordinate(part) > 0 {
                    totals.extend(totals.clone().into_iter().map(|place| axis.total(place)));
                }
            }
            let nearly = |total: &usize| {
                let whole = self.cells.get(*total).and_then(|cell| cell.value());
                whole.is_some_and(|whole| (1..self.rules.min()).contains(&(whole - value)))
            };
            if totals.iter().any(nearly) {
                self.hide(part);
            }
        }
    }

    /// Promise 4, for what was hidden to protect another: it can move, or more is hidden until it can.
    /// What is hidden here can, by the same move.
    fn hide_what_follows(&mut self, worlds: &mut [u64]) -> Option<()> {
        for place in 0..self.cells.len() {
            if self.cells.get(place) != Some(&Cell::Comp) {
                continue;
            }
            let can_move = self.walk(place, Aim::Down, 1, worlds) > 0
                || self.walk(place, Aim::Up, 1, worlds) > 0;
            if !can_move {
                let more = self.search(place, Aim::More { down: 0, up: 0 }, worlds)?;
                more.corners.into_iter().for_each(|(corner, _)| self.hide(corner));
            }
        }
        Some(())
    }

    /// Promise 4, for what is withheld with its level. `None` if another promise would be broken by
    /// what can be computed.
    fn show_what_follows(mut self) -> Option<Vec<Cell>> {
        let told = |cell: &Cell| -> Range {
            match *cell {
                Cell::Ok(value) => (value, value),
                Cell::Lt5 => (self.rules.least_hidden(), self.rules.min() - 1),
                Cell::Comp => (self.rules.min(), OPEN),
                Cell::Withheld => (0, OPEN),
            }
        };
        let ranges = tighten(&self.axes, self.cells.iter().map(told).collect());
        let min = self.rules.min();
        for (cell, (least, most)) in self.cells.iter_mut().zip(ranges) {
            if *cell == Cell::Withheld && least == most && least >= min {
                *cell = Cell::Ok(least);
            }
        }
        let shown = self.cells.clone();
        self.hide_small_groups();
        self.hide_small_differences();
        (self.cells == shown).then_some(shown)
    }
}
