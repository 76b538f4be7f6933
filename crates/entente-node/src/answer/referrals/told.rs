//! Referrals as documents.

use entente_core::codes::Code as _;
use entente_core::identity::OrgId;
use entente_core::referral::duty::{Duty, duties_for};
use entente_core::referral::matching::Match;
use entente_core::referral::{Area, HomeStep, NeedCard, OfferStep, PartnerState, ReferralId};
use entente_store::handover::{HandoverRow, Way};
use entente_store::rows::ReferralStepRow;

use super::both;
use crate::answer::instant;
use crate::answer::records::show::Names;
use crate::local::doc::*;
use crate::node::handovers::{KeyState, kept_until_s};
use crate::node::referrals::{KeptReferral, ReceivedReferral, Refusal};
use crate::node::{Node, Outcome};
use crate::sponsored::FolderReferral;

fn codes<C: entente_core::codes::Code>(codes: impl IntoIterator<Item = C>) -> Vec<String> {
    codes.into_iter().map(|code| code.code().to_owned()).collect()
}

/// A referral of ours, with everything about it.
pub(super) fn of_kept(node: &Node, kept: &KeptReferral, done: bool) -> Outcome<ReferralTold> {
    let names = Names::of(node)?;
    let wants_offers =
        matches!(kept.state.step, HomeStep::Created | HomeStep::Offered | HomeStep::Unmet);
    let ranked = if wants_offers { node.rank_referral(kept)? } else { Vec::new() };
    let offers = kept.state.offers.iter().map(|(partner, step)| OfferRow {
        partner: names.named(partner),
        step: step.code().to_owned(),
        barrier: match step {
            OfferStep::Declined(barrier) => Some(barrier.code().to_owned()),
            _ => None,
        },
        offered: kept.offers.get(partner).map(|it| instant(it.offered_at_s)).unwrap_or_default(),
    });
    let timeline = timeline(node, &names, &node.id(), &kept.id)?;
    let mut handovers = handovers(node, Way::Sent, kept.state.winner().as_ref(), &kept.id)?;
    tell_progress(&mut handovers, &timeline);
    Ok(ReferralTold {
        done,
        referral: kept_row(node, &names, kept),
        card: Some(card(&kept.card)),
        duties: duties_for(&kept.card).iter().map(duty).collect(),
        offers: offers.collect(),
        matches: ranked.iter().map(|(found, may)| matched(&names, found, may)).collect(),
        handovers,
        timeline,
    })
}

/// A referral that we were offered, with everything about it.
pub(super) fn of_received(
    node: &Node,
    kept: &ReceivedReferral,
    done: bool,
) -> Outcome<ReferralTold> {
    let names = Names::of(node)?;
    Ok(ReferralTold {
        done,
        referral: received_row(node, &names, kept),
        card: kept.card.as_ref().map(card),
        duties: kept.card.iter().flat_map(duties_for).map(|it| duty(&it)).collect(),
        offers: Vec::new(),
        matches: Vec::new(),
        handovers: handovers(node, Way::Received, Some(&kept.home), &kept.id)?,
        timeline: timeline(node, &names, &kept.home, &kept.id)?,
    })
}

/// A referral of ours as a row of a table.
pub(super) fn kept_row(node: &Node, names: &Names, kept: &KeptReferral) -> ReferralRow {
    let step = kept.state.step;
    let outcome = match step {
        HomeStep::Done(outcome) => Some(outcome.code().to_owned()),
        _ => None,
    };
    let is_open = step == HomeStep::Offered;
    let asked_by = node.asked_by(&kept.id).ok().flatten();
    ReferralRow {
        id: kept.id.to_string(),
        home: names.named(&node.id()),
        ours: true,
        record: asked_by.is_none().then(|| kept.record.to_string()),
        on_behalf_of: asked_by.map(|org| names.named(&org)),
        step: step.code().to_owned(),
        status: step.status().map(|it| it.code().to_owned()),
        outcome,
        barrier: None,
        needs: codes(kept.card.needs.iter().copied()),
        urgency: Some(kept.card.urgency.code().to_owned()),
        area: area(&kept.card),
        with: kept.state.winner().map(|it| names.named(&it)),
        asked: u32::try_from(kept.state.offers.len()).unwrap_or(u32::MAX),
        since: instant(kept.since_s),
        due: kept.timers.map(|timers| instant(timers.due_at_s)),
        expires: is_open.then(|| instant(kept.state.expires_at_s)),
        overdue: kept.is_overdue(node.now_s()),
    }
}

