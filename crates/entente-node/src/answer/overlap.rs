//! Answers: overlap rounds, from a draft to what was counted. Driving one is in
//! [`super::overlap_run`].

use std::collections::BTreeMap;

use entente_core::codes::Code as _;
use entente_core::identity::OrgId;
use entente_core::lang::Lang;
use entente_core::statistics::budget::NanoRho;
use entente_core::statistics::mse::Lists;
use entente_core::statistics::overlap::{
    Bounds, Histogram, LinkageFigures, Noise, Role, Round, Terms, draft_toml,
};
use entente_store::rows::OverlapRow as Row;

use super::epochs::period;
use super::plans::{advantage, member, whole};
use super::records::show::Names;
use super::{Desk, Staff, Steps, instant};
use crate::fault::{Both, Fault};
use crate::local::doc::*;
use crate::node::statistics::overlap::{KeptRound, Progress};
use crate::node::{Node, Outcome};

/// What drafts have unless told otherwise.
const EPSILON_MILLI: u32 = 500;
const PER_LIST: u8 = 2;
const SIZE: u32 = 200;

pub(super) fn draft(
    desk: &Desk,
    staff: &Staff,
    ask: OverlapDraftAsk,
    _: &Steps,
) -> Outcome<OverlapDraftTold> {
    let node = &desk.node;
    let names = Names::of(node)?;
    let [first, second] = ask.helpers.as_slice() else {
        let two = ("A round has two helpers.", "Un recoupement a deux mélangeurs.");
        return Err(cannot_stand("helpers", two.0, two.1));
    };
    let mut lists: BTreeMap<String, Vec<OrgId>> = BTreeMap::new();
    for text in &ask.contributors {
        let (text, list) = match text.rsplit_once('=') {
            Some((text, list)) => (text, Some(list.trim().to_owned())),
            None => (text.as_str(), None),
        };
        let (org, kind) = member(node, text.trim())?;
        lists.entry(list.unwrap_or_else(|| kind.code().to_owned())).or_default().push(org);
    }
    let mut contributors = Vec::new();
    for (number, orgs) in (0_u8..).zip(lists.values()) {
        contributors.extend(orgs.iter().map(|org| (*org, number)));
    }
    contributors.sort_unstable();
    let noise = Noise::from_epsilon_milli(ask.epsilon_milli.unwrap_or(EPSILON_MILLI));
    let wrong_period = ("It is a year or a quarter.", "C’est une année ou un trimestre.");
    let terms = Terms {
        period: period(&ask.period)
            .map_err(|_| cannot_stand("period", wrong_period.0, wrong_period.1))?,
        lists: lists.keys().cloned().collect(),
        per_list: ask.per_list.unwrap_or(PER_LIST),
        capacity: ask.size.unwrap_or(SIZE),
        noise: noise.ok_or_else(|| {
            cannot_stand("epsilon_milli", "Epsilon is from 0.1 to 2.", "Epsilon va de 0,1 à 2.")
        })?,
        coordinator: node.id(),
        helpers: [member(node, first)?.0, member(node, second)?.0],
        contributors,
        n_before: ask.earlier_rounds.unwrap_or(0),
    };
    let toml = draft_toml(&terms, &|org| names.named(org).name.en);
    // What is wrong with it is said now, and not after somebody has edited it.
    if let Err(error) = terms.clone().check() {
        return Err(cannot_stand(error.place(), error.text(Lang::En), error.text(Lang::Fr)));
    }
    let round = node.read_overlap(&toml)?;
    let kept = match ask.propose {
        true => Some(node.propose_overlap(staff.actor(), &round)?),
        false => None,
    };
    let nano_rho = round.terms().noise.nano_rho();
    let list = |(list, orgs): (String, Vec<OrgId>)| OverlapListRow {
        list,
        contributors: orgs.iter().map(|org| names.named(org)).collect(),
    };
    Ok(OverlapDraftTold {
        period: terms.period.to_string(),
        helpers: terms.helpers.iter().map(|org| names.named(org)).collect(),
        lists: lists.into_iter().map(list).collect(),
        toml,
        page: readable(&names, &round),
        nano_rho,
        advantage_permille: advantage(NanoRho(nano_rho)),
        round: kept.map(|kept| row(node, &names, &kept)).transpose()?,
    })
}

/// The terms in plain words.
fn readable(names: &Names, round: &Round) -> Both {
    let page = |lang| round.render(lang, &|org| names.named(org).called(lang));
    Both::new(page(Lang::En), page(Lang::Fr))
}

