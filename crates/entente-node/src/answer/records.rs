//! Answers: records.

use std::sync::Arc;

use super::{Desk, Staff, Steps};
use crate::local::doc::*;
use crate::node::Outcome;

pub(super) fn add(_: &Desk, _: &Staff, _: RecordAddAsk, _: &Steps) -> Outcome<RecordAddTold> {
    Err(super::failed())
}

pub(super) fn show(_: &Desk, _: &Staff, _: RecordShowAsk, _: &Steps) -> Outcome<RecordShowTold> {
    Err(super::failed())
}

pub(super) fn list(_: &Desk, _: &Staff, _: RecordListAsk, _: &Steps) -> Outcome<RecordListTold> {
    Err(super::failed())
}

pub(super) fn search(
    _: &Desk,
    _: &Staff,
    _: RecordSearchAsk,
    _: &Steps,
) -> Outcome<RecordSearchTold> {
    Err(super::failed())
}

pub(super) fn edit(_: &Desk, _: &Staff, _: RecordEditAsk, _: &Steps) -> Outcome<RecordEditTold> {
    Err(super::failed())
}

pub(super) fn history(
    _: &Desk,
    _: &Staff,
    _: RecordHistoryAsk,
    _: &Steps,
) -> Outcome<RecordHistoryTold> {
    Err(super::failed())
}

pub(super) fn withdraw(
    _: &Desk,
    _: &Staff,
    _: RecordWithdrawAsk,
    _: &Steps,
) -> Outcome<WithdrawTold> {
    Err(super::failed())
}

pub(super) fn duplicates(
    _: &Desk,
    _: &Staff,
    _: RecordDuplicatesAsk,
    _: &Steps,
) -> Outcome<RecordDuplicatesTold> {
    Err(super::failed())
}

pub(super) fn link(_: &Desk, _: &Staff, _: RecordLinkAsk, _: &Steps) -> Outcome<RecordLinkTold> {
    Err(super::failed())
}

pub(super) fn steward(
    _: &Desk,
    _: &Staff,
    _: RecordStewardAsk,
    _: &Steps,
) -> Outcome<RecordStewardTold> {
    Err(super::failed())
}

pub(super) fn consent_give(
    _: &Desk,
    _: &Staff,
    _: ConsentGiveAsk,
    _: &Steps,
) -> Outcome<ConsentGiveTold> {
    Err(super::failed())
}

pub(super) fn consent_withdraw(
    _: &Desk,
    _: &Staff,
    _: ConsentWithdrawAsk,
    _: &Steps,
) -> Outcome<WithdrawTold> {
    Err(super::failed())
}

pub(super) fn consent_list(
    _: &Desk,
    _: &Staff,
    _: ConsentListAsk,
    _: &Steps,
) -> Outcome<ConsentListTold> {
    Err(super::failed())
}
