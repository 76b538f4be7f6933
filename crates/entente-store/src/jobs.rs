//! Long work that staff started, with types: what it was, who started it, and how it ended.
//!
//! Nothing about a case: an operation, a name of the staff, counts, and the document or the fault with
//! which the operation ended, which hold no case either.

use std::ops::ControlFlow;

use serde::{Deserialize, Serialize};

use crate::db::{DbError, Rows, Write};
use crate::rows::BadRow;
use crate::tables::JOBS;
use crate::tx::RowsExt;

/// The id of a job: a UUID of version 7, so that they sort by time.
pub type JobId = [u8; 16];

/// How a job stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum JobState {
    /// It goes on.
    Running,
    /// It did what it was started for.
    Done,
    /// It ended with a fault.
    Failed,
    /// Somebody stopped it.
    Stopped,
    /// The node was stopped while it went on.
    Lost,
}

/// A job.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct JobRow {
    /// The name of the operation.
    pub op: String,
    /// The account that started it.
    pub by: String,
    /// When, in seconds since 1970.
    pub started_s: i64,
    /// When it ended; 0 if it has not.
    pub ended_s: i64,
    /// How it stands.
    pub state: JobState,
    /// The document it ended with, or the fault; empty if there is none.
    pub told: String,
}

/// Reading jobs.
pub trait Jobs: Rows {
    /// A job.
    fn job(&self, id: &JobId) -> Result<Option<JobRow>, DbError> {
        self.row(JOBS, id)
    }

    /// All of them, the oldest first.
    fn jobs(&self) -> Result<Vec<(JobId, JobRow)>, DbError> {
        let mut all = Vec::new();
        self.rows(JOBS, &[], &mut |key, row| {
            all.push((*key.first_chunk().ok_or(BadRow)?, row));
            Ok(ControlFlow::Continue(()))
        })?;
        Ok(all)
    }
}

impl<T: Rows + ?Sized> Jobs for T {}

impl Write<'_> {
    /// Keeps a job.
    pub fn put_job(&mut self, id: &JobId, row: &JobRow) -> Result<(), DbError> {
        self.put_row(JOBS, id, row)
    }

    /// Forgets a job.
    pub fn delete_job(&mut self, id: &JobId) -> Result<(), DbError> {
        self.delete(JOBS, id)
    }
}
