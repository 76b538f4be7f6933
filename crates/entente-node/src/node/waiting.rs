//! What waits for somebody of the staff: how much of what, and nothing about whom.
//!
//! A [`Waiting`] is counts under the names of a closed list. It names no person, no partner, no place
//! and no need, so it may be shown in a mailbox that other people read. To add a matter, give it a
//! row here and a line in `SOURCES`.

use std::collections::BTreeMap;

use entente_core::agreement::{AgreementState, Side};
use entente_core::referral::{HomeStep, PartnerState as Received};
use entente_store::rows::PartnerState;
use jiff::ToSpan as _;
use jiff::civil::Date;

use super::referrals::{KeptReferral, ReceivedReferral, lapsed};
use super::status::Standing;
use super::{Node, Outcome, unpoisoned};
use crate::fault::Both;
use crate::local::Role;

/// Days before its last one at which an agreement is to be renewed: time for two legal services.
pub const RENEW_DAYS: i64 = 60;

/// Days before its last one at which a consent is asked for again.
const ASK_AGAIN_DAYS: i64 = 30;

macro_rules! matters {
    ($($name:ident = $number:literal, $code:literal, $roles:expr, $next:literal,
        ($en_one:literal, $en_many:literal), ($fr_one:literal, $fr_many:literal);)+) => {
        /// Something that waits.
        ///
        /// Numbers are stable: they are in the store.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[repr(u8)]
        pub enum Matter {
            $(#[doc = $en_many] $name = $number,)+
        }

        impl Matter {
            /// All of them, in the order in which they are shown.
            pub const ALL: &'static [Self] = &[$(Self::$name,)+];

            /// The stable text form.
            pub fn code(self) -> &'static str {
                match self { $(Self::$name => $code,)+ }
            }

            /// Who may do something about it.
            pub fn roles(self) -> &'static [Role] {
                use Role::{Administrator, CaseWorker, Coordinator, PrivacyOfficer, Supervisor};
                match self { $(Self::$name => &$roles,)+ }
            }

            /// The command that shows it.
            pub fn next(self) -> &'static str {
                match self { $(Self::$name => $next,)+ }
            }

            /// That so many wait, as a person reads it.
            pub fn text(self, n: u64) -> Both {
                match self {
                    $(Self::$name => Both::count(n, ($en_one, $en_many), ($fr_one, $fr_many)),)+
                }
            }
        }
    };
}

