//! Moves from one table to another that looks the same, as [`super::protect`] explains.
//!
//! Two kinds. A *hypercube* changes `2^d` cells and works well where most cells hold somebody. In a
//! sparse table a corner is soon empty; there, two persons *swap* some of their labels, which changes
//! no total over the swapped or over the other dimensions alone.

use super::protect::Draft;

/// What a hypercube is wanted for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Aim {
    /// A move that takes the target down, with every corner hidden already.
    Down,
    /// The same, up.
    Up,
    /// More values than these steps down and up give, for as few newly hidden persons as possible.
    More { down: u64, up: u64 },
}

/// How far a move can go in each direction, and how many persons it hides.
#[derive(Clone, Copy)]
pub(super) struct Reach {
    pub(super) down: u64,
    pub(super) up: u64,
    pub(super) cost: u64,
}

impl Reach {
    const FREE: Self = Self { down: u64::MAX, up: u64::MAX, cost: 0 };

    /// Together with one more corner, which moves the other way if `turned`.
    fn with(self, corner: Self, turned: bool) -> Self {
        let (down, up) = if turned { (corner.up, corner.down) } else { (corner.down, corner.up) };
        Self {
            down: self.down.min(down),
            up: self.up.min(up),
            cost: self.cost.saturating_add(corner.cost),
        }
    }
}

/// A move, as seen from the target.
pub(super) struct Found {
    /// Place, and whether it moves against the target.
    pub(super) corners: Vec<(usize, bool)>,
    /// How far it can go.
    pub(super) step: u64,
}

/// Depth-first, one dimension after another. With more corners a move reaches less far and costs more,
/// so what cannot beat the best so far is cut.
pub(super) struct Search<'a> {
    draft: &'a Draft<'a>,
    target: usize,
    aim: Aim,
    worlds: &'a [u64],
    best: Option<((u64, u64), Found)>,
}

impl<'a> Search<'a> {
    pub(super) fn new(draft: &'a Draft<'a>, target: usize, aim: Aim, worlds: &'a [u64]) -> Self {
        Self { draft, target, aim, worlds, best: None }
    }

    /// The best hypercube with the target as a corner.
    pub(super) fn best(mut self) -> Option<Found> {
        let reach = Reach::FREE.with(self.draft.reach(self.target, self.worlds), false);
        self.descend(0, &mut vec![(self.target, false)], reach);
        self.best.map(|(_, found)| found)
    }

    fn descend(&mut self, depth: usize, corners: &mut Vec<(usize, bool)>, reach: Reach) {
        let Some(rank) = self.rank(reach) else { return };
        if self.best.as_ref().is_some_and(|(best, _)| *best <= rank) {
            return;
        }
        let Some(&axis) = self.draft.axes.get(depth) else {
            let step = if self.aim == Aim::Down { reach.down } else { reach.up };
            self.best = Some((rank, Found { corners: corners.clone(), step }));
            return;
        };
        let own = axis.coordinate(self.target);
        for other in (0..=axis.n_labels).filter(|&other| other != own) {
            let turns = own > 0 && other > 0;
            let n_corners = corners.len();
            let mut wider = reach;
            for i in 0..n_corners {
                let Some(&(place, turned)) = corners.get(i) else { continue };
                let corner = axis.total(place) + other * axis.stride;
                wider = wider.with(self.draft.reach(corner, self.worlds), turned != turns);
                corners.push((corner, turned != turns));
            }
            self.descend(depth + 1, corners, wider);
            corners.truncate(n_corners);
        }
    }

    /// Less is better; `None` if it is of no use.
    fn rank(&self, reach: Reach) -> Option<(u64, u64)> {
        let enough = self.draft.rules.spread() - 1;
        let Reach { down, up, cost } = reach;
        match self.aim {
            Aim::Down => (cost == 0 && down > 0).then(|| (enough.saturating_sub(down), 0)),
            Aim::Up => (cost == 0 && up > 0).then(|| (enough.saturating_sub(up), 0)),
            Aim::More { down: had_down, up: had_up } => {
                let values = down.max(had_down).saturating_add(up.max(had_up));
                let missing = enough.saturating_sub(values);
                (values > had_down + had_up).then_some((missing, cost))
            }
        }
    }
}