/// A draft in which something cannot be, with the key that says it.
fn cannot_stand(place: &str, en: impl Into<String>, fr: impl Into<String>) -> Box<Fault> {
    Fault::new(
        2820,
        (
            "The terms of an overlap round cannot stand like this.",
            "Les conditions d’un recoupement ne sont pas acceptables telles quelles.",
        ),
        (
            "Change what is named, and draft them again.",
            "Modifiez ce qui est nommé, puis rédigez-les de nouveau.",
        ),
    )
    .because(place, place)
    .because(en, fr)
}

fn no_draft(en: &str, fr: &str) -> Box<Fault> {
    Fault::new(
        2124,
        (
            "This does not make the terms of an overlap round.",
            "Ceci ne donne pas les conditions d’un recoupement.",
        ),
        ("See `entente stats overlap --help`.", "Voyez `entente stats overlap --help`."),
    )
    .because(en, fr)
}

pub(super) fn sign(
    desk: &Desk,
    staff: &Staff,
    ask: OverlapSignAsk,
    _: &Steps,
) -> Outcome<OverlapSignTold> {
    let node = &desk.node;
    let kept = match (&ask.round, &ask.toml) {
        (Some(wanted), None) => node.find_overlap(wanted)?,
        (None, Some(toml)) => {
            let round = node.read_overlap(toml)?;
            match ask.dry_run {
                true => unkept(node, round),
                false => node.propose_overlap(staff.actor(), &round)?,
            }
        }
        (Some(_), Some(_)) | (None, None) => {
            return Err(no_draft(
                "Name either a round or the draft of one.",
                "Indiquez soit un recoupement, soit l’ébauche d’un recoupement.",
            ));
        }
    };
    let kept = match ask.dry_run {
        true => {
            if !kept.is_signed() {
                node.check_overlap(&kept.round)?;
            }
            kept
        }
        false => node.sign_overlap(staff.actor(), &kept.round.id())?,
    };
    let names = Names::of(node)?;
    let nano_rho = kept.round.terms().noise.nano_rho();
    Ok(OverlapSignTold {
        done: kept.is_signed(),
        page: readable(&names, &kept.round),
        nano_rho,
        advantage_permille: advantage(NanoRho(nano_rho)),
        round: row(node, &names, &kept)?,
    })
}

/// A draft as if it were kept, to be shown.
fn unkept(node: &Node, round: Round) -> KeptRound {
    let row = Row {
        bytes: entente_proto::encode_overlap_terms(&round),
        from: *node.id().as_bytes(),
        at_s: node.now_s(),
        signed_at_s: None,
        begun_at_s: None,
        ended_at_s: None,
    };
    KeptRound { round, row, signers: Vec::new() }
}

pub(super) fn list(
    desk: &Desk,
    _: &Staff,
    _: OverlapListAsk,
    _: &Steps,
) -> Outcome<OverlapListTold> {
    let node = &desk.node;
    let names = Names::of(node)?;
    let rounds = node.overlaps()?;
    let rounds = rounds.iter().map(|kept| row(node, &names, kept));
    Ok(OverlapListTold { rounds: rounds.collect::<Outcome<_>>()? })
}

pub(super) fn show(desk: &Desk, _: &Staff, ask: OverlapShowAsk, _: &Steps) -> Outcome<OverlapTold> {
    let kept = desk.node.find_overlap(&ask.round)?;
    let told = told(&desk.node, &kept, &Misses::new())?;
    let signed = match ask.signed {
        true => desk.node.overlap_result(&kept.round.id())?,
        false => None,
    };
    let signed = signed.map(|it| hex::encode(entente_proto::overlap_result_file(&it)));
    Ok(OverlapTold { signed, ..told })
}

/// What kept a party from its step.
pub(super) type Misses = BTreeMap<OrgId, (&'static str, Vec<Reason>)>;

/// Where a round stands, read from what is kept.
pub(super) fn told(node: &Node, kept: &KeptRound, misses: &Misses) -> Outcome<OverlapTold> {
    let names = Names::of(node)?;
    let progress = node.overlap_progress(&kept.round.id())?;
    let parties = parties(kept, &progress, &names, misses);
    let own = node.overlap_linkage(&kept.round.id())?;
    let own = own.map(|[usable, without_names, without_birthdate, not_covered]| OverlapOwn {
        usable,
        without_names,
        without_birthdate,
        not_covered,
    });
    let counted = progress.counted.as_ref().map(|it| counted(kept, &progress, it, &node.id()));
    Ok(OverlapTold { round: row(node, &names, kept)?, parties, counted, own, signed: None })
}

fn part_of(round: &Round, org: &OrgId) -> &'static str {
    match round.role_of(org) {
        Some(Role::First) => "first_helper",
        Some(Role::Second) => "second_helper",
        Some(Role::Coordinator) => "coordinator",
        None => "contributor",
    }
}

