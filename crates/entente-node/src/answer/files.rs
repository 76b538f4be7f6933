//! Answers: files.

use std::sync::Arc;

use super::{Desk, Staff, Steps};
use crate::local::doc::*;
use crate::node::Outcome;

pub(super) fn import(
    _: &Desk,
    _: &Staff,
    _: RecordImportAsk,
    _: &Steps,
) -> Outcome<RecordImportTold> {
    Err(super::failed())
}

pub(super) fn export(
    _: &Desk,
    _: &Staff,
    _: RecordExportAsk,
    _: &Steps,
) -> Outcome<RecordExportTold> {
    Err(super::failed())
}
