//! The home's side of a referral: who was asked, who has it, and what came of it.

use std::collections::BTreeMap;

use super::{Progress, Refused, Standing};
use crate::codes::{Barrier, ReferralOutcome, ReferralStatus};
use crate::identity::OrgId;

/// How far a referral is, at home.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HomeStep {
    /// The card is written; nobody was asked.
    Created,
    /// Partners were asked.
    Offered,
    /// One partner has it.
    Accepted,
    /// That partner was sent the sealed contact details.
    HandedOver,
    /// They arrived.
    Delivered,
    /// Somebody opened them.
    Opened,
    /// The person is being served.
    InService,
    /// It is closed.
    Done(ReferralOutcome),
    /// Every partner that was asked declined, or may not be asked any more.
    Unmet,
    /// It was taken back.
    Revoked,
    /// Nobody accepted in time.
    Expired,
}

impl HomeStep {
    /// Text form.
    pub fn code(self) -> &'static str {
        match self {
            Self::Created => "created",
            Self::Offered => "offered",
            Self::Accepted => "accepted",
            Self::HandedOver => "handed_over",
            Self::Delivered => "delivered",
            Self::Opened => "opened",
            Self::InService => "in_service",
            Self::Done(_) => "done",
            Self::Unmet => "unmet",
            Self::Revoked => "revoked",
            Self::Expired => "expired",
        }
    }

    /// The code of the dictionary; `None` before anybody was asked.
    pub fn status(self) -> Option<ReferralStatus> {
        match self {
            Self::Created => None,
            Self::Offered => Some(ReferralStatus::Offered),
            Self::Accepted
            | Self::HandedOver
            | Self::Delivered
            | Self::Opened
            | Self::InService => Some(ReferralStatus::Accepted),
            Self::Done(_) => Some(ReferralStatus::Done),
            Self::Unmet => Some(ReferralStatus::Declined),
            Self::Revoked => Some(ReferralStatus::Revoked),
            Self::Expired => Some(ReferralStatus::Expired),
        }
    }

    /// Whether nothing can happen any more.
    pub fn is_over(self) -> bool {
        matches!(self, Self::Done(_) | Self::Revoked | Self::Expired)
    }

    /// Whether a partner has it now.
    pub fn is_taken(self) -> bool {
        self.way().is_some()
    }

    /// How far the winner has come; `None` unless there is one and it is not over.
    fn way(self) -> Option<u8> {
        match self {
            Self::Accepted => Some(0),
            Self::HandedOver => Some(1),
            Self::Delivered => Some(2),
            Self::Opened => Some(3),
            Self::InService => Some(4),
            Self::Created
            | Self::Offered
            | Self::Done(_)
            | Self::Unmet
            | Self::Revoked
            | Self::Expired => None,
        }
    }
}

/// Where the offer to one partner stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OfferStep {
    /// It was asked and has not answered.
    Open,
    /// It declined.
    Declined(Barrier),
    /// It has the referral.
    Won,
    /// Another has it.
    Taken,
    /// The offer was taken back.
    Revoked,
    /// It did not answer in time.
    Expired,
}

impl OfferStep {
    /// Text form.
    pub fn code(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Declined(_) => "declined",
            Self::Won => "won",
            Self::Taken => "taken",
            Self::Revoked => "revoked",
            Self::Expired => "expired",
        }
    }
}

/// Something that happens to a referral at home.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum HomeEvent {
    /// The case worker asks these partners, which the policy allows.
    Offer {
        /// Whom.
        to: Vec<OrgId>,
        /// When offers lapse; seconds since 1970. Counts for the first offer, and once all declined.
        expires_at_s: i64,
    },
    /// A partner accepts.
    Accept(OrgId),
    /// A partner declines.
    Decline(OrgId, Barrier),
    /// The offer to one partner is taken back: it may not have it any more.
    TakeBack(OrgId),
    /// The case worker hands the contact details over.
    HandOver,
    /// A partner says how far it has come.
    Progress(OrgId, Progress),
    /// The case worker closes it.
    Close(ReferralOutcome),
    /// The case worker, or a withdrawn consent, takes it back.
    Withdraw,
    /// Time has passed.
    Tick,
}

/// What the home has to say to a partner.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Said {
    /// The card.
    Offer,
    /// Where the referral stands for it.
    Decision(Standing),
    /// The sealed contact details.
    HandOver,
}

