//! Answers: who may open hand-overs, handing over, opening.

use entente_core::handover::{BadDetails, ContactDetails, Part};
use entente_store::handover::Way;
use entente_store::seal::KeyRing;
use zeroize::{Zeroize as _, Zeroizing};

use super::records::show::Names;
use super::{Desk, Staff, Steps, instant};
use crate::fault::Fault;
use crate::local::doc::*;
use crate::node::handovers::{KeyState, unknown_handover, unknown_opener, unusable_details};
use crate::node::{Node, Outcome};

pub(super) fn add(
    desk: &Desk,
    staff: &Staff,
    ask: OpenerAddAsk,
    _: &Steps,
) -> Outcome<OpenerChangeTold> {
    let passphrase = Zeroizing::new(ask.passphrase.0);
    // Whoever knows the node's passphrase opens its backups: it must not open hand-overs too.
    if KeyRing::open(&desk.home.keys(), &passphrase).is_ok() {
        return Err(passphrase_of_the_node());
    }
    let name = ask.name.unwrap_or_else(|| staff.name.clone());
    desk.node.add_opener(staff.actor(), &name, &passphrase)?;
    change(&desk.node, Some(name.trim().to_owned()))
}

pub(super) fn list(desk: &Desk, _: &Staff, _: OpenerListAsk, _: &Steps) -> Outcome<OpenerListTold> {
    let openers = desk.node.openers()?.into_iter().map(|opener| OpenerEntry {
        name: opener.name,
        account: opener.account,
        added_at: instant(opener.added_at_s),
    });
    let keys = desk.node.our_team_keys()?.into_iter().map(|key| {
        let (state, until_s) = match key.state {
            KeyState::Current => ("current", None),
            KeyState::Until(until_s) => ("replaced", Some(until_s)),
            KeyState::Destroyed => ("destroyed", None),
        };
        HandoverKeyEntry {
            key: key.id.to_string(),
            state: state.to_owned(),
            created_at: instant(key.created_at_s),
            opens_until: until_s.map(instant),
            openers: key.n_openers as u64,
            partners: key.n_partners as u64,
        }
    });
    Ok(OpenerListTold { openers: openers.collect(), keys: keys.collect() })
}

pub(super) fn remove(
    desk: &Desk,
    staff: &Staff,
    ask: OpenerRemoveAsk,
    _: &Steps,
) -> Outcome<OpenerChangeTold> {
    let wanted = ask.name.trim().to_lowercase();
    let openers = desk.node.openers()?;
    let found = openers.iter().find(|opener| opener.name.to_lowercase() == wanted);
    let name = found.ok_or_else(unknown_opener)?.name.clone();
    if ask.dry_run {
        let left = openers.into_iter().map(|opener| opener.name).filter(|other| *other != name);
        let told = change(&desk.node, Some(name.clone()))?;
        return Ok(OpenerChangeTold { done: false, openers: left.collect(), ..told });
    }
    desk.node.remove_opener(staff.actor(), &name)?;
    change(&desk.node, Some(name))
}

pub(super) fn rotate(
    desk: &Desk,
    staff: &Staff,
    _: OpenerRotateAsk,
    _: &Steps,
) -> Outcome<OpenerChangeTold> {
    desk.node.rotate_team_key(staff.actor())?;
    change(&desk.node, None)
}

fn change(node: &Node, name: Option<String>) -> Outcome<OpenerChangeTold> {
    let current = node.our_team_keys()?.into_iter().find(|key| key.state == KeyState::Current);
    Ok(OpenerChangeTold {
        done: true,
        name,
        openers: node.openers()?.into_iter().map(|opener| opener.name).collect(),
        key: current.map(|key| key.id.to_string()),
    })
}

