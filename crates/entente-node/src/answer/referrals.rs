//! Answers: referrals, from a need card to what came of it.

use std::collections::BTreeSet;

use entente_core::audit::Action;
use entente_core::codes::{
    Barrier, Code, Dependants, GenderShared, Province, ReferralOutcome, RegionShared, Risk, Set,
    StatusGroup, UnknownCode, Urgency,
};
use entente_core::identity::OrgId;
use entente_core::lang::Lang;
use entente_core::record::{CaseRecord, Language};
use entente_core::referral::{Area, HomeStep, NeedCard, ReferralId, status_group};

use super::records::show::Names;
use super::{Desk, Staff, Steps};
use crate::fault::Fault;
use crate::local::doc::*;
use crate::node::referrals::{KeptReferral, ReceivedReferral, lapsed};
use crate::node::{Node, Outcome};

mod gaps;
#[cfg(test)]
mod tests;
mod told;

pub(crate) use told::{card as card_document, of_folder};

pub(super) use gaps::gaps;
use told::{kept_row, of_kept, of_received, received_row};

pub(super) fn create(
    desk: &Desk,
    staff: &Staff,
    ask: ReferralCreateAsk,
    _: &Steps,
) -> Outcome<ReferralTold> {
    let node = &desk.node;
    let record = node.find_record(&ask.record)?;
    let case = node.case(&record)?;
    let card = card(&ask, &case.record)?;
    let kept = node.create_referral(staff.actor(), &record, card)?;
    of_kept(node, &kept, true)
}

/// The card that was asked for: what is not said is taken from the record.
fn card(ask: &ReferralCreateAsk, record: &CaseRecord) -> Outcome<NeedCard> {
    let mut card = NeedCard::suggested(record, parsed::<Urgency>(&ask.urgency)?);
    if !ask.needs.is_empty() {
        card.needs = ask.needs.iter().map(|code| parsed(code)).collect::<Outcome<_>>()?;
    }
    if let Some(code) = &ask.risk {
        card.risk = parsed::<Risk>(code)?;
    }
    if let Some(code) = &ask.gender {
        card.gender = Some(parsed::<GenderShared>(code)?);
    }
    if let Some(tag) = &ask.language {
        card.language = Some(Language::new(tag).map_err(|_| no_language())?);
    }
    if let Some(code) = &ask.area {
        card.area = area(code)?;
    }
    if let Some(code) = &ask.dependants {
        card.dependants = parsed::<Dependants>(code)?;
    }
    if ask.tell_status {
        let status = record.immigration_status.map_or(StatusGroup::Unknown, status_group);
        card.status = Some(status);
    }
    card.interpreter = ask.interpreter;
    card.access = parsed_set(&ask.access)?;
    card.safety = parsed_set(&ask.safety)?;
    card.indigenous_service = ask.indigenous_service;
    Ok(card)
}

/// A province, a region, or anywhere.
pub(crate) fn area(code: &str) -> Outcome<Area> {
    match (Province::parse(code), RegionShared::parse(code)) {
        _ if code.trim().eq_ignore_ascii_case("anywhere") => Ok(Area::Anywhere),
        (Ok(province), _) => Ok(Area::Province(province)),
        (Err(_), Ok(region)) => Ok(Area::Region(region)),
        (Err(unknown), Err(_)) => Err(unknown_code(unknown)),
    }
}

pub(crate) fn parsed<C: Code>(code: &str) -> Outcome<C> {
    C::parse(code).map_err(unknown_code)
}

pub(crate) fn parsed_set<C: Code>(codes: &[String]) -> Outcome<Set<C>> {
    codes.iter().map(|code| parsed(code)).collect()
}

fn unfit() -> Box<Fault> {
    Fault::new(
        2312,
        ("A word of the referral is not known.", "Un mot de l’aiguillage est inconnu."),
        ("See the codes: `entente codes need`.", "Voyez les codes\u{a0}: `entente codes need`."),
    )
}

fn unknown_code(unknown: UnknownCode) -> Box<Fault> {
    let list = unknown.list;
    unfit().because(
        format!("Not a code of the list `{list}`: see `entente codes {list}`."),
        format!("Ce n’est pas un code de la liste «\u{a0}{list}\u{a0}»\u{a0}: voyez `entente codes {list}`."),
    )
}

