//! Reading and writing the rows of tables inside a transaction.

use std::{cell::Cell, cmp::Ordering, fmt, iter::Peekable, ops::ControlFlow, sync::Arc};

use super::{
    DbError,
    commit::Told,
    overlay::{Changes, Overlay},
};
use crate::{
    engine::{View, Visit, end_of_prefix},
    seal::Sealer,
};

/// A table: one byte that all its keys begin with, and a name for people.
///
/// The byte is part of the store's format and is never used again for something else.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Table {
    id: u8,
    name: &'static str,
}

impl Table {
    /// A table with an `id` from 1 to 253; 0 and 254 are the store's own, and 255 ends the last.
    pub const fn new(id: u8, name: &'static str) -> Self {
        assert!(0 < id && id < 254, "tables have the numbers 1 to 253");
        Self { id, name }
    }

    pub(super) const fn reserved(id: u8, name: &'static str) -> Self {
        Self { id, name }
    }

    /// Its byte.
    pub const fn id(self) -> u8 {
        self.id
    }

    /// Its name, as errors show it.
    pub const fn name(self) -> &'static str {
        self.name
    }

    fn place(self, key: &[u8]) -> Vec<u8> {
        let mut place = Vec::with_capacity(1 + key.len());
        place.push(self.id);
        place.extend_from_slice(key);
        place
    }

    /// The first place after this table.
    fn end(self) -> Vec<u8> {
        vec![self.id.saturating_add(1)]
    }
}

/// Which keys of a table a scan visits.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Keys<'a> {
    /// All of them.
    All,
    /// Those that begin with these bytes.
    Prefix(&'a [u8]),
    /// From this key (included) to the end.
    From(&'a [u8]),
    /// After this key to the end; for going on after a cursor.
    After(&'a [u8]),
    /// From the first key (included) to the second (excluded).
    Between(&'a [u8], &'a [u8]),
}

impl Keys<'_> {
    fn places(self, table: Table) -> (Vec<u8>, Vec<u8>) {
        match self {
            Self::All => (table.place(&[]), table.end()),
            Self::Prefix(prefix) => {
                let from = table.place(prefix);
                // A table's byte is less than 255, so something always follows.
                let to = end_of_prefix(&from).unwrap_or_else(|| table.end());
                (from, to)
            }
            Self::From(key) => (table.place(key), table.end()),
            Self::After(key) => {
                let mut from = table.place(key);
                from.push(0);
                (from, table.end())
            }
            Self::Between(from, to) => (table.place(from), table.place(to)),
        }
    }
}

impl fmt::Debug for Keys<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Keys(..)")
    }
}

/// A row's key, without the table's byte, and its value, opened.
pub type KeyValue = (Vec<u8>, Vec<u8>);

/// Reading rows, in either kind of transaction.
///
/// Visitors get a row's key without the table's byte, and its value opened.
pub trait Rows {
    /// The value of a row.
    fn get(&self, table: Table, key: &[u8]) -> Result<Option<Vec<u8>>, DbError>;

    /// Visits rows in ascending order until `visit` breaks.
    fn scan(&self, table: Table, keys: Keys<'_>, visit: Visit<'_>) -> Result<(), DbError>;

    /// Visits rows in descending order until `visit` breaks.
    fn scan_rev(&self, table: Table, keys: Keys<'_>, visit: Visit<'_>) -> Result<(), DbError>;

    /// Visits keys alone, ascending. Values are not opened, and so not checked either.
    fn scan_keys(
        &self,
        table: Table,
        keys: Keys<'_>,
        visit: &mut dyn FnMut(&[u8]) -> ControlFlow<()>,
    ) -> Result<(), DbError>;

    /// The row with the highest key that begins with `prefix`.
    fn last(&self, table: Table, prefix: &[u8]) -> Result<Option<KeyValue>, DbError> {
        let mut last = None;
        self.scan_rev(table, Keys::Prefix(prefix), &mut |key, value| {
            last = Some((key.to_vec(), value.to_vec()));
            ControlFlow::Break(())
        })?;
        Ok(last)
    }
}

/// A transaction that reads one durable state.
pub struct Read<'a> {
    view: Box<dyn View + 'a>,
    sealer: &'a Sealer,
}

impl<'a> Read<'a> {
    pub(super) fn new(view: Box<dyn View + 'a>, sealer: &'a Sealer) -> Self {
        Self { view, sealer }
    }
}

impl Rows for Read<'_> {
    fn get(&self, table: Table, key: &[u8]) -> Result<Option<Vec<u8>>, DbError> {
        let place = table.place(key);
        let sealed = self.view.get(&place)?;
        sealed.map(|sealed| open(self.sealer, table, &place, &sealed)).transpose()
    }

    fn scan(&self, table: Table, keys: Keys<'_>, visit: Visit<'_>) -> Result<(), DbError> {
        let (from, to) = keys.places(table);
        opened(self.sealer, table, visit, |visit| self.view.scan(&from, &to, visit))
    }

    fn scan_rev(&self, table: Table, keys: Keys<'_>, visit: Visit<'_>) -> Result<(), DbError> {
        let (from, to) = keys.places(table);
        opened(self.sealer, table, visit, |visit| self.view.scan_rev(&from, &to, visit))
    }

    fn scan_keys(
        &self,
        table: Table,
        keys: Keys<'_>,
        visit: &mut dyn FnMut(&[u8]) -> ControlFlow<()>,
    ) -> Result<(), DbError> {
        let (from, to) = keys.places(table);
        Ok(self.view.scan(&from, &to, &mut |place, _| visit(key_of(place)))?)
    }
}

