//! What of a table follows from the rest of it, line by line.
//!
//! A line is a total and its parts along one dimension. Each of them lies between a least and a most,
//! and the total is the sum of the parts; so each says something of the others. Going over all lines
//! until nothing changes never rules the truth out. It may leave open what only several lines together
//! settle.

use super::table::Axis;

/// The least and the most that a count can be; [`OPEN`] is no bound.
pub(super) type Range = (u64, u64);

/// No bound.
pub(super) const OPEN: u64 = u64::MAX;

/// Times over all lines. What follows does so after a few, one for each dimension; bounds that creep
/// up by one each time are nothing that follows.
const MAX_ROUNDS: usize = 32;

/// What these ranges, by place, come to.
pub(super) fn tighten(axes: &[Axis], mut ranges: Vec<Range>) -> Vec<Range> {
    for _ in 0..MAX_ROUNDS {
        let before = ranges.clone();
        for axis in axes {
            for total in (0..ranges.len()).filter(|&place| axis.coordinate(place) == 0) {
                tighten_line(*axis, total, &mut ranges);
            }
        }
        if ranges == before {
            break;
        }
    }
    ranges
}

fn tighten_line(axis: Axis, total: usize, ranges: &mut [Range]) {
    let range = |place: usize| ranges.get(place).copied().unwrap_or((0, OPEN));
    let parts: Vec<(usize, Range)> = axis.parts(total).map(|part| (part, range(part))).collect();
    let (least, most) = range(total);
    // No count is above 2^40, so no sum of them overflows.
    let low: u64 = parts.iter().map(|(_, (low, _))| low).sum();
    let n_open = parts.iter().filter(|(_, (_, high))| *high == OPEN).count();
    let high: u64 = parts.iter().map(|(_, (_, high))| *high).filter(|high| *high != OPEN).sum();
    let most_of = |n_open: usize, high: u64| if n_open == 0 { high } else { OPEN };
    let (least, most) = (least.max(low), most.min(most_of(n_open, high)));

    let mut set = |place: usize, range: Range| {
        if let Some(slot) = ranges.get_mut(place) {
            *slot = range;
        }
    };
    set(total, (least, most));
    for (part, (own_low, own_high)) in parts {
        let others = match own_high {
            OPEN => most_of(n_open - 1, high),
            own_high => most_of(n_open, high - own_high),
        };
        let low_of_part = own_low.max(least.saturating_sub(others));
        let high_of_part = match most {
            OPEN => own_high,
            most => own_high.min(most.saturating_sub(low - own_low)),
        };
        set(part, (low_of_part, high_of_part));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::count::table::{Dimension, Frame};

    /// Two by two: the total, two columns, then a row's total and its two cells, twice.
    fn two_by_two(ranges: [Range; 9]) -> Vec<Range> {
        let dimension = |name: &str| Dimension::new(name, ["0", "1"]);
        let frame = Frame::new(vec![dimension("a"), dimension("b")]).unwrap();
        let axes: Vec<Axis> = frame.axes().collect();
        tighten(&axes, ranges.to_vec())
    }

    #[test]
    fn a_part_is_the_total_without_the_others_and_the_parts_of_nobody_are_nobody() {
        let (open, nobody) = ((0, OPEN), (0, 0));
        // The second column is empty, so the first cell of each row is its total.
        let found = two_by_two([(20, 20), open, nobody, (7, 7), open, open, (13, 13), open, open]);
        let expected = [20, 20, 0, 7, 7, 0, 13, 13, 0].map(|count| (count, count));
        assert_eq!(found, expected);
    }

    #[test]
    fn what_several_tables_fit_stays_open() {
        let open = (0, OPEN);
        let found =
            two_by_two([(20, 20), (9, 9), (11, 11), (7, 7), open, open, (13, 13), open, open]);
        assert_eq!(found[4], (0, 7));
        // At most nine of the first column are in the second row.
        assert_eq!(found[8], (4, 11));
    }

    #[test]
    fn two_that_are_five_or_more_and_ten_together_are_five_each() {
        let five = (5, OPEN);
        let found = two_by_two([(10, 10), five, five, five, five, (0, 0), five, (0, 0), five]);
        assert_eq!(found[4], (5, 5));
        assert_eq!(found[8], (5, 5));
    }
}
