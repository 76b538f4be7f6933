//! Models of an overlap table, and whether the table determines them.
//!
//! A model is a constant, an effect of each list, and interactions of some pairs of lists. A term
//! applies to a cell if the cell's pattern holds all lists of the term, so no matrix is stored.
//!
//! Overlaps of trafficking lists are sparse, and then the largest likelihood may not be reached by
//! any finite parameters, or by more than one set of them. This is decided here, before anything
//! is fitted (Fienberg and Rinaldo 2012; Chan, Silverman and Vincent 2021):
//!
//! 1. An interaction of two lists with nobody in common has the estimate minus infinity: the cells
//!    with both are expected to be empty, which they are, and they leave the table. The same goes
//!    for a list that nobody is on.
//! 2. What remains is *identified* if the terms are linearly independent over the remaining cells.
//! 3. Its estimate *exists* if some table without an empty cell has the same sufficient statistics
//!    (Haberman 1974). If the terms are independent over the cells that are not empty, it does;
//!    else a linear program decides.

use super::linear::{has_positive_relation, null_space};
use super::table::{Counts, Lists};

/// One cell of the table that is fitted.
#[derive(Clone, Debug)]
pub(super) struct Cell {
    /// Which terms apply, by their place.
    pub(super) terms: Vec<usize>,
    /// How many persons were counted.
    pub(super) n: f64,
}

/// What is fitted: the cells that remain, and the terms with finite parameters.
#[derive(Clone, Debug)]
pub(super) struct Design {
    /// The constant first.
    pub(super) terms: Vec<Lists>,
    pub(super) cells: Vec<Cell>,
    /// Terms with the parameter minus infinity.
    pub(super) infinite: Vec<Lists>,
}

/// Why a table does not determine a model.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Flaw {
    /// Several sets of parameters are equally likely.
    NotIdentified,
    /// The likelihood grows without end.
    NoMaximum,
}

impl Design {
    /// The model with these interactions, for this table.
    pub(super) fn new(counts: &Counts, interactions: &[Lists]) -> Self {
        let mains = (0..counts.n_lists()).map(Lists::only);
        let (finite, infinite): (Vec<_>, Vec<_>) =
            mains.chain(interactions.iter().copied()).partition(|term| counts.on_all(*term) > 0);
        let terms: Vec<_> = std::iter::once(Lists::NONE).chain(finite).collect();
        let remains = |pattern: Lists| !infinite.iter().any(|term| pattern.hold(*term));
        let cells = counts.iter().filter(|(pattern, _)| remains(*pattern));
        let cells = cells.map(|(pattern, n)| cell(&terms, pattern, n as f64)).collect();
        Self { terms, cells, infinite }
    }

    /// How many parameters there are, the infinite ones included.
    pub(super) fn n_parameters(&self) -> usize {
        self.terms.len() + self.infinite.len()
    }

    /// The same with the unseen, as if they had been counted.
    pub(super) fn with_unseen(&self, n: f64) -> Self {
        let mut complete = self.clone();
        complete.cells.push(cell(&self.terms, Lists::NONE, n));
        complete
    }

    /// Whether the table determines the model.
    pub(super) fn check(&self) -> Result<(), Flaw> {
        let n_terms = self.terms.len();
        let rows = |cells: &mut dyn Iterator<Item = &Cell>| -> Vec<Vec<f64>> {
            cells.map(|cell| cell.row(n_terms)).collect()
        };
        let is_seen = |cell: &&Cell| cell.n > 0.0;
        let open = null_space(rows(&mut self.cells.iter().filter(is_seen)), n_terms);
        if open.is_empty() {
            return Ok(());
        }
        if !null_space(rows(&mut self.cells.iter()), n_terms).is_empty() {
            return Err(Flaw::NotIdentified);
        }
        // Along a direction that changes no cell with a count, the likelihood grows for ever if it
        // lowers some empty cells and raises none. By Stiemke's lemma there is no such direction if
        // and only if the empty cells have a relation with positive weights.
        let empty = self.cells.iter().filter(|cell| cell.n <= 0.0);
        let effects: Vec<Vec<f64>> = empty
            .map(|cell| open.iter().map(|direction| cell.predictor(direction)).collect())
            .collect();
        if has_positive_relation(&effects) { Ok(()) } else { Err(Flaw::NoMaximum) }
    }
}

fn cell(terms: &[Lists], pattern: Lists, n: f64) -> Cell {
    let applies = terms.iter().enumerate().filter(|(_, term)| pattern.hold(**term));
    Cell { terms: applies.map(|(at, _)| at).collect(), n }
}

impl Cell {
    /// The sum of the parameters that apply.
    pub(super) fn predictor(&self, parameters: &[f64]) -> f64 {
        self.terms.iter().filter_map(|term| parameters.get(*term)).sum()
    }

