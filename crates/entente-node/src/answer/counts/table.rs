//! Tables for people: the parts of several periods, laid out by the dimensions in their order.

use std::collections::BTreeMap;

use entente_core::count::{Flag, Frame, MergedCell};
use entente_core::period::Period;

use crate::local::doc::CountCell;

/// One figure on its way into a table.
#[derive(Clone, Copy)]
pub(super) struct Figure {
    value: Option<u64>,
    at_least: u64,
    flag: Flag,
}

/// What was counted for one period: a figure for each place of the frame.
pub(super) struct Part {
    pub(super) period: Period,
    pub(super) figures: Vec<Figure>,
}

/// How a table is laid out.
pub(super) struct Shape {
    /// The dimensions in the order of the columns, quarter and year among them.
    pub(super) by: Vec<String>,
    /// The others, in the same order.
    pub(super) frame: Frame,
}

impl Figure {
    pub(super) fn exact(value: u64) -> Self {
        Self { value: Some(value), at_least: value, flag: Flag::Ok }
    }

    pub(super) fn merged(cell: MergedCell) -> Self {
        Self { value: cell.value, at_least: cell.at_least, flag: cell.flag }
    }

    /// The sum of two. A part that is not known makes it a lower bound.
    fn and(self, other: Self) -> Self {
        let flag = match (self.flag, other.flag) {
            (Flag::Ok, Flag::Ok) => Flag::Ok,
            (Flag::Partial, Flag::Ok | Flag::Partial) | (Flag::Ok, Flag::Partial) => Flag::Partial,
            // Two small counts need not be a small one together.
            _ => Flag::Comp,
        };
        Self {
            value: self.value.zip(other.value).map(|(one, other)| one + other),
            at_least: self.at_least + other.at_least,
            flag,
        }
    }

    pub(super) fn told(self, key: BTreeMap<String, String>) -> CountCell {
        let at_least = Some(self.at_least).filter(|_| self.value.is_none());
        CountCell { key, value: self.value, at_least, flag: self.flag.code().to_owned() }
    }
}

/// Where a cell stands, and what it is called.
struct Spot {
    /// Its position along each dimension, in their order.
    order: Vec<usize>,
    key: BTreeMap<String, String>,
}

impl Shape {
    /// Every cell of the table in a fixed order, and the sum over all of them.
    pub(super) fn cells(&self, parts: &[Part]) -> (Vec<CountCell>, CountCell) {
        let mut sums: BTreeMap<Vec<usize>, (BTreeMap<String, String>, Figure)> = BTreeMap::new();
        let mut total: Option<Figure> = None;
        for Part { period, figures } in parts {
            if let Some(figure) = figures.first() {
                total = Some(total.map_or(*figure, |sum| sum.and(*figure)));
            }
            for (place, figure) in figures.iter().enumerate() {
                let Some(Spot { order, key }) = self.spot(*period, place) else { continue };
                let sum = sums.get(&order).map_or(*figure, |(_, sum)| sum.and(*figure));
                sums.insert(order, (key, sum));
            }
        }
        let cells = sums.into_values().map(|(key, figure)| figure.told(key)).collect();
        // Without any period nobody has said anything.
        let nothing = Figure { value: None, at_least: 0, flag: Flag::Partial };
        (cells, total.unwrap_or(nothing).told(BTreeMap::new()))
    }

    /// Where a place of the frame stands in the table; `None` for its margins.
    fn spot(&self, period: Period, place: usize) -> Option<Spot> {
        let selection: Vec<Option<&str>> = self.frame.selection(place);
        let mut labels = selection.into_iter().zip(self.frame.dimensions());
        let mut spot = Spot { order: Vec::new(), key: BTreeMap::new() };
        for name in &self.by {
            let (position, label) = match name.as_str() {
                "year" => (period.number() / 10, period.year().to_string()),
                "quarter" | "period" => (period.number(), period.to_string()),
                _ => {
                    let (label, dimension) = labels.next()?;
                    let label = label?;
                    let at = dimension.labels.iter().position(|other| other == label)?;
                    (u32::try_from(at).ok()?, label.to_owned())
                }
            };
            spot.order.push(usize::try_from(position).ok()?);
            spot.key.insert(name.clone(), label);
        }
        Some(spot)
    }
}
