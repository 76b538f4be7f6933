//! Answers: partners.

use std::sync::Arc;

use super::{Desk, Staff, Steps};
use crate::local::doc::*;
use crate::node::Outcome;

pub(super) fn invite(
    _: &Desk,
    _: &Staff,
    _: PartnerInviteAsk,
    _: &Steps,
) -> Outcome<PartnerInviteTold> {
    Err(super::failed())
}

#[expect(clippy::unused_async, reason = "stub")]
pub(super) async fn open(
    _: Arc<Desk>,
    _: Staff,
    _: PartnerOpenAsk,
    _: Steps,
) -> Outcome<PartnerOpenTold> {
    Err(super::failed())
}

pub(super) fn digits(
    _: &Desk,
    _: &Staff,
    _: PartnerDigitsAsk,
    _: &Steps,
) -> Outcome<PartnerDigitsTold> {
    Err(super::failed())
}

#[expect(clippy::unused_async, reason = "stub")]
pub(super) async fn verify(
    _: Arc<Desk>,
    _: Staff,
    _: PartnerVerifyAsk,
    _: Steps,
) -> Outcome<PartnerVerifyTold> {
    Err(super::failed())
}

#[expect(clippy::unused_async, reason = "stub")]
pub(super) async fn test(
    _: Arc<Desk>,
    _: Staff,
    _: PartnerTestAsk,
    _: Steps,
) -> Outcome<PartnerTestTold> {
    Err(super::failed())
}

pub(super) fn list(_: &Desk, _: &Staff, _: PartnerListAsk, _: &Steps) -> Outcome<PartnerListTold> {
    Err(super::failed())
}

pub(super) fn show(_: &Desk, _: &Staff, _: PartnerShowAsk, _: &Steps) -> Outcome<PartnerShowTold> {
    Err(super::failed())
}

pub(super) fn suspend(
    _: &Desk,
    _: &Staff,
    _: PartnerSuspendAsk,
    _: &Steps,
) -> Outcome<PartnerChangeTold> {
    Err(super::failed())
}

pub(super) fn resume(
    _: &Desk,
    _: &Staff,
    _: PartnerResumeAsk,
    _: &Steps,
) -> Outcome<PartnerChangeTold> {
    Err(super::failed())
}

pub(super) fn end(_: &Desk, _: &Staff, _: PartnerEndAsk, _: &Steps) -> Outcome<PartnerChangeTold> {
    Err(super::failed())
}

pub(super) fn decline(
    _: &Desk,
    _: &Staff,
    _: PartnerDeclineAsk,
    _: &Steps,
) -> Outcome<PartnerDeclineTold> {
    Err(super::failed())
}
