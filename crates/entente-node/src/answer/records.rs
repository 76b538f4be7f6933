//! Answers: records, one at a time and as lists.
//!
//! Whatever identifies a person is shown only if that was asked for in so many words, and every
//! look is an entry in the audit log. A refused value is named by its field, never by itself.

use std::collections::VecDeque;
use std::ops::ControlFlow;

use entente_core::audit::Action;
use entente_core::definition;
use entente_core::identity::OrgId;
use entente_core::record::{CaseRecord, RecordId};
use entente_core::statement::WithdrawReason;
use entente_core::summary::Finest;
use entente_store::rows::ReleaseRow;

use super::{Desk, Staff, Steps, instant};
use crate::fault::Fault;
use crate::local::doc::*;
use crate::node::index::Wanted;
use crate::node::records::listing::Listing;
use crate::node::records::{Case, unknown_record};
use crate::node::waiting::ask_again;
use crate::node::{Node, Outcome};

mod consents;
pub(super) mod filter;
#[cfg(test)]
pub(super) mod fixture;
mod pairs;
mod search;
pub(super) mod show;
#[cfg(test)]
mod tests;

pub(super) use consents::{
    give as consent_give, list as consent_list, withdraw as consent_withdraw,
};
pub(super) use pairs::{link, propose as duplicates};
pub(super) use search::search;

use filter::{Filter, named_fields};
use show::{Names, shared_with};

/// The most rows of one answer: about half a megabyte.
const MAX_PAGE: u32 = 1_000;

/// How many rows are told of those asked for.
pub(super) fn page(asked: u32) -> usize {
    usize::try_from(asked.clamp(1, MAX_PAGE)).unwrap_or(1)
}

pub(super) fn add(
    desk: &Desk,
    staff: &Staff,
    ask: RecordAddAsk,
    _: &Steps,
) -> Outcome<RecordAddTold> {
    let node = &desk.node;
    let mut record = node.blank_record()?;
    node.fill(&mut record, &named_fields(&ask.fields.0)?)?;
    node.add_record(staff.actor(), record.clone(), Vec::new())?;
    Ok(RecordAddTold {
        record: record.id.to_string(),
        definitions: show::definitions(&record),
        screening: show::screening(&record),
        warnings: show::warnings(&record),
        duplicates: pairs::hints(node, &record)?,
    })
}

pub(super) fn show(
    desk: &Desk,
    staff: &Staff,
    ask: RecordShowAsk,
    _: &Steps,
) -> Outcome<RecordShowTold> {
    let node = &desk.node;
    let id = node.find_record(&ask.record)?;
    let how = ask.reveal.then(|| "revealed".to_owned());
    let versions = node.read_record(staff.actor(), &id, how)?;
    let first = versions.first().ok_or_else(unknown_record)?;
    let created_at = instant(first.changed_at_s);
    let case = match ask.version {
        None => versions.last(),
        Some(version) => versions.iter().find(|case| case.version == version),
    };
    let case = case.ok_or_else(no_such_version)?;
    let (names, releases) = (Names::of(node)?, node.releases_of(&id)?);
    let linked = match case.record.person {
        Some(person) => node.records_of_person(person)?,
        None => Vec::new(),
    };
    let consents = case.consents.iter();
    Ok(RecordShowTold {
        record: show::row(case, &releases, &names, node.today()),
        created_at,
        updated_at: instant(case.changed_at_s),
        fields: show::fields(&case.record, ask.reveal),
        definitions: show::definitions(&case.record),
        screening: show::screening(&case.record),
        consents: consents.map(|it| show::consent_row(it, &names, node.today())).collect(),
        shared_with: releases.iter().map(|release| shared_with(release, &names)).collect(),
        linked: linked.iter().filter(|other| **other != id).map(RecordId::to_string).collect(),
        steward_allows: case.steward_allows,
    })
}

