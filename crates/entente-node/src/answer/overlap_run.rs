//! Answers: driving an overlap round as its coordinator, and giving one up.
//!
//! A run goes as far as it can, keeps what it hears, and is run again for the rest. Going on without
//! a contributor is a person's decision, since it cannot be taken back once the first helper mixes.
//! It can be stopped between two questions: a step that was asked for is done once, here or there.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use entente_core::identity::OrgId;
use entente_core::statistics::overlap::{Role, Round, RoundId};
use tokio::sync::Semaphore;

use super::overlap::{Misses, told};
use super::statistics::{NO_PARTNER, NOT_VALID, OTHER_VERSION, Why};
use super::{Desk, Staff, Steps, step};
use crate::fault::{Both, Fault};
use crate::local::doc::*;
use crate::node::statistics::overlap::driving::over;
use crate::node::statistics::overlap::{Heard, KeptRound};
use crate::node::{Node, Outcome};
use crate::sync::Missed;

/// How long a contributor has: 50,000 persons take some seconds.
const CONTRIBUTING: Duration = Duration::from_secs(300);

/// How long a helper has: 100,000 entries take well under a minute, and a slow line some more.
const MIXING: Duration = Duration::from_secs(1_800);

/// How long a small question may take.
const ASKING: Duration = Duration::from_secs(20);

/// How many are asked at once.
const AT_ONCE: usize = 16;

/// A round that is being run.
struct Run {
    desk: Arc<Desk>,
    staff: Staff,
    kept: KeptRound,
    misses: Misses,
}

pub(super) async fn run(
    desk: Arc<Desk>,
    staff: Staff,
    ask: OverlapRunAsk,
    steps: Steps,
) -> Outcome<OverlapTold> {
    let actor = staff.actor();
    let prepare = move |node: &Node| {
        let kept = node.overlap_to_run(&ask.round)?;
        let is_counted = node.overlap_progress(&kept.round.id())?.counted.is_some();
        if !is_counted && kept.is_over() {
            return Err(over());
        }
        if !is_counted {
            node.begin_overlap(actor, &kept.round.id())?;
        }
        let without = ask.without.iter().map(|name| contributor(node, &kept.round, name));
        let without = without.collect::<Outcome<BTreeSet<_>>>()?;
        Ok((kept, is_counted, without))
    };
    let (kept, is_counted, without) = blocking(&desk, prepare).await?;
    let mut run = Run { desk, staff, kept, misses: Misses::new() };
    if !is_counted {
        run.go(&without, &steps).await?;
    }
    run.told().await
}

/// A contributor of the round by a name that people use.
fn contributor(node: &Node, round: &Round, name: &str) -> Outcome<OrgId> {
    let (org, _) = super::plans::member(node, name)?;
    if round.list_of(&org).is_some() {
        return Ok(org);
    }
    Err(Fault::new(
        2128,
        (
            "The overlap round cannot go on like this.",
            "Le recoupement ne peut pas se poursuivre ainsi.",
        ),
        (
            "See who is in it: `entente stats overlap show`.",
            "Voyez qui y est\u{a0}: `entente stats overlap show`.",
        ),
    )
    .because(
        "Who is left out must be a contributor.",
        "Seul un contributeur peut être laissé de côté.",
    ))
}

async fn blocking<T: Send + 'static>(
    desk: &Arc<Desk>,
    f: impl FnOnce(&Node) -> Outcome<T> + Send + 'static,
) -> Outcome<T> {
    let node = Arc::clone(&desk.node);
    let done = tokio::task::spawn_blocking(move || f(&node)).await;
    done.unwrap_or_else(|_| Err(super::failed()))
}

/// Within a time, or unreachable.
async fn within<T>(
    time: Duration,
    asked: impl Future<Output = Result<T, Missed>>,
) -> Result<T, Missed> {
    let late = |_| Err(Missed::Door("late".to_owned()));
    tokio::time::timeout(time, asked).await.unwrap_or_else(late)
}

impl Run {
    fn id(&self) -> RoundId {
        self.kept.round.id()
    }

