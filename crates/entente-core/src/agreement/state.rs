//! The states of an agreement, as one function from state and event to state.
//!
//! ```text
//! draft -> proposed -> half-signed -> active <-> suspended
//!                                      |  \-> amended (a newer version took its place)
//!                                      \----> expired, ended
//! ```
//!
//! Only `active` lets anything out, and even then [`crate::policy`] looks at the dates again. Either
//! side may stop (suspend, end) alone; nothing starts again without the side that stopped it.

use jiff::civil::Date;

use crate::lang::Lang;

/// One of the two parties, as seen from this node.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Side {
    /// This organization.
    Ours,
    /// The partner.
    Theirs,
}

impl Side {
    /// The other one.
    #[must_use]
    pub fn other(self) -> Self {
        match self {
            Self::Ours => Self::Theirs,
            Self::Theirs => Self::Ours,
        }
    }
}

/// From when until when an agreement is in force, both days included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Term {
    /// The first day.
    pub effective: Date,
    /// The last day.
    pub expiry: Date,
}

/// Where an agreement stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum AgreementState {
    /// Being written by one side; the other has not seen it.
    Draft,
    /// Both sides have the text, and nobody has signed it.
    Proposed {
        /// Who proposed it.
        by: Side,
    },
    /// One side has signed.
    HalfSigned {
        /// Who has signed.
        by: Side,
    },
    /// Both have signed; in force between its dates.
    Active,
    /// Stopped for now by one side or both.
    Suspended {
        /// We stopped it.
        by_us: bool,
        /// They stopped it.
        by_them: bool,
    },
    /// A newer version took its place.
    Amended,
    /// Its last day is over.
    Expired,
    /// Ended, declined or abandoned before its last day.
    Ended {
        /// By whom.
        by: Side,
    },
}

/// What can happen to an agreement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event {
    /// The draft is sent to the other side.
    Propose(Side),
    /// A side signs.
    Sign(Side),
    /// A side declines to sign, or takes its proposal back.
    Decline(Side),
    /// A side stops it for now.
    Suspend(Side),
    /// A side lifts its own suspension.
    Resume(Side),
    /// A newer version was signed by both and is in force.
    Superseded,
    /// A side ends it.
    End(Side),
    /// A new day began.
    DayBegan,
}

/// Why an event cannot happen now.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// That side has signed already.
    #[error("this side has already signed the agreement; the other side signs next")]
    AlreadySigned,
    /// The last day is over.
    #[error("the agreement's last day is over; propose a new version")]
    Over,
    /// A suspension is lifted only by the side that set it.
    #[error("this side did not suspend the agreement; only the side that did can resume it")]
    NotSuspendedByThisSide,
    /// The agreement is in a state in which this makes no sense.
    #[error("this cannot be done to an agreement that is {0}")]
    NotNow(&'static str),
}

impl Refused {
    /// What a person reads.
    pub fn text(self, lang: Lang) -> String {
        match (lang, self) {
            (Lang::En, _) => self.to_string(),
            (Lang::Fr, Self::AlreadySigned) => {
                "cette partie a déjà signé l’entente; c’est à l’autre partie de signer".to_owned()
            }
            (Lang::Fr, Self::Over) => {
                "le dernier jour de l’entente est passé; proposez une nouvelle version".to_owned()
            }
            (Lang::Fr, Self::NotSuspendedByThisSide) => "cette partie n’a pas suspendu l’entente; \
                 seule la partie qui l’a suspendue peut lever la suspension"
                .to_owned(),
            (Lang::Fr, Self::NotNow(code)) => {
                let state = NAMES.iter().find(|name| name.0 == code).map_or(code, |name| name.1);
                format!("impossible pour une entente dont l’état est «\u{a0}{state}\u{a0}»")
            }
        }
    }
}

/// The names of the states, in English and French.
const NAMES: [(&str, &str); 8] = [
    ("draft", "ébauche"),
    ("proposed", "proposée"),
    ("half-signed", "signée par une partie"),
    ("active", "en vigueur"),
    ("suspended", "suspendue"),
    ("amended", "remplacée"),
    ("expired", "expirée"),
    ("ended", "résiliée"),
];

