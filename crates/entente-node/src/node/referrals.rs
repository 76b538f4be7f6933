//! Referrals: what this node decides about its own, and what it asks for of those it was offered.
//!
//! Which transitions there are is the core's ([`entente_core::referral`]); here each becomes one
//! transaction of the state, its audit entry, its line in the timeline, and what is said in the
//! feeds of all whom it concerns. An acceptance is decided where the partner's leaf is counted
//! (`node/feeds/accept.rs`): the leaf that comes first wins, and there is no moment in which two have.

use std::collections::BTreeMap;
use std::ops::ControlFlow;

use entente_core::audit::{Action, Actor, AuditEntry};
use entente_core::codes::Urgency;
use entente_core::identity::OrgId;
use entente_core::record::RecordId;
use entente_core::referral::{
    HomeState, HomeStep, NeedCard, OfferStep, PartnerState, ReferralId, Timers, window_s,
};
use entente_core::statement::AgreementRef;
use entente_store::db::Rows;
use entente_store::referrals::Referrals as _;
use entente_store::rows::{BadRow, ChainRow, OfferRow, ReferralStepRow};
use entente_store::tx::Reads as _;

use super::{Node, Outcome};
use crate::fault::Fault;
use faults::{several_referrals, unknown_referral};

mod asked;
mod candidates;
mod faults;
mod figures;
mod handover;
mod home;
mod partner;
mod permit;
pub(crate) mod read;
pub(crate) mod rows;
mod say;
mod settle;
pub(crate) mod through;
mod timers;

pub use permit::Refusal;
pub(crate) use timers::lapsed;
pub use timers::{Alarm, AlarmKind, LAPSED_DAYS};

/// How many referrals may be open between us and one partner, in each direction: nobody fills
/// another's inbox, and a shelter has two dozen.
pub const MAX_OPEN_WITH_PARTNER: usize = 500;

/// Stands in the store once what is open was counted.
const COUNTED: &str = "open_referrals";

/// The days that a partner has to answer what is not urgent, unless the settings say otherwise.
pub const ROUTINE_DAYS: u32 = 14;

/// What the settings say about referrals.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReferralRules {
    /// To whom what is overdue goes: a name or an office, in the settings' own words. Empty: nobody.
    pub coordinator: String,
    /// The days that a partner has to answer what is not urgent, and to close what it serves.
    pub routine_days: u32,
}

impl Default for ReferralRules {
    fn default() -> Self {
        Self { coordinator: String::new(), routine_days: ROUTINE_DAYS }
    }
}

/// A referral of ours, as it is kept.
#[derive(Clone, Debug)]
pub struct KeptReferral {
    /// Its name.
    pub id: ReferralId,
    /// The record it is for.
    pub record: RecordId,
    /// What is needed, as fine as we have it.
    pub card: NeedCard,
    /// Where it stands.
    pub state: HomeState,
    /// What is kept of each offer.
    pub offers: BTreeMap<OrgId, OfferRow>,
    /// When it was made, and by which account.
    pub created: (i64, String),
    /// When it came to where it stands.
    pub since_s: i64,
    /// What it waits for, if it waits for something.
    pub timers: Option<Timers>,
    /// Whether somebody was reminded, and whether it went to the coordinator. Of one that lapsed: both, once
    /// somebody has seen to it.
    pub alarms: (bool, bool),
    pub(crate) n_steps: u32,
}

/// A referral that we were offered, as it is kept.
#[derive(Clone, Debug)]
pub struct ReceivedReferral {
    /// The organization whose it is.
    pub home: OrgId,
    /// Its name.
    pub id: ReferralId,
    /// What is needed; `None` once it is over, when the card is destroyed.
    pub card: Option<NeedCard>,
    /// Where it stands.
    pub state: PartnerState,
    /// The agreement it was offered under.
    pub agreement: AgreementRef,
    /// When it came, by our clock.
    pub received_at_s: i64,
    /// When an answer is due, by the home's clock.
    pub due_at_s: i64,
    /// When the offer lapses, by the home's clock. Decides nothing here.
    pub expires_at_s: i64,
    /// When it came to where it stands.
    pub since_s: i64,
    /// Whether somebody was reminded.
    pub reminded: bool,
    /// The key to which the contact details are sealed, once they were handed over.
    pub key: Option<[u8; 32]>,
    pub(crate) ours: ChainRow,
    pub(crate) theirs: ChainRow,
    pub(crate) n_steps: u32,
}

