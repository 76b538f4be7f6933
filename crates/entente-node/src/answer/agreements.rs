//! Answers: agreements.

use std::sync::Arc;

use super::{Desk, Staff, Steps};
use crate::local::doc::*;
use crate::node::Outcome;

pub(super) fn draft(
    _: &Desk,
    _: &Staff,
    _: AgreementDraftAsk,
    _: &Steps,
) -> Outcome<AgreementDraftTold> {
    Err(super::failed())
}

pub(super) fn propose(
    _: &Desk,
    _: &Staff,
    _: AgreementProposeAsk,
    _: &Steps,
) -> Outcome<AgreementChangeTold> {
    Err(super::failed())
}

pub(super) fn list(
    _: &Desk,
    _: &Staff,
    _: AgreementListAsk,
    _: &Steps,
) -> Outcome<AgreementListTold> {
    Err(super::failed())
}

pub(super) fn show(
    _: &Desk,
    _: &Staff,
    _: AgreementShowAsk,
    _: &Steps,
) -> Outcome<AgreementShowTold> {
    Err(super::failed())
}

pub(super) fn diff(
    _: &Desk,
    _: &Staff,
    _: AgreementDiffAsk,
    _: &Steps,
) -> Outcome<AgreementDiffTold> {
    Err(super::failed())
}

pub(super) fn sign(
    _: &Desk,
    _: &Staff,
    _: AgreementSignAsk,
    _: &Steps,
) -> Outcome<AgreementChangeTold> {
    Err(super::failed())
}

pub(super) fn decline(
    _: &Desk,
    _: &Staff,
    _: AgreementDeclineAsk,
    _: &Steps,
) -> Outcome<AgreementChangeTold> {
    Err(super::failed())
}

pub(super) fn amend(
    _: &Desk,
    _: &Staff,
    _: AgreementAmendAsk,
    _: &Steps,
) -> Outcome<AgreementChangeTold> {
    Err(super::failed())
}

pub(super) fn suspend(
    _: &Desk,
    _: &Staff,
    _: AgreementSuspendAsk,
    _: &Steps,
) -> Outcome<AgreementChangeTold> {
    Err(super::failed())
}

pub(super) fn resume(
    _: &Desk,
    _: &Staff,
    _: AgreementResumeAsk,
    _: &Steps,
) -> Outcome<AgreementChangeTold> {
    Err(super::failed())
}

pub(super) fn end(
    _: &Desk,
    _: &Staff,
    _: AgreementEndAsk,
    _: &Steps,
) -> Outcome<AgreementChangeTold> {
    Err(super::failed())
}

pub(super) fn explain(
    _: &Desk,
    _: &Staff,
    _: AgreementExplainAsk,
    _: &Steps,
) -> Outcome<AgreementExplainTold> {
    Err(super::failed())
}
