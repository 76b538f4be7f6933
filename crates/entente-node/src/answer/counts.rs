//! Answers: counts, with partners and alone.
//!
//! Every partner is asked at once and has ten seconds. Each answered table was protected by the
//! node that counted it; here answers are added up, per period and over periods, and whatever a
//! node hid stays hidden: the sum then is a lower bound.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use entente_core::agreement::terms::Dimension;
use entente_core::codes::{Code as _, DefinitionProfile};
use entente_core::count::{self, Frame, Merged, Protected, Question};
use entente_core::envelope::Envelope;
use entente_core::identity::OrgId;
use entente_core::period::Period;
use entente_proto::CountAnswer;
use entente_store::rows::{PartnerRow, PartnerState};
use sha2::{Digest as _, Sha256};

use super::epochs::{period, words};
use super::records::show::Names;
use super::{Desk, Staff, Steps, instant, step};
use crate::fault::Fault;
use crate::local::doc::*;
use crate::node::counts::{self, Reply, Wanted, unknown_dimension};
use crate::node::{Node, Outcome};
use crate::sync::Missed;

mod table;
#[cfg(test)]
mod tests;

use table::{Figure, Part, Shape};

/// How long a partner has for its answer. It reads a stored table, or counts its own records once;
/// both take well under a second.
const DEADLINE: Duration = Duration::from_secs(10);

/// Without a period asked for, this many closed quarters: what fits on a screen, two years.
const QUARTERS: usize = 8;

/// The same for years.
const YEARS: usize = 5;

/// What was asked, read once: the dimensions as people named them, and as the node counts them.
struct Reading {
    /// As asked, with quarter and year.
    by: Vec<String>,
    filter: BTreeMap<String, String>,
    wanted: Wanted,
}

impl Reading {
    /// `default_periods` gives those meant if none is named: of quarters (`true`) or of years.
    fn of(
        by: &[String],
        filter: &BTreeMap<String, String>,
        periods: &[String],
        default_periods: impl FnOnce(&[String]) -> Vec<Period>,
    ) -> Outcome<Self> {
        let mut wanted = Wanted::default();
        for name in by {
            wanted.by.push(canonical(name).to_owned());
        }
        let mut meant: Vec<Period> =
            periods.iter().map(|text| period(text)).collect::<Outcome<_>>()?;
        for (name, value) in filter {
            if is_period(name) {
                meant.push(period(value)?);
            } else {
                wanted.only.push((canonical(name).to_owned(), value.clone()));
            }
        }
        wanted.only.sort();
        meant.sort();
        meant.dedup();
        if meant.is_empty() {
            meant = default_periods(by);
        }
        // A year and its quarters are about the same people.
        let is_nested = meant
            .iter()
            .any(|outer| meant.iter().any(|inner| inner != outer && outer.contains(*inner)));
        if is_nested || !wanted.is_sound() {
            return Err(unknown_dimension().because(
                "Each dimension once, at most three besides the period; a year or its quarters.",
                "Chaque dimension une fois, trois au plus outre la période; une année ou ses trimestres.",
            ));
        }
        wanted.periods = meant;
        Ok(Self { by: by.to_vec(), filter: filter.clone(), wanted })
    }

    fn shape(&self, frame: Frame) -> Shape {
        Shape { by: self.by.clone(), frame }
    }
}

impl Wanted {
    fn is_sound(&self) -> bool {
        let Question { by, only } = self.question();
        let names: Vec<_> = by.iter().chain(only.iter().map(|(name, _)| name)).collect();
        let distinct: std::collections::BTreeSet<_> = names.iter().collect();
        distinct.len() == names.len() && by.len() <= Question::MAX_BY
    }
}

/// People say `age`; the dimension is the age group.
fn canonical(name: &str) -> &str {
    match name {
        "age" => Dimension::AgeGroup.code(),
        name => name,
    }
}

fn is_period(name: &str) -> bool {
    matches!(name, "quarter" | "year" | "period")
}

fn is_by_year(by: &[String]) -> bool {
    by.iter().any(|name| name == "year") && !by.iter().any(|name| name == "quarter")
}

/// The frame of a question, the same on every node.
fn frame_of(question: &Question) -> Outcome<Frame> {
    let dimensions: Option<Vec<_>> =
        question.by.iter().map(|name| Dimension::parse(name).ok()).collect();
    let frame = Dimension::frame(&dimensions.ok_or_else(unknown_dimension)?);
    frame.map_err(|_| counts::table_too_large())
}

