//! Answers: counting with partners, and alone.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use entente_core::count::{Coverage as Covered, Frame, Merged, Protected};
use entente_core::identity::OrgId;
use entente_core::lang::Lang;
use entente_core::period::Period;
use entente_store::rows::PartnerState;

use super::{Desk, Staff, Steps, instant, step};
use crate::fault::{Both, Fault};
use crate::local::doc::*;
use crate::node::Outcome;
use crate::node::counts::{Reply, Wanted, sum};
use crate::node::partners::partner_text;
use crate::node::status::Standing;

/// How long a partner may take. The table waits for the slowest; who is later is not in it.
const DEADLINE: Duration = Duration::from_secs(10);

/// Closed quarters that are counted unless told otherwise: two years.
const DEFAULT_QUARTERS: usize = 8;
/// Closed years that are counted unless told otherwise.
const DEFAULT_YEARS: usize = 3;

pub(super) async fn count(
    desk: Arc<Desk>,
    staff: Staff,
    ask: CountAsk,
    steps: Steps,
) -> Outcome<CountTold> {
    let node = Arc::clone(&desk.node);
    let CountAsk { by, filter, periods, partners } = ask;
    let by_year = by.iter().any(|name| name == "year");
    let periods = match read_periods(&periods)? {
        none if none.is_empty() && by_year => node.closed_periods(false, DEFAULT_YEARS),
        none if none.is_empty() => node.closed_periods(true, DEFAULT_QUARTERS),
        some => some,
    };
    let wanted = Arc::new(Wanted { by, only: filter.clone().into_iter().collect(), periods });
    let standings = with_agreements(&desk, &partners).await?;

    let mut asking = tokio::task::JoinSet::new();
    for standing in standings {
        let (desk, staff, wanted) = (Arc::clone(&desk), staff.clone(), Arc::clone(&wanted));
        asking.spawn(async move {
            let reply = tokio::time::timeout(DEADLINE, put(&desk, &staff, standing.id, &wanted));
            let reply = reply.await.unwrap_or(Ok(Reply::Unreachable));
            (standing, reply)
        });
    }
    let (mut replies, total) = (Vec::new(), asking.len() as u64);
    while let Some(reply) = asking.join_next().await {
        let Ok((standing, reply)) = reply else { continue };
        replies.push((standing, reply?));
        step(&steps, replies.len() as u64, total, "partners answered", "partenaires ont répondu");
    }
    replies.sort_by_key(|(standing, _)| standing.id);
    table(&node_now(&desk), &wanted, filter, &replies)
}

fn node_now(desk: &Desk) -> String {
    instant(desk.node.now_s())
}

/// The partners to ask: those named, or all with an agreement.
async fn with_agreements(desk: &Arc<Desk>, names: &[String]) -> Outcome<Vec<Standing>> {
    let (node, names) = (Arc::clone(&desk.node), names.to_vec());
    let find = move || {
        let mut chosen = Vec::new();
        for name in &names {
            chosen.push(node.find_partner(name)?.0);
        }
        let standings = node.standings()?.into_iter();
        Ok(standings
            .filter(|it| chosen.is_empty() || chosen.contains(&it.id))
            .filter(|it| it.agreement.is_some() && it.row.state != PartnerState::Ended)
            .collect())
    };
    tokio::task::spawn_blocking(find).await.unwrap_or_else(|_| Err(super::failed()))
}

/// Puts the question to one partner.
async fn put(
    desk: &Arc<Desk>,
    staff: &Staff,
    partner: OrgId,
    wanted: &Arc<Wanted>,
) -> Outcome<Reply> {
    let (node, actor, asked) = (Arc::clone(&desk.node), staff.actor(), Arc::clone(wanted));
    let question = move || node.count_question(actor, &partner, &asked);
    let question = tokio::task::spawn_blocking(question).await;
    let question = question.unwrap_or_else(|_| Err(super::failed()))?;
    let Ok(answer) = desk.peers.count(&partner, &question).await else {
        return Ok(Reply::Unreachable);
    };
    // An answer that is not signed, or to another question, is none.
    let reply = desk.node.read_count_answer(&partner, &question, &answer);
    Ok(reply.unwrap_or(Reply::Unreachable))
}