impl AgreementState {
    /// The state after `event`.
    ///
    /// An event that finds the last day over is judged as if the agreement had already been marked
    /// expired, so that a node which slept through midnight signs and resumes nothing.
    pub fn after(self, event: Event, term: Term, today: Date) -> Result<Self, Refused> {
        let state = self.on(term, today);
        match (state, event) {
            (state, Event::DayBegan) => Ok(state),
            (Self::Draft, Event::Propose(by)) if today <= term.expiry => Ok(Self::Proposed { by }),
            (Self::Proposed { .. }, Event::Sign(by)) => Ok(Self::HalfSigned { by }),
            (Self::HalfSigned { by }, Event::Sign(side)) if by != side => Ok(Self::Active),
            (Self::HalfSigned { .. }, Event::Sign(_)) => Err(Refused::AlreadySigned),
            (
                Self::Draft | Self::Proposed { .. } | Self::HalfSigned { .. },
                Event::Decline(by) | Event::End(by),
            )
            | (Self::Active | Self::Suspended { .. }, Event::End(by)) => Ok(Self::Ended { by }),
            (Self::Active, Event::Suspend(side)) => {
                Ok(Self::Suspended { by_us: side == Side::Ours, by_them: side == Side::Theirs })
            }
            (Self::Suspended { by_us, by_them }, Event::Suspend(side)) => Ok(Self::Suspended {
                by_us: by_us || side == Side::Ours,
                by_them: by_them || side == Side::Theirs,
            }),
            (Self::Suspended { by_us, by_them }, Event::Resume(side)) => {
                resume(by_us, by_them, side)
            }
            (Self::Active | Self::Suspended { .. }, Event::Superseded) => Ok(Self::Amended),
            (Self::Expired, _) => Err(Refused::Over),
            (Self::Draft, Event::Propose(_)) => Err(Refused::Over),
            (state, _) => Err(Refused::NotNow(state.code())),
        }
    }

    /// The state on `today`, if nothing but time has passed.
    #[must_use]
    pub fn on(self, term: Term, today: Date) -> Self {
        match self {
            Self::Draft | Self::Amended | Self::Expired | Self::Ended { .. } => self,
            _ if today > term.expiry => Self::Expired,
            _ => self,
        }
    }

    /// The state's name, which is also its stable text form.
    pub fn code(self) -> &'static str {
        self.names().0
    }

    /// What a person reads.
    pub fn label(self, lang: Lang) -> &'static str {
        let (en, fr) = self.names();
        lang.pick(en, fr)
    }

    /// Who must act before anything can go on; `None` if nobody must.
    pub fn next_to_act(self) -> Option<Side> {
        match self {
            Self::Draft => Some(Side::Ours),
            Self::Proposed { by } | Self::HalfSigned { by } => Some(by.other()),
            Self::Suspended { by_us: true, .. } => Some(Side::Ours),
            Self::Suspended { .. } => Some(Side::Theirs),
            Self::Active | Self::Amended | Self::Expired | Self::Ended { .. } => None,
        }
    }

    /// What happens next and who does it, in words.
    pub fn next_step(self, lang: Lang) -> &'static str {
        match self {
            Self::Draft => lang.pick("we propose the draft", "nous devons proposer l’ébauche"),
            Self::Proposed { by: Side::Theirs } | Self::HalfSigned { by: Side::Theirs } => {
                lang.pick("we read and sign, or decline", "nous devons lire et signer, ou refuser")
            }
            Self::Proposed { by: Side::Ours } | Self::HalfSigned { by: Side::Ours } => lang.pick(
                "the partner reads and signs, or declines",
                "le partenaire doit lire et signer, ou refuser",
            ),
            Self::Active => lang.pick("nothing to do", "rien à faire"),
            Self::Suspended { by_us: true, by_them: true } => lang.pick(
                "both sides must resume; until then nothing is shared",
                "les deux parties doivent lever la suspension; d’ici là, rien n’est communiqué",
            ),
            Self::Suspended { by_us: true, .. } => lang.pick(
                "we must resume; until then nothing is shared",
                "nous devons lever la suspension; d’ici là, rien n’est communiqué",
            ),
            Self::Suspended { .. } => lang.pick(
                "the partner must resume; until then nothing is shared",
                "le partenaire doit lever la suspension; d’ici là, rien n’est communiqué",
            ),
            Self::Amended => lang.pick("see the newer version", "voir la version plus récente"),
            Self::Expired => lang.pick(
                "propose a new version to go on",
                "proposez une nouvelle version pour continuer",
            ),
            Self::Ended { .. } => lang.pick(
                "nothing; a new agreement is needed to share again",
                "rien; une nouvelle entente est nécessaire pour communiquer de nouveau",
            ),
        }
    }

    fn names(self) -> (&'static str, &'static str) {
        let [draft, proposed, half_signed, active, suspended, amended, expired, ended] = NAMES;
        match self {
            Self::Draft => draft,
            Self::Proposed { .. } => proposed,
            Self::HalfSigned { .. } => half_signed,
            Self::Active => active,
            Self::Suspended { .. } => suspended,
            Self::Amended => amended,
            Self::Expired => expired,
            Self::Ended { .. } => ended,
        }
    }
}

