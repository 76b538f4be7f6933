//! What becomes of the fields of a case on their way to a partner: one bar in parts.

use super::palette::{GRID, HATCH, KEPT, LESS, PAPER};
use super::{Mark, Picture};

const HEIGHT: i64 = 18;

/// A bar of how many fields are sent as they are, made less exact, not sent, and never sent. The figures stand
/// beside it, on the page.
pub(crate) fn fates((id, name, description): (String, String, String), parts: [u64; 4]) -> Picture {
    let mut picture = Picture { id, name, description, width: 480, height: 18, marks: Vec::new() };
    let all = parts.iter().sum::<u64>().max(1);
    let place = |n: u64| i64::try_from(u128::from(n) * 478 / u128::from(all)).unwrap_or(0);
    let box_of = |x: i64, width: i64, fill: String, line: &'static str| Mark::Box {
        x,
        y: 1,
        width,
        height: HEIGHT - 2,
        round: 2,
        fill,
        line,
    };
    picture.marks.push(box_of(1, 478, PAPER.to_owned(), GRID));
    let fills = [
        (KEPT.to_owned(), "none"),
        (LESS.to_owned(), "none"),
        (HATCH.to_owned(), "none"),
        (picture.hatch(), HATCH),
    ];
    let mut before = 0_u64;
    for (n, (fill, line)) in parts.into_iter().zip(fills) {
        let (from, to) = (place(before), place(before + n));
        before += n;
        if n > 0 {
            // White between the parts, so that they can be told apart without their colours.
            picture.marks.push(box_of(from + 2, (to - from - 2).max(1), fill, line));
        }
    }
    picture
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bar(parts: [u64; 4]) -> Vec<(i64, i64)> {
        let picture = fates(("a".to_owned(), String::new(), String::new()), parts);
        let boxes = picture.marks.iter().skip(1).filter_map(|mark| match mark {
            Mark::Box { x, width, .. } => Some((*x, *width)),
            _ => None,
        });
        boxes.collect()
    }

    #[test]
    fn each_part_is_as_long_as_it_has_fields_and_one_without_any_is_not_there() {
        let all = bar([4, 3, 2, 2]);
        assert_eq!(all.len(), 4);
        assert!(all.windows(2).all(|pair| pair[0].0 + pair[0].1 < pair[1].0), "{all:?}");
        assert!(all.windows(2).all(|pair| pair[0].1 >= pair[1].1), "{all:?}");
        assert_eq!(bar([0, 5, 0, 0]), [(2, 476)]);
        assert!(bar([0; 4]).is_empty());
    }
}
