//! What came of a job: the document of its operation.

use entente_node::jobs::Job;
use entente_node::local::Op;
use entente_node::local::doc::{
    ApprovalTold, BackupCreateTold, EpochTold, OverlapTold, RecordExportTold, RecordImportTold,
    StatsTable, StatsTold,
};
use serde::de::DeserializeOwned;

use crate::page::failed;
use crate::problem::Problem;

/// The document, if the job has one that a page knows.
#[derive(Debug, Default)]
pub(super) struct Told {
    pub(super) import: Option<RecordImportTold>,
    pub(super) export: Option<RecordExportTold>,
    pub(super) epoch: Option<EpochTold>,
    pub(super) backup: Option<BackupCreateTold>,
    pub(super) figures: Option<StatsTold>,
    pub(super) overlap: Option<OverlapTold>,
    /// A second person's word, and what was asked is done.
    pub(super) is_approved: bool,
    /// What was approved has written a file, for whoever asked.
    pub(super) has_approved_file: bool,
    /// It is done, and there is nothing more to show here.
    pub(super) is_other: bool,
}

impl Told {
    pub(super) fn of(job: &Job) -> Result<Self, Problem> {
        let Some(text) = &job.told else { return Ok(Self::default()) };
        let mut told = Self::default();
        match job.op {
            Op::RecordImport => told.import = Some(read(text)?),
            Op::RecordExport => told.export = Some(read(text)?),
            Op::EpochClose => told.epoch = Some(read(text)?),
            Op::BackupCreate => told.backup = Some(read(text)?),
            Op::StatsRun => told.figures = Some(read(text)?),
            Op::OverlapRun => told.overlap = Some(read(text)?),
            Op::ApprovalApprove => told.approved(read(text)?)?,
            _ => told.is_other = true,
        }
        Ok(told)
    }

    /// What came of something that a second person approved, as if it had been asked for by one.
    fn approved(&mut self, approved: ApprovalTold) -> Result<(), Problem> {
        self.is_approved = true;
        let op = Op::parse(&approved.approval.operation);
        self.has_approved_file = op == Some(Op::RecordExport);
        let Some(told) = approved.told else { return Ok(()) };
        match op {
            Some(Op::EpochClose) => self.epoch = Some(value(told)?),
            Some(Op::StatsRun) => self.figures = Some(value(told)?),
            _ => {}
        }
        Ok(())
    }
}

fn value<T: DeserializeOwned>(told: serde_json::Value) -> Result<T, Problem> {
    serde_json::from_value(told).map_err(|_| Problem::new(failed()))
}

/// Whether somebody of a table has given nothing, or it is not added up.
pub(super) fn is_open(table: &StatsTable) -> bool {
    let lacks = table.coverage.refused + table.coverage.unreachable > 0;
    lacks || table.sum.as_ref().is_some_and(|sum| sum.why.is_some())
}

fn read<T: DeserializeOwned>(text: &str) -> Result<T, Problem> {
    serde_json::from_str(text).map_err(|_| Problem::new(failed()))
}