impl Node {
    /// A referral of ours.
    pub(crate) fn kept_referral<R: Rows>(&self, tx: &R, id: &ReferralId) -> Outcome<KeptReferral> {
        let row = tx.referral(&id.0)?.ok_or_else(unknown_referral)?;
        Ok(rows::kept(*id, row)?)
    }

    /// A referral that `home` offered us, if there is one.
    pub(crate) fn received_referral<R: Rows>(
        &self,
        tx: &R,
        home: &OrgId,
        id: &ReferralId,
    ) -> Outcome<Option<ReceivedReferral>> {
        let row = tx.received_referral(home.as_bytes(), &id.0)?;
        Ok(row.map(|row| rows::received(*home, *id, row)).transpose()?)
    }

    /// How many referrals of ours are open at a partner, and how many of its we have still to deal with.
    pub fn n_referrals_with(&self, partner: &OrgId) -> Outcome<(usize, usize)> {
        let id = partner.as_bytes();
        self.db.read(|tx| Ok((tx.n_open_referrals(id)?, tx.n_pending_referrals(id)?)))
    }

    /// Counts what is open in a store that was made before it was counted. Once.
    pub(crate) fn count_open_referrals(&self) -> Outcome<()> {
        if self.db.read(|tx| tx.meta(COUNTED))?.is_some() {
            return Ok(());
        }
        self.db.write("open referrals counted", |tx| {
            let (mut ours, mut theirs) = (Vec::new(), Vec::new());
            tx.referrals(&mut |id, row| {
                ours.push(rows::kept(ReferralId(id), row)?);
                Ok(ControlFlow::Continue(()))
            })?;
            tx.received_referrals(None, &mut |home, id, row| {
                let home = OrgId::from_bytes(&home).map_err(|_| BadRow)?;
                theirs.push(rows::received(home, ReferralId(id), row)?);
                Ok(ControlFlow::Continue(()))
            })?;
            for kept in &ours {
                home::count_open(tx, kept)?;
            }
            for kept in &theirs {
                let (home, is_pending) = (kept.home.as_bytes(), partner::is_pending(kept.state));
                tx.set_referral_pending(home, &kept.id.0, is_pending)?;
            }
            Ok(tx.put_meta(COUNTED, &[])?)
        })
    }

    /// All referrals of ours, the newest first.
    pub fn referrals(&self) -> Outcome<Vec<KeptReferral>> {
        let mut all = Vec::new();
        self.db.read(|tx| {
            tx.referrals(&mut |id, row| {
                all.push(rows::kept(ReferralId(id), row)?);
                Ok(ControlFlow::Continue(()))
            })
        })?;
        all.sort_by_key(|it| (std::cmp::Reverse(it.created.0), it.id));
        Ok(all)
    }

    /// All referrals that we were offered, the newest first.
    pub fn received_referrals(&self) -> Outcome<Vec<ReceivedReferral>> {
        let mut all = Vec::new();
        self.db.read(|tx| {
            tx.received_referrals(None, &mut |home, id, row| {
                let home = OrgId::from_bytes(&home).map_err(|_| BadRow)?;
                all.push(rows::received(home, ReferralId(id), row)?);
                Ok(ControlFlow::Continue(()))
            })
        })?;
        all.sort_by_key(|it| (std::cmp::Reverse(it.received_at_s), it.id));
        Ok(all)
    }