pub(crate) fn no_language() -> Box<Fault> {
    unfit().because(
        "A language is a tag such as fr, oj or iu-Cans-CA.",
        "Une langue est une étiquette comme fr, oj ou iu-Cans-CA.",
    )
}

pub(super) fn offer(
    desk: &Desk,
    staff: &Staff,
    ask: ReferralOfferAsk,
    _: &Steps,
) -> Outcome<ReferralTold> {
    let node = &desk.node;
    let kept = node.find_referral(&ask.referral)?;
    let mut to: Vec<OrgId> = Vec::new();
    for text in &ask.partners {
        to.push(node.find_partner(text)?.0);
    }
    for text in &ask.services {
        let entry = node.find_service(text).map_err(not_listed)?;
        if !entry.service.is_active() {
            return Err(service_closed());
        }
        to.push(entry.issuer);
    }
    if ask.matching {
        to.extend(node.matching_partners(&kept)?);
    }
    to.sort_unstable();
    to.dedup();
    if ask.dry_run {
        for partner in &to {
            node.may_offer(&kept, partner)?.map_err(|refusal| node.why_not(partner, &refusal))?;
        }
        return of_kept(node, &kept, false);
    }
    let kept = node.offer_referral(staff.actor(), &kept.id, &to)?;
    of_kept(node, &kept, true)
}

/// `ENT-2211`, in place of a fault that sends people to our own services: what a partner closes is no
/// longer in the directory, and another is found by searching.
fn not_listed(fault: Box<Fault>) -> Box<Fault> {
    if fault.code != "ENT-2202" {
        return fault;
    }
    Fault::new(
        2211,
        (
            "No such service is listed now; nobody was asked.",
            "Aucun service de ce nom n’est répertorié en ce moment; personne n’a été sollicité.",
        ),
        (
            "Its organization may have closed it. Find another: `entente service search --need NEED`.",
            "Son organisme l’a peut-être fermé. Cherchez-en un autre\u{a0}: `entente service search --need \
             BESOIN`.",
        ),
    )
}

/// `ENT-2313`.
fn service_closed() -> Box<Fault> {
    Fault::new(
        2313,
        (
            "The service is closed; nobody was asked.",
            "Le service est fermé; personne n’a été sollicité.",
        ),
        (
            "Find another: `entente service search --need NEED`.",
            "Cherchez-en un autre\u{a0}: `entente service search --need BESOIN`.",
        ),
    )
}

pub(super) fn accept(
    desk: &Desk,
    staff: &Staff,
    ask: ReferralAcceptAsk,
    _: &Steps,
) -> Outcome<ReferralTold> {
    let node = &desk.node;
    let found = node.find_received(&ask.referral)?;
    let kept = node.accept_referral(staff.actor(), &found.home, &found.id)?;
    of_received(node, &kept, true)
}

pub(super) fn decline(
    desk: &Desk,
    staff: &Staff,
    ask: ReferralDeclineAsk,
    _: &Steps,
) -> Outcome<ReferralTold> {
    let node = &desk.node;
    let barrier = parsed::<Barrier>(&ask.barrier)?;
    let found = node.find_received(&ask.referral)?;
    let kept = node.decline_referral(staff.actor(), &found.home, &found.id, barrier)?;
    of_received(node, &kept, true)
}

pub(super) fn start(
    desk: &Desk,
    staff: &Staff,
    ask: ReferralStartAsk,
    _: &Steps,
) -> Outcome<ReferralTold> {
    let node = &desk.node;
    let found = node.find_received(&ask.referral)?;
    let kept = node.start_received(staff.actor(), &found.home, &found.id)?;
    of_received(node, &kept, true)
}

/// A referral that we have any part in.
enum Found {
    Ours(KeptReferral),
    Theirs(ReceivedReferral),
}

fn find(node: &Node, wanted: &str) -> Outcome<Found> {
    match node.find_referral(wanted) {
        // Ours go first: no partner hides one by giving its name to another.
        Ok(kept) => Ok(Found::Ours(kept)),
        Err(fault) if fault.code == "ENT-2301" => Ok(Found::Theirs(node.find_received(wanted)?)),
        Err(fault) => Err(fault),
    }
}