/// The most pairs of persons that one search looks at. With 64, 128 and 256 a table of 13 × 8 × 5 × 3
/// cells and 1,000 persons takes about 50, 110 and 170 ms, and tells 27, 29 and 29 of 29 one-way totals.
const MAX_PAIRS: usize = 128;

/// Finds two persons who, swapping the labels of some dimensions, take `target` one down or up through
/// hidden cells only.
pub(super) fn swap(draft: &Draft<'_>, target: usize, aim: Aim, worlds: &[u64]) -> Option<Found> {
    // In fewer dimensions each swap is a hypercube.
    if draft.axes.len() < 3 {
        return None;
    }
    let all = (1_usize << draft.axes.len()) - 1;
    let mut n_pairs = 0;
    // Bit `d` of a set stands for dimension `d`.
    for swapped in 1..all {
        let kept = all & !swapped;
        // Who keeps `kept` is in the target before the swap (to leave it) or after (to enter it).
        let leaving = aim == Aim::Down;
        let like = |set: usize| move |place: &&usize| agrees(draft, **place, target, set);
        for &one in draft.occupied.iter().filter(like(if leaving { all } else { kept })) {
            for &other in draft.occupied.iter().filter(like(if leaving { 0 } else { swapped })) {
                n_pairs += 1;
                if n_pairs > MAX_PAIRS {
                    return None;
                }
                let corners = swapping(draft, one, other, swapped, kept);
                let allowed = |&(place, falls): &(usize, bool)| {
                    let Reach { down, up, cost } = draft.reach(place, worlds);
                    cost == 0 && if falls { down > 0 } else { up > 0 }
                };
                if corners.contains(&(target, leaving)) && corners.iter().all(allowed) {
                    let turned = |(place, falls)| (place, falls != leaving);
                    return Some(Found {
                        corners: corners.into_iter().map(turned).collect(),
                        step: 1,
                    });
                }
            }
        }
    }
    None
}

/// Whether a finest cell lies within `target` as far as the dimensions of `set` say.
fn agrees(draft: &Draft<'_>, place: usize, target: usize, set: usize) -> bool {
    draft.axes.iter().enumerate().filter(|(d, _)| set >> d & 1 == 1).all(|(_, axis)| {
        let wanted = axis.coordinate(target);
        wanted == 0 || wanted == axis.coordinate(place)
    })
}

/// Every cell and margin that changes by one when two persons swap labels, and whether it falls.
fn swapping(
    draft: &Draft<'_>,
    one: usize,
    other: usize,
    swapped: usize,
    kept: usize,
) -> Vec<(usize, bool)> {
    let moved = telling_apart(draft, one, other, swapped);
    let fixed = telling_apart(draft, one, other, kept);
    let meet =
        |&(left, a): &(usize, bool)| fixed.iter().map(move |&(right, b)| (left + right, a == b));
    moved.iter().flat_map(meet).collect()
}

/// The selections over the dimensions of `set`, "all" elsewhere, that hold exactly one of two persons:
/// the one if true, the other if false.
fn telling_apart(draft: &Draft<'_>, one: usize, other: usize, set: usize) -> Vec<(usize, bool)> {
    let mut selections = vec![(0, 0)];
    for (d, axis) in draft.axes.iter().enumerate() {
        if set >> d & 1 == 1 {
            let at = |place| axis.coordinate(place) * axis.stride;
            let narrower =
                selections.clone().into_iter().map(|(a, b)| (a + at(one), b + at(other)));
            selections.extend(narrower.collect::<Vec<_>>());
        }
    }
    let apart = selections.into_iter().filter(|(a, b)| a != b);
    apart.flat_map(|(a, b)| [(a, true), (b, false)]).collect()
}
