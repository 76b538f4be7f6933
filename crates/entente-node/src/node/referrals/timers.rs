//! Timers: reminders, what is overdue, and offers that lapse.
//!
//! Nothing here is asked for by anybody; housekeeping calls [`Node::referral_timers`]. A clock that
//! is set back undoes nothing.
//!
//! A referral that nobody took in time is over for its partners and not for the person: it waits for
//! somebody here until it is seen to ([`lapsed`]).

use std::collections::{BTreeMap, BTreeSet};

use entente_core::audit::{Action, Actor};
use entente_core::identity::OrgId;
use entente_core::record::RecordId;
use entente_core::referral::{HomeEvent, HomeStep, PartnerState, ReferralId, Refused, Timers};

use super::faults::refused;
use super::home::{Doing, put};
use super::{KeptReferral, ReceivedReferral, read};
use crate::node::{Node, Outcome};

/// Something about a referral that somebody has to be told. Each changes what waits ([`crate::node::waiting`]),
/// and so becomes a message to whom it concerns.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Alarm {
    /// The referral.
    pub id: ReferralId,
    /// Whose it is; ourselves for our own.
    pub home: OrgId,
    /// What about it.
    pub kind: AlarmKind,
}

/// What somebody has to be told about a referral.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AlarmKind {
    /// Half of the time is over.
    Reminder,
    /// The time is over.
    Overdue,
    /// Its offers have lapsed.
    Expired,
}

impl AlarmKind {
    /// Text form, for logs and notifications.
    pub fn code(self) -> &'static str {
        match self {
            Self::Reminder => "reminder",
            Self::Overdue => "overdue",
            Self::Expired => "expired",
        }
    }
}

/// For how many days a referral that nobody took waits for somebody here: as long as the answer to one that
/// is not urgent. After that it is in the list of all.
pub const LAPSED_DAYS: i64 = 14;

/// Which of our referrals nobody took in time, and nobody here has seen to since: by taking it off the list,
/// or with another referral of the same record.
pub(crate) fn lapsed(ours: &[KeptReferral], now_s: i64) -> BTreeSet<ReferralId> {
    let mut newest: BTreeMap<RecordId, i64> = BTreeMap::new();
    for kept in ours {
        let at_s = newest.entry(kept.record).or_insert(i64::MIN);
        *at_s = kept.created.0.max(*at_s);
    }
    let waits = |kept: &&KeptReferral| {
        let is_recent = now_s.saturating_sub(kept.since_s) < LAPSED_DAYS * 24 * 60 * 60;
        let has_newer = newest.get(&kept.record).is_some_and(|at_s| *at_s >= kept.since_s);
        kept.state.step == HomeStep::Expired && !kept.alarms.1 && is_recent && !has_newer
    };
    ours.iter().filter(waits).map(|kept| kept.id).collect()
}

impl Node {
    /// Takes a referral that nobody took in time off the list of what waits. Nobody is told: it is over.
    pub fn set_lapsed_aside(&self, actor: Actor, id: &ReferralId) -> Outcome<KeptReferral> {
        self.db.write("lapsed referral", |tx| {
            let mut kept = self.kept_referral(tx, id)?;
            if kept.state.step != HomeStep::Expired || kept.alarms.1 {
                return Err(refused(Refused::Over));
            }
            kept.alarms = (true, true);
            let entry = self.referral_entry(actor.clone(), Action::ReferralWithdrawn, id);
            let entry = entry.record(kept.record).reasons(["expired".to_owned()]);
            self.write_audit(tx, vec![entry])?;
            self.add_step(tx, &mut kept, &actor, None, ("withdrawn", ""), None)?;
            put(tx, &kept)?;
            Ok(kept)
        })
    }