pub(super) fn list(
    desk: &Desk,
    staff: &Staff,
    ask: RecordListAsk,
    _: &Steps,
) -> Outcome<RecordListTold> {
    let node = &desk.node;
    let filter = Filter::read(&ask.filter)?;
    let after = ask.after.as_deref().map(|text| node.find_record(text)).transpose()?;
    let limit = page(ask.limit);
    let today = node.today();
    let ending = ask.consent_ending.then(|| (today, ask_again(today)));
    let is_meant = |case: &Case| {
        (ask.withdrawn || !case.withdrawn)
            && filter.admits(&case.record)
            && ending.is_none_or(|(today, then)| case.has_consent_ending(today, then))
            && !(ask.no_consent && show::has_consent(case, today))
    };
    let in_memory = filter.in_memory().filter(|_| !ask.no_consent);
    let Listing { total, cases, is_more } = match in_memory {
        Some(wanted) => {
            let wanted = Wanted { withdrawn: ask.withdrawn, ending, ..wanted };
            node.newest_cases(&wanted, is_meant, after, limit)?
        }
        None => walk(node, is_meant, after, limit)?,
    };
    let names = Names::of(node)?;
    let row = |case: &Case| -> Outcome<RecordRow> {
        Ok(show::row(case, &node.releases_of(&case.record.id)?, &names, node.today()))
    };
    let records: Vec<_> = cases.iter().map(row).collect::<Outcome<_>>()?;
    let entry = node.entry(staff.actor(), Action::RecordsListed).n(records.len() as u64);
    node.audit(vec![entry])?;
    let next = records.last().filter(|_| is_more).map(|row| row.id.clone());
    Ok(RecordListTold { total, records, next })
}

/// The same from all records, for filters that memory cannot answer.
fn walk(
    node: &Node,
    is_meant: impl Fn(&Case) -> bool,
    after: Option<RecordId>,
    limit: usize,
) -> Outcome<Listing> {
    // Ids grow with time: the newest of those before `after` are the last that are met.
    let (mut total, mut n_before, mut newest) = (0, 0_usize, VecDeque::with_capacity(limit));
    node.each_case(&mut |case| {
        if is_meant(&case) {
            total += 1;
            if after.is_none_or(|after| case.record.id < after) {
                n_before += 1;
                if newest.len() == limit {
                    newest.pop_front();
                }
                newest.push_back(case);
            }
        }
        ControlFlow::Continue(())
    })?;
    let cases: Vec<_> = newest.into_iter().rev().collect();
    Ok(Listing { total, is_more: n_before > cases.len(), cases })
}

pub(super) fn edit(
    desk: &Desk,
    staff: &Staff,
    ask: RecordEditAsk,
    _: &Steps,
) -> Outcome<RecordEditTold> {
    let node = &desk.node;
    let id = node.find_record(&ask.record)?;
    let fields = named_fields(&ask.set.0)?;
    let before = node.case(&id)?;
    is_current(&before, ask.version)?;
    let mut after = before.record.clone();
    node.fill(&mut after, &fields)?;
    let changed = before.record.changed_fields(&after);
    let told = |version, summaries_outdated| RecordEditTold {
        record: id.to_string(),
        version,
        changed: changed.iter().map(|field| field.name().to_owned()).collect(),
        warnings: show::warnings(&after),
        summaries_outdated,
    };
    if changed.is_empty() {
        return Ok(told(before.version, 0));
    }
    let standing = standing(node, &id)?.len() as u64;
    let case = node.edit_record(staff.actor(), &id, |case| {
        is_current(case, Some(before.version))?;
        node.fill(&mut case.record, &fields)
    })?;
    let is_outdated = finest(&before.record) != finest(&after);
    Ok(told(case.version, if is_outdated { standing } else { 0 }))
}

fn is_current(case: &Case, version: Option<u32>) -> Outcome<()> {
    if version.is_none_or(|version| version == case.version) {
        return Ok(());
    }
    let newest = case.version;
    Err(Fault::new(
        1410,
        ("Somebody has changed this record meanwhile.", "Ce dossier a été modifié entre-temps."),
        (
            "Look at it again, then edit it: `entente record show`.",
            "Revoyez-le, puis modifiez-le\u{a0}: `entente record show`.",
        ),
    )
    .because(
        format!("The newest version is {newest}."),
        format!("La version la plus récente est la {newest}."),
    ))
}

fn finest(record: &CaseRecord) -> Option<Finest> {
    Finest::of(record, definition::met(record))
}

/// What partners hold of a record.
fn standing(node: &Node, id: &RecordId) -> Outcome<Vec<(OrgId, ReleaseRow)>> {
    let mut releases = node.releases_of(id)?;
    releases.retain(|(_, release)| release.withdrawn_at_s.is_none());
    Ok(releases)
}

pub(super) fn history(
    desk: &Desk,
    staff: &Staff,
    ask: RecordHistoryAsk,
    _: &Steps,
) -> Outcome<RecordHistoryTold> {
    let id = desk.node.find_record(&ask.record)?;
    let how = ["history".to_owned()];
    let versions = desk.node.read_record(staff.actor(), &id, how)?;
    let before = std::iter::once(None).chain(versions.iter().map(Some));
    let mut rows: Vec<_> = before
        .zip(&versions)
        .map(|(before, case)| VersionRow {
            version: case.version,
            at: instant(case.changed_at_s),
            by: case.changed_by.clone(),
            changed: changed(before, case),
        })
        .collect();
    rows.reverse();
    Ok(RecordHistoryTold { record: id.to_string(), versions: rows })
}