/// A referral at home.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HomeState {
    /// How far it is.
    pub step: HomeStep,
    /// Whom it was offered to, and where each offer stands. At most one is [`OfferStep::Won`].
    pub offers: BTreeMap<OrgId, OfferStep>,
    /// When open offers lapse; seconds since 1970. 0 before the first.
    pub expires_at_s: i64,
}

impl HomeState {
    /// A referral that nobody was asked about.
    pub fn created() -> Self {
        Self { step: HomeStep::Created, offers: BTreeMap::new(), expires_at_s: 0 }
    }

    /// Who has it, or had it when it was closed or taken back.
    pub fn winner(&self) -> Option<OrgId> {
        self.offers.iter().find(|(_, step)| **step == OfferStep::Won).map(|(org, _)| *org)
    }

    /// Whether this organization was ever offered it.
    pub fn was_offered_to(&self, org: &OrgId) -> bool {
        self.offers.contains_key(org)
    }

    /// The partners that have not answered.
    pub fn open(&self) -> impl Iterator<Item = OrgId> {
        self.offers.iter().filter(|(_, step)| **step == OfferStep::Open).map(|(org, _)| *org)
    }

    /// What a partner was last told, for saying it again. `None` if its offer is open, or it declined.
    pub fn standing_of(&self, org: &OrgId) -> Option<Standing> {
        match (self.offers.get(org)?, self.step) {
            (OfferStep::Open | OfferStep::Declined(_), _) => None,
            (OfferStep::Won, HomeStep::Done(outcome)) => Some(Standing::Done(outcome)),
            (OfferStep::Won, HomeStep::Revoked) => Some(Standing::Revoked),
            (OfferStep::Won, _) => Some(Standing::Won),
            (OfferStep::Taken, _) => Some(Standing::Taken),
            (OfferStep::Revoked, _) => Some(Standing::Revoked),
            (OfferStep::Expired, _) => Some(Standing::Expired),
        }
    }

    /// What becomes of it, and what has to be said to whom. `now_s` is the home's clock, in seconds
    /// since 1970.
    pub fn after(
        &self,
        event: &HomeEvent,
        now_s: i64,
    ) -> Result<(Self, Vec<(OrgId, Said)>), Refused> {
        let mut next = self.clone();
        // Whatever comes, an offer whose time is over has lapsed. It stays so if the clock is set
        // back, since that is a state and no comparison.
        let lapsed = next.lapse(now_s);
        let said = match next.apply(event) {
            Ok(said) => said,
            Err(refused) if lapsed.is_empty() => return Err(refused),
            Err(_) => Vec::new(),
        };
        Ok((next, [lapsed, said].concat()))
    }

    fn lapse(&mut self, now_s: i64) -> Vec<(OrgId, Said)> {
        if self.step != HomeStep::Offered || now_s < self.expires_at_s {
            return Vec::new();
        }
        self.step = HomeStep::Expired;
        self.end_open(OfferStep::Expired, Standing::Expired)
    }

    fn apply(&mut self, event: &HomeEvent) -> Result<Vec<(OrgId, Said)>, Refused> {
        match event {
            HomeEvent::Offer { to, expires_at_s } => self.offer(to, *expires_at_s),
            HomeEvent::Accept(by) => self.accept(by),
            HomeEvent::Decline(by, barrier) => {
                self.close_offer(by, OfferStep::Declined(*barrier))?;
                Ok(Vec::new())
            }
            HomeEvent::TakeBack(from) => {
                self.close_offer(from, OfferStep::Revoked)?;
                Ok(vec![(*from, Said::Decision(Standing::Revoked))])
            }
            HomeEvent::HandOver => self.hand_over(),
            HomeEvent::Progress(by, progress) => self.progress(by, *progress),
            HomeEvent::Close(outcome) => self.close(*outcome),
            HomeEvent::Withdraw => self.withdraw(),
            HomeEvent::Tick => Err(Refused::Repeated),
        }
    }

    fn offer(&mut self, to: &[OrgId], expires_at_s: i64) -> Result<Vec<(OrgId, Said)>, Refused> {
        match self.step {
            HomeStep::Created | HomeStep::Unmet => self.expires_at_s = expires_at_s,
            HomeStep::Offered => {}
            _ if self.step.is_taken() => return Err(Refused::Taken),
            _ => return Err(Refused::Over),
        }
        let mut said = Vec::new();
        for org in to {
            // Whoever was asked once is not asked again: the first answer counts.
            if !self.offers.contains_key(org) {
                self.offers.insert(*org, OfferStep::Open);
                said.push((*org, Said::Offer));
            }
        }
        if said.is_empty() {
            return Err(Refused::Repeated);
        }
        self.step = HomeStep::Offered;
        Ok(said)
    }

