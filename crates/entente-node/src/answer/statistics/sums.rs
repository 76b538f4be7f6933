//! Answers: secure sums, led here or fetched from the leader.
//!
//! A run takes every release as far as it goes today. What keeps it from going on is said beside the
//! table; the next run goes on from there.

use std::collections::BTreeMap;
use std::sync::Arc;

use entente_core::codes::Code as _;
use entente_core::identity::OrgId;
use entente_core::lang::Lang;
use entente_core::statistics::national::{ReturnTable, SumEnd};
use entente_core::statistics::plan::Plan;
use entente_core::statistics::release::ReleaseId;
use entente_core::statistics::sum::Rejection;
use entente_store::rows::{RoundRow, RoundState};
use entente_store::sums::Part;

use super::{Misses, Stalls, Why, ask_one, blocking, reason};
use crate::answer::records::show::Names;
use crate::answer::{Desk, Staff, Steps, step};
use crate::fault::Both;
use crate::local::doc::*;
use crate::node::statistics::KeptPlan;
use crate::node::statistics::sum::{
    Begun, GONE, Led, NO_ROUND, NONSENSE, OPEN, SET_BACK, SumKept, TOO_FEW,
};
use crate::node::{Node, Outcome};
use crate::sync::Missed;

pub(super) async fn run(
    desk: Arc<Desk>,
    staff: Staff,
    (kept, releases): (KeptPlan, Vec<ReleaseId>),
    (close, give_up): (bool, bool),
    steps: Steps,
) -> Outcome<StatsTold> {
    let (mut misses, mut stalls) = (Misses::new(), Stalls::new());
    let leader = kept.plan.roles.aggregators.map(|[leader, _]| leader);
    let mut bar = Bar::new(&steps, releases.len(), kept.plan.roles.contributors.len());
    for release in &releases {
        // Every stage is stored before it is said, so the next run goes on from here.
        steps.go_on()?;
        let went = match leader {
            Some(leader) if leader != desk.node.id() => {
                fetch(&desk, &staff, &leader, release, give_up, &bar).await?
            }
            _ => {
                let (missed, went) = lead(&desk, &staff, release, (close, give_up), &bar).await?;
                misses.extend(missed);
                went
            }
        };
        if let Err(why) = went {
            stalls.insert(*release, why);
        }
        bar.next();
    }
    let node = Arc::clone(&desk.node);
    blocking(move || super::told(&node, &kept, &releases, &misses, &stalls)).await
}

/// How far a run is: each release is as many steps as it has contributors, and three with the other
/// aggregator.
struct Bar<'a> {
    steps: &'a Steps,
    n_releases: u64,
    n_contributors: u64,
    done: u64,
}

impl<'a> Bar<'a> {
    fn new(steps: &'a Steps, n_releases: usize, n_contributors: usize) -> Self {
        Self {
            steps,
            n_releases: n_releases as u64,
            n_contributors: n_contributors as u64,
            done: 0,
        }
    }

    fn per_release(&self) -> u64 {
        self.n_contributors + WITH_THE_OTHER
    }

    /// The next release.
    fn next(&mut self) {
        self.done += 1;
    }

    fn at(&self, part: u64, en: &str, fr: &str) {
        let done = self.done * self.per_release() + part.min(self.per_release());
        step(self.steps, done, self.n_releases * self.per_release(), en, fr);
    }

    /// So many have not answered yet.
    fn asking(&self, n_open: u64) {
        let answered = self.n_contributors.saturating_sub(n_open);
        self.at(answered, "asking contributors", "question aux contributeurs");
    }

    fn adding(&self, nth: u64) {
        let part = self.n_contributors + nth.min(WITH_THE_OTHER);
        self.at(part, "adding up with the helper", "addition avec le calculateur adjoint");
    }
}

/// How many exchanges two aggregators have.
const WITH_THE_OTHER: u64 = 3;

/// Whether a release went as far as it can, or why not.
type Went = Result<(), Reason>;

