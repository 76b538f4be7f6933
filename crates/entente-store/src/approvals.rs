//! What waits for a second person, with types.

use std::fmt;
use std::ops::ControlFlow;

use serde::{Deserialize, Serialize};

use crate::db::{DbError, Rows, Write};
use crate::rows::BadRow;
use crate::tables::APPROVALS;
use crate::tx::RowsExt;

/// The id of a request for approval.
pub type ApprovalId = [u8; 16];

/// Where a request stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ApprovalState {
    /// Nobody else has decided.
    Waiting,
    /// Somebody else has approved, and it is being done. After a crash it stays so for ever.
    Approved,
    /// It was done.
    Done,
    /// It was approved and could not be done.
    Failed,
    /// Somebody refused it, or whoever asked took it back.
    Refused,
}

/// What somebody asked, and who decided on it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ApprovalRow {
    /// The operation.
    pub op: String,
    /// The document that was asked with.
    pub body: String,
    /// What it is about, as a second person reads it: names and values, all of them codes.
    pub about: Vec<(String, String)>,
    /// A digest of what it is about: if it changes, what was asked is something else.
    pub pin: String,
    /// Who asked.
    pub asked_by: String,
    /// When, in seconds since 1970.
    pub asked_at_s: i64,
    /// Where it stands.
    pub state: ApprovalState,
    /// Who decided; empty while nobody has.
    pub decided_by: String,
    /// When, in seconds since 1970; 0 while nobody has.
    pub decided_at_s: i64,
    /// The code of the fault with which it failed.
    pub fault: String,
}

impl fmt::Debug for ApprovalRow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ApprovalRow({}, {:?})", self.op, self.state)
    }
}

/// Reading requests for approval.
pub trait Approvals: Rows {
    /// One of them.
    fn approval(&self, id: &ApprovalId) -> Result<Option<ApprovalRow>, DbError> {
        self.row(APPROVALS, id)
    }

    /// All of them, the oldest first.
    fn approvals(&self) -> Result<Vec<(ApprovalId, ApprovalRow)>, DbError> {
        let mut all = Vec::new();
        self.rows(APPROVALS, &[], &mut |key, row| {
            all.push((*key.first_chunk().ok_or(BadRow)?, row));
            Ok(ControlFlow::Continue(()))
        })?;
        Ok(all)
    }
}

impl<T: Rows + ?Sized> Approvals for T {}

impl Write<'_> {
    /// Keeps a request for approval as it is now.
    pub fn put_approval(&mut self, id: &ApprovalId, row: &ApprovalRow) -> Result<(), DbError> {
        self.put_row(APPROVALS, id, row)
    }

    /// Forgets a request that was decided long ago.
    pub fn delete_approval(&mut self, id: &ApprovalId) -> Result<(), DbError> {
        self.delete(APPROVALS, id)
    }
}