matters! {
    ReferralsToAnswer = 1, "referrals_to_answer", [CaseWorker, Supervisor], "entente referral inbox",
        ("referral waits for an answer", "referrals wait for an answer"),
        ("aiguillage attend une réponse", "aiguillages attendent une réponse");
    HandoversToOpen = 2, "handovers_to_open", [CaseWorker, Supervisor], "entente referral inbox",
        ("hand-over waits to be opened", "hand-overs wait to be opened"),
        ("transmission attend d’être ouverte", "transmissions attendent d’être ouvertes");
    Acceptances = 3, "acceptances", [CaseWorker, Supervisor], "entente referral list",
        ("accepted referral waits for its hand-over", "accepted referrals wait for their hand-over"),
        ("aiguillage accepté attend sa transmission", "aiguillages acceptés attendent leur transmission");
    ReferralsOverdue = 4, "referrals_overdue", [CaseWorker, Supervisor, PrivacyOfficer, Coordinator], "entente referral overdue",
        ("referral is overdue", "referrals are overdue"),
        ("aiguillage est en retard", "aiguillages sont en retard");
    PhoneChecks = 5, "phone_checks", [PrivacyOfficer, Coordinator], "entente partner list",
        ("partner waits for the phone check", "partners wait for the phone check"),
        ("partenaire attend la vérification par téléphone", "partenaires attendent la vérification par téléphone");
    AgreementsToSign = 6, "agreements_to_sign", [PrivacyOfficer, Coordinator], "entente agreement list",
        ("agreement waits for our signature", "agreements wait for our signature"),
        ("entente\u{a0}attend notre signature", "ententes attendent notre signature");
    AgreementsEnding = 7, "agreements_ending", [PrivacyOfficer, Coordinator], "entente agreement list",
        ("agreement ends soon or has expired", "agreements end soon or have expired"),
        ("entente\u{a0}prend bientôt fin ou a expiré", "ententes prennent bientôt fin ou ont expiré");
    ConsentsEnding = 8, "consents_ending", [CaseWorker, Supervisor], "entente record list --consent-ending",
        ("consent ends within 30 days", "consents end within 30 days"),
        ("consentement prend fin d’ici 30 jours", "consentements prennent fin d’ici 30 jours");
    Quarantines = 9, "quarantines", [PrivacyOfficer, Coordinator], "entente partner quarantine",
        ("partner is in quarantine", "partners are in quarantine"),
        ("partenaire est en quarantaine", "partenaires sont en quarantaine");
    ReceiptsOverdue = 10, "receipts_overdue", [PrivacyOfficer, Coordinator], "entente partner list",
        ("receipt is overdue", "receipts are overdue"),
        ("accusé de réception est en retard", "accusés de réception sont en retard");
    BackupOld = 11, "backup_old", [Administrator], "entente backup create",
        ("backup is overdue", "backups are overdue"),
        ("sauvegarde est en retard", "sauvegardes sont en retard");
    MessagesStuck = 12, "messages_stuck", [Administrator], "entente notify test",
        ("message to the staff cannot be delivered", "messages to the staff cannot be delivered"),
        ("avis au personnel ne peut pas être livré", "avis au personnel ne peuvent pas être livrés");
    ServicesToConfirm = 13, "services_to_confirm", [CaseWorker, Supervisor, Coordinator], "entente service list --stale",
        ("service was not confirmed for 180 days", "services were not confirmed for 180 days"),
        ("service n’a pas été confirmé depuis 180 jours", "services n’ont pas été confirmés depuis 180 jours");
    ReferralsUnmet = 14, "referrals_unmet", [CaseWorker, Supervisor], "entente referral list",
        ("referral was declined by all who were asked", "referrals were declined by all who were asked"),
        ("aiguillage a été refusé par tous", "aiguillages ont été refusés par tous");
    ReferralsLapsed = 15, "referrals_lapsed", [CaseWorker, Supervisor, PrivacyOfficer, Coordinator], "entente referral overdue",
        ("referral was accepted by nobody in time", "referrals were accepted by nobody in time"),
        ("aiguillage n’a été accepté par personne à temps", "aiguillages n’ont été acceptés par personne à temps");
    AnswersDueSoon = 16, "answers_due_soon", [CaseWorker, Supervisor], "entente referral inbox",
        ("referral waits for our answer, and half of the time is over", "referrals wait for our answer, and half of the time is over"),
        ("aiguillage attend notre réponse, et la moitié du délai est écoulée", "aiguillages attendent notre réponse, et la moitié du délai est écoulée");
    ReferralsSlow = 17, "referrals_slow", [CaseWorker, Supervisor], "entente referral list",
        ("referral of ours has used half of its time", "referrals of ours have used half of their time"),
        ("de nos aiguillages a utilisé la moitié de son délai", "de nos aiguillages ont utilisé la moitié de leur délai");
    PlansToSign = 18, "plans_to_sign", [PrivacyOfficer], "entente plan list",
        ("release plan waits for our signature", "release plans wait for our signature"),
        ("plan de diffusion attend notre signature", "plans de diffusion attendent notre signature");
    OverlapsToSign = 19, "overlaps_to_sign", [PrivacyOfficer], "entente stats overlap list",
        ("overlap round waits for our signature", "overlap rounds wait for our signature"),
        ("recoupement attend notre signature", "recoupements attendent notre signature");
    RowsSetAside = 20, "rows_set_aside", [Supervisor], "entente record import",
        ("import has set rows aside that are to be corrected", "imports have set rows aside that are to be corrected"),
        ("importation a mis de côté des lignes à corriger", "importations ont mis de côté des lignes à corriger");
    Approvals = 30, "approvals", [Supervisor, PrivacyOfficer, Coordinator], "entente approvals list",
        ("request waits for a second person", "requests wait for a second person"),
        ("demande attend une deuxième personne", "demandes attendent une deuxième personne");
}

