//! Referrals as figures: what was needed, what came of it, and how long it took.
//!
//! Only the home of a referral counts it, and the unit is the person, as for cases: each is counted
//! once in a year and cube, at the first referral that was offered in that year. So a person moves
//! one cell by one, however many referrals were made, and the noise is measured for that.
//!
//! Everybody falls in exactly one label of each dimension. A referral that nobody was offered is
//! none yet, and is in no figure. Whose referrals count for whom is decided by whoever reads them:
//! by the same rule as for the cases they were made for.

use std::collections::BTreeMap;
use std::fmt;

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::plan::Cube;
use super::tally::Exact;
use crate::codes::{Barrier, Code, Need, ReferralOutcome, code_list};
use crate::period::{Period, Quarter};
use crate::referral::{Area, HomeState, HomeStep, OfferStep, ReferralId};

#[cfg(test)]
mod tests;

code_list! {
    /// What a cube counts persons by. Figures of one are never added to figures of the other.
    Counts = "cube_counts" {
        Cases = "cases", "persons, each once a year, at first identification", "personnes, chacune une fois par année, à la première identification";
        Referrals = "referrals", "persons, each once a year, at the first referral that was offered", "personnes, chacune une fois par année, au premier aiguillage offert";
    }
}

code_list! {
    /// What came of a referral: an outcome, the barrier for which all declined, or how else it stands.
    ReferralResult = "referral_result" {
        Provided = "provided", "Service provided", "Service rendu";
        ByOwnAgency = "by_own_agency", "Provided by own agency", "Rendu par l’organisme";
        AlreadyReceived = "already_received", "Already received elsewhere", "Déjà reçu ailleurs";
        DeclinedByPerson = "declined_by_person", "Declined by the person", "Refusé par la personne";
        Unavailable = "unavailable", "Accepted; service unavailable", "Accepté; service non disponible";
        NotApplicable = "not_applicable", "Accepted; not applicable", "Accepté; sans objet";
        NoCapacity = "no_capacity", "Accepted; no capacity / resources", "Accepté; manque de capacité ou de ressources";
        LanguageBarrier = "language_barrier", "Accepted; language barrier", "Accepté; barrière linguistique";
        SafetyConcern = "safety_concern", "Accepted; safety concern", "Accepté; préoccupation de sécurité";
        StatusBarrier = "status_barrier", "Accepted; legal-status barrier", "Accepté; obstacle lié au statut";
        Coordination = "coordination", "Accepted; ineffective coordination", "Accepté; mauvaise coordination";
        AllNoCapacity = "all_no_capacity", "Declined by all: no capacity / resources", "Refusé par tous\u{a0}: manque de capacité ou de ressources";
        AllUnavailable = "all_unavailable", "Declined by all: service unavailable", "Refusé par tous\u{a0}: service non disponible";
        AllNotApplicable = "all_not_applicable", "Declined by all: not applicable", "Refusé par tous\u{a0}: sans objet";
        AllLanguageBarrier = "all_language_barrier", "Declined by all: language barrier", "Refusé par tous\u{a0}: barrière linguistique";
        AllSafetyConcern = "all_safety_concern", "Declined by all: safety concern", "Refusé par tous\u{a0}: préoccupation de sécurité";
        AllStatusBarrier = "all_status_barrier", "Declined by all: legal-status barrier", "Refusé par tous\u{a0}: obstacle lié au statut";
        AllCoordination = "all_coordination", "Declined by all: ineffective coordination", "Refusé par tous\u{a0}: mauvaise coordination";
        Expired = "expired", "Nobody accepted in time", "Personne n’a accepté à temps";
        TakenBack = "taken_back", "Taken back", "Retiré";
        UnderWay = "under_way", "Accepted, under way", "Accepté, en cours";
        Open = "open", "Offered, not answered yet", "Offert, sans réponse pour l’instant";
    }
}

code_list! {
    /// Whether a need found nobody who could serve it.
    Unmet = "unmet" {
        Unmet = "unmet", "Unmet", "Non comblé";
        Other = "other", "Met, under way, or no longer wanted", "Comblé, en cours ou plus souhaité";
    }
}