    /// Goes on as far as everybody lets us.
    async fn go(&mut self, without: &BTreeSet<OrgId>, steps: &Steps) -> Outcome<()> {
        let total = 5;
        step(steps, 0, total, "keys", "clés");
        if !self.keys().await? {
            return Ok(());
        }
        steps.go_on()?;
        step(steps, 1, total, "contributions", "contributions");
        if !self.contributions(without, steps).await? {
            return Ok(());
        }
        for (done, role) in [(2, Role::First), (3, Role::Second)] {
            steps.go_on()?;
            step(steps, done, total, "mixing", "mélange");
            if !self.mixed(role).await? {
                return Ok(());
            }
        }
        steps.go_on()?;
        step(steps, 4, total, "counting", "comptage");
        let (id, actor) = (self.id(), self.staff.actor());
        blocking(&self.desk, move |node| node.count_overlap(actor, &id)).await?;
        close_all(&self.desk, &self.staff, &self.kept.round).await;
        step(steps, total, total, "counting", "comptage");
        Ok(())
    }

    async fn keys(&mut self) -> Outcome<bool> {
        let id = self.id();
        let progress = blocking(&self.desk, move |node| node.overlap_progress(&id)).await?;
        for helper in self.kept.round.terms().helpers {
            if !progress.shares.contains(&helper) {
                let asked = self.desk.peers.overlap_share(self.staff.actor(), &helper, &id);
                let heard = within(ASKING, asked).await;
                note(&mut self.misses, helper, heard)?;
            }
        }
        Ok(self.misses.is_empty())
    }

    /// Asks everybody who has not given yet, and closes the gathering if nobody is left whom we do
    /// not go on without.
    async fn contributions(&mut self, without: &BTreeSet<OrgId>, steps: &Steps) -> Outcome<bool> {
        let id = self.id();
        let progress = blocking(&self.desk, move |node| node.overlap_progress(&id)).await?;
        if progress.missing.is_some() {
            return Ok(true);
        }
        let round = Arc::new(self.kept.round.clone());
        let all: BTreeSet<_> = round.terms().contributors.iter().map(|(org, _)| *org).collect();
        let open = all.iter().filter(|org| !progress.given.contains_key(org));
        let few = Arc::new(Semaphore::new(AT_ONCE));
        let mut asking = tokio::task::JoinSet::new();
        for org in open.copied() {
            let (desk, actor) = (Arc::clone(&self.desk), self.staff.actor());
            let (round, few) = (Arc::clone(&round), Arc::clone(&few));
            asking.spawn(async move {
                let _turn = few.acquire().await;
                let asked = desk.peers.overlap_contribution(actor, &org, &round);
                (org, within(CONTRIBUTING, asked).await)
            });
        }
        while let Some(heard) = asking.join_next().await {
            let (org, heard) = heard.map_err(|_| super::failed())?;
            note(&mut self.misses, org, heard)?;
            steps.go_on()?;
        }
        let given = blocking(&self.desk, move |node| node.overlap_progress(&id)).await?.given;
        let missing: BTreeSet<_> = all.into_iter().filter(|org| !given.contains_key(org)).collect();
        if !missing.is_subset(without) {
            return Ok(false);
        }
        let lists: BTreeSet<_> = given.keys().filter_map(|org| round.list_of(org)).collect();
        if lists.len() < round.terms().lists.len() {
            return Err(empty_list());
        }
        blocking(&self.desk, move |node| node.close_gathering(&id, &missing)).await?;
        Ok(true)
    }

    async fn mixed(&mut self, role: Role) -> Outcome<bool> {
        let (id, [first, second]) = (self.id(), self.kept.round.terms().helpers);
        let helper = if role == Role::First { first } else { second };
        let progress = blocking(&self.desk, move |node| node.overlap_progress(&id)).await?;
        if progress.mixed.contains(&helper) {
            return Ok(true);
        }
        let asked = self.desk.peers.overlap_mix(self.staff.actor(), &self.kept.round, role);
        let heard = within(MIXING, asked).await;
        note(&mut self.misses, helper, heard)?;
        Ok(!self.misses.contains_key(&helper))
    }

    async fn told(self) -> Outcome<OverlapTold> {
        let Self { desk, kept, misses, .. } = self;
        blocking(&desk, move |node| told(node, &node.overlap_by_id(&kept.round.id())?, &misses))
            .await
    }
}