async fn fetch(
    desk: &Arc<Desk>,
    staff: &Staff,
    leader: &OrgId,
    release: &ReleaseId,
    give_up: bool,
    bar: &Bar<'_>,
) -> Outcome<Went> {
    let (node, of) = (Arc::clone(&desk.node), *release);
    if blocking(move || node.is_finished(&of)).await? {
        return Ok(Ok(()));
    }
    bar.at(0, "fetching the sum from the leader", "récupération de la somme");
    match desk.peers.fetch_sum(leader, release).await {
        Ok(SumKept::Kept) => Ok(Ok(())),
        Ok(SumKept::GivenUp(end)) => Ok(Err(ended(end))),
        Ok(SumKept::NotValid) => Ok(Err(reason(SUM_NOT_VALID))),
        Err(missed) => away(desk, staff, release, (missed, LEADER_AWAY), give_up).await,
    }
}

/// What becomes of a release whose other aggregator does not go on with it: it waits, or is given up.
async fn away(
    desk: &Arc<Desk>,
    staff: &Staff,
    release: &ReleaseId,
    (missed, whom): (Missed, Why),
    give_up: bool,
) -> Outcome<Went> {
    let is_gone = matches!(missed, Missed::Door(_) | Missed::NoAddress);
    if !give_up || !is_gone {
        return stalled(missed, whom).map(Err);
    }
    let (node, of, actor) = (Arc::clone(&desk.node), *release, staff.actor());
    blocking(move || node.end_sum(actor, &of)).await?;
    Ok(Err(ended(SumEnd::Gone)))
}

/// Why a sum was given up, for people.
fn ended(end: SumEnd) -> Reason {
    reason((end.code(), end.label(Lang::En), end.label(Lang::Fr)))
}

async fn lead(
    desk: &Arc<Desk>,
    staff: &Staff,
    release: &ReleaseId,
    (close, give_up): (bool, bool),
    bar: &Bar<'_>,
) -> Outcome<(Misses, Went)> {
    let (node, of, actor) = (Arc::clone(&desk.node), *release, staff.actor());
    let begun = blocking(move || node.begin_sum(actor, &of)).await?;
    let Led { row, helper, .. } = match begun {
        Begun::Led(led) => *led,
        // One table that cannot be made now keeps no other one from being made.
        Begun::NotNow(why) => {
            let (en, fr) = (why.label(Lang::En), why.label(Lang::Fr));
            return Ok((Misses::new(), Err(reason((why.code(), en, fr)))));
        }
    };
    let mut misses = Misses::new();
    if row.state == RoundState::Open {
        if row.openings.len() < 2
            && let Err(missed) = desk.peers.open_sum(&helper, release).await
        {
            let went = away(desk, staff, release, (missed, HELPER_AWAY), give_up).await?;
            return Ok((misses, went));
        }
        misses = take_in(desk, staff, release, bar).await?;
        let (node, of, actor) = (Arc::clone(&desk.node), *release, staff.actor());
        let n_missing = blocking(move || {
            let n_missing = node.sum_intake(&of)?.missing.len();
            if n_missing == 0 || close {
                node.close_sum(actor, &of)?;
                return Ok(0);
            }
            Ok(n_missing)
        })
        .await?;
        if n_missing > 0 {
            return Ok((misses, Err(waiting(n_missing))));
        }
    }
    for nth in 0.. {
        bar.steps.go_on()?;
        bar.adding(nth);
        match desk.peers.ask_helper(&helper, release).await {
            Ok(true) => {}
            Ok(false) => break,
            Err(missed) => {
                let went = away(desk, staff, release, (missed, HELPER_AWAY), give_up).await?;
                return Ok((misses, went));
            }
        }
    }
    Ok((misses, Ok(())))
}

/// Asks everybody who has not answered, all at once.
async fn take_in(
    desk: &Arc<Desk>,
    staff: &Staff,
    release: &ReleaseId,
    bar: &Bar<'_>,
) -> Outcome<Misses> {
    let (node, of) = (Arc::clone(&desk.node), *release);
    let intake = blocking(move || node.sum_intake(&of)).await?;
    let again =
        intake.missing.into_iter().chain(intake.declined).chain(intake.rejected.into_keys());
    let mut asking = tokio::task::JoinSet::new();
    for org in again {
        asking.spawn(ask_one(Arc::clone(desk), staff.clone(), org, vec![*release], true));
    }
    let mut misses = Misses::new();
    bar.asking(asking.len() as u64);
    while let Some(missed) = asking.join_next().await {
        misses.extend(missed.map_err(|_| crate::answer::failed())??);
        bar.steps.go_on()?;
        bar.asking(asking.len() as u64);
    }
    Ok(misses)
}

