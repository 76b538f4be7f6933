//! Answers: agreements, from a draft to their end.
//!
//! What both sides sign are the bytes that the node keeps; the clauses, the draft and the
//! difference shown here are all read off them.

mod explain;
mod page;
pub(super) mod template;
pub(super) mod values;

use std::collections::BTreeMap;

use entente_core::agreement::{
    Agreement, AgreementId, AgreementState, Change, ChangeKind, diff as differences,
};
use entente_core::audit::{Action, Actor};
use entente_core::identity::OrgId;
use entente_core::lang::{Lang, Text};
use entente_proto::AgreementChange;
use entente_store::rows;
use jiff::Timestamp;
use sha2::{Digest as _, Sha256};

use super::partners::told::{agreement_told, both, ourselves, partner_named};
use super::partners::{change, reason_text};
use super::{Desk, Staff, Steps, instant};
use crate::fault::{Both, Fault};
use crate::local::doc::*;
use crate::node::agreements::Kept;
use crate::node::audit::noted::Sought;
use crate::node::partners::partner_text;
use crate::node::{Node, Outcome};

pub(super) use explain::explain;

pub(super) fn draft(
    desk: &Desk,
    _: &Staff,
    ask: AgreementDraftAsk,
    _: &Steps,
) -> Outcome<AgreementDraftTold> {
    let node = &desk.node;
    let (id, row) = node.find_partner(&ask.partner)?;
    if let Some(before) = &ask.amends {
        return draft_of_next(node, &id, before, &ask.edits);
    }
    let (name, kind) = partner_text(&row);
    let template = template::named(&ask.template)?;
    let (our_id, profile) = (node.id(), node.profile());
    let ours = template::Filled { id: &our_id, name: &profile.name, kind: profile.kind };
    let theirs = template::Filled { id: &id, name: &name, kind };
    let (toml, missing) = template::fill(template, ours, theirs, node.today(), &ask.edits)?;
    Ok(draft_told(node, &id, template.name, toml, missing))
}

/// The draft of the version after one in force.
fn draft_of_next(
    node: &Node,
    partner: &OrgId,
    before: &str,
    edits: &BTreeMap<String, String>,
) -> Outcome<AgreementDraftTold> {
    let before = node.find_agreement(before)?;
    if before.partner != *partner {
        return Err(crate::node::agreements::unknown_agreement());
    }
    let ours = node.id();
    let text = page::draft(&before.agreement, &ours);
    let toml = template::with_edits(text, edits, (&ours, partner))?;
    let error = Agreement::from_toml(&toml, &ours, partner, before.agreement.id).err();
    let missing = error.map(|error| Both::new(error.text(Lang::En), error.text(Lang::Fr)));
    Ok(draft_told(node, partner, "", toml, missing.into_iter().collect()))
}

fn draft_told(
    node: &Node,
    partner: &OrgId,
    template: &str,
    toml: String,
    missing: Vec<Both>,
) -> AgreementDraftTold {
    let ours = node.id();
    let read = Agreement::from_toml(&toml, &ours, partner, AgreementId([0; 16]));
    AgreementDraftTold {
        template: template.to_owned(),
        partner: partner_named(node, partner),
        missing,
        settings: template::settings(&toml),
        // Who reads a draft wants to know what it says, not yet which number it gets.
        clauses: read.as_ref().map(page::clauses).unwrap_or_default(),
        we_would_send: read.as_ref().map(|it| texts(&it.sends(&ours))).unwrap_or_default(),
        we_would_receive: read.as_ref().map(|it| texts(&it.receives(&ours))).unwrap_or_default(),
        toml,
    }
}

pub(super) fn propose(
    desk: &Desk,
    staff: &Staff,
    ask: AgreementProposeAsk,
    _: &Steps,
) -> Outcome<AgreementChangeTold> {
    let node = &desk.node;
    let (partner, _) = node.find_partner(&ask.partner)?;
    let agreement = node.read_draft(&ask.toml, &partner, None)?;
    proposed(node, staff, &agreement, ask.dry_run)
}

