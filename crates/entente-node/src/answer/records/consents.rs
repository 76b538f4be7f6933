//! Consents: entered, withdrawn everywhere, listed.

use std::collections::BTreeSet;

use entente_core::codes::{Code, ConsentScope, GivenBy, OverrideReason, Set};
use entente_core::consent::{Consent, ConsentId};
use entente_core::lang::Lang;
use entente_core::record::Language;
use entente_core::statement::WithdrawReason;
use jiff::civil::Date;

use super::show::{Names, consent_row};
use super::withdrawn_told;
use crate::answer::{Desk, Staff, Steps};
use crate::fault::Fault;
use crate::local::doc::*;
use crate::node::Outcome;
use crate::node::pairing::random;

pub(in crate::answer) fn give(
    desk: &Desk,
    staff: &Staff,
    ask: ConsentGiveAsk,
    _: &Steps,
) -> Outcome<ConsentGiveTold> {
    let id = desk.node.find_record(&ask.record)?;
    let consent = read(desk, &ask)?;
    desk.node.give_consent(staff.actor(), &id, consent.clone())?;
    let names = Names::of(&desk.node)?;
    let consent = consent_row(&consent, &names, desk.node.today());
    Ok(ConsentGiveTold { record: id.to_string(), consent })
}

/// The consent that was asked for, checked.
fn read(desk: &Desk, ask: &ConsentGiveAsk) -> Outcome<Consent> {
    let today = desk.node.today();
    let day = |text: &str| text.trim().parse::<Date>().map_err(|_| not_a_day());
    let recipient = |text: &String| desk.node.find_partner(text).map(|(id, _)| id);
    let language = ask.language.as_deref().map(Language::new).transpose();
    let language = language.map_err(|reason| {
        let why = [Lang::En, Lang::Fr].map(|lang| reason.text(lang));
        let [en, fr] = why;
        unfit().because(en, fr)
    })?;
    let given_by = ask.given_by.as_deref().map(GivenBy::parse).transpose();
    let override_reason = ask.override_reason.as_deref().map(OverrideReason::parse).transpose();
    let consent = Consent {
        id: ConsentId(random::<16>()?),
        scopes: set(&ask.scopes)?,
        needs: set(&ask.needs)?,
        recipients: ask.recipients.iter().map(recipient).collect::<Outcome<BTreeSet<_>>>()?,
        given_by: given_by.map_err(unknown_code)?.unwrap_or(GivenBy::Person),
        informed_of: [ask.informed; 4],
        language,
        given_on: ask.given_on.as_deref().map(day).transpose()?.unwrap_or(today),
        valid_until: ask.valid_until.as_deref().map(day).transpose()?,
        withdrawn_on: None,
        override_reason: override_reason.map_err(unknown_code)?,
    };
    check(&consent)?;
    Ok(consent)
}

fn check(consent: &Consent) -> Outcome<()> {
    let mut fault = unfit();
    if consent.override_reason.is_none() && consent.scopes.is_empty() {
        fault = fault.because(
            "It allows nothing: name a scope.",
            "Il ne permet rien\u{a0}: nommez une portée.",
        );
    }
    // Beside it, every other scope would count for nothing.
    if consent.scopes.contains(ConsentScope::None) && consent.scopes.len() > 1 {
        fault = fault.because(
            "It allows nothing and something: name `none` alone, or the other scopes without it.",
            "Il ne permet rien et permet quelque chose\u{a0}: nommez `none` seul, ou les autres portées sans lui.",
        );
    }
    if consent.override_reason.is_some() && consent.recipients.is_empty() {
        fault = fault.because(
            "A legal duty names to whom: add the recipient.",
            "Une obligation légale vise un destinataire\u{a0}: ajoutez-le.",
        );
    }
    if consent.valid_until.is_some_and(|last| last < consent.given_on) {
        fault =
            fault.because("It would end before it begins.", "Il prendrait fin avant de commencer.");
    }
    if fault.why.is_empty() { Ok(()) } else { Err(fault) }
}

pub(in crate::answer) fn withdraw(
    desk: &Desk,
    staff: &Staff,
    ask: ConsentWithdrawAsk,
    _: &Steps,
) -> Outcome<WithdrawTold> {
    let node = &desk.node;
    let id = node.find_record(&ask.record)?;
    let mut after = node.case(&id)?;
    let which = ask.consent.as_deref().map(|text| find(&after.consents, text)).transpose()?;
    let consents = after.withdraw_consents(which, node.today());
    let meant = node.would_take_back(&after, WithdrawReason::ConsentWithdrawn)?;
    if !ask.dry_run {
        node.withdraw_consent(staff.actor(), &id, which)?;
    }
    let consents = consents.into_iter().map(|id| id.to_string()).collect();
    withdrawn_told(desk, &id, !ask.dry_run, consents, &meant)
}

pub(in crate::answer) fn list(
    desk: &Desk,
    staff: &Staff,
    ask: ConsentListAsk,
    _: &Steps,
) -> Outcome<ConsentListTold> {
    let id = desk.node.find_record(&ask.record)?;
    let how = ["consents".to_owned()];
    let versions = desk.node.read_record(staff.actor(), &id, how)?;
    let names = Names::of(&desk.node)?;
    let newest = versions.last().map(|case| case.consents.as_slice()).unwrap_or_default();
    let mut newest: Vec<_> = newest.iter().collect();
    newest.sort_by_key(|consent| std::cmp::Reverse(consent.given_on));
    let row = |consent: &Consent| consent_row(consent, &names, desk.node.today());
    Ok(ConsentListTold { record: id.to_string(), consents: newest.into_iter().map(row).collect() })
}

/// The consent whose id begins like this.
fn find(consents: &[Consent], text: &str) -> Outcome<ConsentId> {
    let wanted = text.trim().to_lowercase();
    let mut found = consents.iter().filter(|it| it.id.to_string().starts_with(&wanted));
    match (found.next(), found.next()) {
        (Some(one), None) => Ok(one.id),
        _ => Err(Fault::new(
            1403,
            ("There is no such consent.", "Ce consentement n’existe pas."),
            (
                "See them: `entente consent list RECORD`.",
                "Voyez-les\u{a0}: `entente consent list DOSSIER`.",
            ),
        )),
    }
}

fn set<C: Code>(codes: &[String]) -> Outcome<Set<C>> {
    codes.iter().map(|code| C::parse(code).map_err(unknown_code)).collect()
}

fn unknown_code(unknown: entente_core::codes::UnknownCode) -> Box<Fault> {
    let list = unknown.list;
    unfit().because(
        format!("Not a code of the list `{list}`: see `entente codes {list}`."),
        format!("Ce n’est pas un code de la liste «\u{a0}{list}\u{a0}»\u{a0}: voyez `entente codes {list}`."),
    )
}

fn not_a_day() -> Box<Fault> {
    unfit().because("A date is written 2026-11-22.", "Une date s’écrit 2026-11-22.")
}

fn unfit() -> Box<Fault> {
    Fault::new(
        1407,
        ("The consent cannot be kept like this.", "Le consentement ne peut être conservé ainsi."),
        ("Correct it and try again.", "Corrigez-le et réessayez."),
    )
}