    fn accept(&mut self, by: &OrgId) -> Result<Vec<(OrgId, Said)>, Refused> {
        match self.offers.get(by) {
            None => return Err(Refused::NotOffered),
            Some(OfferStep::Won | OfferStep::Declined(_)) => return Err(Refused::Repeated),
            Some(OfferStep::Taken) => return Err(Refused::Taken),
            Some(OfferStep::Revoked | OfferStep::Expired) => return Err(Refused::Over),
            Some(OfferStep::Open) => {}
        }
        self.offers.insert(*by, OfferStep::Won);
        self.step = HomeStep::Accepted;
        let mut said = vec![(*by, Said::Decision(Standing::Won))];
        said.extend(self.end_open(OfferStep::Taken, Standing::Taken));
        Ok(said)
    }

    /// One open offer comes to this. With the last one the need is unmet.
    fn close_offer(&mut self, org: &OrgId, step: OfferStep) -> Result<(), Refused> {
        match self.offers.get(org) {
            None => return Err(Refused::NotOffered),
            Some(OfferStep::Open) => {}
            Some(OfferStep::Won | OfferStep::Declined(_)) => return Err(Refused::Repeated),
            Some(OfferStep::Taken) => return Err(Refused::Taken),
            Some(OfferStep::Revoked | OfferStep::Expired) => return Err(Refused::Over),
        }
        self.offers.insert(*org, step);
        if self.open().next().is_none() {
            self.step = HomeStep::Unmet;
        }
        Ok(())
    }

    fn hand_over(&mut self) -> Result<Vec<(OrgId, Said)>, Refused> {
        let winner = self.served()?;
        if matches!(self.step, HomeStep::Opened | HomeStep::InService) {
            return Err(Refused::Repeated);
        }
        self.step = HomeStep::HandedOver;
        Ok(vec![(winner, Said::HandOver)])
    }

    fn progress(&mut self, by: &OrgId, progress: Progress) -> Result<Vec<(OrgId, Said)>, Refused> {
        match self.offers.get(by) {
            None => return Err(Refused::NotOffered),
            Some(OfferStep::Won) => {}
            Some(_) => return Err(Refused::Taken),
        }
        let way = self.step.way().ok_or(Refused::Over)?;
        let (step, rank) = match progress {
            Progress::Closed(outcome) => return self.close(outcome),
            Progress::Delivered => (HomeStep::Delivered, 2),
            Progress::Opened => (HomeStep::Opened, 3),
            Progress::InService => (HomeStep::InService, 4),
        };
        if way == 0 {
            return Err(Refused::NotYet);
        }
        if rank <= way {
            return Err(Refused::Repeated);
        }
        self.step = step;
        Ok(Vec::new())
    }

    fn close(&mut self, outcome: ReferralOutcome) -> Result<Vec<(OrgId, Said)>, Refused> {
        let winner = self.served()?;
        self.step = HomeStep::Done(outcome);
        Ok(vec![(winner, Said::Decision(Standing::Done(outcome)))])
    }

    fn withdraw(&mut self) -> Result<Vec<(OrgId, Said)>, Refused> {
        if self.step.is_over() {
            return Err(Refused::Over);
        }
        self.step = HomeStep::Revoked;
        let revoked = Said::Decision(Standing::Revoked);
        let mut said: Vec<_> = self.winner().map(|org| (org, revoked)).into_iter().collect();
        said.extend(self.end_open(OfferStep::Revoked, Standing::Revoked));
        Ok(said)
    }

    /// The partner that has it now.
    fn served(&self) -> Result<OrgId, Refused> {
        match self.winner() {
            _ if self.step.is_over() => Err(Refused::Over),
            Some(winner) => Ok(winner),
            None => Err(Refused::NotYet),
        }
    }

    /// Everybody who was asked and has not answered is told at once.
    fn end_open(&mut self, step: OfferStep, standing: Standing) -> Vec<(OrgId, Said)> {
        let open: Vec<OrgId> = self.open().collect();
        for org in &open {
            self.offers.insert(*org, step);
        }
        open.into_iter().map(|org| (org, Said::Decision(standing))).collect()
    }
}