/// Lifts the suspension that `side` set. The other's stays.
fn resume(by_us: bool, by_them: bool, side: Side) -> Result<AgreementState, Refused> {
    match (by_us, by_them, side) {
        (false, _, Side::Ours) | (_, false, Side::Theirs) => Err(Refused::NotSuspendedByThisSide),
        (true, false, Side::Ours) | (false, true, Side::Theirs) => Ok(AgreementState::Active),
        (true, true, Side::Ours) => Ok(AgreementState::Suspended { by_us: false, by_them: true }),
        (true, true, Side::Theirs) => Ok(AgreementState::Suspended { by_us: true, by_them: false }),
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    const TERM: Term = Term { effective: date(2026, 1, 1), expiry: date(2026, 12, 31) };
    const TODAY: Date = date(2026, 6, 1);

    #[track_caller]
    fn check(events: &[Event], expected: Result<AgreementState, Refused>) {
        let result = events
            .iter()
            .try_fold(AgreementState::Draft, |state, event| state.after(*event, TERM, TODAY));
        assert_eq!(result, expected);
    }

    use Event::{Decline, End, Propose, Resume, Sign, Superseded, Suspend};
    use Side::{Ours, Theirs};

    #[test]
    fn an_agreement_is_active_once_both_have_signed() {
        check(&[Propose(Ours), Sign(Ours)], Ok(AgreementState::HalfSigned { by: Ours }));
        check(&[Propose(Ours), Sign(Ours), Sign(Theirs)], Ok(AgreementState::Active));
        check(&[Propose(Ours), Sign(Ours), Sign(Ours)], Err(Refused::AlreadySigned));
        check(&[Sign(Ours)], Err(Refused::NotNow("draft")));
        check(&[Propose(Ours), Decline(Theirs)], Ok(AgreementState::Ended { by: Theirs }));
    }

    #[test]
    fn only_the_side_that_suspended_resumes() {
        let active = [Propose(Theirs), Sign(Theirs), Sign(Ours)];
        let then = |more: &[Event]| [&active[..], more].concat();
        check(&then(&[Suspend(Ours), Resume(Theirs)]), Err(Refused::NotSuspendedByThisSide));
        check(&then(&[Suspend(Ours), Resume(Ours)]), Ok(AgreementState::Active));
        check(
            &then(&[Suspend(Ours), Suspend(Theirs), Resume(Ours)]),
            Ok(AgreementState::Suspended { by_us: false, by_them: true }),
        );
        check(&then(&[Suspend(Theirs), End(Ours)]), Ok(AgreementState::Ended { by: Ours }));
        check(&then(&[Superseded]), Ok(AgreementState::Amended));
        check(&then(&[Superseded, Resume(Ours)]), Err(Refused::NotNow("amended")));
    }

    #[test]
    fn after_the_last_day_nothing_is_signed_or_resumed() {
        let late = date(2027, 1, 1);
        let half = AgreementState::HalfSigned { by: Ours };
        assert_eq!(half.after(Sign(Theirs), TERM, date(2026, 12, 31)), Ok(AgreementState::Active));
        assert_eq!(half.after(Sign(Theirs), TERM, late), Err(Refused::Over));
        let suspended = AgreementState::Suspended { by_us: true, by_them: false };
        assert_eq!(suspended.after(Resume(Ours), TERM, late), Err(Refused::Over));
        assert_eq!(
            AgreementState::Active.after(Event::DayBegan, TERM, late),
            Ok(AgreementState::Expired)
        );
    }

    #[test]
    fn a_state_says_who_acts_next_in_both_languages() {
        let state = AgreementState::HalfSigned { by: Ours };
        assert_eq!(state.next_to_act(), Some(Theirs));
        assert!(state.next_step(Lang::En).contains("partner"));
        assert!(state.next_step(Lang::Fr).contains("partenaire"));
        assert_eq!(
            Refused::NotNow("draft").text(Lang::Fr),
            "impossible pour une entente dont l’état est «\u{a0}ébauche\u{a0}»"
        );
    }
}