/// Counts one matter.
type Source = fn(&Look<'_>) -> Outcome<u64>;

/// What is counted, and how. One line for each matter.
const SOURCES: &[(Matter, Source)] = &[
    (Matter::ReferralsToAnswer, |look| Ok(look.received(Received::Offered))),
    (Matter::HandoversToOpen, |look| Ok(look.received(Received::HandedOver))),
    (Matter::Acceptances, |look| Ok(look.ours_at(HomeStep::Accepted))),
    (Matter::ReferralsOverdue, |look| Ok(look.overdue())),
    (Matter::PhoneChecks, |look| Ok(look.count(|it| it.row.state == PartnerState::Connected))),
    (Matter::AgreementsToSign, |look| Ok(look.count(is_to_sign))),
    (Matter::AgreementsEnding, |look| Ok(look.count(|it| is_ending(it, look.today)))),
    (Matter::ConsentsEnding, |look| Ok(look.consents_ending())),
    (Matter::Quarantines, |look| Ok(look.count(|it| it.row.quarantined.is_some()))),
    (Matter::ReceiptsOverdue, |look| Ok(look.standings.iter().map(|it| it.n_overdue).sum())),
    (Matter::BackupOld, |look| Ok(u64::from(look.beside.is_backup_old))),
    (Matter::MessagesStuck, |look| look.node.n_stuck_notices()),
    (Matter::ServicesToConfirm, |look| Ok(look.node.stale_services()?.len() as u64)),
    (Matter::ReferralsUnmet, |look| Ok(look.ours_at(HomeStep::Unmet))),
    (Matter::ReferralsLapsed, |look| Ok(lapsed(&look.ours, look.node.now_s()).len() as u64)),
    (Matter::AnswersDueSoon, |look| Ok(look.answers_due_soon())),
    (Matter::ReferralsSlow, |look| Ok(look.slow())),
    (Matter::PlansToSign, |look| look.node.n_plans_to_sign()),
    (Matter::OverlapsToSign, |look| look.node.n_overlaps_to_sign()),
    (Matter::RowsSetAside, |look| Ok(look.beside.n_rows_aside)),
    (Matter::Approvals, |look| look.node.n_approvals_waiting()),
];

impl Matter {
    /// The stable number.
    pub fn number(self) -> u8 {
        self as u8
    }

    /// The matter with this number.
    pub fn from_number(number: u8) -> Option<Self> {
        Self::ALL.iter().copied().find(|matter| matter.number() == number)
    }

    /// Whether it is about a referral under way, for which an answer may be due within the hour: it does
    /// not wait for the pace of the rest.
    pub fn is_urgent(self) -> bool {
        self.is_for_coordinator()
            || matches!(
                self,
                Self::ReferralsToAnswer
                    | Self::HandoversToOpen
                    | Self::Acceptances
                    | Self::ReferralsUnmet
            )
    }

    /// Whether it is that somebody else did not act in time, or will not: it goes to whom
    /// `referrals.coordinator` names, whatever their roles.
    pub fn is_for_coordinator(self) -> bool {
        matches!(
            self,
            Self::ReferralsOverdue
                | Self::ReferralsLapsed
                | Self::AnswersDueSoon
                | Self::ReferralsSlow
        )
    }

    /// Whether anybody with these roles may do something about it.
    pub fn concerns(self, roles: &[Role]) -> bool {
        self.roles().iter().any(|role| roles.contains(role))
    }
}

/// How much of what waits. What does not wait is not in it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Waiting(BTreeMap<Matter, u64>);

impl Waiting {
    /// The counts, without those that are nothing.
    pub fn new(counts: impl IntoIterator<Item = (Matter, u64)>) -> Self {
        Self(counts.into_iter().filter(|(_, n)| *n > 0).collect())
    }

    /// How much of one matter waits.
    pub fn n(&self, matter: Matter) -> u64 {
        self.0.get(&matter).copied().unwrap_or_default()
    }

    /// The matters and how much of each, in the order in which they are shown.
    pub fn iter(&self) -> impl Iterator<Item = (Matter, u64)> {
        self.0.iter().map(|(matter, n)| (*matter, *n))
    }

    /// Whether nothing waits.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Only what concerns somebody with these roles.
    #[must_use]
    pub fn for_roles(&self, roles: &[Role]) -> Self {
        self.only(|matter| matter.concerns(roles))
    }

    /// Only these matters.
    #[must_use]
    pub fn only(&self, is_meant: impl Fn(Matter) -> bool) -> Self {
        Self::new(self.iter().filter(|(matter, _)| is_meant(*matter)))
    }

    /// The same without one matter.
    #[must_use]
    pub fn without(mut self, matter: Matter) -> Self {
        self.0.remove(&matter);
        self
    }

    /// Whether more of anything waits than `before`.
    pub fn has_more_than(&self, before: &Self) -> bool {
        self.iter().any(|(matter, n)| n > before.n(matter))
    }
}

/// What lies beside the store, where only the caller looks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Beside {
    /// A backup is overdue.
    pub is_backup_old: bool,
    /// Imports whose lists of rows set aside are here.
    pub n_rows_aside: u64,
}

/// What the sources look at.
struct Look<'a> {
    node: &'a Node,
    standings: Vec<Standing>,
    ours: Vec<KeptReferral>,
    theirs: Vec<ReceivedReferral>,
    today: Date,
    beside: Beside,
}

