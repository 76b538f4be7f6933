//! Answers: figures of release plans, national returns, and the privacy budget.
//!
//! Asking and showing are apart: a run asks every contributor that has not given its figures yet and
//! keeps what it hears; what is shown is always read from what is kept. Each contributor is asked its
//! releases one after the other, in their order, and all contributors at once.

use std::collections::{BTreeMap, HashMap};
use std::io::Write as _;
use std::sync::Arc;
use std::time::Duration;

use entente_core::codes::Code as _;
use entente_core::identity::OrgId;
use entente_core::period::Period;
use entente_core::statistics::national::{Heads, ReturnTable};
use entente_core::statistics::plan::{Cube, Plan};
use entente_core::statistics::release::{Accuracy, Answer, Figure, ReleaseId, Shown};
use sha2::{Digest as _, Sha256};

use super::epochs::period;
use super::exchange::{new_file_path, write_new};
use super::plans::{advantage, plan_row};
use super::records::show::Names;
use super::{Desk, Staff, Steps, step};
use crate::fault::{Both, Fault};
use crate::local::doc::*;
use crate::node::statistics::returns::no_such_figures;
use crate::node::statistics::{AnswerKept, KeptPlan};
use crate::node::{Node, Outcome};
use crate::setup::io_fault;
use crate::sync::Missed;

/// How long a contributor has for one release: it counts its records once, and draws a few hundred
/// numbers; both take well under a second.
const DEADLINE: Duration = Duration::from_secs(10);

mod sums;

pub(in crate::answer) use sums::unfinished;

/// Why a secure sum does not go on, by release.
type Stalls = HashMap<ReleaseId, Reason>;

/// What kept a contributor from answering, by release.
type Misses = HashMap<(ReleaseId, OrgId), CoverageRow>;

pub(super) async fn run(
    desk: Arc<Desk>,
    staff: Staff,
    ask: StatsRunAsk,
    steps: Steps,
) -> Outcome<StatsTold> {
    let node = Arc::clone(&desk.node);
    let StatsRunAsk { plan, periods, cube, close, give_up } = ask;
    let prepare = move || {
        let kept = node.plan_to_run(&plan)?;
        let releases = chosen(&node, &kept, &periods, cube.as_deref())?;
        let mut open: BTreeMap<OrgId, Vec<ReleaseId>> = BTreeMap::new();
        for release in &releases {
            for (org, heard) in node.voices(release)? {
                let given = heard.is_some_and(|it| matches!(it.answer, Answer::Given(_)));
                if !given && org != node.id() {
                    open.entry(org).or_default().push(*release);
                }
            }
        }
        Ok((kept, releases, open))
    };
    let (kept, releases, open) = blocking(prepare).await?;
    if kept.plan.is_secure_sum() {
        return sums::run(desk, staff, (kept, releases), (close, give_up), steps).await;
    }
    let total = open.len() as u64;
    step(&steps, 0, total, "asking contributors", "question aux contributeurs");
    let mut asking = tokio::task::JoinSet::new();
    for (org, releases) in open {
        asking.spawn(ask_one(Arc::clone(&desk), staff.clone(), org, releases, false));
    }
    let (mut misses, mut done) = (Misses::new(), 0);
    while let Some(missed) = asking.join_next().await {
        misses.extend(missed.map_err(|_| super::failed())??);
        steps.go_on()?;
        done += 1;
        step(&steps, done, total, "asking contributors", "question aux contributeurs");
    }
    let node = Arc::clone(&desk.node);
    blocking(move || told(&node, &kept, &releases, &misses, &Stalls::new())).await
}

async fn blocking<T: Send + 'static>(
    f: impl FnOnce() -> Outcome<T> + Send + 'static,
) -> Outcome<T> {
    tokio::task::spawn_blocking(f).await.unwrap_or_else(|_| Err(super::failed()))
}

