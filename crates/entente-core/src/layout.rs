//! Layouts: how the columns of a spreadsheet become fields of a record, and back.
//!
//! A layout is a TOML file ([the four that come with the product](Layout::built_in) are in
//! `config/layouts`). It names columns and says what each feeds; it holds no program. Reading a
//! row is a pure function: a draft of a record, or every cell that is wrong with a reason.
//!
//! A reason never holds what stood in the cell. Nothing here reads files; see `tabular` in
//! `entente-node`.

use std::collections::BTreeMap;

use crate::lang::Lang;
use crate::record::Field;

mod cell;
mod draft;
mod export;
mod file;
mod problem;
mod row;

pub use cell::guard_formula;
pub use draft::{ConsentDraft, ConsentField, Draft};
pub use export::Identifiers;
pub use file::BadLayout;
pub use problem::{CellProblem, CellReason, HeaderProblem};
pub use row::Bound;

/// The longest cell that is read, in bytes: that of a spreadsheet (32,767 characters in XLSX).
pub const MAX_CELL_BYTES: usize = 32 * 1024;

/// The most columns a table may have. The widest published layout has 63.
pub const MAX_COLUMNS: usize = 512;

/// How the columns of one kind of table become fields.
#[derive(Clone, Debug)]
pub struct Layout {
    name: String,
    title: (String, String),
    /// Texts that stand for "not known" in every column.
    missing: Vec<String>,
    /// What a record starts with.
    defaults: Vec<(Target, String)>,
    columns: Vec<Column>,
}

impl Layout {
    /// The layouts that come with the product: `ctdc-2017`, `ctdc-2024`, `htcds-2.0`, `entente`.
    pub fn built_in(name: &str) -> Option<Self> {
        let (_, text) = BUILT_IN.iter().find(|(known, _)| *known == name)?;
        // A test reads all of them.
        Self::parse(text).ok()
    }

    /// The names of the layouts that come with the product.
    pub fn built_in_names() -> impl Iterator<Item = &'static str> {
        BUILT_IN.iter().map(|(name, _)| *name)
    }

    /// Its name, which is part of the key by which rows are recognized when imported again.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What a person reads.
    pub fn title(&self, lang: Lang) -> &str {
        lang.pick(&self.title.0, &self.title.1)
    }

    /// Finds the columns of a table by its header row.
    ///
    /// Case, spaces, `_` and `-` do not matter. Columns that the layout does not know are left
    /// out, and [`Bound::ignored`] says which.
    pub fn bind(&self, headers: &[impl AsRef<str>]) -> Result<Bound<'_>, Vec<HeaderProblem>> {
        Bound::new(self, headers)
    }
}

/// One column of a layout.
#[derive(Clone, Debug)]
struct Column {
    name: String,
    /// The name and its other spellings, simplified by [`simplify`].
    spellings: Vec<String>,
    is_required: bool,
    /// Texts that stand for "not known" in this column.
    missing: Vec<String>,
    take: Take,
    /// What is written into the column, if not what is read from it.
    export: Option<Derived>,
}

/// What a column feeds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Target {
    Field(Field),
    Consent(ConsentField),
}

/// How a cell is read.
#[derive(Clone, Debug)]
enum Take {
    /// Known and left out.
    Nothing,
    /// One value. A second column with the same target is appended after `join`, or left out if
    /// the first had a value.
    Text { target: Target, values: Values, join: Option<String> },
    /// Several codes, split at any of `separators`.
    Codes { target: Target, values: Values, separators: Vec<char> },
    /// Yes adds `code` to `field`; no adds it to `absent`.
    Flag { field: Field, code: String, absent: Option<Field> },
    /// A year, which becomes the date of registration with the precision of a year.
    Year,
    /// A range such as `9--17`, with any kind of dash.
    Band(Field),
    /// A date, or a date with a time, which is cut off.
    Date(Target),
}

/// A table of the words of a file and our codes for them.
#[derive(Clone, Debug, Default)]
struct Values(BTreeMap<String, (String, String)>);

impl Values {
    fn new(words: &BTreeMap<String, String>) -> Self {
        let row =
            |(word, code): (&String, &String)| (word.to_lowercase(), (word.clone(), code.clone()));
        Self(words.iter().map(row).collect())
    }

    fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Our code for a word, whatever its case.
    fn code(&self, word: &str) -> Option<&str> {
        self.0.get(&word.to_lowercase()).map(|(_, code)| code.as_str())
    }

    /// The first word for one of our codes; the code itself if there is none.
    fn word<'v>(&'v self, code: &'v str) -> &'v str {
        let found = self.0.values().find(|(_, known)| known == code);
        found.map_or(code, |(word, _)| word)
    }

    fn codes(&self) -> impl Iterator<Item = &str> {
        self.0.values().map(|(_, code)| code.as_str())
    }
}

/// What is written into a column where the fields are finer than the column.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
enum Derived {
    AgeBand,
    GenderShared,
    Majority,
    MajorityWhenExploited,
    MergedControls,
    Alpha2,
    Alpha3,
}

/// A header or a text without what people type differently.
fn simplify(text: &str) -> String {
    let is_kept =
        |c: &char| !c.is_whitespace() && !matches!(c, '_' | '-' | '\u{feff}' | '’' | '\'');
    text.chars().filter(is_kept).flat_map(char::to_lowercase).collect()
}

const BUILT_IN: [(&str, &str); 4] = [
    ("ctdc-2017", include_str!("../../../config/layouts/ctdc-2017.toml")),
    ("ctdc-2024", include_str!("../../../config/layouts/ctdc-2024.toml")),
    ("htcds-2.0", include_str!("../../../config/layouts/htcds-2.0.toml")),
    ("entente", include_str!("../../../config/layouts/entente.toml")),
];