pub(super) fn amend(
    desk: &Desk,
    staff: &Staff,
    ask: AgreementAmendAsk,
    _: &Steps,
) -> Outcome<AgreementChangeTold> {
    let node = &desk.node;
    let before = node.find_agreement(&ask.agreement)?;
    let open = matches!(before.state, AgreementState::Active | AgreementState::Suspended { .. });
    if !open {
        return Err(Fault::new(
            1307,
            (
                "Only an agreement in force can be amended.",
                "On ne peut modifier qu’une entente en vigueur.",
            ),
            (
                "Propose a new one: `entente agreement propose`.",
                "Proposez-en une nouvelle\u{a0}: `entente agreement propose`.",
            ),
        ));
    }
    let agreement = node.read_draft(&ask.toml, &before.partner, Some(&before))?;
    proposed(node, staff, &agreement, ask.dry_run)
}

fn proposed(
    node: &Node,
    staff: &Staff,
    agreement: &Agreement,
    dry_run: bool,
) -> Outcome<AgreementChangeTold> {
    let kept = match dry_run {
        true => unkept(node, agreement)?,
        false => node.propose(staff.actor(), agreement)?,
    };
    let before = match agreement.supersedes {
        Some(_) => Both::new(
            "The version in force stays in force until both have signed this one.",
            "La version en vigueur le reste jusqu’à ce que les deux parties aient signé celle-ci.",
        ),
        None => Both::new(
            "Nothing is shared under it before both have signed the same bytes.",
            "Rien n’est communiqué en vertu de l’entente avant que les deux parties aient signé les mêmes octets.",
        ),
    };
    let mut consequences = vec![before];
    consequences.extend(would_see(node, &kept, ChangeKind::Widened)?);
    Ok(told(node, &kept, !dry_run, consequences, 0))
}

/// A draft as if it were kept, to be shown.
fn unkept(node: &Node, agreement: &Agreement) -> Outcome<Kept> {
    let partner = agreement.partner_of(&node.id()).map(|party| party.org);
    let partner = partner.ok_or_else(crate::node::agreements::unknown_agreement)?;
    let bytes = entente_proto::encode_agreement(agreement);
    Ok(Kept {
        hash: Sha256::digest(&bytes).into(),
        agreement: agreement.clone(),
        partner,
        state: AgreementState::Draft,
        row: rows::AgreementRow {
            partner: *partner.as_bytes(),
            bytes,
            our_signature: None,
            their_signature: None,
            ours: true,
            state: (AgreementState::Draft.code().to_owned(), false, false),
            changed_at_s: node.now_s(),
            ended_at_s: None,
            end_receipt_at_s: None,
        },
    })
}

/// What the partner could newly see, compared with what is in force.
fn would_see(node: &Node, kept: &Kept, kind: ChangeKind) -> Outcome<Vec<Both>> {
    let old = compared_with(node, kept)?;
    let changes = differences(old.as_ref().map(|it| &it.agreement), &kept.agreement, &kept.partner);
    let changes = changes.iter().filter(|change| change.kind == kind);
    Ok(changes
        .map(|change| says(change, "They would newly see", "Le partenaire verrait de plus"))
        .collect())
}

fn says(change: &Change, en: &str, fr: &str) -> Both {
    let Text { en: text_en, fr: text_fr } = &change.text;
    let clause = change.clause;
    Both::new(format!("{en}: {text_en} ({clause})"), format!("{fr}\u{a0}: {text_fr} ({clause})"))
}

fn told(
    node: &Node,
    kept: &Kept,
    done: bool,
    consequences: Vec<Both>,
    receipts_expected: u64,
) -> AgreementChangeTold {
    AgreementChangeTold {
        done,
        agreement: agreement_told(node, kept),
        hash: hex::encode(kept.hash),
        // It is in our feed; they fetch it at their next sync.
        partner_told: false,
        consequences,
        receipts_expected,
    }
}

