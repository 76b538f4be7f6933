//! What a node keeps in memory: coded columns of its own cases, and where held summaries are.
//!
//! Both are rebuilt from the store at start and changed only after the transaction that changed
//! the store; of held summaries this index may know a moment before they are durable. Counting is
//! the core's ([`entente_core::statistics::columns`]). A node that is stopped leaves both in a sealed
//! file (`index/remember.rs`), so that its next start need not read every record.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::ops::ControlFlow;
use std::path::Path;

use entente_core::agreement::terms::Dimension;
use entente_core::codes::{Code, Exploitation, GeoScope, Set, Status};
use entente_core::count::{Frame, Table};
use entente_core::identity::OrgId;
use entente_core::period::YEARS;
use entente_core::record::CaseRecord;
use entente_core::statistics::columns::{Column, Columns, Counted, Kind, Layout, Query, Row, Test};
use entente_core::summary::SummaryId;
use entente_store::db::Db;
use entente_store::tx::{HeldAt, Reads as _};

use super::Outcome;
use super::records::record_of;

mod remember;

pub(crate) use remember::to_bytes;

const N_DIMENSIONS: usize = 10;

/// The column after those of the dimensions: the period in which a case was identified.
const PERIOD: usize = N_DIMENSIONS;

/// Codes of a year: itself, and its quarters.
const PERIODS_OF_YEAR: u16 = 5;

/// The coded cases of this node: those that count as trafficking, possible or actual.
#[derive(Debug)]
pub struct Cases {
    columns: Columns,
    // Every record, also those that do not count.
    known: HashSet<[u8; 16]>,
}

impl Default for Cases {
    fn default() -> Self {
        Self { columns: Columns::new(layout()), known: HashSet::new() }
    }
}

impl Cases {
    /// Takes a record in, in place of what was known of it.
    pub(crate) fn put(&mut self, record: &CaseRecord, withdrawn: bool) {
        self.known.insert(record.id.0);
        let counts = !withdrawn && record.status != Some(Status::NotVictim);
        let period = record.period().filter(|_| counts);
        let Some(period) = period.and_then(|it| period_code(it.number())) else {
            self.columns.withdraw(&record.id.0);
            return;
        };
        let values = values_of(record, period);
        let person = record.person_or_self().0;
        let put = self.columns.put(&Row { id: record.id.0, person, values: &values });
        // The layout has every code that `values_of` gives.
        debug_assert!(put.is_ok());
        if self.columns.wants_merge() {
            self.columns.merge(1);
        }
    }

    /// How many records there are.
    pub fn n_records(&self) -> u64 {
        self.known.len() as u64
    }

    /// Counts distinct persons of one period over a frame of these dimensions, among the cases that
    /// have the labels in `only`.
    ///
    /// A year counts everybody registered in it; a quarter only those whose quarter is known. A
    /// person with several records in the period is in the cell of the first, by record id.
    pub fn count(
        &self,
        frame: &Frame,
        dimensions: &[Dimension],
        only: &[(Dimension, u16)],
        period: u32,
    ) -> Table {
        let mut table = Table::new(frame.clone());
        let Some(first) = period_code(period) else { return table };
        let last = if period.is_multiple_of(10) { first + PERIODS_OF_YEAR - 1 } else { first };
        let mut keep = vec![Test::Between(column(PERIOD), first, last)];
        keep.extend(only.iter().map(|(it, label)| Test::OneOf(column_of(*it), vec![*label])));
        let by = dimensions.iter().map(|dimension| column_of(*dimension)).collect();
        let query = Query { by, keep, counted: Counted::FirstOfPerson };
        // A label that no case can have is refused, and no case has it.
        let Ok(cells) = self.columns.count(&query, 1) else { return table };
        for (labels, n) in cells.occupied() {
            // The frame has every label that `values_of` gives, so no cell is missing.
            let added = table.add_codes(&labels, n.into());
            debug_assert!(added.is_ok());
        }
        table
    }

    /// The periods in which there are cases: years and quarters.
    pub fn periods(&self) -> BTreeSet<u32> {
        let by = vec![column(PERIOD)];
        let query = Query { by, keep: Vec::new(), counted: Counted::Rows };
        let cells = self.columns.count(&query, 1);
        let occupied = cells.iter().flat_map(|cells| cells.occupied());
        let codes = occupied.flat_map(|(place, _)| place);
        codes.map(period_number).flat_map(|number| [number, number / 10 * 10]).collect()
    }
}

/// A column per dimension, and the period.
fn layout() -> Layout {
    let n_labels = |dimension: &Dimension| u16::try_from(dimension.labels().len());
    let codes = Dimension::ALL.iter().map(|it| Kind::Code(n_labels(it).unwrap_or(u16::MAX)));
    let n_years = YEARS.end().abs_diff(*YEARS.start()) + 1;
    let layout = Layout::new(codes.chain([Kind::Code(n_years * PERIODS_OF_YEAR)]));
    #[expect(clippy::unwrap_used, reason = "a few columns, each of a list that is not empty")]
    layout.unwrap()
}

fn column(position: usize) -> Column {
    Column(u8::try_from(position).unwrap_or(u8::MAX))
}

fn column_of(dimension: Dimension) -> Column {
    column(usize::from(dimension.number()))
}