/// A round as a row of a table.
pub(super) fn row(node: &Node, names: &Names, kept: &KeptRound) -> Outcome<OverlapRoundRow> {
    let (terms, ours) = (kept.round.terms(), node.id());
    let parties = kept.round.parties();
    let others = |has_signed: bool| {
        let others = parties.iter().filter(|org| **org != ours);
        let others = others.filter(|org| kept.signers.contains(org) == has_signed);
        others.map(|org| names.named(org)).collect()
    };
    let state = if kept.row.ended_at_s.is_some() {
        let progress = node.overlap_progress(&kept.round.id())?;
        if progress.counted.is_some() { "counted" } else { "over" }
    } else if kept.row.begun_at_s.is_some() {
        "running"
    } else if kept.is_signed() {
        "signed"
    } else {
        "proposed"
    };
    Ok(OverlapRoundRow {
        id: kept.round.id().to_string(),
        period: terms.period.to_string(),
        lists: terms.lists.clone(),
        epsilon_milli: terms.noise.epsilon_milli(),
        per_list: terms.per_list,
        size: terms.capacity,
        earlier_rounds: terms.n_before,
        our_part: part_of(&kept.round, &ours).to_owned(),
        state: state.to_owned(),
        signed_at: kept.row.signed_at_s.map(instant),
        signed_by: others(true),
        unsigned: others(false),
    })
}

fn parties(
    kept: &KeptRound,
    progress: &Progress,
    names: &Names,
    misses: &Misses,
) -> Vec<OverlapPartyRow> {
    let terms = kept.round.terms();
    let contributors = terms.contributors.iter().map(|(org, _)| *org);
    let everybody = contributors.chain(terms.helpers).chain([terms.coordinator]);
    let party = |org: OrgId| {
        let list = kept.round.list_of(&org).and_then(|list| terms.lists.get(usize::from(list)));
        let is_missing = progress.missing.as_ref().is_some_and(|it| it.contains(&org));
        let (outcome, reasons) = if progress.mixed.contains(&org) {
            ("mixed", Vec::new())
        } else if progress.given.contains_key(&org) {
            ("given", Vec::new())
        } else if is_missing {
            ("missing", Vec::new())
        } else if org == terms.coordinator && progress.counted.is_some() {
            ("counted", Vec::new())
        } else if let Some((outcome, reasons)) = misses.get(&org) {
            (*outcome, reasons.clone())
        } else if progress.shares.contains(&org) {
            ("ready", Vec::new())
        } else {
            ("waiting", Vec::new())
        };
        OverlapPartyRow {
            party: names.named(&org),
            part: part_of(&kept.round, &org).to_owned(),
            list: list.cloned(),
            outcome: outcome.to_owned(),
            reasons,
        }
    };
    everybody.map(party).collect()
}

fn hundredths(sd: f64) -> u32 {
    whole((sd * 100.0).round())
}

fn counted(
    kept: &KeptRound,
    progress: &Progress,
    histogram: &Histogram,
    ours: &OrgId,
) -> OverlapCounted {
    let Histogram { lists, counts, sd, n_uncovered } = histogram;
    let on = |set: &Lists| -> Vec<String> {
        let named = lists.iter().enumerate().filter(|(at, _)| set.hold(Lists::only(*at)));
        named.map(|(_, name)| name.clone()).collect()
    };
    let cell = |(set, count): (&Lists, &i64)| OverlapCell {
        lists: on(set),
        count: *count,
        error_hundredths: hundredths(sd.get(set).copied().unwrap_or_default()),
    };
    let totals = histogram.list_totals();
    let bounds = Bounds::of(totals.iter().copied());
    let total = |(list, count): (&String, &i64)| OverlapTotal { list: list.clone(), count: *count };
    OverlapCounted {
        cells: counts.iter().map(cell).collect(),
        lists: lists.iter().zip(&totals).map(total).collect(),
        distinct: histogram.n_distinct(),
        distinct_error_hundredths: hundredths(histogram.sd_distinct()),
        largest: bounds.largest,
        sum: bounds.sum,
        uncovered: (part_of(&kept.round, ours) == "coordinator").then_some(*n_uncovered),
        linkage: linkage(kept, progress),
        csv: histogram.csv(),
    }
}

fn linkage(kept: &KeptRound, progress: &Progress) -> OverlapLinkage {
    let said = progress.given.values();
    let sum = said.fold(LinkageFigures::default(), |sum, figures| sum.plus(*figures));
    let [usable, without_names, without_birthdate] = sum.0;
    let n = f64::from(u32::try_from(progress.given.len()).unwrap_or(u32::MAX));
    OverlapLinkage {
        usable,
        without_names,
        without_birthdate,
        usable_permille: sum.usable_permille(),
        error_hundredths: hundredths(kept.round.terms().noise.linkage_sd() * n.sqrt()),
    }
}