pub(super) fn hand_over(
    desk: &Desk,
    staff: &Staff,
    ask: ReferralHandoverAsk,
    _: &Steps,
) -> Outcome<ReferralHandoverTold> {
    let node = &desk.node;
    let details = details(ask.details.0)?;
    let kept = node.find_referral(&ask.referral)?;
    let kept = node.hand_over_referral(staff.actor(), &kept.id, &details)?;
    let winner = kept.state.winner().ok_or_else(unknown_handover)?;
    let sent = node.handovers_of(Way::Sent, &winner, &kept.id)?;
    let (_, sent) = sent.into_iter().next_back().ok_or_else(unknown_handover)?;
    let to = Names::of(node)?.named(&winner);
    Ok(ReferralHandoverTold {
        referral: kept.id.to_string(),
        to: to.id,
        to_en: to.name.en,
        to_fr: to.name.fr,
        key: hex::encode(sent.key),
        bytes: u64::from(sent.n_bytes),
        at: instant(sent.at_s),
    })
}

pub(super) fn open(
    desk: &Desk,
    staff: &Staff,
    ask: ReferralOpenAsk,
    _: &Steps,
) -> Outcome<ReferralOpenTold> {
    let node = &desk.node;
    let passphrase = Zeroizing::new(ask.passphrase.0);
    let name = ask.opener.unwrap_or_else(|| staff.name.clone());
    let received = node.find_received(&ask.referral)?;
    let opener = (name.as_str(), passphrase.as_str());
    let opened = node.open_referral(staff.actor(), &received.home, &received.id, opener)?;
    let partner = node.partner_row(&received.home)?;
    Ok(ReferralOpenTold {
        referral: received.id.to_string(),
        from: received.home.to_string(),
        from_en: partner.name_en,
        from_fr: partner.name_fr,
        details: Private(document(&opened.details)),
        sealed_at: instant(opened.sealed_at_s),
        first_opened_at: instant(opened.first_opened_at_s),
        opens_until: opened.opens_until_s.map(instant),
    })
}

/// The part of a document that is a part of contact details.
fn place(document: &mut ContactDocument, part: Part) -> &mut String {
    match part {
        Part::Name => &mut document.name,
        Part::PreferredName => &mut document.preferred_name,
        Part::Pronouns => &mut document.pronouns,
        Part::SafeTimes => &mut document.safe_times,
        Part::Email => &mut document.email,
        Part::Address => &mut document.address,
        Part::Language => &mut document.language,
        Part::Guardian => &mut document.guardian,
        Part::Note => &mut document.note,
    }
}

/// The contact details in a document, which is wiped.
pub(crate) fn details(mut document: ContactDocument) -> Outcome<ContactDetails> {
    let mut details = ContactDetails::new();
    let read = read(&mut document, &mut details);
    // What was typed is wiped, whether it could be read or not.
    for part in Part::ALL {
        place(&mut document, *part).zeroize();
    }
    for phone in &mut document.phones {
        phone.number.zeroize();
    }
    read.map_err(unusable_details)?;
    Ok(details)
}

fn read(document: &mut ContactDocument, details: &mut ContactDetails) -> Result<(), BadDetails> {
    for part in Part::ALL {
        details.set(*part, place(document, *part))?;
    }
    for phone in &document.phones {
        details.add_phone(&phone.number, phone.message)?;
    }
    details.check()
}

pub(crate) fn document(details: &ContactDetails) -> ContactDocument {
    let mut document = ContactDocument::default();
    for part in Part::ALL {
        if let Some(text) = details.part(*part) {
            place(&mut document, *part).push_str(text.expose());
        }
    }
    let phones = details.phones().iter().map(|phone| PhoneDocument {
        number: phone.number.expose().to_owned(),
        message: phone.may_leave_message,
    });
    document.phones = phones.collect();
    document
}

/// `ENT-2416`.
fn passphrase_of_the_node() -> Box<Fault> {
    Fault::new(
        2416,
        (
            "This is the passphrase of the node: whoever runs the machine knows it.",
            "C’est la phrase de passe du nœud\u{a0}: qui administre la machine la connaît.",
        ),
        (
            "Choose one that only you know: `entente opener add`.",
            "Choisissez-en une que personne d’autre ne connaît\u{a0}: `entente opener add`.",
        ),
    )
}
