//! What is wrong with a cell, a row or a header: a code, a sentence, and never the content.

use crate::lang::Lang;
use crate::record::{Problem, Reason};

use super::{MAX_CELL_BYTES, MAX_COLUMNS};

/// One thing that is wrong with a row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CellProblem {
    /// The column, as the layout names it; empty if the row as a whole is wrong.
    pub column: String,
    /// What is wrong.
    pub reason: CellReason,
}

/// What is wrong with a cell or a row. Has no room for the content.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum CellReason {
    /// The field does not take the value.
    Value(Reason),
    /// The record would contradict itself.
    Record(Problem),
    /// The value is not in the layout's table of values.
    NotInLayout,
    /// Neither yes nor no nor missing.
    NotAFlag,
    /// Not a year from 1900 to 2199.
    NotAYear,
    /// A year that has not come yet.
    YearInTheFuture,
    /// A spreadsheet formula.
    Formula,
    /// Longer than a spreadsheet's cell can be.
    CellTooLong,
    /// The row has not as many cells as the header.
    WrongNumberOfCells {
        /// In the header.
        expected: usize,
        /// In the row.
        found: usize,
    },
    /// The bytes are not text in the encoding of the file.
    Encoding,
    /// An earlier row of the same file has the same number in the source.
    DuplicateInFile,
}

impl CellReason {
    /// A stable code for the quarantine file and `--json`.
    pub fn code(self) -> &'static str {
        match self {
            Self::Value(reason) => reason.code(),
            Self::Record(problem) => problem.code(),
            Self::NotInLayout => "not_in_layout",
            Self::NotAFlag => "not_a_flag",
            Self::NotAYear => "not_a_year",
            Self::YearInTheFuture => "in_the_future",
            Self::Formula => "formula",
            Self::CellTooLong => "cell_too_long",
            Self::WrongNumberOfCells { .. } => "wrong_number_of_cells",
            Self::Encoding => "encoding",
            Self::DuplicateInFile => "duplicate_in_file",
        }
    }

    /// What is wrong and what to do, in words.
    pub fn text(self, lang: Lang) -> String {
        let pick = |en: &str, fr: &str| lang.pick(en, fr).to_owned();
        match self {
            Self::Value(reason) => reason.text(lang),
            Self::Record(problem) => problem.text(lang),
            Self::NotInLayout => pick(
                "the layout does not know this value; correct it or add it to the layout",
                "la disposition ne connaît pas cette valeur; la corriger ou l’ajouter à la disposition",
            ),
            Self::NotAFlag => pick("must be 1, 0 or empty", "doit être 1, 0 ou vide"),
            Self::NotAYear => {
                pick("must be a year from 1900 to 2199", "doit être une année de 1900 à 2199")
            }
            Self::YearInTheFuture => {
                pick("the year lies in the future", "l’année est dans l’avenir")
            }
            Self::Formula => pick(
                "a formula; paste it as a value, or put ' before the text",
                "une formule; collez-la comme valeur, ou mettez ' devant le texte",
            ),
            Self::CellTooLong => match lang {
                Lang::En => format!("longer than {MAX_CELL_BYTES} bytes"),
                Lang::Fr => format!("plus de {MAX_CELL_BYTES} octets"),
            },
            Self::WrongNumberOfCells { expected, found } => match lang {
                Lang::En => format!(
                    "{found} cells where the header has {expected}; is a text with a separator \
                     not in quotes?"
                ),
                Lang::Fr => format!(
                    "{found} cellules au lieu de {expected} dans l’en-tête; un texte contenant un \
                     séparateur est-il sans guillemets?"
                ),
            },
            Self::Encoding => pick(
                "not text in the encoding of the file; save it again as UTF-8",
                "texte illisible dans l’encodage du fichier; enregistrez-le de nouveau en UTF-8",
            ),
            Self::DuplicateInFile => pick(
                "an earlier row of this file has the same number",
                "une ligne précédente de ce fichier porte le même numéro",
            ),
        }
    }
}

/// Why a table cannot be read with a layout. Names columns of the layout, never of the table:
/// a table without a header row has a person's data there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum HeaderProblem {
    /// A required column is not there.
    Missing(String),
    /// A column is there twice.
    Twice(String),
    /// More columns than a table may have.
    TooMany,
}

impl HeaderProblem {
    /// A stable code for `--json`.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Missing(_) => "column_missing",
            Self::Twice(_) => "column_twice",
            Self::TooMany => "too_many_columns",
        }
    }

    /// What is wrong and what to do, in words.
    pub fn text(&self, lang: Lang) -> String {
        match (self, lang) {
            (Self::Missing(name), Lang::En) => format!(
                "the column `{name}` is missing; is this the right layout, and is the first row \
                 the header?"
            ),
            (Self::Missing(name), Lang::Fr) => format!(
                "la colonne «\u{a0}{name}\u{a0}» manque; est-ce la bonne disposition, et la première ligne \
                 est-elle l’en-tête?"
            ),
            (Self::Twice(name), Lang::En) => format!("the column `{name}` is there twice"),
            (Self::Twice(name), Lang::Fr) => {
                format!("la colonne «\u{a0}{name}\u{a0}» y est deux fois")
            }
            (Self::TooMany, Lang::En) => format!("more than {MAX_COLUMNS} columns"),
            (Self::TooMany, Lang::Fr) => format!("plus de {MAX_COLUMNS} colonnes"),
        }
    }
}