impl fmt::Debug for Read<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Read(..)")
    }
}

/// A transaction that reads what all writers before it have done, and writes.
pub struct Write<'a> {
    // Three layers, the upper hiding the lower: ours, not yet durable, applied.
    changes: Changes,
    overlay: &'a Overlay,
    view: Box<dyn View + 'a>,
    sealer: &'a Sealer,
    /// Whether anything was read that is not durable yet.
    saw_pending: Cell<bool>,
    /// What is told once this is durable.
    told: Told,
}

impl<'a> Write<'a> {
    pub(super) fn new(overlay: &'a Overlay, view: Box<dyn View + 'a>, sealer: &'a Sealer) -> Self {
        Self {
            changes: Changes::new(),
            overlay,
            view,
            sealer,
            saw_pending: Cell::new(false),
            told: Told::new(),
        }
    }

    /// Sets a row.
    ///
    /// Never fails today; the result leaves room for limits.
    pub fn put(&mut self, table: Table, key: &[u8], value: &[u8]) -> Result<(), DbError> {
        self.changes.insert(table.place(key).into(), Some(value.into()));
        Ok(())
    }

    /// Deletes a row, if it is there.
    pub fn delete(&mut self, table: Table, key: &[u8]) -> Result<(), DbError> {
        self.changes.insert(table.place(key).into(), None);
        Ok(())
    }

    /// Sets a row whose table is known by its byte alone, for restores and copies.
    pub(crate) fn put_place(&mut self, place: Arc<[u8]>, value: Arc<[u8]>) {
        self.changes.insert(place, Some(value));
    }

    /// Calls `tell` once what this transaction writes is durable; never if it writes nothing, is
    /// refused, or its commit fails.
    ///
    /// It runs on the thread that commits for everybody: it may raise a flag or wake a task, and must
    /// not wait for anything or use the store.
    pub fn when_durable(&mut self, tell: impl FnOnce() + Send + 'static) {
        self.told.push(Box::new(tell));
    }

    /// What was written, whether it may rest on what is not durable yet, and who is told of it.
    pub(super) fn finish(self) -> (Changes, bool, Told) {
        (self.changes, self.saw_pending.get(), self.told)
    }

    /// Visits the three layers as one, from `from` to `to` or, reversed, the other way.
    fn merge(
        &self,
        (from, to): (&[u8], &[u8]),
        reversed: bool,
        visit: VisitValue<'_>,
    ) -> Result<(), DbError> {
        let range = (std::ops::Bound::Included(from), std::ops::Bound::Excluded(to.max(from)));
        let ours = self.changes.range::<[u8], _>(range).map(|(place, value)| (&**place, value));
        let ours = ours.map(|(place, value)| (place, value.as_deref()));
        let theirs = self.overlay.range(from, to).inspect(|_| self.saw_pending.set(true));
        let upper: &mut dyn Iterator<Item = Row<'_>> = if reversed {
            &mut Merged::new(ours.rev(), theirs.rev(), reversed)
        } else {
            &mut Merged::new(ours, theirs, reversed)
        };
        let mut upper = upper.peekable();

        let mut result = Ok(ControlFlow::Continue(()));
        let mut each = |place: &[u8], sealed: &[u8]| {
            result = below(&mut upper, reversed, Some((place, sealed)), visit);
            match result {
                Ok(ControlFlow::Continue(())) => ControlFlow::Continue(()),
                _ => ControlFlow::Break(()),
            }
        };
        if reversed {
            self.view.scan_rev(from, to, &mut each)?;
        } else {
            self.view.scan(from, to, &mut each)?;
        }
        if result?.is_continue() {
            let _ = below(&mut upper, reversed, None, visit)?;
        }
        Ok(())
    }

    fn open(&self, table: Table, place: &[u8], value: Value<'_>) -> Result<Vec<u8>, DbError> {
        match value {
            Value::Open(value) => Ok(value.to_vec()),
            Value::Sealed(sealed) => open(self.sealer, table, place, sealed),
        }
    }

    fn visit_opened(
        &self,
        table: Table,
        keys: Keys<'_>,
        reversed: bool,
        visit: Visit<'_>,
    ) -> Result<(), DbError> {
        let (from, to) = keys.places(table);
        self.merge((&from, &to), reversed, &mut |place, value| {
            Ok(visit(key_of(place), &self.open(table, place, value)?))
        })
    }
}

