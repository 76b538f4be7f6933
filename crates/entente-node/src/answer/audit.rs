//! Answers: audit.

use std::sync::Arc;

use super::{Desk, Staff, Steps};
use crate::local::doc::*;
use crate::node::Outcome;

pub(super) fn list(_: &Desk, _: &Staff, _: AuditListAsk, _: &Steps) -> Outcome<AuditListTold> {
    Err(super::failed())
}

pub(super) fn verify(
    _: &Desk,
    _: &Staff,
    _: AuditVerifyAsk,
    _: &Steps,
) -> Outcome<AuditVerifyTold> {
    Err(super::failed())
}

pub(super) fn disclosures(
    _: &Desk,
    _: &Staff,
    _: AuditDisclosuresAsk,
    _: &Steps,
) -> Outcome<AuditDisclosuresTold> {
    Err(super::failed())
}

pub(super) fn export(
    _: &Desk,
    _: &Staff,
    _: AuditExportAsk,
    _: &Steps,
) -> Outcome<AuditExportTold> {
    Err(super::failed())
}