pub(super) fn list(
    desk: &Desk,
    _: &Staff,
    ask: AgreementListAsk,
    _: &Steps,
) -> Outcome<AgreementListTold> {
    let node = &desk.node;
    let partner = ask.partner.map(|text| node.find_partner(&text)).transpose()?;
    let mut kept = node.agreements()?;
    kept.retain(|kept| partner.as_ref().is_none_or(|(id, _)| kept.partner == *id));
    kept.sort_by_key(|kept| std::cmp::Reverse((kept.row.changed_at_s, kept.agreement.version)));
    let mut agreements: Vec<_> = kept.iter().map(|kept| agreement_told(node, kept)).collect();
    agreements.retain(|row| ask.state.is_none_or(|state| row.state == state));
    Ok(AgreementListTold { agreements })
}

pub(super) fn show(
    desk: &Desk,
    _: &Staff,
    ask: AgreementShowAsk,
    _: &Steps,
) -> Outcome<AgreementShowTold> {
    let node = &desk.node;
    let kept = node.find_agreement(&ask.agreement)?;
    Ok(AgreementShowTold {
        agreement: agreement_told(node, &kept),
        hash: hex::encode(kept.hash),
        clauses: page::clauses(&kept.agreement),
        we_would_send: texts(&kept.agreement.sends(&node.id())),
        we_would_receive: texts(&kept.agreement.receives(&node.id())),
        signatures: signatures(node, &kept)?,
        toml: page::draft(&kept.agreement, &node.id()),
    })
}

fn texts(texts: &[Text]) -> Vec<Both> {
    texts.iter().map(both).collect()
}

/// Who signed, and when it was kept here: the entries of the audit log say so.
fn signatures(node: &Node, kept: &Kept) -> Outcome<Vec<Signature>> {
    let row = &kept.row;
    let (mut ours, mut theirs) = (None, None);
    if row.our_signature.is_some() || row.their_signature.is_some() {
        let signed = Sought {
            action: Some(Action::AgreementSigned),
            agreement: Some(kept.agreement.id.0),
            until_s: Some(row.changed_at_s.saturating_add(1)),
            ..Sought::default()
        };
        // The last signature of each side: the version before had its own. An older version keeps
        // the times at which it was last changed.
        for (_, entry) in node.newest_entries(&signed, u64::MAX, usize::MAX)? {
            let side = match entry.actor {
                Actor::Partner(_) => &mut theirs,
                Actor::Staff(_) | Actor::Node => &mut ours,
            };
            side.get_or_insert(entry.at_s);
        }
    }
    let signed = [
        (row.our_signature.is_some(), ourselves(node), ours),
        (row.their_signature.is_some(), partner_named(node, &kept.partner), theirs),
    ];
    let signed = signed.into_iter().filter(|(signed, ..)| *signed);
    Ok(signed
        .map(|(_, organization, at_s)| Signature {
            organization,
            signed_at: instant(at_s.unwrap_or(row.changed_at_s)),
        })
        .collect())
}

pub(super) fn diff(
    desk: &Desk,
    _: &Staff,
    ask: AgreementDiffAsk,
    _: &Steps,
) -> Outcome<AgreementDiffTold> {
    let node = &desk.node;
    let against = ask.against.map(|text| node.find_agreement(&text)).transpose()?;
    let new = match (ask.agreement, ask.toml) {
        (Some(text), None) => node.find_agreement(&text)?,
        (None, Some(toml)) => unkept(node, &drafted(node, &toml, against.as_ref())?)?,
        _ => return Err(one_of_two()),
    };
    let old = match against {
        Some(old) => Some(old),
        None => compared_with(node, &new)?,
    };
    let before = old.as_ref().map(|old| &old.agreement);
    let of = |viewer, sees| {
        let changes = differences(before, &new.agreement, viewer);
        changes.into_iter().map(move |change| diff_line(&change, sees)).collect::<Vec<_>>()
    };
    let mut changes = of(&new.partner, Who::Them);
    for line in of(&node.id(), Who::Us) {
        // Terms that hold for both are compared twice.
        if !changes.contains(&line) {
            changes.push(line);
        }
    }
    changes.sort_by_key(|line| line.change);
    Ok(AgreementDiffTold {
        partner: partner_named(node, &new.partner),
        from_version: old.map(|old| old.agreement.version),
        to_version: new.agreement.version,
        changes,
    })
}

