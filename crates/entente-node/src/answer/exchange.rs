//! Answers: exchange.

use std::sync::Arc;

use super::{Desk, Staff, Steps};
use crate::local::doc::*;
use crate::node::Outcome;

#[expect(clippy::unused_async, reason = "stub")]
pub(super) async fn sync(_: Arc<Desk>, _: Staff, _: SyncAsk, _: Steps) -> Outcome<SyncTold> {
    Err(super::failed())
}

pub(super) fn held_list(_: &Desk, _: &Staff, _: HeldListAsk, _: &Steps) -> Outcome<HeldListTold> {
    Err(super::failed())
}

pub(super) fn held_show(_: &Desk, _: &Staff, _: HeldShowAsk, _: &Steps) -> Outcome<HeldShowTold> {
    Err(super::failed())
}

pub(super) fn feed_list(_: &Desk, _: &Staff, _: FeedListAsk, _: &Steps) -> Outcome<FeedListTold> {
    Err(super::failed())
}

pub(super) fn quarantine_list(
    _: &Desk,
    _: &Staff,
    _: QuarantineListAsk,
    _: &Steps,
) -> Outcome<QuarantineListTold> {
    Err(super::failed())
}

pub(super) fn quarantine_release(
    _: &Desk,
    _: &Staff,
    _: QuarantineReleaseAsk,
    _: &Steps,
) -> Outcome<QuarantineReleaseTold> {
    Err(super::failed())
}

pub(super) fn bundle_export(
    _: &Desk,
    _: &Staff,
    _: BundleExportAsk,
    _: &Steps,
) -> Outcome<BundleExportTold> {
    Err(super::failed())
}

pub(super) fn bundle_import(
    _: &Desk,
    _: &Staff,
    _: BundleImportAsk,
    _: &Steps,
) -> Outcome<BundleImportTold> {
    Err(super::failed())
}
