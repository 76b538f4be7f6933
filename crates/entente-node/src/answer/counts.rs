//! Answers: counts.

use std::sync::Arc;

use super::{Desk, Staff, Steps};
use crate::local::doc::*;
use crate::node::Outcome;

#[expect(clippy::unused_async, reason = "stub")]
pub(super) async fn count(_: Arc<Desk>, _: Staff, _: CountAsk, _: Steps) -> Outcome<CountTold> {
    Err(super::failed())
}

pub(super) fn count_own(_: &Desk, _: &Staff, _: CountOwnAsk, _: &Steps) -> Outcome<CountTold> {
    Err(super::failed())
}