pub(super) fn close(
    desk: &Desk,
    staff: &Staff,
    ask: ReferralCloseAsk,
    _: &Steps,
) -> Outcome<ReferralTold> {
    let node = &desk.node;
    let outcome = parsed::<ReferralOutcome>(&ask.outcome)?;
    match find(node, &ask.referral)? {
        Found::Ours(kept) => {
            let kept = node.close_referral(staff.actor(), &kept.id, outcome)?;
            of_kept(node, &kept, true)
        }
        Found::Theirs(kept) => {
            let kept = node.close_received(staff.actor(), &kept.home, &kept.id, outcome)?;
            of_received(node, &kept, true)
        }
    }
}

pub(super) fn withdraw(
    desk: &Desk,
    staff: &Staff,
    ask: ReferralWithdrawAsk,
    _: &Steps,
) -> Outcome<ReferralTold> {
    let node = &desk.node;
    let found = node.find_referral(&ask.referral)?;
    let kept = match found.state.step {
        // There is nobody left to take it back from, but somebody here has seen to it.
        HomeStep::Expired => node.set_lapsed_aside(staff.actor(), &found.id)?,
        _ => node.withdraw_referral(staff.actor(), &found.id)?,
    };
    of_kept(node, &kept, true)
}

pub(super) fn show(
    desk: &Desk,
    staff: &Staff,
    ask: ReferralShowAsk,
    _: &Steps,
) -> Outcome<ReferralTold> {
    let node = &desk.node;
    let read = |id: [u8; 16]| node.entry(staff.actor(), Action::ReferralRead).reference(id);
    match find(node, &ask.referral)? {
        Found::Ours(kept) => {
            node.audit(vec![read(kept.id.0).record(kept.record)])?;
            of_kept(node, &kept, false)
        }
        Found::Theirs(kept) => {
            node.audit(vec![read(kept.id.0).partner(kept.home)])?;
            of_received(node, &kept, false)
        }
    }
}

pub(super) fn list(
    desk: &Desk,
    _: &Staff,
    ask: ReferralListAsk,
    _: &Steps,
) -> Outcome<ReferralListTold> {
    let node = &desk.node;
    let record = ask.record.as_deref().map(|text| node.find_record(text)).transpose()?;
    let (names, ours) = (Names::of(node)?, node.referrals()?);
    let lapsed = lapsed(&ours, node.now_s());
    let kept = ours.iter().filter(|kept| {
        // What nobody took is not over for the person.
        let open = !kept.state.step.is_over() || lapsed.contains(&kept.id);
        (ask.all || open || record.is_some()) && record.is_none_or(|it| it == kept.record)
    });
    let referrals = kept.map(|kept| kept_row(node, &names, kept)).collect();
    Ok(ReferralListTold { referrals, coordinator: node.referral_rules().coordinator })
}

pub(super) fn inbox(
    desk: &Desk,
    _: &Staff,
    ask: ReferralInboxAsk,
    _: &Steps,
) -> Outcome<ReferralListTold> {
    let node = &desk.node;
    let names = Names::of(node)?;
    let all = node.received_referrals()?.into_iter();
    let kept = all.filter(|kept| ask.all || !kept.state.is_over());
    let referrals = kept.map(|kept| received_row(node, &names, &kept)).collect();
    Ok(ReferralListTold { referrals, coordinator: node.referral_rules().coordinator })
}

pub(super) fn overdue(
    desk: &Desk,
    _: &Staff,
    _: ReferralOverdueAsk,
    _: &Steps,
) -> Outcome<ReferralListTold> {
    let node = &desk.node;
    let (names, now, ours) = (Names::of(node)?, node.now_s(), node.referrals()?);
    let lapsed: BTreeSet<ReferralId> = lapsed(&ours, now);
    let ours = ours.iter().filter(|kept| kept.is_overdue(now) || lapsed.contains(&kept.id));
    let theirs = node.received_referrals()?.into_iter().filter(|kept| kept.is_overdue(now));
    let ours = ours.map(|kept| kept_row(node, &names, kept));
    let theirs = theirs.map(|kept| received_row(node, &names, &kept));
    let mut referrals: Vec<_> = ours.chain(theirs).collect();
    referrals.sort_by(|a, b| a.due.cmp(&b.due).then_with(|| a.id.cmp(&b.id)));
    Ok(ReferralListTold { referrals, coordinator: node.referral_rules().coordinator })
}

/// A text in both languages.
fn both(text: impl Fn(Lang) -> String) -> Both {
    Both::new(text(Lang::En), text(Lang::Fr))
}
