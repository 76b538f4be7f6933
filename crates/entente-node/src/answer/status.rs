//! Answers: status.

use std::sync::Arc;

use super::{Desk, Staff, Steps};
use crate::local::doc::*;
use crate::node::Outcome;

pub(super) fn status(_: &Desk, _: &Staff, _: StatusAsk, _: &Steps) -> Outcome<StatusTold> {
    Err(super::failed())
}

#[expect(clippy::unused_async, reason = "stub")]
pub(super) async fn doctor(_: Arc<Desk>, _: Staff, _: DoctorAsk, _: Steps) -> Outcome<DoctorTold> {
    Err(super::failed())
}

pub(super) fn node_stop(_: &Desk, _: &Staff, _: NodeStopAsk, _: &Steps) -> Outcome<NodeStopTold> {
    Err(super::failed())
}