code_list! {
    /// How long it took from the first offer to the acceptance.
    Waiting = "waiting" {
        OneHour = "1h", "Within one hour", "Dans l’heure";
        ThreeHours = "3h", "Within three hours", "Dans les trois heures";
        OneDay = "1d", "Within one day", "En un jour";
        ThreeDays = "3d", "Within three days", "En trois jours";
        FourteenDays = "14d", "Within fourteen days", "En quatorze jours";
        Later = "later", "Later", "Plus tard";
        Never = "never", "Not accepted", "Non accepté";
    }
}

impl ReferralResult {
    /// What came of a referral that stands like this.
    ///
    /// Of several partners that declined, the barrier that most of them named, and of equals the
    /// first of the list; if none did, since every offer was taken back, the referral was.
    pub fn of(state: &HomeState) -> Self {
        match state.step {
            HomeStep::Done(outcome) => Self::of_outcome(outcome),
            HomeStep::Unmet => barrier_of(state).map_or(Self::TakenBack, Self::of_barrier),
            HomeStep::Expired => Self::Expired,
            HomeStep::Revoked => Self::TakenBack,
            HomeStep::Accepted
            | HomeStep::HandedOver
            | HomeStep::Delivered
            | HomeStep::Opened
            | HomeStep::InService => Self::UnderWay,
            HomeStep::Created | HomeStep::Offered => Self::Open,
        }
    }

    fn of_outcome(outcome: ReferralOutcome) -> Self {
        match outcome {
            ReferralOutcome::Provided => Self::Provided,
            ReferralOutcome::ByOwnAgency => Self::ByOwnAgency,
            ReferralOutcome::AlreadyReceived => Self::AlreadyReceived,
            ReferralOutcome::DeclinedByPerson => Self::DeclinedByPerson,
            ReferralOutcome::Unavailable => Self::Unavailable,
            ReferralOutcome::NotApplicable => Self::NotApplicable,
            ReferralOutcome::NoCapacity => Self::NoCapacity,
            ReferralOutcome::LanguageBarrier => Self::LanguageBarrier,
            ReferralOutcome::SafetyConcern => Self::SafetyConcern,
            ReferralOutcome::StatusBarrier => Self::StatusBarrier,
            ReferralOutcome::Coordination => Self::Coordination,
        }
    }

    fn of_barrier(barrier: Barrier) -> Self {
        match barrier {
            Barrier::NoCapacity => Self::AllNoCapacity,
            Barrier::Unavailable => Self::AllUnavailable,
            Barrier::NotApplicable => Self::AllNotApplicable,
            Barrier::LanguageBarrier => Self::AllLanguageBarrier,
            Barrier::SafetyConcern => Self::AllSafetyConcern,
            Barrier::StatusBarrier => Self::AllStatusBarrier,
            Barrier::Coordination => Self::AllCoordination,
        }
    }
}

/// The barrier that most partners named; of equals the first of the list.
fn barrier_of(state: &HomeState) -> Option<Barrier> {
    let n = |barrier: Barrier| {
        let declined = OfferStep::Declined(barrier);
        state.offers.values().filter(|step| **step == declined).count()
    };
    // Of equal ones the last is taken, so the list is read from its end.
    Barrier::ALL.iter().rev().copied().filter(|it| n(*it) > 0).max_by_key(|it| n(*it))
}

impl Unmet {
    /// Whether what came of a referral leaves the need unmet: nobody took it, or whoever did could
    /// not serve it. What the person did not want any more is not unmet, nor what goes on.
    pub fn of(result: ReferralResult) -> Self {
        match result {
            ReferralResult::Unavailable
            | ReferralResult::NotApplicable
            | ReferralResult::NoCapacity
            | ReferralResult::LanguageBarrier
            | ReferralResult::SafetyConcern
            | ReferralResult::StatusBarrier
            | ReferralResult::Coordination
            | ReferralResult::AllNoCapacity
            | ReferralResult::AllUnavailable
            | ReferralResult::AllNotApplicable
            | ReferralResult::AllLanguageBarrier
            | ReferralResult::AllSafetyConcern
            | ReferralResult::AllStatusBarrier
            | ReferralResult::AllCoordination
            | ReferralResult::Expired => Self::Unmet,
            ReferralResult::Provided
            | ReferralResult::ByOwnAgency
            | ReferralResult::AlreadyReceived
            | ReferralResult::DeclinedByPerson
            | ReferralResult::TakenBack
            | ReferralResult::UnderWay
            | ReferralResult::Open => Self::Other,
        }
    }
}