    /// Does what the timers of all referrals ask for now. Returns what somebody has to be told.
    pub fn referral_timers(&self) -> Outcome<Vec<Alarm>> {
        let now = self.now_s();
        let mut alarms = Vec::new();
        for kept in self.referrals()? {
            if is_due(&kept, now)
                && let Some(kind) = self.ring(&kept.id)?
            {
                alarms.push(Alarm { id: kept.id, home: self.id(), kind });
            }
        }
        for kept in self.received_referrals()? {
            if wants_reminder(&kept, now) && self.remind(&kept)? {
                alarms.push(Alarm { id: kept.id, home: kept.home, kind: AlarmKind::Reminder });
            }
        }
        Ok(alarms)
    }

    /// Looks at one referral again, and does what is due.
    fn ring(&self, id: &ReferralId) -> Outcome<Option<AlarmKind>> {
        self.db.write("referral timer", |tx| {
            let mut kept = self.kept_referral(tx, id)?;
            let now = self.now_s();
            let lapsed = kept.state.step == HomeStep::Offered && now >= kept.state.expires_at_s;
            if lapsed {
                let tick = Doing::new(&Actor::Node, HomeEvent::Tick);
                let done = self.do_home(tx, &mut kept, tick)?;
                return Ok(done.is_ok().then_some(AlarmKind::Expired));
            }
            let Some(Timers { remind_at_s, due_at_s, .. }) = kept.timers else { return Ok(None) };
            let (kind, action, code) = if now >= due_at_s && !kept.alarms.1 {
                kept.alarms = (true, true);
                (AlarmKind::Overdue, Action::ReferralEscalated, "overdue")
            } else if now >= remind_at_s && !kept.alarms.0 {
                kept.alarms.0 = true;
                (AlarmKind::Reminder, Action::ReferralReminded, "reminded")
            } else {
                return Ok(None);
            };
            let entry = self.referral_entry(Actor::Node, action, id).record(kept.record);
            self.write_audit(tx, vec![entry])?;
            self.add_step(tx, &mut kept, &Actor::Node, None, (code, ""), None)?;
            put(tx, &kept)?;
            Ok(Some(kind))
        })
    }

    /// Notes that somebody here is reminded of an offer that nobody answered.
    fn remind(&self, kept: &ReceivedReferral) -> Outcome<bool> {
        self.db.write("referral reminder", |tx| {
            let again = self.received_referral(tx, &kept.home, &kept.id)?;
            let Some(mut kept) = again.filter(|it| wants_reminder(it, self.now_s())) else {
                return Ok(false);
            };
            kept.reminded = true;
            let entry = self.referral_entry(Actor::Node, Action::ReferralReminded, &kept.id);
            self.write_audit(tx, vec![entry.partner(kept.home)])?;
            self.add_received_step(tx, &mut kept, &Actor::Node, ("reminded", ""), None)?;
            read::put(tx, &kept)?;
            Ok(true)
        })
    }
}

impl KeptReferral {
    /// Whether somebody should have acted by `now_s`.
    pub fn is_overdue(&self, now_s: i64) -> bool {
        self.timers.is_some_and(|timers| now_s >= timers.due_at_s)
    }
}

impl ReceivedReferral {
    /// Whether we should have answered by `now_s`, by our own clock. Decides nothing.
    pub fn is_overdue(&self, now_s: i64) -> bool {
        self.state == PartnerState::Offered && now_s >= self.due_at_s
    }
}

fn is_due(kept: &KeptReferral, now_s: i64) -> bool {
    let lapsed = kept.state.step == HomeStep::Offered && now_s >= kept.state.expires_at_s;
    let rings = kept.timers.is_some_and(|timers| {
        (now_s >= timers.remind_at_s && !kept.alarms.0)
            || (now_s >= timers.due_at_s && !kept.alarms.1)
    });
    lapsed || rings
}

fn wants_reminder(kept: &ReceivedReferral, now_s: i64) -> bool {
    let half = kept.received_at_s + (kept.due_at_s - kept.received_at_s).max(0) / 2;
    kept.state == PartnerState::Offered && !kept.reminded && now_s >= half
}
