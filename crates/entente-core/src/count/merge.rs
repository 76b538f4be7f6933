//! A federal centre's sum over many nodes, and who is in it.
//!
//! Each node protected its own table, and a sum of what was shown says no more than what was shown.
//! So nothing is hidden anew here: a total is known if every node in it showed its part, and else
//! only its lower bound is.

use super::protect::{Cell, Protected};
use super::table::Frame;

/// Who is in a figure and who is not. Names or short keys, as the caller shows them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Coverage {
    /// Who answered.
    pub answered: Vec<String>,
    /// Who refused, with the reasons they gave.
    pub refused: Vec<(String, Vec<String>)>,
    /// Who could not be asked.
    pub unreachable: Vec<String>,
}

impl Coverage {
    /// Whether everybody asked has answered.
    pub fn is_complete(&self) -> bool {
        self.refused.is_empty() && self.unreachable.is_empty()
    }
}

/// What a merged cell is, by the code list `suppression`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flag {
    /// The sum over everybody asked.
    Ok,
    /// Only one node answered, and its count is small.
    Lt5,
    /// A node hid its part, so only the lower bound is known.
    Comp,
    /// The sum over those who answered; others did not.
    Partial,
}

impl Flag {
    /// The code in the list `suppression`.
    pub fn code(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Lt5 => "lt5",
            Self::Comp => "comp",
            Self::Partial => "partial",
        }
    }
}

/// One cell of a sum.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MergedCell {
    /// The sum, if every node that answered showed its part.
    pub value: Option<u64>,
    /// The sum of what was shown.
    pub at_least: u64,
    /// What kind of figure it is.
    pub flag: Flag,
}

/// A table summed over nodes. Persons known to two nodes are in it twice.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Merged {
    /// What is counted over.
    pub frame: Frame,
    /// By place, as in [`Protected::cells`].
    pub cells: Vec<MergedCell>,
    /// Who is in it.
    pub coverage: Coverage,
}

impl Merged {
    /// One cell or margin: for each dimension a label, or `None` for all.
    pub fn cell(&self, selection: &[Option<&str>]) -> Option<MergedCell> {
        self.cells.get(self.frame.place(selection)?).copied()
    }
}

/// Two answers are not over the same dimensions and labels in the same order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("answer {index} has other dimensions than the question")]
pub struct NotAlike {
    /// Which one, from 0.
    pub index: usize,
}

/// Adds up the answers of several nodes to one question, or of one node for several periods.
///
/// `frame` is the question's. Without any answer all cells are unknown, at least 0. `refused` and
/// `unreachable` come from the caller in `coverage`.
pub fn merge(frame: Frame, answers: &[Protected], coverage: Coverage) -> Result<Merged, NotAlike> {
    if let Some(index) = answers.iter().position(|answer| *answer.frame() != frame) {
        return Err(NotAlike { index });
    }
    let complete = coverage.is_complete();
    let cell = |place: usize| {
        let parts: Vec<Cell> =
            answers.iter().filter_map(|answer| answer.cells().get(place).copied()).collect();
        let at_least = parts.iter().filter_map(|part| part.value()).fold(0, u64::saturating_add);
        let known = !parts.is_empty() && parts.iter().all(|part| part.value().is_some());
        let flag = match parts.as_slice() {
            [] => Flag::Partial,
            _ if known && complete => Flag::Ok,
            _ if known => Flag::Partial,
            [Cell::Lt5] if complete => Flag::Lt5,
            _ => Flag::Comp,
        };
        MergedCell { value: known.then_some(at_least), at_least, flag }
    };
    let cells = (0..frame.n_places()).map(cell).collect();
    Ok(Merged { frame, cells, coverage })
}

#[cfg(test)]
mod tests {
    use super::super::{Dimension, Rules};
    use super::*;

    fn frame() -> Frame {
        Frame::new(vec![Dimension::new("form", ["labour", "sexual"])]).unwrap()
    }

    /// The total, labour and sexual.
    fn answer(cells: [Cell; 3]) -> Protected {
        Protected::from_parts(frame(), Rules::default(), cells.to_vec()).unwrap()
    }

    fn everybody(n: usize) -> Coverage {
        Coverage { answered: (0..n).map(|i| i.to_string()).collect(), ..Coverage::default() }
    }

    #[test]
    fn a_cell_hidden_anywhere_is_a_lower_bound_in_the_sum() {
        let answers = [
            answer([Cell::Ok(30), Cell::Ok(10), Cell::Ok(20)]),
            answer([Cell::Ok(40), Cell::Lt5, Cell::Comp]),
        ];
        let merged = merge(frame(), &answers, everybody(2)).unwrap();
        let cell = |label| merged.cell(&[label]).unwrap();
        let known = MergedCell { value: Some(70), at_least: 70, flag: Flag::Ok };
        assert_eq!(cell(None), known);
        let hidden = |at_least| MergedCell { value: None, at_least, flag: Flag::Comp };
        assert_eq!(cell(Some("labour")), hidden(10));
        assert_eq!(cell(Some("sexual")), hidden(20));
    }

    #[test]
    fn a_sum_without_everybody_says_so() {
        let answers = [answer([Cell::Ok(30), Cell::Ok(10), Cell::Ok(20)])];
        let refused = vec![("ngo".to_owned(), vec!["no_clause".to_owned()])];
        let missing = Coverage { refused, ..everybody(1) };
        assert!(!missing.is_complete());
        let merged = merge(frame(), &answers, missing).unwrap();
        assert!(merged.cells.iter().all(|cell| cell.flag == Flag::Partial));
        assert_eq!(merged.cells[0].value, Some(30));

        let silent = merge(frame(), &[], Coverage::default()).unwrap();
        let unknown = MergedCell { value: None, at_least: 0, flag: Flag::Partial };
        assert!(silent.cells.iter().all(|cell| *cell == unknown));
    }

    #[test]
    fn one_small_answer_stays_small() {
        let answers = [answer([Cell::Ok(30), Cell::Lt5, Cell::Comp])];
        let merged = merge(frame(), &answers, everybody(1)).unwrap();
        assert_eq!(merged.cell(&[Some("labour")]).unwrap().flag, Flag::Lt5);
    }

    #[test]
    fn answers_to_another_question_are_not_added() {
        let other = Frame::new(vec![Dimension::new("form", ["sexual", "labour"])]).unwrap();
        let answers = [answer([Cell::Ok(30), Cell::Ok(10), Cell::Ok(20)])];
        assert_eq!(merge(other, &answers, everybody(1)), Err(NotAlike { index: 0 }));
    }
}