impl Waiting {
    /// From the first offer to the acceptance, both in seconds since 1970 by the home's clock.
    pub fn of(offered_at_s: i64, accepted_at_s: Option<i64>) -> Self {
        const HOUR_S: i64 = 60 * 60;
        const DAY_S: i64 = 24 * HOUR_S;
        let Some(accepted_at_s) = accepted_at_s else { return Self::Never };
        let waited_s = accepted_at_s.saturating_sub(offered_at_s);
        match waited_s {
            ..=HOUR_S => Self::OneHour,
            _ if waited_s <= 3 * HOUR_S => Self::ThreeHours,
            _ if waited_s <= DAY_S => Self::OneDay,
            _ if waited_s <= 3 * DAY_S => Self::ThreeDays,
            _ if waited_s <= 14 * DAY_S => Self::FourteenDays,
            _ => Self::Later,
        }
    }
}

/// What is counted of one referral that was offered.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct ReferralFacts {
    /// Whose it is.
    pub person: [u8; 16],
    /// Its name.
    pub id: ReferralId,
    /// When it was first offered; seconds since 1970.
    pub offered_at_s: i64,
    /// When somebody accepted it.
    pub accepted_at_s: Option<i64>,
    /// Where the service is wanted.
    pub area: Area,
    /// What is needed most.
    pub need: Need,
    /// What came of it.
    pub result: ReferralResult,
}

// All of it together comes close to a person.
impl fmt::Debug for ReferralFacts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ReferralFacts(..)")
    }
}

impl ReferralFacts {
    /// The quarter in which it was first offered (UTC); `None` for what no clock shows.
    pub fn quarter(&self) -> Option<Quarter> {
        let at = Timestamp::from_second(self.offered_at_s).ok()?;
        Quarter::of(at.to_zoned(TimeZone::UTC).date()).ok()
    }

    /// How long it took until somebody accepted.
    pub fn waiting(&self) -> Waiting {
        Waiting::of(self.offered_at_s, self.accepted_at_s)
    }
}

/// The exact cells of a cube of referrals for a period, over the referrals that are meant.
///
/// Each person is counted once in a year, at the first referral of it; of two in one second, at the
/// one with the smaller name. A quarter holds those whose first referral of the year was in it.
pub fn tally(cube: &Cube, period: Period, meant: impl IntoIterator<Item = ReferralFacts>) -> Exact {
    let order = |it: &ReferralFacts| (it.offered_at_s, it.id);
    let mut first: BTreeMap<[u8; 16], (Quarter, ReferralFacts)> = BTreeMap::new();
    for facts in meant {
        let Some(quarter) = facts.quarter().filter(|it| it.year() == period.year()) else {
            continue;
        };
        let of_person = first.entry(facts.person).or_insert((quarter, facts));
        if order(&facts) < order(&of_person.1) {
            *of_person = (quarter, facts);
        }
    }
    let mut cells = vec![0; cube.n_cells()];
    for (quarter, facts) in first.values() {
        if !period.contains(Period::Quarter(*quarter)) {
            continue;
        }
        let numbers = cube.dimensions.iter().map(|it| it.number_of_referral(facts));
        let place = numbers.collect::<Option<Vec<u8>>>().and_then(|it| cube.place(&it));
        if let Some(cell) = place.and_then(|place| cells.get_mut(place)) {
            *cell += 1;
        }
    }
    Exact::of(cube, cells).unwrap_or_else(|| Exact::empty(cube))
}
