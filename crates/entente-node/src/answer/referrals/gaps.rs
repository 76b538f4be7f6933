//! What our referrals came to: exact figures for our own staff.

use std::collections::{BTreeMap, BTreeSet};

use entente_core::codes::{Barrier, Code as _};
use entente_core::period::Period;
use entente_core::referral::{OfferStep, ReferralId};
use entente_core::statistics::plan::CubeDimension;
use entente_core::statistics::referrals::{ReferralFacts, Unmet};

use crate::answer::epochs::period;
use crate::answer::{Desk, Staff, Steps};
use crate::local::doc::*;
use crate::node::Outcome;
use crate::node::referrals::KeptReferral;

/// Why those who were asked about a referral declined it.
type Declines = BTreeMap<ReferralId, Vec<Barrier>>;

/// Counts each referral, not each person: the desk that looks for beds asks how often there was none. And
/// each decline, since a partner that had no room is a gap even where another had some.
pub(in crate::answer) fn gaps(
    desk: &Desk,
    _: &Staff,
    ask: ReferralGapsAsk,
    _: &Steps,
) -> Outcome<ReferralGapsTold> {
    let node = &desk.node;
    let text = ask.period.unwrap_or_else(|| node.today().year().to_string());
    let of = period(&text)?;
    let mut facts = node.own_referral_facts()?;
    facts.retain(|it| it.quarter().is_some_and(|quarter| of.contains(Period::Quarter(quarter))));
    let persons: BTreeSet<_> = facts.iter().map(|it| it.person).collect();
    let declines: Declines = node.referrals()?.iter().map(declines_of).collect();
    Ok(ReferralGapsTold {
        period: of.to_string(),
        referrals: facts.len() as u64,
        persons: persons.len() as u64,
        unmet: facts.iter().filter(|it| is_unmet(it)).count() as u64,
        declines: counted(facts.iter().filter_map(|it| declines.get(&it.id)).flatten()),
        needs: rows(CubeDimension::Need, &facts, &declines),
        regions: rows(CubeDimension::Region, &facts, &declines),
        quarters: rows(CubeDimension::Quarter, &facts, &declines),
        cells: cells(&facts),
    })
}

/// A cell for every need and region that a referral has.
fn cells(facts: &[ReferralFacts]) -> Vec<GapCell> {
    let [need, region] = [CubeDimension::Need, CubeDimension::Region];
    let mut counts: BTreeMap<(u8, u8), (u64, u64)> = BTreeMap::new();
    for it in facts {
        if let Some(place) = need.number_of_referral(it).zip(region.number_of_referral(it)) {
            let (referrals, unmet) = counts.entry(place).or_default();
            *referrals += 1;
            *unmet += u64::from(is_unmet(it));
        }
    }
    let code = |by: CubeDimension, number: u8| {
        by.labels().get(usize::from(number)).map_or_else(String::new, |it| (*it).to_owned())
    };
    let cell = |((n_need, n_region), (referrals, unmet))| GapCell {
        need: code(need, n_need),
        region: code(region, n_region),
        referrals,
        unmet,
    };
    counts.into_iter().map(cell).collect()
}

fn declines_of(kept: &KeptReferral) -> (ReferralId, Vec<Barrier>) {
    let barriers = kept.state.offers.values().filter_map(|step| match step {
        OfferStep::Declined(barrier) => Some(*barrier),
        _ => None,
    });
    (kept.id, barriers.collect())
}

fn counted<'a>(barriers: impl Iterator<Item = &'a Barrier>) -> BTreeMap<String, u64> {
    let mut counts = BTreeMap::new();
    for barrier in barriers {
        *counts.entry(barrier.code().to_owned()).or_default() += 1;
    }
    counts
}

fn is_unmet(facts: &ReferralFacts) -> bool {
    Unmet::of(facts.result) == Unmet::Unmet
}

/// A row for every label that a referral has, in the order of the list.
fn rows(by: CubeDimension, facts: &[ReferralFacts], declines: &Declines) -> Vec<GapRow> {
    let row = |(number, code): (u8, &str)| {
        let is_of = |it: &&ReferralFacts| by.number_of_referral(it) == Some(number);
        let declined = facts.iter().filter(is_of).filter_map(|it| declines.get(&it.id)).flatten();
        let mut row = GapRow {
            code: code.to_owned(),
            referrals: 0,
            unmet: 0,
            results: Default::default(),
            declines: counted(declined),
            waiting: Default::default(),
        };
        for it in facts.iter().filter(is_of) {
            row.referrals += 1;
            row.unmet += u64::from(is_unmet(it));
            *row.results.entry(it.result.code().to_owned()).or_default() += 1;
            *row.waiting.entry(it.waiting().code().to_owned()).or_default() += 1;
        }
        row
    };
    (0..).zip(by.labels()).map(row).filter(|row| row.referrals > 0).collect()
}