/// Why a round does not go on, if `away` is whom it needs.
fn stalled(missed: Missed, away: Why) -> Outcome<Reason> {
    match missed {
        Missed::Ours(fault) => Err(fault),
        Missed::Door(_) | Missed::NoAddress => Ok(reason(away)),
        Missed::RefusedByPartner(word) => Ok(why(&word)),
        Missed::OtherVersion => Ok(reason(super::OTHER_VERSION)),
        Missed::RefusedByUs(_) => Ok(reason(super::NOT_VALID)),
    }
}

const HELPER_AWAY: Why = (
    "helper_away",
    "the helper could not be reached; run it again",
    "le calculateur adjoint est injoignable; relancez",
);
const LEADER_AWAY: Why = (
    "leader_away",
    "the leader could not be reached; run it again",
    "le calculateur principal est injoignable; relancez",
);
const SUM_NOT_VALID: Why = (
    "sum_not_valid",
    "what the leader sent proves no figures",
    "ce que le calculateur principal a envoyé ne prouve aucun chiffre",
);

/// What a word between the aggregators means.
const WORDS: [Why; 9] = [
    (
        GONE,
        "an aggregator is gone; the sum was given up, and what was paid stays spent",
        "un calculateur a disparu; la somme est abandonnée, et ce qui a été payé reste dépensé",
    ),
    (
        TOO_FEW,
        "too few organizations contributed; nothing is published, and what was paid stays spent",
        "trop peu d’organismes ont contribué; rien n’est publié, et ce qui a été payé reste dépensé",
    ),
    (
        SET_BACK,
        "an aggregator was set back to an older state; nothing of this round is revealed",
        "un des calculateurs a été ramené en arrière; rien de ce calcul n’est révélé",
    ),
    (
        NONSENSE,
        "the figures cannot come from the contributors: an aggregator is faulty or lies",
        "les chiffres ne peuvent venir des contributeurs\u{a0}: un calculateur est défaillant ou ment",
    ),
    (
        OPEN,
        "the sum is not finished; fetch it later",
        "la somme n’est pas achevée; récupérez-la plus tard",
    ),
    (NO_ROUND, "there is no such round there", "ce calcul n’y existe pas"),
    (
        "plan",
        "it has not signed the plan, or does not answer us now",
        "il n’a pas signé le plan, ou ne nous répond pas en ce moment",
    ),
    ("not_due", "the release is not due there yet", "la diffusion n’y est pas encore échue"),
    (
        "replaced",
        "a newer version of the plan took over there",
        "une version plus récente du plan y a pris le relais",
    ),
];

/// What any other word means: the aggregators contradict each other.
fn why(word: &str) -> Reason {
    let known = WORDS.iter().find(|(code, ..)| *code == word);
    known.map_or_else(
        || Reason {
            code: word.to_owned(),
            clause: None,
            text: Both::new(
                "the two who add up contradict each other; nothing was revealed",
                "les deux calculateurs se contredisent; rien n’a été révélé",
            ),
        },
        |it| reason(*it),
    )
}

fn waiting(n: usize) -> Reason {
    Reason {
        code: "waiting".to_owned(),
        clause: None,
        text: Both::new(
            format!(
                "{n} have not answered; run it again, or add up for ever without them: --close"
            ),
            format!(
                "{n} n’ont pas répondu; relancez, ou additionnez définitivement sans eux\u{a0}: --close"
            ),
        ),
    }
}

/// Why a report was left out.
pub(super) fn rejection(why: Rejection) -> Reason {
    reason((why.code(), why.label(Lang::En), why.label(Lang::Fr)))
}