fn diff_line(change: &Change, sees: Who) -> DiffLine {
    let (kind, sees) = match change.kind {
        ChangeKind::Widened => (DiffKind::Wider, sees),
        ChangeKind::Narrowed => (DiffKind::Narrower, sees),
        // What an article grants concerns whoever it is granted to; what holds for both, nobody more.
        ChangeKind::Other if change.clause.article > 2 => (DiffKind::Other, sees),
        ChangeKind::Other => (DiffKind::Other, Who::Nobody),
    };
    DiffLine { clause: change.clause.to_string(), sees, change: kind, text: both(&change.text) }
}

/// What a version is compared with: the one in force with the same partner, or for that one, the
/// version before it.
fn compared_with(node: &Node, new: &Kept) -> Outcome<Option<Kept>> {
    let mut kept = node.agreements()?;
    kept.retain(|it| it.partner == new.partner && it.hash != new.hash);
    if let Some(before) = new.agreement.supersedes
        && let Some(at) = kept.iter().position(|it| it.hash == before)
    {
        return Ok(Some(kept.swap_remove(at)));
    }
    Ok(kept.into_iter().rfind(|it| it.state == AgreementState::Active))
}

/// A draft between us and the partner that it names.
fn drafted(node: &Node, toml: &str, against: Option<&Kept>) -> Outcome<Agreement> {
    if let Some(kept) = against {
        return node.read_draft(toml, &kept.partner, Some(kept));
    }
    let table: toml::Table = toml::from_str(toml).unwrap_or_default();
    let name = table.get("theirs").and_then(|it| it.get("name")?.get("en")?.as_str());
    let (partner, _) = node.find_partner(name.unwrap_or_default())?;
    let in_force = node
        .agreements()?
        .into_iter()
        .rfind(|kept| kept.partner == partner && kept.state == AgreementState::Active);
    node.read_draft(toml, &partner, in_force.as_ref())
}

fn one_of_two() -> Box<Fault> {
    Fault::new(
        1308,
        (
            "Name either an agreement or a draft to compare.",
            "Indiquez soit une entente, soit une ébauche à comparer.",
        ),
        ("Try `entente agreement diff ID`.", "Essayez `entente agreement diff ID`."),
    )
}

pub(super) fn sign(
    desk: &Desk,
    staff: &Staff,
    ask: AgreementSignAsk,
    _: &Steps,
) -> Outcome<AgreementChangeTold> {
    let node = &desk.node;
    let kept = node.find_agreement(&ask.agreement)?;
    let widened = would_see(node, &kept, ChangeKind::Widened)?;
    let kept = node.sign_agreement(staff.actor(), &kept)?;
    let mut consequences = vec![match kept.state {
        AgreementState::Active => Both::new(
            "Both have signed: it is in force between its dates.",
            "Les deux parties ont signé\u{a0}: l’entente est en vigueur entre ses dates.",
        ),
        _ => Both::new(
            "Nothing is shared under it before they have signed too.",
            "Rien n’est communiqué en vertu de l’entente avant sa signature par le partenaire.",
        ),
    }];
    consequences.extend(widened);
    Ok(told(node, &kept, true, consequences, 0))
}

