//! What our referrals came to: exact figures for our own staff.

use std::collections::BTreeSet;

use entente_core::codes::Code as _;
use entente_core::period::Period;
use entente_core::statistics::plan::CubeDimension;
use entente_core::statistics::referrals::{ReferralFacts, Unmet};

use crate::answer::epochs::period;
use crate::answer::{Desk, Staff, Steps};
use crate::local::doc::*;
use crate::node::Outcome;

/// Counts each referral, not each person: the desk that looks for beds asks how often there was none.
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
    Ok(ReferralGapsTold {
        period: of.to_string(),
        referrals: facts.len() as u64,
        persons: persons.len() as u64,
        unmet: facts.iter().filter(|it| is_unmet(it)).count() as u64,
        needs: rows(CubeDimension::Need, &facts),
        regions: rows(CubeDimension::Region, &facts),
        quarters: rows(CubeDimension::Quarter, &facts),
    })
}

fn is_unmet(facts: &ReferralFacts) -> bool {
    Unmet::of(facts.result) == Unmet::Unmet
}

/// A row for every label that a referral has, in the order of the list.
fn rows(by: CubeDimension, facts: &[ReferralFacts]) -> Vec<GapRow> {
    let row = |(number, code): (u8, &str)| {
        let mut row = GapRow {
            code: code.to_owned(),
            referrals: 0,
            unmet: 0,
            results: Default::default(),
            waiting: Default::default(),
        };
        for it in facts.iter().filter(|it| by.number_of_referral(it) == Some(number)) {
            row.referrals += 1;
            row.unmet += u64::from(is_unmet(it));
            *row.results.entry(it.result.code().to_owned()).or_default() += 1;
            *row.waiting.entry(it.waiting().code().to_owned()).or_default() += 1;
        }
        row
    };
    (0..).zip(by.labels()).map(row).filter(|row| row.referrals > 0).collect()
}