/// The names of what changed from one version to the next, without what it held.
fn changed(before: Option<&Case>, case: &Case) -> Vec<String> {
    let Some(before) = before else {
        let fields = case.record.to_fields().into_iter();
        return fields.map(|(field, _)| field.name().to_owned()).collect();
    };
    let fields = before.record.changed_fields(&case.record);
    let mut names: Vec<_> = fields.iter().map(|field| field.name().to_owned()).collect();
    let beside = [
        ("consent", before.consents != case.consents),
        ("withdrawn", before.withdrawn != case.withdrawn),
        ("steward_allows", before.steward_allows != case.steward_allows),
    ];
    names.extend(beside.iter().filter(|(_, it)| *it).map(|(name, _)| (*name).to_owned()));
    names
}

pub(super) fn withdraw(
    desk: &Desk,
    staff: &Staff,
    ask: RecordWithdrawAsk,
    _: &Steps,
) -> Outcome<WithdrawTold> {
    let node = &desk.node;
    let id = node.find_record(&ask.record)?;
    let case = node.case(&id)?;
    let meant = node.would_take_back(&case, WithdrawReason::RecordWithdrawn)?;
    if !ask.dry_run && !case.withdrawn {
        node.withdraw_record(staff.actor(), &id)?;
    }
    withdrawn_told(desk, &id, !ask.dry_run, Vec::new(), &meant)
}

/// What a withdrawal did, or would do: `meant` are the releases that it takes back.
fn withdrawn_told(
    desk: &Desk,
    id: &RecordId,
    done: bool,
    consents: Vec<String>,
    meant: &[(OrgId, ReleaseRow)],
) -> Outcome<WithdrawTold> {
    let names = Names::of(&desk.node)?;
    let mut releases = desk.node.releases_of(id)?;
    releases.retain(|(partner, _)| meant.iter().any(|(other, _)| other == partner));
    let is_awaited =
        |release: &ReleaseRow| release.withdrawn_at_s.is_some() && release.receipt.is_none();
    let n_awaited = releases.iter().filter(|(_, release)| is_awaited(release)).count();
    Ok(WithdrawTold {
        done,
        record: id.to_string(),
        consents,
        partners: releases.iter().map(|release| shared_with(release, &names)).collect(),
        receipts_expected: n_awaited as u64,
    })
}

pub(super) fn steward(
    desk: &Desk,
    staff: &Staff,
    ask: RecordStewardAsk,
    _: &Steps,
) -> Outcome<RecordStewardTold> {
    let node = &desk.node;
    let id = node.find_record(&ask.record)?;
    let mut case = node.case(&id)?;
    let steward = match ask.steward.as_deref() {
        Some(text) => Some(node.find_partner(text)?.0),
        None if ask.allows.is_some() => Some(case.record.steward.ok_or_else(no_steward)?),
        None => None,
    };
    let before = standing(node, &id)?.len();
    let is_answered = ask.allows.is_some() && case.steward_allows != ask.allows;
    if case.record.steward != steward || is_answered {
        case = node.name_steward(staff.actor(), &id, steward, ask.allows)?;
    }
    let names = Names::of(node)?;
    let withdrawn = before.saturating_sub(standing(node, &id)?.len());
    Ok(RecordStewardTold {
        record: id.to_string(),
        version: case.version,
        steward: steward.as_ref().map(|id| names.named(id)),
        allows: case.steward_allows,
        summaries_withdrawn: withdrawn as u64,
    })
}

fn no_steward() -> Box<Fault> {
    Fault::new(
        1412,
        (
            "The record has no community steward who could answer.",
            "Le dossier n’a pas de gardien communautaire qui puisse répondre.",
        ),
        (
            "Name one with the answer: `entente record steward RECORD PARTNER --allows yes`.",
            "Nommez-en un avec la réponse\u{a0}: `entente record steward DOSSIER PARTENAIRE --allows \
             yes`.",
        ),
    )
}

fn no_such_version() -> Box<Fault> {
    Fault::new(
        1411,
        ("The record has no such version.", "Le dossier n’a pas cette version."),
        (
            "See its versions: `entente record history`.",
            "Voyez ses versions\u{a0}: `entente record history`.",
        ),
    )
}