/// Asks one contributor. What is wrong between us and it is its outcome, not the run's end.
async fn ask_one(
    desk: Arc<Desk>,
    staff: Staff,
    org: OrgId,
    releases: Vec<ReleaseId>,
    is_sum: bool,
) -> Outcome<Misses> {
    let mut misses = Misses::new();
    let node = Arc::clone(&desk.node);
    let (name, is_partner) = blocking(move || {
        let is_partner = org == node.id() || node.partner_row(&org).is_ok();
        Ok((Names::of(&node)?.named(&org), is_partner))
    })
    .await?;
    let mut is_away = false;
    for release in releases {
        if !is_partner {
            misses.insert((release, org), miss(&name, CountOutcome::Refused, Some(NO_PARTNER)));
            continue;
        }
        if is_away {
            misses.insert((release, org), miss(&name, CountOutcome::Unreachable, None));
            continue;
        }
        let asked = async {
            match is_sum {
                true => desk.peers.ask_contribution(staff.actor(), &org, &release).await,
                false => desk.peers.ask_release(staff.actor(), &org, &release).await,
            }
        };
        let (outcome, why) = match tokio::time::timeout(DEADLINE, asked).await {
            Ok(Ok(AnswerKept::Given(_) | AnswerKept::Added(_) | AnswerKept::Declined(_))) => {
                continue;
            }
            Ok(Ok(AnswerKept::Contradicts)) => (CountOutcome::Refused, Some(CONTRADICTS)),
            Ok(Ok(AnswerKept::NotValid | AnswerKept::TooLate) | Err(Missed::RefusedByUs(_))) => {
                (CountOutcome::Refused, Some(NOT_VALID))
            }
            Ok(Err(Missed::RefusedByPartner(_))) => (CountOutcome::Refused, Some(NOT_SIGNED)),
            Ok(Err(Missed::OtherVersion)) => (CountOutcome::Refused, Some(OTHER_VERSION)),
            Ok(Err(Missed::Ours(fault))) => return Err(fault),
            Err(_) | Ok(Err(Missed::Door(_) | Missed::NoAddress)) => {
                is_away = true;
                (CountOutcome::Unreachable, None)
            }
        };
        misses.insert((release, org), miss(&name, outcome, why));
    }
    Ok(misses)
}

