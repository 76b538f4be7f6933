//! A partner's side of a referral that it was offered.

use super::{Answer, Progress, Refused, Standing};
use crate::codes::{Barrier, ReferralOutcome, ReferralStatus};

/// How far a referral is, at a partner that was offered it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PartnerState {
    /// We were asked.
    Offered,
    /// We accepted; the home has not decided.
    Accepting,
    /// We have it.
    Accepted,
    /// We have the sealed contact details.
    HandedOver,
    /// Somebody here opened them.
    Opened,
    /// The person is being served.
    InService,
    /// We closed it; the home has not counted that.
    Closing(ReferralOutcome),
    /// We declined.
    Declined(Barrier),
    /// Another organization has it.
    Taken,
    /// The home took it back.
    Revoked,
    /// Nobody accepted in time, by the home's clock.
    Expired,
    /// It is closed.
    Done(ReferralOutcome),
}

/// Something that happens to a referral at a partner.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PartnerEvent {
    /// Somebody here accepts.
    Accept,
    /// Somebody here declines.
    Decline(Barrier),
    /// Somebody here opens the contact details.
    Open,
    /// The person is being served from now on.
    Serve,
    /// Somebody here closes it.
    Close(ReferralOutcome),
    /// The home says where it stands.
    Told(Standing),
    /// The home sends the contact details.
    HandedOver,
}

/// What a partner has to say to the home.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reply {
    /// To the offer.
    Answer(Answer),
    /// About what it has.
    Progress(Progress),
}

impl PartnerState {
    /// Text form.
    pub fn code(self) -> &'static str {
        match self {
            Self::Offered => "offered",
            Self::Accepting => "accepting",
            Self::Accepted => "accepted",
            Self::HandedOver => "handed_over",
            Self::Opened => "opened",
            Self::InService => "in_service",
            Self::Closing(_) => "closing",
            Self::Declined(_) => "declined",
            Self::Taken => "taken",
            Self::Revoked => "revoked",
            Self::Expired => "expired",
            Self::Done(_) => "done",
        }
    }

    /// The code of the dictionary. What another organization has is, here, declined.
    pub fn status(self) -> ReferralStatus {
        match self {
            Self::Offered | Self::Accepting => ReferralStatus::Offered,
            Self::Accepted
            | Self::HandedOver
            | Self::Opened
            | Self::InService
            | Self::Closing(_) => ReferralStatus::Accepted,
            Self::Declined(_) | Self::Taken => ReferralStatus::Declined,
            Self::Revoked => ReferralStatus::Revoked,
            Self::Expired => ReferralStatus::Expired,
            Self::Done(_) => ReferralStatus::Done,
        }
    }

    /// Whether nothing can happen any more. The card is then destroyed; the contact details at once if it
    /// was taken back, and else after the days of the agreement.
    pub fn is_over(self) -> bool {
        matches!(
            self,
            Self::Declined(_) | Self::Taken | Self::Revoked | Self::Expired | Self::Done(_)
        )
    }

    /// Whether we have it.
    pub fn is_ours(self) -> bool {
        matches!(
            self,
            Self::Accepted | Self::HandedOver | Self::Opened | Self::InService | Self::Closing(_)
        )
    }

    /// What becomes of it, and what has to be said to the home.
    pub fn after(self, event: PartnerEvent) -> Result<(Self, Option<Reply>), Refused> {
        match event {
            PartnerEvent::Accept => match self {
                Self::Offered => Ok((Self::Accepting, Some(Reply::Answer(Answer::Accept)))),
                Self::Taken => Err(Refused::Taken),
                _ if self.is_over() => Err(Refused::Over),
                _ => Err(Refused::Repeated),
            },
            PartnerEvent::Decline(barrier) => match self {
                Self::Offered => {
                    let reply = Reply::Answer(Answer::Decline(barrier));
                    Ok((Self::Declined(barrier), Some(reply)))
                }
                Self::Declined(_) => Err(Refused::Repeated),
                Self::Taken => Err(Refused::Taken),
                _ if self.is_over() => Err(Refused::Over),
                // Accepted already: the home may have decided. What cannot be served is closed.
                _ => Err(Refused::NotYet),
            },
            PartnerEvent::Open => match self {
                // What was opened may be looked at again.
                Self::HandedOver => Ok((Self::Opened, Some(Reply::Progress(Progress::Opened)))),
                _ => Err(self.no_step()),
            },
            PartnerEvent::Serve => match self {
                Self::HandedOver | Self::Opened => {
                    Ok((Self::InService, Some(Reply::Progress(Progress::InService))))
                }
                _ => Err(self.no_step()),
            },
            PartnerEvent::Close(outcome) => match self {
                Self::Accepted | Self::HandedOver | Self::Opened | Self::InService => {
                    let reply = Reply::Progress(Progress::Closed(outcome));
                    Ok((Self::Closing(outcome), Some(reply)))
                }
                _ => Err(self.no_step()),
            },
            PartnerEvent::Told(standing) => self.told(standing).map(|state| (state, None)),
            PartnerEvent::HandedOver => match self {
                Self::Accepted | Self::HandedOver => {
                    Ok((Self::HandedOver, Some(Reply::Progress(Progress::Delivered))))
                }
                Self::Opened | Self::InService | Self::Closing(_) => Err(Refused::Repeated),
                _ if self.is_over() => Err(Refused::Over),
                _ => Err(Refused::Contradiction),
            },
        }
    }

    /// Why somebody here cannot go on with it.
    fn no_step(self) -> Refused {
        match self {
            Self::Offered | Self::Accepting | Self::Accepted => Refused::NotYet,
            Self::Taken => Refused::Taken,
            _ if self.is_over() => Refused::Over,
            _ => Refused::Repeated,
        }
    }

    /// The home has said where it stands: that is where it stands.
    fn told(self, standing: Standing) -> Result<Self, Refused> {
        match (standing, self) {
            (
                _,
                Self::Taken | Self::Revoked | Self::Expired | Self::Done(_) | Self::Declined(_),
            ) => Err(Refused::Over),
            (Standing::Revoked, _) => Ok(Self::Revoked),
            (Standing::Won, Self::Offered | Self::Accepting) => Ok(Self::Accepted),
            (Standing::Won, _) => Err(Refused::Repeated),
            (Standing::Taken, Self::Offered | Self::Accepting) => Ok(Self::Taken),
            (Standing::Expired, Self::Offered | Self::Accepting) => Ok(Self::Expired),
            (Standing::Done(_), Self::Offered | Self::Accepting)
            | (Standing::Taken | Standing::Expired, _) => Err(Refused::Contradiction),
            (Standing::Done(outcome), _) => Ok(Self::Done(outcome)),
        }
    }

    /// What has to be said again when our feed begins anew, since the home may never have read it.
    pub fn said_last(self) -> Option<Reply> {
        match self {
            Self::Accepting => Some(Reply::Answer(Answer::Accept)),
            Self::Declined(barrier) => Some(Reply::Answer(Answer::Decline(barrier))),
            Self::HandedOver => Some(Reply::Progress(Progress::Delivered)),
            Self::Opened => Some(Reply::Progress(Progress::Opened)),
            Self::InService => Some(Reply::Progress(Progress::InService)),
            Self::Closing(outcome) => Some(Reply::Progress(Progress::Closed(outcome))),
            Self::Offered
            | Self::Accepted
            | Self::Taken
            | Self::Revoked
            | Self::Expired
            | Self::Done(_) => None,
        }
    }
}
