//! Messages to the staff, with types: what is on its way, and what was last told.
//!
//! A message is counts under the numbers of matters. Whom it goes to stands in values alone, which
//! are sealed; keys are random.

use std::ops::ControlFlow;

use serde::{Deserialize, Serialize};

use crate::db::{DbError, Rows, Write};
use crate::rows::BadRow;
use crate::tables::{NOTICED, NOTICES};
use crate::tx::RowsExt;

/// How much of what waits: numbers of matters, and counts.
pub type Counts = Vec<(u8, u64)>;

/// A message that is on its way.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct NoticeRow {
    /// The way of the settings that it takes.
    pub way: String,
    /// What it says.
    pub counts: Counts,
    /// When it was made, in seconds since 1970.
    pub made_at_s: i64,
    /// How often it was tried, the try that is under way included.
    pub n_tries: u32,
    /// When it is tried next, in seconds since 1970.
    pub next_try_s: i64,
}

/// What one way was last told.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LastNotice {
    /// When, in seconds since 1970; `None` if never.
    pub at_s: Option<i64>,
    /// What of it still waits.
    pub counts: Counts,
}

/// What each way was last told.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct NoticedRow {
    /// The ways by name.
    pub ways: Vec<(String, LastNotice)>,
}

/// Reading messages.
pub trait Notices: Rows {
    /// A message that is on its way.
    fn notice(&self, id: &[u8; 16]) -> Result<Option<NoticeRow>, DbError> {
        self.row(NOTICES, id)
    }

    /// All messages that are on their way, the oldest id first.
    fn notices(&self) -> Result<Vec<([u8; 16], NoticeRow)>, DbError> {
        let mut all = Vec::new();
        self.rows(NOTICES, &[], &mut |key, row| {
            all.push((key.try_into().map_err(|_| BadRow)?, row));
            Ok(ControlFlow::Continue(()))
        })?;
        Ok(all)
    }

    /// What each way was last told.
    fn noticed(&self) -> Result<NoticedRow, DbError> {
        Ok(self.row(NOTICED, &[])?.unwrap_or_default())
    }
}

impl<T: Rows + ?Sized> Notices for T {}

impl Write<'_> {
    /// Keeps a message as it is now.
    pub fn put_notice(&mut self, id: &[u8; 16], row: &NoticeRow) -> Result<(), DbError> {
        self.put_row(NOTICES, id, row)
    }

    /// Forgets a message.
    pub fn delete_notice(&mut self, id: &[u8; 16]) -> Result<(), DbError> {
        self.delete(NOTICES, id)
    }

    /// Keeps what each way was last told.
    pub fn put_noticed(&mut self, row: &NoticedRow) -> Result<(), DbError> {
        self.put_row(NOTICED, &[], row)
    }
}