/// Whose reports are left out, as far as we know.
pub(super) fn left_out(node: &Node, table: &ReturnTable) -> Outcome<BTreeMap<OrgId, Rejection>> {
    if let Some(sum) = &table.sum {
        return Ok(sum.left_out.clone());
    }
    let Some(row) = node.sum_standing(Part::Leader, &table.release)? else {
        return Ok(BTreeMap::new());
    };
    let known = row.rejected.iter().filter_map(|(org, why)| {
        Some((OrgId::from_bytes(org).ok()?, Rejection::from_number(*why)?))
    });
    Ok(known.collect())
}

/// Who adds a release up and how far they are; `None` if nobody does.
pub(super) fn told(
    node: &Node,
    names: &Names,
    plan: &Plan,
    release: &ReleaseId,
    stalls: &Stalls,
) -> Outcome<Option<SumTold>> {
    let Some([leader, helper]) = &plan.roles.aggregators else { return Ok(None) };
    let Some((state, why)) = state(node, plan, release)? else { return Ok(None) };
    let why = why.or_else(|| stalls.get(release).cloned());
    Ok(Some(SumTold { leader: names.named(leader), helper: names.named(helper), state, why }))
}

/// How far a secure sum is, as far as we know, and why it was given up.
pub(super) fn state(
    node: &Node,
    plan: &Plan,
    release: &ReleaseId,
) -> Outcome<Option<(SumState, Option<Reason>)>> {
    if !plan.is_secure_sum() {
        return Ok(None);
    }
    if node.is_finished(release)? {
        return Ok(Some((SumState::Done, None)));
    }
    let end = node.sum_end(release)?;
    for part in [Part::Leader, Part::Helper] {
        if let Some(row) = node.sum_standing(part, release)?
            // A helper that contributes hears from the leader that it waits in vain.
            && (end.is_none() || row.state == RoundState::Aborted)
        {
            return Ok(Some(standing(&row)));
        }
    }
    if let Some(end) = end {
        return Ok(Some((SumState::Aborted, Some(ended(end.given_up.why)))));
    }
    let state = match node.has_contributed(release)? {
        true => SumState::Contributed,
        false => SumState::NotBegun,
    };
    Ok(Some((state, None)))
}

fn standing(row: &RoundRow) -> (SumState, Option<Reason>) {
    match row.state {
        RoundState::Open => (SumState::Open, None),
        RoundState::Adding => (SumState::Adding, None),
        RoundState::Done => (SumState::Done, None),
        RoundState::Aborted => (SumState::Aborted, Some(why(&row.why))),
    }
}

/// What we are in a plan.
pub(super) fn roles(node: &Node, plan: &Plan) -> Vec<String> {
    let ours = node.id();
    let [leads, helps] = plan.roles.aggregators.map_or([false; 2], |it| it.map(|org| org == ours));
    let roles = [
        ("querier", plan.roles.queriers.contains_key(&ours)),
        ("leader", leads),
        ("helper", helps),
        ("contributor", plan.roles.contributors.contains_key(&ours)),
    ];
    roles.into_iter().filter(|(_, is)| *is).map(|(role, _)| role.to_owned()).collect()
}

/// The rounds in which we add up and which are not finished.
pub(in crate::answer) fn unfinished(node: &Node) -> Outcome<Vec<SumRound>> {
    let mut rounds = Vec::new();
    for (part, role) in [(Part::Leader, "leader"), (Part::Helper, "helper")] {
        for (release, row) in node.sum_rounds(part)? {
            if row.state == RoundState::Done {
                continue;
            }
            let KeptPlan { plan, .. } = node.plan_by_id(&release.plan)?;
            let (state, why) = standing(&row);
            let (mut taken, mut refused, mut silent) = (0, 0, 0);
            if part == Part::Leader && row.state == RoundState::Open {
                let intake = node.sum_intake(&release)?;
                taken = intake.taken.len() as u64;
                refused = (intake.declined.len() + intake.rejected.len()) as u64;
                silent = intake.missing.len() as u64;
            }
            rounds.push(SumRound {
                plan: format!("{}@{}", plan.name, plan.version),
                cube: plan.cube_at(release.cube).map(|it| it.name.clone()).unwrap_or_default(),
                period: release.period.to_string(),
                revision: release.revision,
                role: role.to_owned(),
                state,
                why,
                taken,
                refused,
                silent,
            });
        }
    }
    Ok(rounds)
}
