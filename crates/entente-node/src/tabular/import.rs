//! Importing: rows to drafts, each with a key by which it is known again.
//!
//! The key is the number that the row has in its source, if it has one; else what is in the row
//! and how many rows of the same file before it say the same. So a file imported twice adds
//! nothing, and two people about whom the same is known stay two. Keys are HMACs under a secret
//! of the node: what is in a row cannot be guessed back from them.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::fmt;

use entente_core::lang::Lang;
use entente_core::layout::{Bound, CellProblem, CellReason, Draft, Layout};
use hmac::{Hmac, KeyInit, Mac};
use jiff::civil::Date;
use sha2::Sha256;

use super::{Row, Table, TableError};

/// The key by which a row is known again: the same row of the same layout has the same key.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RowKey(pub [u8; 16]);

/// What became of one row.
#[derive(Debug)]
pub enum Imported {
    /// It is a case.
    Accepted {
        /// Its number in the file.
        row: u64,
        /// Its key.
        key: RowKey,
        /// The case.
        draft: Box<Draft>,
    },
    /// It is wrong.
    Quarantined {
        /// Its number in the file.
        row: u64,
        /// Everything that is wrong.
        problems: Vec<CellProblem>,
    },
}

/// The rows of a table, read with a layout.
pub struct Import<'l> {
    bound: Bound<'l>,
    table: Table,
    keys: Keys<'l>,
    today: Date,
}

impl<'l> Import<'l> {
    /// Reads `table` with `layout`, as of `today`. `secret` is the node's, and stays the same.
    pub fn new(
        table: Table,
        layout: &'l Layout,
        secret: &[u8; 32],
        today: Date,
    ) -> Result<Self, TableError> {
        let bound = layout.bind(&table.headers).map_err(TableError::Header)?;
        let keys = Keys {
            layout: layout.name(),
            secret: *secret,
            seen_refs: HashSet::new(),
            occurrences: HashMap::new(),
        };
        Ok(Self { bound, table, keys, today })
    }

    /// The positions, from 0, of the columns that are not read.
    pub fn ignored_columns(&self) -> Vec<usize> {
        self.bound.ignored()
    }

    fn row(&mut self, row: &Row) -> Imported {
        let number = row.number;
        let draft = match self.bound.row(&row.cells, self.today) {
            Ok(draft) => draft,
            Err(problems) => return Imported::Quarantined { row: number, problems },
        };
        let key = match draft.external_ref() {
            Some(reference) => self.keys.of_ref(reference),
            None => Ok(self.keys.of_content(&self.bound.known_cells(&row.cells))),
        };
        match key {
            Ok(key) => Imported::Accepted { row: number, key, draft: Box::new(draft) },
            Err(problem) => Imported::Quarantined { row: number, problems: vec![problem] },
        }
    }
}

impl Iterator for Import<'_> {
    type Item = Result<Imported, TableError>;

    /// The next row that is not blank.
    fn next(&mut self) -> Option<Self::Item> {
        loop {
            match self.table.next()? {
                Err(error) => return Some(Err(error)),
                Ok(row) if row.cells.iter().all(|cell| cell.trim().is_empty()) => {}
                Ok(row) => return Some(Ok(self.row(&row))),
            }
        }
    }
}

struct Keys<'l> {
    layout: &'l str,
    secret: [u8; 32],
    seen_refs: HashSet<RowKey>,
    /// How many rows so far say the same, by the digest of what they say.
    occurrences: HashMap<[u8; 16], u32>,
}

impl Keys<'_> {
    fn of_ref(&mut self, reference: &str) -> Result<RowKey, CellProblem> {
        let key = RowKey(self.digest(b"ref", [reference.as_bytes()]));
        if self.seen_refs.insert(key) {
            return Ok(key);
        }
        let column = entente_core::record::Field::ExternalRef.name().to_owned();
        Err(CellProblem { column, reason: CellReason::DuplicateInFile })
    }

    fn of_content(&mut self, cells: &[(&str, &str)]) -> RowKey {
        let parts = cells.iter().flat_map(|(name, cell)| [name.as_bytes(), cell.as_bytes()]);
        let content = self.digest(b"row", parts);
        let occurrence = self.occurrences.entry(content).or_insert(0);
        *occurrence += 1;
        let occurrence = occurrence.to_be_bytes();
        RowKey(self.digest(b"nth", [content.as_slice(), occurrence.as_slice()]))
    }

    fn digest<'p>(&self, kind: &[u8], parts: impl IntoIterator<Item = &'p [u8]>) -> [u8; 16] {
        let mut mac = mac(&self.secret);
        let mut add = |part: &[u8]| {
            // The length first, or `ab` `c` would be the same as `a` `bc`.
            mac.update(&(part.len() as u64).to_be_bytes());
            mac.update(part);
        };
        add(kind);
        add(self.layout.as_bytes());
        parts.into_iter().for_each(add);
        let digest: [u8; 32] = mac.finalize().into_bytes().into();
        let mut short = [0; 16];
        short.iter_mut().zip(digest).for_each(|(short, byte)| *short = byte);
        short
    }
}

#[expect(clippy::expect_used, reason = "HMAC takes a key of any length")]
fn mac(secret: &[u8; 32]) -> Hmac<Sha256> {
    Hmac::new_from_slice(secret).expect("a key of any length")
}

/// What an import does, or would do.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Plan {
    /// Rows that are not blank.
    pub n_rows: u64,
    /// Rows that are new cases.
    pub n_new: u64,
    /// Rows that were imported before.
    pub n_known: u64,
    /// Rows that are wrong.
    pub n_quarantined: u64,
    /// How often each code of a reason occurs under each column.
    pub reasons: BTreeMap<(String, &'static str), u64>,
}

impl Plan {
    /// Counts one row. `is_known` says whether a row with this key was imported before.
    pub fn count(&mut self, imported: &Imported, is_known: impl FnOnce(&RowKey) -> bool) {
        self.n_rows += 1;
        match imported {
            Imported::Accepted { key, .. } if is_known(key) => self.n_known += 1,
            Imported::Accepted { .. } => self.n_new += 1,
            Imported::Quarantined { problems, .. } => {
                self.n_quarantined += 1;
                for problem in problems {
                    let reason = (problem.column.clone(), problem.reason.code());
                    *self.reasons.entry(reason).or_default() += 1;
                }
            }
        }
    }

    /// In a sentence.
    pub fn text(&self, lang: Lang) -> String {
        let [rows, new, known, quarantined] =
            [self.n_rows, self.n_new, self.n_known, self.n_quarantined].map(|n| lang.number(n));
        match lang {
            Lang::En => format!(
                "rows: {rows}; new: {new}; imported before: {known}; quarantined: {quarantined}"
            ),
            Lang::Fr => format!(
                "lignes\u{a0}: {rows}; nouvelles\u{a0}: {new}; déjà importées\u{a0}: {known}; mises de côté\u{a0}: \
                 {quarantined}"
            ),
        }
    }
}

impl fmt::Debug for RowKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RowKey(..)")
    }
}

impl fmt::Debug for Import<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Import({:?})", self.table)
    }
}