impl Rows for Write<'_> {
    fn get(&self, table: Table, key: &[u8]) -> Result<Option<Vec<u8>>, DbError> {
        let place = table.place(key);
        if let Some(value) = self.changes.get(place.as_slice()) {
            return Ok(value.as_deref().map(<[u8]>::to_vec));
        }
        if let Some(value) = self.overlay.get(&place) {
            self.saw_pending.set(true);
            return Ok(value.map(<[u8]>::to_vec));
        }
        let sealed = self.view.get(&place)?;
        sealed.map(|sealed| open(self.sealer, table, &place, &sealed)).transpose()
    }

    fn scan(&self, table: Table, keys: Keys<'_>, visit: Visit<'_>) -> Result<(), DbError> {
        self.visit_opened(table, keys, false, visit)
    }

    fn scan_rev(&self, table: Table, keys: Keys<'_>, visit: Visit<'_>) -> Result<(), DbError> {
        self.visit_opened(table, keys, true, visit)
    }

    fn scan_keys(
        &self,
        table: Table,
        keys: Keys<'_>,
        visit: &mut dyn FnMut(&[u8]) -> ControlFlow<()>,
    ) -> Result<(), DbError> {
        let (from, to) = keys.places(table);
        self.merge((&from, &to), false, &mut |place, _| Ok(visit(key_of(place))))
    }
}

impl fmt::Debug for Write<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Write({} changes)", self.changes.len())
    }
}

/// Called with a row's place and value.
type VisitValue<'a> = &'a mut dyn FnMut(&[u8], Value<'_>) -> Result<ControlFlow<()>, DbError>;

enum Value<'a> {
    /// From one of the upper layers.
    Open(&'a [u8]),
    /// From the engine.
    Sealed(&'a [u8]),
}

/// A row of the upper layers; `None` where it is deleted.
type Row<'a> = (&'a [u8], Option<&'a [u8]>);

/// Visits the upper rows that come before an engine's row, and then whichever of the two counts.
fn below<'a>(
    upper: &mut Peekable<&mut (dyn Iterator<Item = Row<'a>> + '_)>,
    reversed: bool,
    row: Option<(&[u8], &[u8])>,
    visit: VisitValue<'_>,
) -> Result<ControlFlow<()>, DbError> {
    let order = |place: &[u8]| match row {
        Some((below, _)) => in_order(place, below, reversed),
        None => Ordering::Less,
    };
    let mut hidden = false;
    while let Some((place, value)) = upper.next_if(|(place, _)| order(place).is_le()) {
        hidden = order(place).is_eq();
        if let Some(value) = value
            && visit(place, Value::Open(value))?.is_break()
        {
            return Ok(ControlFlow::Break(()));
        }
    }
    match row {
        Some((place, sealed)) if !hidden => visit(place, Value::Sealed(sealed)),
        _ => Ok(ControlFlow::Continue(())),
    }
}

/// Two layers as one; where both have a row, the first counts.
struct Merged<A: Iterator, B: Iterator> {
    first: Peekable<A>,
    second: Peekable<B>,
    reversed: bool,
}

impl<'a, A: Iterator<Item = Row<'a>>, B: Iterator<Item = Row<'a>>> Merged<A, B> {
    fn new(first: A, second: B, reversed: bool) -> Self {
        Self { first: first.peekable(), second: second.peekable(), reversed }
    }
}

impl<'a, A: Iterator<Item = Row<'a>>, B: Iterator<Item = Row<'a>>> Iterator for Merged<A, B> {
    type Item = Row<'a>;

    fn next(&mut self) -> Option<Row<'a>> {
        let order = match (self.first.peek(), self.second.peek()) {
            (Some((first, _)), Some((second, _))) => in_order(first, second, self.reversed),
            (Some(_), None) => Ordering::Less,
            (None, _) => Ordering::Greater,
        };
        if order.is_eq() {
            self.second.next();
        }
        if order.is_le() { self.first.next() } else { self.second.next() }
    }
}

fn in_order(a: &[u8], b: &[u8], reversed: bool) -> Ordering {
    if reversed { b.cmp(a) } else { a.cmp(b) }
}

/// Runs an engine's scan with a visitor that sees opened rows.
fn opened(
    sealer: &Sealer,
    table: Table,
    visit: Visit<'_>,
    scan: impl FnOnce(Visit<'_>) -> Result<(), crate::engine::EngineError>,
) -> Result<(), DbError> {
    let mut damage = None;
    scan(&mut |place, sealed| match open(sealer, table, place, sealed) {
        Ok(value) => visit(key_of(place), &value),
        Err(error) => {
            damage = Some(error);
            ControlFlow::Break(())
        }
    })?;
    damage.map_or(Ok(()), Err)
}

fn open(sealer: &Sealer, table: Table, place: &[u8], sealed: &[u8]) -> Result<Vec<u8>, DbError> {
    sealer.open_row(place, sealed).map_err(|_| damaged(table.name, key_of(place)))
}

/// A damaged row of a table whose name is not known here.
pub(super) fn damaged_place(place: &[u8]) -> DbError {
    damaged("?", place)
}

fn damaged(table: &'static str, key: &[u8]) -> DbError {
    DbError::Damaged { table, key: hex::encode(key.get(..24).unwrap_or(key)) }
}

fn key_of(place: &[u8]) -> &[u8] {
    place.get(1..).unwrap_or_default()
}