pub(super) fn count_own(
    desk: &Desk,
    staff: &Staff,
    ask: CountOwnAsk,
    _: &Steps,
) -> Outcome<CountTold> {
    let node = &desk.node;
    let default = |by: &[String]| node.own_periods(by.iter().any(|name| name == "quarter"));
    let reading = Reading::of(&ask.by, &ask.filter, &ask.periods, default)?;
    let frame = frame_of(&reading.wanted.question())?;
    let tables = node.count_own(staff.actor(), &reading.wanted)?;
    let parts = tables.iter().map(|(period, table)| {
        let counts = table.with_margins().into_iter();
        Part { period: *period, figures: counts.map(Figure::exact).collect() }
    });
    let parts: Vec<_> = parts.collect();
    let (cells, mut total) = reading.shape(frame).cells(&parts);
    if parts.is_empty() {
        // Without a case there is no period. Nothing of ours is hidden from us: it is none.
        total = Figure::exact(0).told(BTreeMap::new());
    }
    let nobody = Coverage { answered: 0, refused: 0, unreachable: 0, partners: Vec::new() };
    Ok(told(node, reading, (cells, total), nobody, Notice::OwnStaffOnly))
}

fn told(
    node: &Node,
    reading: Reading,
    (cells, total): (Vec<CountCell>, CountCell),
    coverage: Coverage,
    notice: Notice,
) -> CountTold {
    CountTold {
        by: reading.by,
        filter: reading.filter,
        periods: reading.wanted.periods.iter().map(Period::to_string).collect(),
        cells,
        total,
        coverage,
        definition: Some(DefinitionProfile::Programme.code().to_owned()),
        counting_rule: "persons".to_owned(),
        notice,
        asked_at: instant(node.now_s()),
    }
}

/// What one partner did with the question.
struct Voice {
    partner: OrgId,
    reply: Reply,
    /// SHA-256 of its signed answer.
    answer: Option<[u8; 32]>,
}

impl Voice {
    fn refused(partner: OrgId, code: &str) -> Self {
        let reply = Reply::Refused(vec![(code.to_owned(), String::new())]);
        Self { partner, reply, answer: None }
    }

    fn unreachable(partner: OrgId) -> Self {
        Self { partner, reply: Reply::Unreachable, answer: None }
    }
}

pub(super) async fn count(
    desk: Arc<Desk>,
    staff: Staff,
    ask: CountAsk,
    steps: Steps,
) -> Outcome<CountTold> {
    let node = Arc::clone(&desk.node);
    let prepare = move || prepare(&node, &staff, &ask);
    let Prepared { reading, frame, mut voices, questions } = blocking(prepare).await?;
    let total = (voices.len() + questions.len()) as u64;
    let mut asking = tokio::task::JoinSet::new();
    for (partner, question) in questions {
        asking.spawn(put_question(Arc::clone(&desk), partner, question));
    }
    step(&steps, 0, total, "asking partners", "question aux partenaires");
    while let Some(voice) = asking.join_next().await {
        // A task that failed said nothing of its partner; the coverage would be wrong without it.
        voices.push(voice.map_err(|_| super::failed())??);
        let done = voices.len() as u64;
        step(&steps, done, total, "asking partners", "question aux partenaires");
    }
    voices.sort_by_key(|voice| voice.partner);
    let node = Arc::clone(&desk.node);
    blocking(move || summed(&node, reading, frame, voices)).await
}

async fn blocking<T: Send + 'static>(
    f: impl FnOnce() -> Outcome<T> + Send + 'static,
) -> Outcome<T> {
    tokio::task::spawn_blocking(f).await.unwrap_or_else(|_| Err(super::failed()))
}

/// A question for counts, before anybody is asked.
struct Prepared {
    reading: Reading,
    frame: Frame,
    /// Of partners that are not asked.
    voices: Vec<Voice>,
    questions: Vec<(OrgId, Envelope)>,
}

fn prepare(node: &Node, staff: &Staff, ask: &CountAsk) -> Outcome<Prepared> {
    let default = |by: &[String]| match is_by_year(by) {
        true => node.closed_periods(false, YEARS),
        false => node.closed_periods(true, QUARTERS),
    };
    let reading = Reading::of(&ask.by, &ask.filter, &ask.periods, default)?;
    if let Some(open) = reading.wanted.periods.iter().find(|it| !it.is_closed(node.today())) {
        return Err(Fault::new(
            1603,
            (
                "Partners are asked about closed periods only.",
                "Les partenaires ne sont interrogés que sur des périodes terminées.",
            ),
            ("Leave the period out, or wait.", "Omettez la période, ou attendez."),
        )
        .because(
            format!("{open} ends on {}.", open.last_day()),
            format!("{open} se termine le {}.", open.last_day()),
        ));
    }
    let frame = frame_of(&reading.wanted.question())?;
    let partners: Vec<(OrgId, PartnerRow)> = if ask.partners.is_empty() {
        let is_in_exchange =
            |row: &PartnerRow| matches!(row.state, PartnerState::Active | PartnerState::Suspended);
        node.partner_rows()?.into_iter().filter(|(_, row)| is_in_exchange(row)).collect()
    } else {
        ask.partners.iter().map(|text| node.find_partner(text)).collect::<Outcome<_>>()?
    };
    let (mut voices, mut asked) = (Vec::new(), Vec::new());
    for (partner, row) in partners {
        if row.quarantined.is_some() {
            voices.push(Voice::refused(partner, "quarantined"));
        } else if row.suspended_by_us {
            voices.push(Voice::refused(partner, "partner_suspended"));
        } else {
            asked.push(partner);
        }
    }
    let made = node.count_questions(&staff.actor(), &asked, &reading.wanted)?;
    let mut questions = Vec::new();
    for (partner, question) in asked.into_iter().zip(made) {
        match question {
            Some(question) => questions.push((partner, question)),
            None => voices.push(Voice::refused(partner, "no_agreement")),
        }
    }
    Ok(Prepared { reading, frame, voices, questions })
}

