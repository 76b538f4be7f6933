//! Answers: store.

use std::sync::Arc;

use super::{Desk, Staff, Steps};
use crate::local::doc::*;
use crate::node::Outcome;

pub(super) fn backup_create(
    _: &Desk,
    _: &Staff,
    _: BackupCreateAsk,
    _: &Steps,
) -> Outcome<BackupCreateTold> {
    Err(super::failed())
}

pub(super) fn backup_list(
    _: &Desk,
    _: &Staff,
    _: BackupListAsk,
    _: &Steps,
) -> Outcome<BackupListTold> {
    Err(super::failed())
}

pub(super) fn size(_: &Desk, _: &Staff, _: StoreSizeAsk, _: &Steps) -> Outcome<StoreSizeTold> {
    Err(super::failed())
}

pub(super) fn passphrase(
    _: &Desk,
    _: &Staff,
    _: PassphraseAsk,
    _: &Steps,
) -> Outcome<PassphraseTold> {
    Err(super::failed())
}

/// Makes backups at the hours that the settings say, until `stop` is cancelled.
pub async fn nightly_backups(_desk: Arc<Desk>, stop: tokio_util::sync::CancellationToken) {
    stop.cancelled().await;
}