fn empty_list() -> Box<Fault> {
    Fault::new(
        2129,
        ("A list of the overlap round would have nobody.", "Une liste du recoupement serait vide."),
        (
            "Wait for its contributors, or give the round up: `entente stats overlap end`.",
            "Attendez ses contributeurs, ou abandonnez le recoupement\u{a0}: `entente stats overlap end`.",
        ),
    )
}

/// What is wrong between us and a party is its outcome, not the run's end.
fn note(misses: &mut Misses, org: OrgId, heard: Result<Heard, Missed>) -> Outcome<()> {
    let (outcome, why) = match heard {
        Ok(Heard::Kept) => {
            misses.remove(&org);
            return Ok(());
        }
        Ok(Heard::NotValid(_)) | Err(Missed::RefusedByUs(_)) => ("refused", Some(NOT_VALID)),
        Ok(Heard::Contradicts) => ("refused", Some(DONE_TWICE)),
        Err(Missed::RefusedByPartner(word)) => ("refused", Some(refusal(&word))),
        Err(Missed::OtherVersion) => ("refused", Some(OTHER_VERSION)),
        // Not a partner of ours.
        Err(Missed::Ours(fault)) if fault.code == "ENT-1201" => ("refused", Some(NO_PARTNER)),
        Err(Missed::Ours(fault)) => return Err(fault),
        Err(Missed::Door(_) | Missed::NoAddress) => ("unreachable", None),
    };
    let reason = why.map(|(code, en, fr): Why| Reason {
        code: code.to_owned(),
        clause: None,
        text: Both::new(en, fr),
    });
    misses.insert(org, (outcome, reason.into_iter().collect()));
    Ok(())
}

const DONE_TWICE: Why = (
    "done_twice",
    "it did the same step twice, differently",
    "il a fait deux fois la même étape, différemment",
);

fn refusal(word: &str) -> Why {
    match word {
        "declined" => (
            "declined",
            "it does not contribute, by its own rules; it knows why",
            "il ne contribue pas, selon ses propres règles; il sait pourquoi",
        ),
        "done" => (
            "done",
            "the round is over there, or was asked otherwise before",
            "le recoupement y est terminé, ou a été demandé autrement",
        ),
        "not_valid" => (
            "not_valid",
            "it does not accept what we brought",
            "il n’accepte pas ce que nous avons apporté",
        ),
        _ => (
            "not_signed",
            "it has not signed the terms, or does not answer us now",
            "il n’a pas signé les conditions, ou ne nous répond pas en ce moment",
        ),
    }
}

/// Tells everybody that the round is over. Who does not hear it destroys its keys by itself, later.
async fn close_all(desk: &Arc<Desk>, staff: &Staff, round: &Round) {
    let few = Arc::new(Semaphore::new(AT_ONCE));
    let mut telling = tokio::task::JoinSet::new();
    for party in round.parties() {
        if party == desk.node.id() {
            continue;
        }
        let (desk, actor) = (Arc::clone(desk), staff.actor());
        let (few, id) = (Arc::clone(&few), round.id());
        telling.spawn(async move {
            let _turn = few.acquire().await;
            let told = within(ASKING, desk.peers.overlap_close(actor, &party, &id)).await;
            if let Err(missed) = told {
                tracing::warn!(partner = %party.short(), why = %missed, "did not hear that an overlap round is over");
            }
        });
    }
    while telling.join_next().await.is_some() {}
}

pub(super) async fn end(
    desk: Arc<Desk>,
    staff: Staff,
    ask: OverlapEndAsk,
    _: Steps,
) -> Outcome<OverlapTold> {
    let actor = staff.actor();
    let ended = move |node: &Node| {
        let kept = node.find_overlap(&ask.round)?;
        node.end_overlap(actor, &kept.round.id())
    };
    let kept = blocking(&desk, ended).await?;
    if kept.round.terms().coordinator == desk.node.id() && kept.is_signed() {
        close_all(&desk, &staff, &kept.round).await;
    }
    blocking(&desk, move |node| told(node, &kept, &Misses::new())).await
}
