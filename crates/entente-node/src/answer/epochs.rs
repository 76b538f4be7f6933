//! Answers: epochs.

use std::sync::Arc;

use super::{Desk, Staff, Steps};
use crate::local::doc::*;
use crate::node::Outcome;

pub(super) fn close(_: &Desk, _: &Staff, _: EpochCloseAsk, _: &Steps) -> Outcome<EpochTold> {
    Err(super::failed())
}

pub(super) fn preview(_: &Desk, _: &Staff, _: EpochPreviewAsk, _: &Steps) -> Outcome<EpochTold> {
    Err(super::failed())
}

pub(super) fn list(_: &Desk, _: &Staff, _: EpochListAsk, _: &Steps) -> Outcome<EpochListTold> {
    Err(super::failed())
}
