//! The rows that came since the last merge, in the order in which they came.

use std::collections::HashMap;

use super::layout::{Layout, Row};
use super::rows::Rows;

/// Rows in no order, with the names that a merge needs.
#[derive(Clone)]
pub(super) struct Loose {
    pub(super) rows: Rows,
    pub(super) ids: Vec<u128>,
    pub(super) persons: Vec<u128>,
}

impl Loose {
    pub(super) fn new(layout: &Layout) -> Self {
        Self { rows: Rows::new(layout), ids: Vec::new(), persons: Vec::new() }
    }

    pub(super) fn push(&mut self, row: &Row<'_>) {
        self.rows.push(row.values);
        self.ids.push(u128::from_be_bytes(row.id));
        self.persons.push(u128::from_be_bytes(row.person));
    }

    /// Lets the last of several rows with one id count, and no other.
    pub(super) fn keep_the_last_of_each_id(&mut self) {
        let mut named: Vec<(u128, u32)> = self.ids.iter().copied().zip(0..).collect();
        named.sort_unstable();
        for pair in named.windows(2) {
            if let [(id, row), (next, _)] = pair
                && id == next
            {
                self.rows.alive.clear(*row as usize);
            }
        }
    }

    /// The rows that count, by person and within a person in the order of the layout.
    pub(super) fn by_person(&self, layout: &Layout) -> Vec<(u128, u32)> {
        let all = self.persons.iter().copied().zip(0..);
        let mut rows: Vec<(u128, u32)> =
            all.filter(|(_, row)| self.rows.alive.is_set(*row as usize)).collect();
        rows.sort_unstable();
        for run in rows.chunk_by_mut(|(person, _), (next, _)| person == next) {
            if run.len() > 1 {
                run.sort_unstable_by_key(|(_, row)| self.rank(layout, *row));
            }
        }
        rows
    }

    /// What orders the rows of one person.
    pub(super) fn rank(&self, layout: &Layout, row: u32) -> (u32, u128) {
        let row = row as usize;
        let first_by = layout.ordered_by().map_or(0, |column| self.rows.value(column.at(), row));
        (first_by, self.ids.get(row).copied().unwrap_or_default())
    }

    pub(super) fn n_bytes(&self) -> usize {
        self.rows.n_bytes() + (self.ids.capacity() + self.persons.capacity()) * 16
    }
}

/// Loose rows that are found by id and by person.
#[derive(Clone)]
pub(super) struct Delta {
    pub(super) loose: Loose,
    by_id: HashMap<u128, u32>,
    /// Persons with rows here; also those whose rows here have all gone again.
    by_person: HashMap<u128, Vec<u32>>,
}

impl Delta {
    pub(super) fn new(layout: &Layout) -> Self {
        let (by_id, by_person) = (HashMap::new(), HashMap::new());
        Self { loose: Loose::new(layout), by_id, by_person }
    }

    pub(super) fn push(&mut self, row: &Row<'_>, at: u32) {
        self.loose.push(row);
        self.by_id.insert(u128::from_be_bytes(row.id), at);
        self.by_person.entry(u128::from_be_bytes(row.person)).or_default().push(at);
    }

    /// The person whose row this is.
    pub(super) fn person_of(&self, id: u128) -> Option<u128> {
        let row = *self.by_id.get(&id)?;
        self.loose.persons.get(row as usize).copied()
    }

    pub(super) fn remove(&mut self, id: u128) -> bool {
        let Some(row) = self.by_id.remove(&id) else { return false };
        self.loose.rows.alive.clear(row as usize);
        let person = self.loose.persons.get(row as usize);
        if let Some(rows) = person.and_then(|person| self.by_person.get_mut(person)) {
            rows.retain(|it| *it != row);
        }
        true
    }

    /// The rows of a person that count.
    pub(super) fn rows_of(&self, person: u128) -> &[u32] {
        self.by_person.get(&person).map_or(&[], Vec::as_slice)
    }

    pub(super) fn knows(&self, person: u128) -> bool {
        self.by_person.contains_key(&person)
    }

    pub(super) fn persons(&self) -> impl Iterator<Item = u128> {
        self.by_person.keys().copied()
    }

    pub(super) fn n_alive(&self) -> usize {
        self.by_id.len()
    }

    /// About: what the tables themselves take is not told by them.
    pub(super) fn n_bytes(&self) -> usize {
        self.loose.n_bytes() + self.by_id.capacity() * 33 + self.by_person.capacity() * 49
    }
}