    /// The referral of ours whose name begins like this; ours alone, if an organization was named.
    pub fn find_referral(&self, wanted: &str) -> Outcome<KeptReferral> {
        let (name, home) = name_and_home(wanted);
        if home.is_some_and(|home| !self.is_meant(&home)) {
            return Err(unknown_referral());
        }
        one(self.referrals()?, |it| it.id, &name)
    }

    /// The referral that we were offered whose name begins like this. Whoever was offered one can give its
    /// name to another: then whose it is has to be said too.
    pub fn find_received(&self, wanted: &str) -> Outcome<ReceivedReferral> {
        let (name, home) = name_and_home(wanted);
        let mut all = self.received_referrals()?;
        if let Some(home) = home {
            if self.is_meant(&home) {
                return Err(unknown_referral());
            }
            // Of somebody who is no partner there is none either.
            let named = self.find_partner(&home);
            let unknown = |fault: Box<Fault>| {
                if fault.code == "ENT-1201" { unknown_referral() } else { fault }
            };
            let home = named.map_err(unknown)?.0;
            all.retain(|it| it.home == home);
        }
        one(all, |it| it.id, &name)
    }

    /// Whether an organization that was named is this one.
    fn is_meant(&self, home: &str) -> bool {
        home.len() >= 4 && self.id().to_string().starts_with(home)
    }

    /// What happened to a referral, the oldest first. `home` is whose it is; ourselves for our own.
    pub fn referral_timeline(
        &self,
        home: &OrgId,
        id: &ReferralId,
    ) -> Outcome<Vec<ReferralStepRow>> {
        Ok(self.db.read(|tx| tx.referral_steps(home.as_bytes(), &id.0))?)
    }

    /// The timers of a wait for an answer that begins now.
    pub(crate) fn timers_of(&self, card: &NeedCard) -> Timers {
        self.timers_within(card.urgency)
    }

    /// The timers of a step that begins now. Until the person is reached it is as urgent as the card; from
    /// then on what is missing is that somebody closes it.
    fn timers_at(&self, card: &NeedCard, step: HomeStep) -> Timers {
        match step {
            HomeStep::Opened | HomeStep::InService => self.timers_within(Urgency::Routine),
            _ => self.timers_of(card),
        }
    }

    fn timers_within(&self, urgency: Urgency) -> Timers {
        Timers::of(self.now_s(), window_s(urgency, self.referral_rules().routine_days))
    }

    fn referral_entry(&self, actor: Actor, action: Action, id: &ReferralId) -> AuditEntry {
        self.entry(actor, action).reference(id.0)
    }
}

/// The beginning of a referral's name as it was typed, and whose it is if that was said too:
/// `NAME@ORGANIZATION`.
pub(crate) fn name_and_home(wanted: &str) -> (String, Option<String>) {
    let wanted = wanted.trim().to_lowercase();
    match wanted.split_once('@') {
        Some((name, home)) => (name.trim_end().to_owned(), Some(home.trim_start().to_owned())),
        None => (wanted, None),
    }
}

/// The one whose name begins like `wanted`.
fn one<T>(all: Vec<T>, id: impl Fn(&T) -> ReferralId, wanted: &str) -> Outcome<T> {
    if wanted.len() < 4 {
        return Err(unknown_referral());
    }
    let mut found = all.into_iter().filter(|it| id(it).to_string().starts_with(wanted));
    match (found.next(), found.next()) {
        (Some(one), None) => Ok(one),
        (Some(_), Some(_)) => Err(several_referrals()),
        (None, _) => Err(unknown_referral()),
    }
}

/// Whether a referral at this step waits for somebody to act soon. Before the first offer only one does that
/// an organization without a node asked for.
fn waits(step: HomeStep) -> bool {
    step == HomeStep::Offered || step.is_taken()
}

/// Whether an offer is one that its partner still has to do with.
fn is_open(step: OfferStep, over: bool) -> bool {
    matches!(step, OfferStep::Open) || (matches!(step, OfferStep::Won) && !over)
}
