//! What can be wrong with an overlap table, in words.

use crate::lang::Lang;

use super::OverlapTable;

/// Why a table is not an overlap table. Never holds what stood in a cell.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TableError {
    /// No column of counts.
    #[error("no column is called `frequency`")]
    NoFrequency,
    /// Fewer than two lists.
    #[error("fewer than two lists")]
    TooFewLists,
    /// More than [`OverlapTable::MAX_LISTS`].
    #[error("{0} lists; at most {max}", max = OverlapTable::MAX_LISTS)]
    TooManyLists(usize),
    /// A name that is empty, too long, or holds a colon or a control character.
    #[error("the name of list {column} is empty, too long or holds a colon")]
    BadName {
        /// Which list, from 1.
        column: usize,
    },
    /// Two lists have one name.
    #[error("two lists are called `{0}`")]
    NameTwice(String),
    /// More rows than there can be patterns.
    #[error("more rows than there are patterns")]
    TooManyRows,
    /// A row with more or fewer cells than the header.
    #[error("row {row} has not as many cells as the header")]
    WrongWidth {
        /// The row, counted from 1 for the header.
        row: u64,
    },
    /// A list's cell is neither 0 nor 1.
    #[error("row {row}, column {column}: neither 0 nor 1")]
    NotZeroOrOne {
        /// The row, counted from 1 for the header.
        row: u64,
        /// The column, from 1.
        column: usize,
    },
    /// A count that is negative, a fraction or no number.
    #[error("row {row}: the count is not a whole number from 0 up")]
    NotACount {
        /// The row, counted from 1 for the header.
        row: u64,
    },
    /// A row of zeros only: those whom nobody saw.
    #[error("row {row}: nobody can be counted who is on no list")]
    Unseen {
        /// The row, counted from 1 for the header.
        row: u64,
    },
    /// A pattern has two rows.
    #[error("rows {first} and {row} are of the same lists")]
    PatternTwice {
        /// The second row, counted from 1 for the header.
        row: u64,
        /// The first.
        first: u64,
    },
    /// More than [`OverlapTable::MAX_PERSONS`].
    #[error("more than {max} persons", max = OverlapTable::MAX_PERSONS)]
    TooManyPersons,
    /// Nobody is on a list.
    #[error("nobody is on list `{0}`")]
    EmptyList(String),
}

impl TableError {
    /// A stable code for `--json`.
    pub fn code(&self) -> &'static str {
        match self {
            Self::NoFrequency => "no_frequency",
            Self::TooFewLists => "too_few_lists",
            Self::TooManyLists(_) => "too_many_lists",
            Self::BadName { .. } => "bad_name",
            Self::NameTwice(_) => "name_twice",
            Self::TooManyRows => "too_many_rows",
            Self::WrongWidth { .. } => "wrong_width",
            Self::NotZeroOrOne { .. } => "not_zero_or_one",
            Self::NotACount { .. } => "not_a_count",
            Self::Unseen { .. } => "unseen_pattern",
            Self::PatternTwice { .. } => "pattern_twice",
            Self::TooManyPersons => "too_many_persons",
            Self::EmptyList(_) => "empty_list",
        }
    }

    /// In words.
    pub fn text(&self, lang: Lang) -> String {
        let max_lists = OverlapTable::MAX_LISTS;
        let max_bytes = OverlapTable::MAX_NAME_BYTES;
        let max_persons = lang.number(OverlapTable::MAX_PERSONS);
        match self {
            Self::NoFrequency => lang.pick(
                "no column is called frequency (or n, count)".to_owned(),
                "aucune colonne ne s’appelle frequency (ou effectif, fréquence, n)".to_owned(),
            ),
            Self::TooFewLists => lang.pick(
                "fewer than two lists; an overlap needs two".to_owned(),
                "moins de deux listes; il en faut deux pour un recoupement".to_owned(),
            ),
            Self::TooManyLists(n) => lang.pick(
                format!("{n} lists; at most {max_lists} can be used"),
                format!("{n} listes; on peut en utiliser {max_lists} au plus"),
            ),
            Self::BadName { column } => lang.pick(
                format!(
                    "the name of list {column} is empty, longer than {max_bytes} bytes, or holds a \
                     colon or a control character"
                ),
                format!(
                    "le nom de la liste {column} est vide, dépasse {max_bytes} octets, ou contient \
                     un deux-points ou un caractère de commande"
                ),
            ),
            Self::NameTwice(name) => lang.pick(
                format!("two lists are called {name}"),
                format!("deux listes s’appellent {name}"),
            ),
            Self::TooManyRows => lang.pick(
                "more rows than there are combinations of lists".to_owned(),
                "plus de lignes qu’il n’y a de combinaisons de listes".to_owned(),
            ),
            Self::WrongWidth { row } => lang.pick(
                format!("row {row} does not have as many cells as the header"),
                format!("la ligne {row} n’a pas autant de cellules que l’en-tête"),
            ),
            Self::NotZeroOrOne { row, column } => lang.pick(
                format!("row {row}, column {column}: a list’s cell is 0 or 1"),
                format!("ligne {row}, colonne {column}\u{a0}: la cellule d’une liste est 0 ou 1"),
            ),
            Self::NotACount { row } => lang.pick(
                format!("row {row}: the frequency is not a whole number from 0 up"),
                format!(
                    "ligne {row}\u{a0}: la fréquence n’est pas un nombre entier positif ou nul"
                ),
            ),
            Self::Unseen { row } => lang.pick(
                format!(
                    "row {row}: a person on no list cannot have been counted; leave the row of \
                     zeros out"
                ),
                format!(
                    "ligne {row}\u{a0}: on ne peut avoir dénombré personne qui ne figure sur \
                     aucune liste; retirez la ligne de zéros"
                ),
            ),
            Self::PatternTwice { row, first } => lang.pick(
                format!("rows {first} and {row} are about the same lists"),
                format!("les lignes {first} et {row} portent sur les mêmes listes"),
            ),
            Self::TooManyPersons => lang.pick(
                format!("more than {max_persons} persons"),
                format!("plus de {max_persons} personnes"),
            ),
            Self::EmptyList(name) => lang.pick(
                format!("nobody is on list {name}; leave its column out"),
                format!("la liste {name} est vide; retirez sa colonne"),
            ),
        }
    }
}
