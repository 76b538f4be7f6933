//! Answers: the close of epochs, and what it would come to.
//!
//! Each partner is closed on its own. One whose agreement allows nothing is listed with the reason
//! and does not hold up the others.

use entente_core::agreement::AgreementState;
use entente_core::identity::OrgId;
use entente_core::lang::Lang;
use entente_core::period::Period;
use entente_core::summary::Rung;
use entente_store::rows::PartnerState;

use super::records::show::Names;
use super::{Desk, Staff, Steps, instant, step};
use crate::fault::{Both, Fault};
use crate::local::doc::*;
use crate::node::agreements::Kept;
use crate::node::epochs::Report;
use crate::node::{Node, Outcome};

#[cfg(test)]
mod tests;
pub(super) mod words;

pub(super) fn close(
    desk: &Desk,
    staff: &Staff,
    ask: EpochCloseAsk,
    steps: &Steps,
) -> Outcome<EpochTold> {
    run(desk, staff, (&ask.epoch, ask.partner.as_deref()), true, steps)
}

pub(super) fn preview(
    desk: &Desk,
    staff: &Staff,
    ask: EpochPreviewAsk,
    steps: &Steps,
) -> Outcome<EpochTold> {
    run(desk, staff, (&ask.epoch, ask.partner.as_deref()), false, steps)
}

fn run(
    desk: &Desk,
    staff: &Staff,
    (epoch, partner): (&str, Option<&str>),
    commit: bool,
    steps: &Steps,
) -> Outcome<EpochTold> {
    let node = &desk.node;
    let epoch = period(epoch)?;
    let partners: Vec<OrgId> = match partner {
        Some(text) => vec![node.find_partner(text)?.0],
        None => {
            let rows = node.partner_rows()?.into_iter();
            rows.filter(|(_, row)| row.state != PartnerState::Ended).map(|(id, _)| id).collect()
        }
    };
    let names = Names::of(node)?;
    // Each record is read and decided on for each partner.
    let n_each = 2 * node.n_records();
    let total = n_each * partners.len() as u64;
    let mut outcomes = Vec::new();
    for (nth, partner) in (0..).zip(&partners) {
        let mut tell = |n: u64| {
            let done = n_each * nth + n.min(n_each);
            step(steps, done, total, "deciding what goes out", "décision de ce qui est communiqué");
        };
        tell(0);
        let kept = newest(node, partner)?;
        let closed = match kept.as_ref().map_or(Some("no_agreement"), |kept| shut(node, kept)) {
            Some(code) => nothing(names.named(partner), code),
            None => {
                let report =
                    node.close_epoch_telling(&staff.actor(), epoch, partner, commit, &mut tell)?;
                outcome(names.named(partner), kept.as_ref(), &report)
            }
        };
        outcomes.push(closed);
    }
    step(steps, total, total, "done", "terminé");
    outcomes.sort_by(|a, b| a.partner.name.en.cmp(&b.partner.name.en));
    Ok(EpochTold { epoch: epoch.to_string(), done: commit, partners: outcomes })
}

fn newest(node: &Node, partner: &OrgId) -> Outcome<Option<Kept>> {
    node.db().read(|tx| node.newest(tx, partner))
}

/// Why nothing goes out under this agreement, whatever the case is.
fn shut(node: &Node, kept: &Kept) -> Option<&'static str> {
    match kept.state {
        AgreementState::Active => {
            let grant = kept.agreement.grant_from(&node.id());
            let is_granted = grant.is_some_and(|(_, grant)| grant.summaries);
            (!is_granted).then_some("summaries_not_granted")
        }
        AgreementState::Suspended { .. } => Some("suspended"),
        AgreementState::Amended => Some("superseded"),
        AgreementState::Expired => Some("expired"),
        AgreementState::Ended { .. } => Some("ended"),
        _ => Some("not_signed"),
    }
}

/// What is told of a partner that gets nothing.
fn nothing(partner: Named, code: &str) -> EpochOutcome {
    EpochOutcome {
        partner,
        agreement: None,
        considered: 0,
        released: 0,
        waiting: 0,
        already_shared: 0,
        refused: 0,
        by_rung: Vec::new(),
        by_reason: vec![ReasonTally { reason: words::reason(code, ""), records: 0 }],
        min_group: 0,
        smallest_group: None,
        highest_risk_per_mille: None,
    }
}

fn outcome(partner: Named, kept: Option<&Kept>, report: &Report) -> EpochOutcome {
    let Report { n_released, n_waiting, n_refused, n_already, .. } = *report;
    let rung = |(rung, released): (Rung, &u64)| RungTally {
        rung: rung.number(),
        keeps: Both::new(rung.label(Lang::En), rung.label(Lang::Fr)),
        released: *released,
    };
    let reason = |(code, records): (&String, &u64)| ReasonTally {
        reason: words::reason(code, ""),
        records: *records,
    };
    let risk = |among: u32| 1_000_u32.div_ceil(among.max(1));
    EpochOutcome {
        partner,
        agreement: kept.map(|kept| kept.agreement.id.to_string()),
        considered: n_released + n_waiting + n_refused + n_already,
        released: n_released,
        waiting: n_waiting,
        already_shared: n_already,
        refused: n_refused,
        by_rung: Rung::ALL.into_iter().zip(&report.by_rung).map(rung).collect(),
        by_reason: report.refused.iter().map(reason).collect(),
        min_group: report.k,
        smallest_group: report.smallest_group.map(u64::from),
        highest_risk_per_mille: report.least_hidden_among.map(risk),
    }
}

pub(super) fn list(desk: &Desk, _: &Staff, _: EpochListAsk, _: &Steps) -> Outcome<EpochListTold> {
    let node = &desk.node;
    let names = Names::of(node)?;
    let row = |(at_s, report): (i64, Report)| {
        let partner: OrgId = report.partner.parse().ok()?;
        Some(EpochRow {
            epoch: report.epoch,
            partner: names.named(&partner),
            closed_at: instant(at_s),
            released: report.n_released,
            waiting: report.n_waiting,
        })
    };
    let mut closed: Vec<_> = node.epoch_reports()?.into_iter().filter_map(row).collect();
    closed.sort_by(|a, b| (&b.epoch, &a.partner.name.en).cmp(&(&a.epoch, &b.partner.name.en)));
    let open = Period::of(node.today()).map(|period| period.to_string()).unwrap_or_default();
    Ok(EpochListTold { open, closed })
}

/// Reads a quarter or a year.
pub(super) fn period(text: &str) -> Outcome<Period> {
    text.parse().map_err(|_| {
        Fault::new(
            1502,
            ("This is not a period.", "Ceci n’est pas une période."),
            (
                "Write a quarter such as 2026-Q3 or a year such as 2025.",
                "Écrivez un trimestre comme 2026-Q3 ou une année comme 2025.",
            ),
        )
    })
}