pub(super) fn decline(
    desk: &Desk,
    staff: &Staff,
    ask: AgreementDeclineAsk,
    _: &Steps,
) -> Outcome<AgreementChangeTold> {
    let node = &desk.node;
    let kept = node.find_agreement(&ask.agreement)?;
    let reason = reason_text(ask.reason)?;
    let change = if kept.row.ours { AgreementChange::Retracted } else { AgreementChange::Declined };
    let nothing = Both::new(
        "Nothing was shared under it, and nothing will be.",
        "Rien n’a été communiqué en vertu de cette version, et rien ne le sera.",
    );
    changed(node, staff, &kept, (change, &reason), (vec![nothing], 0))
}

pub(super) fn suspend(
    desk: &Desk,
    staff: &Staff,
    ask: AgreementSuspendAsk,
    _: &Steps,
) -> Outcome<AgreementChangeTold> {
    let node = &desk.node;
    let kept = node.find_agreement(&ask.agreement)?;
    let reason = reason_text(ask.reason)?;
    let standing = node.standing(&kept.partner)?;
    let consequences = vec![
        Both::new(
            "Nothing more is shared or counted under it until we resume. Withdrawals still go out.",
            "Plus rien n’est communiqué ni dénombré jusqu’à la levée de la suspension. Les retraits partent toujours.",
        ),
        change::stays(&standing),
    ];
    if ask.dry_run {
        return Ok(told(node, &kept, false, consequences, 0));
    }
    changed(node, staff, &kept, (AgreementChange::Suspended, &reason), (consequences, 0))
}

pub(super) fn resume(
    desk: &Desk,
    staff: &Staff,
    ask: AgreementResumeAsk,
    _: &Steps,
) -> Outcome<AgreementChangeTold> {
    let node = &desk.node;
    let kept = node.find_agreement(&ask.agreement)?;
    let again = match kept.state {
        AgreementState::Suspended { by_them: true, .. } => Both::new(
            "They have suspended it as well; sharing goes on once they resume.",
            "Le partenaire l’a aussi suspendue; la communication reprendra quand il lèvera sa suspension.",
        ),
        _ => Both::new(
            "Sharing goes on at the next close of a period.",
            "La communication reprend à la prochaine clôture d’une période.",
        ),
    };
    changed(node, staff, &kept, (AgreementChange::Resumed, ""), (vec![again], 0))
}

pub(super) fn end(
    desk: &Desk,
    staff: &Staff,
    ask: AgreementEndAsk,
    _: &Steps,
) -> Outcome<AgreementChangeTold> {
    let node = &desk.node;
    let kept = node.find_agreement(&ask.agreement)?;
    let reason = reason_text(ask.reason)?;
    let consequences = change::ending(&node.standing(&kept.partner)?, &kept);
    if ask.dry_run {
        return Ok(told(node, &kept, false, consequences, 0));
    }
    let open = matches!(kept.state, AgreementState::Active | AgreementState::Suspended { .. });
    let outcome = (consequences, u64::from(open));
    changed(node, staff, &kept, (AgreementChange::Ended, &reason), outcome)
}

fn changed(
    node: &Node,
    staff: &Staff,
    kept: &Kept,
    (change, reason): (AgreementChange, &str),
    (consequences, receipts_expected): (Vec<Both>, u64),
) -> Outcome<AgreementChangeTold> {
    node.change_agreement(staff.actor(), kept, change, reason)?;
    let name = format!("{}@{}", kept.agreement.id, kept.agreement.version);
    let kept = node.find_agreement(&name)?;
    Ok(told(node, &kept, true, consequences, receipts_expected))
}

/// How many days an agreement still runs, both days included; negative once it is over.
pub(super) fn days_left(node: &Node, kept: &Kept) -> i64 {
    let start = |day: jiff::civil::Date| {
        let zoned = day.to_zoned(jiff::tz::TimeZone::UTC);
        zoned.map_or(Timestamp::UNIX_EPOCH, |zoned| zoned.timestamp()).as_second()
    };
    (start(kept.agreement.term.expiry) - start(node.today())) / (24 * 60 * 60) + 1
}