fn table(
    now: &str,
    wanted: &Wanted,
    filter: BTreeMap<String, String>,
    replies: &[(Standing, Reply)],
) -> Outcome<CountTold> {
    let covered = Covered {
        answered: names(replies, |reply| matches!(reply, Reply::Answered(_))),
        refused: names(replies, |reply| matches!(reply, Reply::Refused(_)))
            .into_iter()
            .map(|name| (name, Vec::new()))
            .collect(),
        unreachable: names(replies, |reply| matches!(reply, Reply::Unreachable)),
    };
    let question = wanted.question();
    let of = |period: Option<Period>| -> Vec<Protected> {
        let answers = replies.iter().filter_map(|(_, reply)| match reply {
            Reply::Answered(answer) => Some(answer),
            Reply::Refused(_) | Reply::Unreachable => None,
        });
        let tables = answers.flat_map(|answer| answer.tables.iter());
        let meant = tables.filter(|table| period.is_none_or(|period| table.period == period));
        meant.map(|table| table.table.clone()).collect()
    };
    let whole = sum(&question, &of(None), covered.clone());
    let whole = whole.ok_or_else(crate::node::counts::unknown_dimension)?;
    let mut cells = Vec::new();
    if wanted.by_period() {
        for period in &wanted.periods {
            let merged = sum(&question, &of(Some(*period)), covered.clone());
            let merged = merged.ok_or_else(crate::node::counts::unknown_dimension)?;
            cells.extend(merged_cells(&merged, Some(*period)));
        }
    } else {
        cells = merged_cells(&whole, None);
    }
    let total = whole.cells.first().map_or_else(nothing, |cell| CountCell {
        key: BTreeMap::new(),
        value: cell.value,
        at_least: cell.value.is_none().then_some(cell.at_least),
        flag: cell.flag.code().to_owned(),
    });
    Ok(CountTold {
        by: wanted.by.clone(),
        filter,
        periods: wanted.periods.iter().map(ToString::to_string).collect(),
        cells,
        total,
        coverage: coverage(replies),
        definition: None,
        counting_rule: "persons".to_owned(),
        notice: Notice::Controlled,
        asked_at: now.to_owned(),
    })
}

fn nothing() -> CountCell {
    CountCell { key: BTreeMap::new(), value: None, at_least: Some(0), flag: "partial".to_owned() }
}

fn names(replies: &[(Standing, Reply)], is: fn(&Reply) -> bool) -> Vec<String> {
    let chosen = replies.iter().filter(|(_, reply)| is(reply));
    chosen.map(|(standing, _)| standing.id.to_string()).collect()
}

/// The cells that have one label of every dimension, in the order of the frame.
fn merged_cells(merged: &Merged, period: Option<Period>) -> Vec<CountCell> {
    let cells = merged.cells.iter().enumerate();
    cells
        .filter_map(|(place, cell)| {
            Some(CountCell {
                key: key(&merged.frame, place, period)?,
                value: cell.value,
                at_least: cell.value.is_none().then_some(cell.at_least),
                flag: cell.flag.code().to_owned(),
            })
        })
        .collect()
}

/// The key of a cell; `None` for a margin.
fn key(frame: &Frame, place: usize, period: Option<Period>) -> Option<BTreeMap<String, String>> {
    let mut key = BTreeMap::new();
    if let Some(period) = period {
        let name = match period {
            Period::Quarter(_) => "quarter",
            Period::Year(_) => "year",
        };
        key.insert(name.to_owned(), period.to_string());
    }
    for (dimension, label) in frame.dimensions().iter().zip(frame.selection(place)) {
        key.insert(dimension.name.clone(), label?.to_owned());
    }
    Some(key)
}

fn coverage(replies: &[(Standing, Reply)]) -> Coverage {
    let mut coverage = Coverage { answered: 0, refused: 0, unreachable: 0, partners: Vec::new() };
    for (standing, reply) in replies {
        let (outcome, reasons) = match reply {
            Reply::Answered(answer) => {
                coverage.answered += 1;
                let some = answer.refusals.iter().map(|it| reason(&it.code, &it.clause)).collect();
                (CountOutcome::Answered, some)
            }
            Reply::Refused(reasons) => {
                coverage.refused += 1;
                let all = reasons.iter().map(|(code, clause)| reason(code, clause)).collect();
                (CountOutcome::Refused, all)
            }
            Reply::Unreachable => {
                coverage.unreachable += 1;
                (CountOutcome::Unreachable, Vec::new())
            }
        };
        let (name, _) = partner_text(&standing.row);
        let both = Both::new(name.in_lang(Lang::En), name.in_lang(Lang::Fr));
        coverage.partners.push(CoverageRow {
            partner: Named { id: standing.id.to_string(), name: both },
            outcome,
            reasons,
            answer: None,
        });
    }
    coverage
}

