//! Searching by what identifies: names, numbers, notes. What is looked for is never written down.

use entente_core::audit::Action;
use entente_core::record::{CaseRecord, Field, RecordId};

use super::show::{Names, row};
use crate::answer::{Desk, Staff, Steps};
use crate::fault::Fault;
use crate::local::doc::*;
use crate::node::Outcome;
use crate::node::records::identified::{fold, texts};

/// Words of fewer characters are in half of all names.
const MIN_WORD: usize = 2;

/// How well what was typed, and nothing else, fits.
const EXACT: u8 = 100;

pub(in crate::answer) fn search(
    desk: &Desk,
    staff: &Staff,
    ask: RecordSearchAsk,
    _: &Steps,
) -> Outcome<RecordSearchTold> {
    let node = &desk.node;
    let folded = fold(&ask.text.0);
    let words: Vec<&str> = folded.split(' ').collect();
    if words.iter().all(|word| word.len() < MIN_WORD) {
        return Err(Fault::new(
            1409,
            ("There is nothing to look for.", "Il n’y a rien à chercher."),
            (
                "Give a name or a number of two characters or more.",
                "Donnez un nom ou un numéro d’au moins deux caractères.",
            ),
        ));
    }
    let mut found: Vec<(u8, RecordId, Vec<Field>)> = Vec::new();
    let long: Vec<&str> = words.iter().copied().filter(|word| word.len() >= MIN_WORD).collect();
    for id in node.cases_with(&long)? {
        let fit = fit(&node.case(&id)?.record, &words);
        found.extend(fit.map(|(score, fields)| (score, id, fields)));
    }
    // The best first, and the newest of equals.
    found.sort_by_key(|(score, id, _)| std::cmp::Reverse((*score, *id)));
    found.truncate(super::page(ask.limit));
    let entry = node.entry(staff.actor(), Action::RecordsListed).n(found.len() as u64);
    node.audit(vec![entry.reasons(["search".to_owned()])])?;
    let names = Names::of(node)?;
    let told = |(score, id, fields): (u8, RecordId, Vec<Field>)| -> Outcome<Found> {
        let case = node.case(&id)?;
        Ok(Found {
            record: row(&case, &node.releases_of(&id)?, &names, node.today()),
            score,
            matched: fields.iter().map(|field| field.name().to_owned()).collect(),
        })
    };
    Ok(RecordSearchTold { found: found.into_iter().map(told).collect::<Outcome<_>>()? })
}

/// How well a record fits all the words, and in which fields; `None` if one is nowhere.
///
/// 100 is for a field, or one of its several values, that is what was typed and nothing else: a
/// number is looked for to find that number. A word of one character counts and may be missing.
fn fit(record: &CaseRecord, words: &[&str]) -> Option<(u8, Vec<Field>)> {
    let texts = texts(record);
    let typed = words.concat();
    let is_typed = |text: &str| text.split(';').any(|value| value.replace(' ', "") == typed);
    let exact = texts.iter().filter(|(_, text)| is_typed(text));
    let exact: Vec<_> = exact.map(|(field, _)| *field).collect();
    if !exact.is_empty() {
        return Some((EXACT, exact));
    }
    let (mut sum, mut fields) = (0_usize, Vec::new());
    for word in words {
        let scored = texts.iter().map(|(field, text)| (word_fit(text, word), *field));
        let (score, field) = scored.max_by_key(|(score, _)| *score)?;
        if score == 0 && word.len() >= MIN_WORD {
            return None;
        }
        sum += usize::from(score);
        if score > 0 && !fields.contains(&field) {
            fields.push(field);
        }
    }
    let mean = u8::try_from(sum / words.len()).unwrap_or(EXACT);
    Some((mean.min(EXACT - 1), fields))
}

/// A whole word, the beginning of one, or a part: 100, 80, 50.
fn word_fit(text: &str, word: &str) -> u8 {
    let mut all = text.split([' ', ';']);
    if all.clone().any(|other| other == word) {
        100
    } else if all.any(|other| other.starts_with(word)) {
        80
    } else if text.contains(word) || is_in_number(text, word) {
        50
    } else {
        0
    }
}

/// Numbers are typed with and without spaces.
fn is_in_number(text: &str, word: &str) -> bool {
    let is_number = word.len() >= 4 && word.chars().any(|c| c.is_ascii_digit());
    is_number && text.chars().filter(|c| *c != ' ').collect::<String>().contains(word)
}
