//! Answers: who we are, who the partners are, and how everything is.
//!
//! `status` looks at what is at hand and is quick; `doctor` also calls partners and reads the whole
//! audit log. Everything that is not well names the command that helps. When the store can no longer
//! be read, both say so, and what they know without it.

mod doctor;
mod health;
mod last;

use entente_core::codes::Code as _;
use entente_core::period::Period;

use super::partners::all_partners;
use super::partners::told::both;
use super::{Desk, Staff, Steps, instant, store};
use crate::local::doc::*;
use crate::node::index::Tally;
use crate::node::{Node, Outcome, unpoisoned};

pub(super) use doctor::doctor;
pub(super) use last::LastSeen;

pub(super) fn status(desk: &Desk, _: &Staff, _: StatusAsk, _: &Steps) -> Outcome<StatusTold> {
    let node = &desk.node;
    let profile = node.profile();
    let (seen, mut health) = match seen(desk) {
        Ok(seen) => seen,
        Err(fault) => last::known(desk, fault)?,
    };
    health.retain(|check| check.wellness != Wellness::Good);
    health.sort_by_key(|check| std::cmp::Reverse(check.wellness));
    let open_epoch = Period::of(node.today()).map(|period| period.to_string());
    Ok(StatusTold {
        organization: Organization {
            id: node.id().to_string(),
            name: both(&profile.name),
            kind: profile.kind.code().to_owned(),
        },
        version: env!("CARGO_PKG_VERSION").to_owned(),
        now: instant(node.now_s()),
        started_at: instant(desk.started_s),
        listen: desk.config.partner_door.listen.to_string(),
        console: desk.console().map(|at| at.origin.clone()),
        partners: seen.partners,
        records: seen.records,
        open_epoch: open_epoch.unwrap_or_default(),
        store: store::size_at_a_glance(desk)?,
        last_backup_at: store::newest(&desk.home.backups(&desk.config)).map(instant),
        health,
        sums: seen.sums,
    })
}

/// What the store says, and how everything is.
fn seen(desk: &Desk) -> Outcome<(LastSeen, Vec<Check>)> {
    let node = &desk.node;
    let health = health::at_hand(desk, &node.standings()?)?;
    let (partners, records) = (all_partners(node)?, tally(node));
    let sums = super::statistics::unfinished(node)?;
    let seen = LastSeen { at_s: node.now_s(), partners, records, sums };
    *unpoisoned(desk.last_seen.lock()) = Some(seen.clone());
    Ok((seen, health))
}

fn tally(node: &Node) -> RecordTally {
    let Tally { own, with_consent, withdrawn } = node.tally();
    RecordTally { own, with_consent, withdrawn, held: node.n_held() }
}

pub(super) fn node_stop(
    desk: &Desk,
    _: &Staff,
    _: NodeStopAsk,
    _: &Steps,
) -> Outcome<NodeStopTold> {
    desk.stop.cancel();
    Ok(NodeStopTold { stopping: true })
}
