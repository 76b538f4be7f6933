//! Records that may be about one person: proposed here, decided by a person.

use std::collections::BTreeSet;
use std::sync::Arc;

use entente_core::duplicates::{Clue, Pair};
use entente_core::record::{CaseRecord, Field, RecordId};

use super::show::{Names, fields, row};
use crate::answer::{Desk, Staff, Steps, step};
use crate::local::doc::*;
use crate::node::{Node, Outcome};
use entente_core::audit::Action;

pub(in crate::answer) fn propose(
    desk: &Desk,
    staff: &Staff,
    ask: RecordDuplicatesAsk,
    steps: &Steps,
) -> Outcome<RecordDuplicatesTold> {
    let node = &desk.node;
    let only = ask.record.as_deref().map(|text| node.find_record(text)).transpose()?;
    step(steps, 0, 0, "comparing records", "comparaison des dossiers");
    let shown = (ask.from as usize, super::page(ask.limit));
    let (found, total) = pairs(node, only, ask.min_score, shown)?;
    let names = Names::of(node)?;
    let side = |id: &RecordId| -> Outcome<(RecordRow, Vec<FieldValue>)> {
        let case = node.case(id)?;
        let held = if ask.fields { fields(&case.record, false) } else { Vec::new() };
        Ok((row(&case, &node.releases_of(id)?, &names, node.today()), held))
    };
    let pair = |pair: &Pair| -> Outcome<DuplicatePair> {
        let (left, left_fields) = side(&pair.one)?;
        let (right, right_fields) = side(&pair.other)?;
        Ok(DuplicatePair {
            left,
            right,
            left_fields,
            right_fields,
            score: score(pair),
            because: because(pair),
        })
    };
    let pairs: Vec<_> = found.iter().map(pair).collect::<Outcome<_>>()?;
    let reasons = || ["duplicates".to_owned()];
    let entry = node.entry(staff.actor(), Action::RecordsListed).n(pairs.len() as u64);
    let mut entries = vec![entry.reasons(reasons())];
    if ask.fields {
        // What both hold is shown as on the page of each.
        let shown: BTreeSet<RecordId> = found.iter().flat_map(|it| [it.one, it.other]).collect();
        let read = |id| node.entry(staff.actor(), Action::RecordRead).record(id).reasons(reasons());
        entries.extend(shown.into_iter().map(read));
    }
    node.audit(entries)?;
    Ok(RecordDuplicatesTold { total, pairs })
}

/// What speaks for a new record being about somebody who is known.
pub(super) fn hints(node: &Node, record: &CaseRecord) -> Outcome<Vec<DuplicateHint>> {
    let (found, _) = pairs(node, Some(record.id), 0, (0, 5))?;
    let hint = |pair: &Pair| {
        let other = if pair.one == record.id { pair.other } else { pair.one };
        DuplicateHint { record: other.to_string(), score: score(pair), because: because(pair) }
    };
    Ok(found.iter().map(hint).collect())
}

/// The most alike but for the first `from`, at most `limit`, and how many there are in all.
fn pairs(
    node: &Node,
    only: Option<RecordId>,
    min_score: u8,
    (from, limit): (usize, usize),
) -> Outcome<(Vec<Pair>, u64)> {
    let pairs = match only {
        Some(id) => Arc::new(node.alike_to(&id)?),
        None => node.alike()?,
    };
    let (mut found, mut total) = (Vec::new(), 0_usize);
    for pair in pairs.iter().filter(|pair| score(pair) >= min_score) {
        if node.are_apart(&pair.one, &pair.other)? {
            continue;
        }
        if total >= from && found.len() < limit {
            found.push(pair.clone());
        }
        total += 1;
    }
    Ok((found, total as u64))
}

/// Points as 0 to 100: a hundred and more is as certain as it gets.
fn score(pair: &Pair) -> u8 {
    u8::try_from(pair.points.clamp(0, 100)).unwrap_or(100)
}

/// The fields that agree.
fn because(pair: &Pair) -> Vec<String> {
    let mut fields: Vec<Field> = Vec::new();
    for clue in &pair.reasons {
        fields.extend(match clue {
            Clue::SameIdNumber => vec![Field::IdNumbers],
            Clue::SameEmail => vec![Field::ContactEmail],
            Clue::SamePhone => vec![Field::ContactPhone],
            Clue::SameBirthdate | Clue::SameNewYearBirthdate | Clue::CloseBirthdate => {
                vec![Field::Birthdate]
            }
            Clue::SameName | Clue::SimilarName => vec![Field::NameFirst, Field::NameLast],
            Clue::OtherName | Clue::OtherBirthdate | Clue::OtherGender => Vec::new(),
        });
    }
    fields.iter().map(|field| field.name().to_owned()).collect()
}

pub(in crate::answer) fn link(
    desk: &Desk,
    staff: &Staff,
    ask: RecordLinkAsk,
    _: &Steps,
) -> Outcome<RecordLinkTold> {
    let node = &desk.node;
    let (left, right) = (node.find_record(&ask.left)?, node.find_record(&ask.right)?);
    if left == right {
        return Err(crate::fault::Fault::new(
            1408,
            ("Both are the same record.", "Les deux sont le même dossier."),
            ("Give two records.", "Donnez deux dossiers."),
        ));
    }
    let linked = if ask.same_person {
        node.link_records(&staff.actor(), &left, &right)?
    } else {
        node.part_records(&staff.actor(), &left, &right)?;
        vec![left, right]
    };
    let linked = linked.into_iter().map(|id| id.to_string()).collect();
    Ok(RecordLinkTold { same_person: ask.same_person, linked })
}