/// A referral that we were offered as a row of a table.
pub(super) fn received_row(node: &Node, names: &Names, kept: &ReceivedReferral) -> ReferralRow {
    row_of(kept, names.named(&kept.home), names.named(&node.id()), node.now_s())
}

/// A referral in the folder of an organization without a node, `us`, with everything about it.
pub(crate) fn of_folder(found: &FolderReferral, us: Named, now_s: i64, done: bool) -> ReferralTold {
    let kept = &found.kept;
    let home =
        Named { id: kept.home.to_string(), name: Both::new(&*found.home.en, &*found.home.fr) };
    ReferralTold {
        done,
        referral: row_of(kept, home, us, now_s),
        card: kept.card.as_ref().map(card),
        duties: kept.card.iter().flat_map(duties_for).map(|it| duty(&it)).collect(),
        offers: Vec::new(),
        matches: Vec::new(),
        // The folder itself holds what was handed over, and says so.
        handovers: Vec::new(),
        timeline: Vec::new(),
    }
}

fn row_of(kept: &ReceivedReferral, home: Named, us: Named, now_s: i64) -> ReferralRow {
    let outcome = match kept.state {
        PartnerState::Done(outcome) | PartnerState::Closing(outcome) => Some(outcome.code()),
        _ => None,
    };
    let barrier = match kept.state {
        PartnerState::Declined(barrier) => Some(barrier.code().to_owned()),
        _ => None,
    };
    let waits = matches!(kept.state, PartnerState::Offered | PartnerState::Accepting);
    ReferralRow {
        id: kept.id.to_string(),
        home,
        ours: false,
        record: None,
        on_behalf_of: None,
        step: kept.state.code().to_owned(),
        status: Some(kept.state.status().code().to_owned()),
        outcome: outcome.map(str::to_owned),
        barrier,
        needs: codes(kept.card.iter().flat_map(|card| card.needs.iter().copied())),
        urgency: kept.card.as_ref().map(|card| card.urgency.code().to_owned()),
        area: kept.card.as_ref().and_then(area),
        with: kept.state.is_ours().then_some(us),
        asked: 0,
        since: instant(kept.since_s),
        due: waits.then(|| instant(kept.due_at_s)),
        expires: waits.then(|| instant(kept.expires_at_s)),
        overdue: kept.is_overdue(now_s),
    }
}

fn area(card: &NeedCard) -> Option<String> {
    (card.area != Area::Anywhere).then(|| card.area.code().to_owned())
}

pub(crate) fn card(card: &NeedCard) -> NeedCardRow {
    NeedCardRow {
        needs: codes(card.needs.iter().copied()),
        urgency: card.urgency.code().to_owned(),
        risk: card.risk.code().to_owned(),
        age: card.age.code().to_owned(),
        gender: card.gender.map(|it| it.code().to_owned()),
        language: card.language.as_ref().map(|it| it.to_string()),
        interpreter: card.interpreter,
        area: area(card),
        access: codes(card.access.iter()),
        dependants: card.dependants.code().to_owned(),
        safety: codes(card.safety.iter()),
        status: card.status.map(|it| it.code().to_owned()),
        indigenous_service: card.indigenous_service,
    }
}

fn duty(duty: &Duty) -> DutyRow {
    DutyRow {
        province: duty.province.code().to_owned(),
        statute: Both::new(&*duty.statute.en, &*duty.statute.fr),
        section: duty.section.map(str::to_owned),
        authority: Both::new(&*duty.authority.en, &*duty.authority.fr),
        override_reason: duty.reason.code().to_owned(),
    }
}