/// The code of a period number, which is year * 10 + quarter.
fn period_code(number: u32) -> Option<u16> {
    let year = i16::try_from(number / 10).ok().filter(|year| YEARS.contains(year))?;
    let quarter = u16::try_from(number % 10).ok().filter(|it| *it < PERIODS_OF_YEAR)?;
    Some(year.abs_diff(*YEARS.start()) * PERIODS_OF_YEAR + quarter)
}

fn period_number(code: u16) -> u32 {
    let year = u32::from(YEARS.start().unsigned_abs() + code / PERIODS_OF_YEAR);
    year * 10 + u32::from(code % PERIODS_OF_YEAR)
}

fn values_of(record: &CaseRecord, period: u16) -> [u32; N_DIMENSIONS + 1] {
    let mut values = [u32::from(period); N_DIMENSIONS + 1];
    for dimension in Dimension::ALL {
        if let Some(value) = values.get_mut(usize::from(dimension.number())) {
            *value = code_of(record, *dimension).into();
        }
    }
    values
}

fn code_of(record: &CaseRecord, dimension: Dimension) -> u8 {
    fn known<C: Code>(code: Option<C>) -> u8 {
        let n_codes = u8::try_from(C::ALL.len()).unwrap_or(u8::MAX);
        code.map_or(n_codes, Code::number)
    }
    match dimension {
        Dimension::Province => known(record.province()),
        Dimension::Region => known(record.region_shared()),
        Dimension::Gender => record.gender_shared().number(),
        Dimension::AgeGroup => record.age_shared().number(),
        Dimension::Majority => record.majority().number(),
        Dimension::Citizenship => record.citizenship_group().number(),
        Dimension::Exploitation => form(record.exploitation),
        Dimension::Status => known(record.status),
        Dimension::DataSource => known(record.data_source),
        Dimension::GeoScope => record.geo_scope.unwrap_or(GeoScope::Unknown).number(),
    }
}

fn form(forms: Set<Exploitation>) -> u8 {
    match (forms.len(), forms.iter().next()) {
        (0, _) | (_, None) => Exploitation::Unknown.number(),
        (1, Some(form)) => form.number(),
        _ => u8::try_from(Exploitation::ALL.len()).unwrap_or(u8::MAX),
    }
}

/// Where a held summary is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HeldPlace {
    /// Its batch.
    pub at: HeldAt,
    /// Its position in the batch.
    pub position: usize,
}

/// Where each held summary is, by its id.
#[derive(Debug, Default)]
pub struct HeldIndex {
    places: HashMap<SummaryId, HeldPlace>,
    by_issuer: HashMap<[u8; 32], u64>,
}

impl HeldIndex {
    /// Where this summary is, if it is held.
    pub fn place(&self, id: &SummaryId) -> Option<HeldPlace> {
        self.places.get(id).copied()
    }

    /// How many summaries are held from an issuer.
    pub fn n_from(&self, issuer: &OrgId) -> u64 {
        self.by_issuer.get(issuer.as_bytes()).copied().unwrap_or(0)
    }

    /// How many summaries are held.
    pub fn n(&self) -> u64 {
        self.places.len() as u64
    }

    pub(crate) fn put(&mut self, id: SummaryId, place: HeldPlace) {
        if self.places.insert(id, place).is_none() {
            *self.by_issuer.entry(place.at.issuer).or_default() += 1;
        }
    }

    pub(crate) fn remove(&mut self, id: &SummaryId) {
        if let Some(place) = self.places.remove(id)
            && let Some(n) = self.by_issuer.get_mut(&place.at.issuer)
        {
            *n = n.saturating_sub(1);
        }
    }
}

/// As both were when the node was last stopped, or as the store has them.
pub(crate) fn open(db: &Db, remembered: Option<&Path>) -> Outcome<(Cases, HeldIndex)> {
    let bytes = remembered.and_then(|path| db.remembered(path));
    match bytes.and_then(|bytes| remember::from_bytes(&bytes)) {
        Some(both) => Ok(both),
        None => rebuild(db),
    }
}

/// Reads both from the store.
fn rebuild(db: &Db) -> Outcome<(Cases, HeldIndex)> {
    db.read(|tx| {
        let (mut cases, mut held) = (Cases::default(), HeldIndex::default());
        tx.records(&mut |id, row| {
            cases.put(&record_of(&id, &row)?, row.withdrawn);
            Ok(ControlFlow::Continue(()))
        })?;
        for (issuer, _) in tx.partners()? {
            tx.held(&issuer, &mut |at, batch, keys| {
                for (position, (_, id, _)) in batch.items.iter().enumerate() {
                    if keys.keys.get(position).is_some_and(Option::is_some) {
                        held.put(SummaryId(*id), HeldPlace { at, position });
                    }
                }
                Ok(ControlFlow::Continue(()))
            })?;
        }
        Ok((cases, held))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_period_has_a_code_and_its_number_back() {
        for number in [19_000, 19_001, 20_264, 21_994] {
            assert_eq!(period_code(number).map(period_number), Some(number));
        }
        for number in [0, 18_994, 22_000, 20_265] {
            assert_eq!(period_code(number), None);
        }
    }

    #[test]
    fn every_dimension_has_a_column_and_every_code_a_label() {
        assert_eq!(Dimension::ALL.len(), N_DIMENSIONS);
        for dimension in Dimension::ALL {
            let labels = dimension.labels();
            let distinct: BTreeSet<_> = labels.iter().collect();
            assert_eq!(distinct.len(), labels.len(), "{dimension:?}");
        }
    }
}