    fn row(&self, n_terms: usize) -> Vec<f64> {
        let mut row = vec![0.0; n_terms];
        for term in &self.terms {
            if let Some(entry) = row.get_mut(*term) {
                *entry = 1.0;
            }
        }
        row
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counts(n_lists: usize, rows: &[(u16, u64)]) -> Counts {
        let mut counts = Counts::none(n_lists);
        for (bits, n) in rows {
            counts.set(pattern(*bits), *n);
        }
        counts
    }

    fn pattern(bits: u16) -> Lists {
        let on = (0..16).filter(|place| bits >> place & 1 == 1);
        on.fold(Lists::NONE, |all, place| all.and(Lists::only(place)))
    }

    fn check(counts: &Counts, interactions: &[u16]) -> Result<(), Flaw> {
        let interactions: Vec<_> = interactions.iter().map(|bits| pattern(*bits)).collect();
        Design::new(counts, &interactions).check()
    }

    #[test]
    fn lists_without_an_overlap_determine_nothing() {
        assert_eq!(check(&counts(2, &[(1, 10), (2, 20)]), &[]), Err(Flaw::NoMaximum));
        assert_eq!(check(&counts(2, &[(1, 10), (2, 20), (3, 1)]), &[]), Ok(()));
        let apart = counts(3, &[(1, 40), (2, 30), (4, 20)]);
        assert_eq!(check(&apart, &[]), Err(Flaw::NoMaximum));
    }

    #[test]
    fn an_interaction_of_two_lists_is_one_too_many_where_there_are_no_others() {
        let two = counts(2, &[(1, 10), (2, 20), (3, 5)]);
        assert_eq!(check(&two, &[3]), Err(Flaw::NotIdentified));
    }

    #[test]
    fn a_list_within_another_has_no_estimate() {
        assert_eq!(check(&counts(2, &[(1, 10), (3, 4)]), &[]), Err(Flaw::NoMaximum));
    }

    #[test]
    fn an_empty_overlap_makes_its_interaction_infinite_and_takes_its_cells_out() {
        // The table of Artificial_3: only the first two lists overlap.
        let table = counts(3, &[(1, 40), (2, 30), (4, 20), (3, 6)]);
        let design = Design::new(&table, &[pattern(0b101), pattern(0b110)]);
        assert_eq!(design.infinite, [pattern(0b101), pattern(0b110)]);
        assert_eq!((design.terms.len(), design.cells.len(), design.n_parameters()), (4, 4, 6));
        assert_eq!(design.check(), Ok(()));
        // With the third pair as well, four cells would have to tell five parameters.
        assert_eq!(check(&table, &[0b101, 0b110, 0b011]), Err(Flaw::NotIdentified));
    }

    #[test]
    fn all_overlaps_can_be_there_and_the_estimate_still_not_exist() {
        // Every pair of lists shares somebody, but only in the triple: the pairs alone are empty,
        // and all three interactions want to go to infinity together.
        let table = counts(3, &[(1, 40), (2, 30), (4, 20), (7, 6)]);
        assert_eq!(check(&table, &[0b011, 0b101, 0b110]), Err(Flaw::NoMaximum));
        assert_eq!(check(&table, &[]), Ok(()));
    }

    /// Against a search over all directions with entries -1, 0 and 1, for every way in which the
    /// cells of three lists can be empty and every set of interactions.
    #[test]
    fn the_linear_program_agrees_with_a_search() {
        let pairs = [pattern(0b011), pattern(0b101), pattern(0b110)];
        let mut n_existing = 0;
        for case in 0..(1_u16 << 10) {
            let (seen, chosen) = (case & 0b111_1111, case >> 7);
            let rows: Vec<_> = (1..8).map(|p| (p, u64::from(seen >> (p - 1) & 1) * 5)).collect();
            let pairs = pairs.iter().enumerate().filter(|(at, _)| chosen >> at & 1 == 1);
            let pairs: Vec<_> = pairs.map(|(_, pair)| *pair).collect();
            let design = Design::new(&counts(3, &rows), &pairs);
            let exists = design.check() == Ok(());
            assert_eq!(exists, !grows_or_is_flat(&design), "{seen:07b} {chosen:03b}");
            n_existing += u32::from(exists);
        }
        // It would be easy to agree if none did.
        assert!((200..800).contains(&n_existing), "{n_existing}");
    }

    /// Whether some direction raises no cell and leaves those with a count alone.
    fn grows_or_is_flat(design: &Design) -> bool {
        let n = u32::try_from(design.terms.len()).unwrap();
        (0..3_u32.pow(n)).any(|code| {
            let direction: Vec<f64> =
                (0..n).map(|at| f64::from(code / 3_u32.pow(at) % 3) - 1.0).collect();
            direction.iter().any(|entry| *entry != 0.0)
                && design.cells.iter().all(|cell| {
                    let change = cell.predictor(&direction);
                    if cell.n > 0.0 { change == 0.0 } else { change <= 0.0 }
                })
        })
    }
}