fn matched(names: &Names, found: &Match, may: &Result<(), Refusal>) -> MatchRow {
    let reasons = found.reasons.iter().map(|(reason, points)| MatchReasonRow {
        code: reason.code().to_owned(),
        text: both(|lang| reason.text(lang)),
        points: *points,
    });
    MatchRow {
        partner: names.named(&found.candidate.partner),
        service: found.candidate.service.clone(),
        name: Both::new(&*found.candidate.name.en, &*found.candidate.name.fr),
        fits: found.fits(),
        may_ask: may.is_ok(),
        score: found.score,
        reasons: reasons.collect(),
        refusals: may.as_ref().err().map(refused).unwrap_or_default(),
    }
}

/// Why a partner may not be asked.
fn refused(refusal: &Refusal) -> Vec<Reason> {
    let words = refusal.words().into_iter();
    words
        .map(|(code, clause, text)| {
            let clause = clause.map(|it| it.to_string().trim_start_matches('§').to_owned());
            Reason { code, clause, text }
        })
        .collect()
}

/// What became of the contact details of a referral.
fn handovers(
    node: &Node,
    way: Way,
    partner: Option<&OrgId>,
    id: &ReferralId,
) -> Outcome<Vec<HandoverEntry>> {
    let Some(partner) = partner else { return Ok(Vec::new()) };
    let rows = node.handovers_of(way, partner, id)?;
    if rows.is_empty() {
        return Ok(Vec::new());
    }
    let kept_days = node.handover_days(partner, way, id)?;
    let keys = if way == Way::Received { node.our_team_keys()? } else { Vec::new() };
    let until_s = |row: &HandoverRow| {
        let key = keys.iter().find(|key| key.id.0 == row.key)?;
        match key.state {
            KeyState::Until(until_s) => Some(until_s),
            KeyState::Current | KeyState::Destroyed => None,
        }
    };
    let entries = rows.iter().map(|(_, row)| handover(row, way, kept_days, until_s(row)));
    Ok(entries.collect())
}

/// What the other side did with what we handed over: it says so with the referral, until we hand over
/// something else.
fn tell_progress(entries: &mut [HandoverEntry], timeline: &[ReferralStep]) {
    let mut until: Option<String> = None;
    for entry in entries.iter_mut().rev() {
        let from = entry.at.clone();
        let said = |code: &str| {
            let is_of = |step: &&ReferralStep| {
                let is_before = until.as_ref().is_none_or(|until| step.at < *until);
                step.code == code && step.at >= from && is_before
            };
            timeline.iter().find(is_of).map(|step| step.at.clone())
        };
        let (delivered_at, opened_at) = (said("delivered"), said("opened"));
        entry.delivered_at = delivered_at;
        entry.opened_at = opened_at;
        until = Some(from);
    }
}

fn handover(row: &HandoverRow, way: Way, kept_days: u32, until_s: Option<i64>) -> HandoverEntry {
    let kept_until_s = kept_until_s(row, kept_days);
    let opener = row.opened.as_ref().map(|(_, name)| name.clone());
    HandoverEntry {
        sent: way == Way::Sent,
        at: instant(row.at_s),
        key: hex::encode(row.key),
        delivered_at: None,
        opened_at: row.opened.as_ref().map(|(at_s, _)| instant(*at_s)),
        opened_by: opener.filter(|name| !name.is_empty()),
        refused_at: row.refused.as_ref().map(|(at_s, _)| instant(*at_s)),
        destroyed_at: row.shredded.as_ref().map(|(at_s, _)| instant(*at_s)),
        destroyed_there_at: row.shredded_there_at_s.map(instant),
        opens_until: until_s.map(instant),
        kept_until: kept_until_s.filter(|_| row.shredded.is_none()).map(instant),
        kept_days,
    }
}

fn timeline(
    node: &Node,
    names: &Names,
    home: &OrgId,
    id: &ReferralId,
) -> Outcome<Vec<ReferralStep>> {
    let steps = node.referral_timeline(home, id)?;
    Ok(steps.into_iter().map(|step| told(names, step)).collect())
}

fn told(names: &Names, step: ReferralStepRow) -> ReferralStep {
    let ReferralStepRow { at_s, partner, by, ours, code, detail, hash } = step;
    let partner = partner.and_then(|id| OrgId::from_bytes(&id).ok());
    ReferralStep {
        at: instant(at_s),
        code,
        detail,
        partner: partner.map(|it| names.named(&it)),
        by,
        ours,
        hash: hash.map(hex::encode),
    }
}