/// A reason: its code, and what a person reads.
pub(super) type Why = (&'static str, &'static str, &'static str);

pub(super) const NO_PARTNER: Why =
    ("no_partner", "it is no partner of ours", "ce n’est pas un de nos partenaires");
const CONTRADICTS: Why = (
    "drawn_twice",
    "it signed two different answers; both are kept as evidence",
    "il a signé deux réponses différentes; les deux sont conservées comme preuve",
);
pub(super) const NOT_VALID: Why =
    ("answer_not_valid", "its answer was not valid", "sa réponse n’était pas valide");
const NOT_SIGNED: Why = (
    "not_signed",
    "it has not signed the plan, or does not answer us now",
    "il n’a pas signé le plan, ou ne nous répond pas en ce moment",
);
pub(super) const OTHER_VERSION: Why = (
    "other_version",
    "it speaks another version of the protocol",
    "il utilise une autre version du protocole",
);
const OWN: Why = (
    "own_figures",
    "we ask; our own cases are not in the figures",
    "nous posons la question; nos propres dossiers n’y figurent pas",
);

fn miss(name: &Named, outcome: CountOutcome, why: Option<Why>) -> CoverageRow {
    CoverageRow {
        partner: name.clone(),
        outcome,
        reasons: why.into_iter().map(reason).collect(),
        answer: None,
    }
}

fn reason((code, en, fr): Why) -> Reason {
    Reason { code: code.to_owned(), clause: None, text: Both::new(en, fr) }
}

/// The releases of these periods and this cube that are due.
fn chosen(
    node: &Node,
    kept: &KeptPlan,
    periods: &[String],
    cube: Option<&str>,
) -> Outcome<Vec<ReleaseId>> {
    let meant: Vec<Period> = periods.iter().map(|text| period(text)).collect::<Outcome<_>>()?;
    let plan = &kept.plan;
    let (mut due, mut is_there) = (Vec::new(), false);
    for (number, of_cube) in (0_u8..).zip(&plan.cubes) {
        if cube.is_some_and(|name| name != of_cube.name) {
            continue;
        }
        for period in plan.periods(of_cube) {
            if !meant.is_empty() && !meant.iter().any(|it| it.contains(period)) {
                continue;
            }
            is_there = true;
            for revision in 0..=plan.n_revisions() {
                if plan.due_on(period, revision).is_some_and(|day| day <= node.today()) {
                    due.push(ReleaseId { plan: kept.id, cube: number, period, revision });
                }
            }
        }
    }
    match (due.is_empty(), is_there) {
        (false, _) => Ok(due),
        (true, false) => Err(no_such_figures()),
        (true, true) => Err(Fault::new(
            2109,
            (
                "These figures are not due yet.",
                "L’échéance de ces chiffres n’est pas encore arrivée.",
            ),
            ("See when: `entente stats status`.", "Voyez quand\u{a0}: `entente stats status`."),
        )),
    }
}

pub(super) fn show(desk: &Desk, _: &Staff, ask: StatsShowAsk, _: &Steps) -> Outcome<StatsTold> {
    let node = &desk.node;
    let kept = node.find_plan(&ask.plan)?;
    let releases = chosen(node, &kept, &ask.periods, ask.cube.as_deref())?;
    told(node, &kept, &releases, &Misses::new(), &Stalls::new())
}

fn told(
    node: &Node,
    kept: &KeptPlan,
    releases: &[ReleaseId],
    misses: &Misses,
    stalls: &Stalls,
) -> Outcome<StatsTold> {
    let names = Names::of(node)?;
    let plan = &kept.plan;
    // Of each cube and period the newest revision; the earlier ones are in the return.
    let is_newest = |at: usize, it: &ReleaseId| {
        let next = releases.get(at + 1);
        next.is_none_or(|next| (next.cube, next.period) != (it.cube, it.period))
    };
    let mut tables = Vec::new();
    for (_, release) in releases.iter().enumerate().filter(|(at, it)| is_newest(*at, it)) {
        let table = node.release_table(plan, release)?;
        let sum = sums::told(node, &names, plan, release, stalls)?;
        let told = table_told(node, &names, plan, &table, misses)?;
        tables.extend(told.map(|told| StatsTable { sum: sum.clone(), ..told }));
    }
    Ok(StatsTold {
        plan: plan_row(node, &names, kept),
        tables,
        counting_rule: plan.rule.code().to_owned(),
        definition: plan.definition.code().to_owned(),
        organizations_per_person: plan.safeguards.organizations_per_person,
    })
}

/// A table of figures as a document.
pub(super) fn table_of(
    node: &Node,
    names: &Names,
    plan: &Plan,
    table: &ReturnTable,
) -> Outcome<Option<StatsTable>> {
    table_told(node, names, plan, table, &Misses::new())
}

fn table_told(
    node: &Node,
    names: &Names,
    plan: &Plan,
    table: &ReturnTable,
    misses: &Misses,
) -> Outcome<Option<StatsTable>> {
    let ReleaseId { cube, period, revision, .. } = table.release;
    let cube = plan.cube_at(cube);
    let known = cube.and_then(|cube| Some((cube, cube.sigma(revision)?, table.errors(plan)?)));
    let Some((cube, sigma, errors)) = known else { return Ok(None) };
    let figures = table.figures.iter().enumerate();
    Ok(Some(StatsTable {
        cube: cube.name.clone(),
        counts: cube.counts().code().to_owned(),
        by: cube.dimensions.iter().map(|it| it.code().to_owned()).collect(),
        period: period.to_string(),
        revision,
        cells: figures
            .map(|(place, figure)| cell(key(cube, place), figure, table.at_least(Some(place))))
            .collect(),
        total: cell(BTreeMap::new(), &table.total, table.at_least(None)),
        sigma_hundredths: sigma.hundredths(),
        error_hundredths: errors.here.map(Accuracy::hundredths),
        secure_sum_error_hundredths: errors.secure_sum.hundredths(),
        coverage: coverage(node, names, table, misses)?,
        sum: None,
    }))
}

fn key(cube: &Cube, place: usize) -> BTreeMap<String, String> {
    let labels = cube.labels_at(place).into_iter();
    let pair = |(by, label): (_, &str)| {
        let by: &entente_core::statistics::plan::CubeDimension = by;
        (by.code().to_owned(), label.to_owned())
    };
    cube.dimensions.iter().zip(labels).map(pair).collect()
}

fn cell(key: BTreeMap<String, String>, figure: &Figure, largest: Option<u64>) -> StatsCell {
    let count = |figure: &Figure| match figure.shown {
        Shown::Count(count) => Some(count),
        Shown::Below(_) | Shown::Nothing => None,
    };
    StatsCell {
        key,
        value: count(figure),
        floor: figure.floor,
        low: figure.interval.0,
        high: figure.interval.1,
        largest,
        symbol: figure.symbol.map(|symbol| symbol.code().to_owned()),
    }
}

fn coverage(node: &Node, names: &Names, table: &ReturnTable, misses: &Misses) -> Outcome<Coverage> {
    let mut partners = Vec::new();
    let left_out = sums::left_out(node, table)?;
    for (org, heard) in &table.voices {
        let name = names.named(org);
        partners.push(match heard {
            Some(heard) => {
                let answer = Some(hex::encode(Sha256::digest(&heard.envelope.payload)));
                let (outcome, reasons) = match &heard.answer {
                    Answer::Added(_) if left_out.contains_key(org) => {
                        let why = left_out.get(org).map(|why| sums::rejection(*why));
                        (CountOutcome::Refused, why.into_iter().collect())
                    }
                    Answer::Given(_) | Answer::Added(_) => (CountOutcome::Answered, Vec::new()),
                    Answer::Declined(declined) => {
                        let code = declined.reason;
                        let (en, fr) = (
                            code.label(entente_core::lang::Lang::En),
                            code.label(entente_core::lang::Lang::Fr),
                        );
                        (CountOutcome::Refused, vec![reason((code.code(), en, fr))])
                    }
                };
                CoverageRow { partner: name, outcome, reasons, answer }
            }
            None if *org == node.id() => miss(&name, CountOutcome::Refused, Some(OWN)),
            None => match misses.get(&(table.release, *org)) {
                Some(row) => row.clone(),
                None => miss(&name, CountOutcome::Unreachable, None),
            },
        });
    }
    let n = |outcome| partners.iter().filter(|row| row.outcome == outcome).count() as u64;
    Ok(Coverage {
        answered: n(CountOutcome::Answered),
        refused: n(CountOutcome::Refused),
        unreachable: n(CountOutcome::Unreachable),
        partners,
    })
}

pub(super) fn status(
    desk: &Desk,
    _: &Staff,
    ask: StatsStatusAsk,
    _: &Steps,
) -> Outcome<StatsStatusTold> {
    let node = &desk.node;
    let plans = match ask.plan {
        Some(name) => vec![node.find_plan(&name)?],
        None => {
            let mut plans = node.plans()?;
            plans.retain(KeptPlan::is_signed);
            plans
        }
    };
    let mut releases = Vec::new();
    for kept in &plans {
        for (number, cube) in (0_u8..).zip(&kept.plan.cubes) {
            standing(node, kept, (number, cube), &mut releases)?;
        }
    }
    Ok(StatsStatusTold { releases })
}

/// The releases of a cube up to the next one that will be due.
fn standing(
    node: &Node,
    kept: &KeptPlan,
    (number, cube): (u8, &Cube),
    rows: &mut Vec<StatsReleaseRow>,
) -> Outcome<()> {
    let plan = &kept.plan;
    for period in plan.periods(cube) {
        for revision in 0..=plan.n_revisions() {
            let Some(day) = plan.due_on(period, revision) else { continue };
            let release = ReleaseId { plan: kept.id, cube: number, period, revision };
            let Heads { answered, declined, silent } = node.release_table(plan, &release)?.heads();
            let due = day <= node.today();
            let own = node.own_standing(&release)?;
            let asks = plan.is_secure_sum() || plan.roles.queriers.contains_key(&node.id());
            // Of a plan in which others ask, what we know is what we have answered.
            if !asks && own.is_none() {
                continue;
            }
            let (sum, why) = sums::state(node, plan, &release)?.unzip();
            let why = why.flatten();
            rows.push(StatsReleaseRow {
                plan: format!("{}@{}", plan.name, plan.version),
                cube: cube.name.clone(),
                counts: cube.counts().code().to_owned(),
                by: cube.dimensions.iter().map(|it| it.code().to_owned()).collect(),
                period: period.to_string(),
                revision,
                due_on: day.to_string(),
                due,
                answered: answered as u64,
                refused: declined as u64,
                silent: silent as u64,
                roles: sums::roles(node, plan),
                own: own.map(|is_drawn| if is_drawn { OwnState::Drawn } else { OwnState::Charged }),
                sum,
                why,
            });
            if !due && revision == 0 {
                return Ok(());
            }
            if !due {
                break;
            }
        }
    }
    Ok(())
}

pub(super) fn national(
    desk: &Desk,
    staff: &Staff,
    ask: StatsReturnAsk,
    steps: &Steps,
) -> Outcome<StatsReturnTold> {
    let node = &desk.node;
    let kept = node.plan_to_ask(&ask.plan)?;
    let of_period = period(&ask.period)?;
    let path = ask.file.as_deref().map(new_file_path).transpose()?;
    step(steps, 0, 0, "writing the return", "écriture du rapport");
    let (national, bytes) = node.national_return(staff.actor(), &kept, of_period)?;
    if let Some(path) = path {
        write_new(path, |file| file.write_all(&bytes)).map_err(|error| io_fault(&error))?;
    }
    let mut sum = Heads::default();
    for heads in national.tables.iter().map(ReturnTable::heads) {
        sum.answered += heads.answered;
        sum.declined += heads.declined;
        sum.silent += heads.silent;
    }
    Ok(StatsReturnTold {
        plan: plan_row(node, &Names::of(node)?, &kept),
        period: of_period.to_string(),
        file: ask.file,
        bytes: bytes.len() as u64,
        sha256: hex::encode(Sha256::digest(&bytes)),
        tables: national.tables.len() as u64,
        answered: sum.answered as u64,
        refused: sum.declined as u64,
        silent: sum.silent as u64,
    })
}

pub(super) fn budget(desk: &Desk, _: &Staff, _: BudgetAsk, _: &Steps) -> Outcome<BudgetTold> {
    let node = &desk.node;
    let names = Names::of(node)?;
    let odometer = node.odometer()?;
    let year = |it: &crate::node::statistics::YearSpent| BudgetYear {
        year: it.year.number(),
        spent_nano_rho: it.node.spent().0,
        cap_nano_rho: it.node.cap().0,
        advantage_permille: advantage(it.node.spent()),
        partners: it
            .partners
            .iter()
            .map(|(org, spent)| BudgetPart { partner: names.named(org), spent_nano_rho: spent.0 })
            .collect(),
    };
    Ok(BudgetTold {
        years: odometer.years.iter().map(year).collect(),
        charges: odometer.n_charges,
        spent_nano_rho: odometer.spent.0,
        undrawn: odometer.undrawn.0,
        undrawn_nano_rho: odometer.undrawn.1.0,
        given_up: odometer.given_up.0,
        given_up_nano_rho: odometer.given_up.1.0,
        whole: odometer.whole,
        waiting_for: odometer.waiting_for.iter().map(|org| names.named(org)).collect(),
    })
}