impl Look<'_> {
    fn count(&self, of: impl Fn(&Standing) -> bool) -> u64 {
        self.standings.iter().filter(|it| of(it)).count() as u64
    }

    /// Referrals from partners that stand so.
    fn received(&self, state: Received) -> u64 {
        self.theirs.iter().filter(|it| it.state == state).count() as u64
    }

    /// Referrals of ours that stand so. *Accepted*: one partner has it, without the contact details.
    fn ours_at(&self, step: HomeStep) -> u64 {
        self.ours.iter().filter(|it| it.state.step == step).count() as u64
    }

    fn overdue(&self) -> u64 {
        let now_s = self.node.now_s();
        let ours = self.ours.iter().filter(|it| it.is_overdue(now_s)).count();
        let theirs = self.theirs.iter().filter(|it| it.is_overdue(now_s)).count();
        (ours + theirs) as u64
    }

    /// What we were offered and somebody here was reminded of, before the answer is due.
    fn answers_due_soon(&self) -> u64 {
        let now_s = self.node.now_s();
        let is_soon = |it: &&ReceivedReferral| {
            it.state == Received::Offered && it.reminded && !it.is_overdue(now_s)
        };
        self.theirs.iter().filter(is_soon).count() as u64
    }

    /// Ours that somebody was reminded of, before they are overdue.
    fn slow(&self) -> u64 {
        let now_s = self.node.now_s();
        let is_slow =
            |it: &&KeptReferral| it.timers.is_some() && it.alarms.0 && !it.is_overdue(now_s);
        self.ours.iter().filter(is_slow).count() as u64
    }

    /// Consents that hold today and will not in a month.
    fn consents_ending(&self) -> u64 {
        unpoisoned(self.node.cases.read()).consents_ending(self.today, ask_again(self.today))
    }
}

/// A consent that is over before this day is asked for again.
pub(crate) fn ask_again(today: Date) -> Date {
    today.saturating_add(ASK_AGAIN_DAYS.days())
}

fn is_to_sign(standing: &Standing) -> bool {
    let state = standing.agreement.as_ref().map(|kept| kept.state);
    matches!(
        state,
        Some(
            AgreementState::Proposed { by: Side::Theirs }
                | AgreementState::HalfSigned { by: Side::Theirs }
        )
    )
}

fn is_ending(standing: &Standing, today: Date) -> bool {
    if standing.row.state == PartnerState::Ended {
        return false;
    }
    standing.agreement.as_ref().is_some_and(|kept| match kept.state {
        AgreementState::Expired => true,
        AgreementState::Active => {
            kept.agreement.term.expiry < today.saturating_add(RENEW_DAYS.days())
        }
        _ => false,
    })
}

impl Node {
    /// How much of what waits for the staff.
    pub fn waiting(&self, beside: Beside) -> Outcome<Waiting> {
        let look = Look {
            node: self,
            standings: self.standings()?,
            ours: self.referrals()?,
            theirs: self.received_referrals()?,
            today: self.today(),
            beside,
        };
        let counts: Outcome<Vec<_>> =
            SOURCES.iter().map(|(matter, source)| Ok((*matter, source(&look)?))).collect();
        Ok(Waiting::new(counts?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_matter_has_a_source_and_somebody_whom_it_concerns() {
        let sources: Vec<_> = SOURCES.iter().map(|(matter, _)| *matter).collect();
        assert_eq!(sources, Matter::ALL);
        for matter in Matter::ALL {
            assert!(!matter.roles().is_empty(), "{matter:?}");
            assert_eq!(Matter::from_number(matter.number()), Some(*matter));
            assert!(matter.next().starts_with("entente "), "{matter:?}");
        }
    }

    #[test]
    fn what_is_nothing_does_not_wait_and_what_concerns_others_is_left_out() {
        let waiting = Waiting::new([(Matter::Quarantines, 2), (Matter::BackupOld, 0)]);
        assert_eq!(waiting.iter().collect::<Vec<_>>(), [(Matter::Quarantines, 2)]);
        assert!(waiting.for_roles(&[Role::CaseWorker, Role::Administrator]).is_empty());
        assert_eq!(waiting.for_roles(&[Role::Coordinator]), waiting);
    }

    #[test]
    fn more_of_anything_is_news_and_less_of_everything_is_not() {
        let before = Waiting::new([(Matter::Quarantines, 2), (Matter::PhoneChecks, 1)]);
        let less = Waiting::new([(Matter::Quarantines, 1)]);
        let other = Waiting::new([(Matter::Quarantines, 1), (Matter::BackupOld, 1)]);
        assert!(!less.has_more_than(&before) && !before.has_more_than(&before));
        assert!(other.has_more_than(&before) && before.has_more_than(&less));
    }
}