/// What a refusal says in words. Codes of a newer node are shown as they are.
fn reason(code: &str, clause: &str) -> Reason {
    let (en, fr) = match code {
        "not_signed" => {
            ("the agreement is not signed by both", "l’entente n’est pas signée par les deux")
        }
        "not_yet_in_force" => {
            ("the agreement is not in force yet", "l’entente n’est pas encore en vigueur")
        }
        "expired" => ("the agreement has expired", "l’entente est expirée"),
        "suspended" => ("the agreement is suspended", "l’entente est suspendue"),
        "ended" => ("the agreement was ended", "l’entente a été résiliée"),
        "nothing_granted" => (
            "the agreement grants nothing in this direction",
            "l’entente n’accorde rien dans ce sens",
        ),
        "counts_not_granted" => {
            ("the agreement grants no counts", "l’entente n’accorde aucun dénombrement")
        }
        "dimension_not_granted" => (
            "the agreement does not let this be counted",
            "l’entente ne permet pas ce dénombrement",
        ),
        "period_too_fine" => {
            ("the agreement grants whole years only", "l’entente n’accorde que des années entières")
        }
        "period_not_closed" => ("the period is not over yet", "la période n’est pas terminée"),
        "would_reveal" => (
            "with what was answered before, it would reveal small counts",
            "avec les réponses précédentes, de petits nombres seraient révélés",
        ),
        "unknown_dimension" => ("the dimension is unknown there", "la dimension y est inconnue"),
        other => (other, other),
    };
    let clause = Some(clause.to_owned()).filter(|clause| !clause.is_empty());
    Reason { code: code.to_owned(), clause, text: Both::new(en, fr) }
}

pub(super) fn count_own(
    desk: &Desk,
    staff: &Staff,
    ask: CountOwnAsk,
    _: &Steps,
) -> Outcome<CountTold> {
    let CountOwnAsk { by, filter, periods } = ask;
    let by_quarter = by.iter().any(|name| name == "quarter");
    let periods = match read_periods(&periods)? {
        // Years cover every case; a case of which only the year is known has no quarter.
        none if none.is_empty() => desk.node.own_periods(by_quarter),
        some => some,
    };
    let wanted = Wanted { by, only: filter.clone().into_iter().collect(), periods };
    let tables = desk.node.count_own(staff.actor(), &wanted)?;
    let mut counts: Vec<(BTreeMap<String, String>, u64)> = Vec::new();
    let mut total = 0;
    for (period, table) in &tables {
        let period = wanted.by_period().then_some(*period);
        for (place, value) in table.with_margins().into_iter().enumerate() {
            total += if place == 0 { value } else { 0 };
            let Some(key) = key(table.frame(), place, period) else { continue };
            match counts.iter_mut().find(|(known, _)| *known == key) {
                Some((_, sum)) => *sum += value,
                None => counts.push((key, value)),
            }
        }
    }
    let exact =
        |key, value| CountCell { key, value: Some(value), at_least: None, flag: "ok".to_owned() };
    Ok(CountTold {
        by: wanted.by.clone(),
        filter,
        periods: wanted.periods.iter().map(ToString::to_string).collect(),
        cells: counts.into_iter().map(|(key, value)| exact(key, value)).collect(),
        total: exact(BTreeMap::new(), total),
        coverage: Coverage { answered: 1, refused: 0, unreachable: 0, partners: Vec::new() },
        definition: None,
        counting_rule: "persons".to_owned(),
        notice: Notice::OwnStaffOnly,
        asked_at: node_now(desk),
    })
}

fn read_periods(texts: &[String]) -> Outcome<Vec<Period>> {
    let read = |text: &String| {
        text.trim().parse().map_err(|_| {
            Fault::new(
                1603,
                ("A period is not valid.", "Une période n’est pas valide."),
                ("Write it like `2026-Q3` or `2026`.", "Écrivez-la comme `2026-Q3` ou `2026`."),
            )
        })
    };
    texts.iter().map(read).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_margin_has_no_key_and_a_cell_has_one_code_for_each_dimension() {
        let axes = vec![
            entente_core::count::Dimension::new("gender", ["woman", "man"]),
            entente_core::count::Dimension::new("majority", ["minor", "adult"]),
        ];
        let frame = Frame::new(axes).unwrap();
        let keys: Vec<_> =
            (0..frame.n_places()).filter_map(|place| key(&frame, place, None)).collect();
        assert_eq!(keys.len(), 4);
        assert!(keys.iter().all(|key| key.len() == 2));
    }

    #[test]
    fn a_wrong_period_is_named_as_one() {
        assert_eq!(read_periods(&["2026-Q7".to_owned()]).unwrap_err().code, "ENT-1603");
        assert_eq!(read_periods(&["2025".to_owned()]).unwrap().len(), 1);
    }
}