/// Asks one partner. What is wrong between us and it is its outcome, not the question's end.
async fn put_question(desk: Arc<Desk>, partner: OrgId, question: Envelope) -> Outcome<Voice> {
    let asked = tokio::time::timeout(DEADLINE, desk.peers.count(&partner, &question)).await;
    let answer = match asked {
        Err(_) | Ok(Err(Missed::Door(_) | Missed::NoAddress)) => {
            return Ok(Voice::unreachable(partner));
        }
        Ok(Err(Missed::OtherVersion)) => return Ok(Voice::refused(partner, "other_version")),
        Ok(Err(Missed::RefusedByUs(_))) => {
            return Ok(Voice::refused(partner, "answer_not_valid"));
        }
        Ok(Err(Missed::RefusedByPartner(_))) => return Ok(Voice::refused(partner, "refused")),
        Ok(Err(Missed::Ours(fault))) => return Err(fault),
        Ok(Ok(answer)) => answer,
    };
    let node = Arc::clone(&desk.node);
    blocking(move || {
        let digest = Sha256::digest(&answer.payload).into();
        let reply = node.read_count_answer(&partner, &question, &answer);
        Ok(reply.map_or_else(
            || Voice::refused(partner, "answer_not_valid"),
            |reply| Voice { partner, reply, answer: Some(digest) },
        ))
    })
    .await
}

/// Adds up what partners answered.
fn summed(
    node: &Node,
    reading: Reading,
    frame: Frame,
    mut voices: Vec<Voice>,
) -> Outcome<CountTold> {
    for voice in &mut voices {
        let fits = |answer: &CountAnswer| answer.tables.iter().all(|it| *it.table.frame() == frame);
        if matches!(&voice.reply, Reply::Answered(answer) if !fits(answer)) {
            *voice = Voice::refused(voice.partner, "other_dimensions");
        }
    }
    let question = reading.wanted.question();
    let periods = reading.wanted.periods.iter();
    let parts: Vec<Part> = periods
        .filter_map(|period| {
            let merged = merged(&question, *period, &voices)?;
            let figures = merged.cells.into_iter().map(Figure::merged).collect();
            Some(Part { period: *period, figures })
        })
        .collect();
    let (cells, total) = reading.shape(frame).cells(&parts);
    let coverage = coverage(&Names::of(node)?, &voices);
    Ok(told(node, reading, (cells, total), coverage, Notice::Controlled))
}

/// One period, summed over everybody who answered for it.
fn merged(question: &Question, period: Period, voices: &[Voice]) -> Option<Merged> {
    let mut answers: Vec<Protected> = Vec::new();
    let mut who = count::Coverage::default();
    for Voice { partner, reply, .. } in voices {
        let name = partner.to_string();
        match reply {
            Reply::Answered(answer) => {
                let table = answer.tables.iter().find(|table| table.period == period);
                match table {
                    Some(table) => {
                        answers.push(table.table.clone());
                        who.answered.push(name);
                    }
                    None => who.refused.push((name, Vec::new())),
                }
            }
            Reply::Refused(_) => who.refused.push((name, Vec::new())),
            Reply::Unreachable => who.unreachable.push(name),
        }
    }
    counts::sum(question, &answers, who)
}

fn coverage(names: &Names, voices: &[Voice]) -> Coverage {
    let row = |voice: &Voice| {
        let reason = |(code, clause): &(String, String)| words::reason(code, clause);
        let (outcome, reasons) = match &voice.reply {
            // Whoever answered for some periods may have refused others.
            Reply::Answered(answer) => {
                let refusals = answer.refusals.iter();
                let reasons = refusals.map(|it| words::reason(&it.code, &it.clause)).collect();
                (CountOutcome::Answered, reasons)
            }
            Reply::Refused(reasons) => {
                (CountOutcome::Refused, reasons.iter().map(reason).collect())
            }
            Reply::Unreachable => (CountOutcome::Unreachable, Vec::new()),
        };
        let partner = names.named(&voice.partner);
        CoverageRow { partner, outcome, reasons, answer: voice.answer.map(hex::encode) }
    };
    let mut partners: Vec<_> = voices.iter().map(row).collect();
    partners.sort_by(|a, b| a.partner.name.en.cmp(&b.partner.name.en));
    let n = |outcome| partners.iter().filter(|row| row.outcome == outcome).count() as u64;
    Coverage {
        answered: n(CountOutcome::Answered),
        refused: n(CountOutcome::Refused),
        unreachable: n(CountOutcome::Unreachable),
        partners,
    }
}
