//! Whether a referral may be offered to a partner, and why not.

use entente_core::agreement::{AgreementState, Clause};
use entente_core::audit::{Action, Actor};
use entente_core::codes::{Code as _, OrgType, OverrideReason, Purpose, Set};
use entente_core::consent::uncovered;
use entente_core::identity::OrgId;
use entente_core::lang::Lang;
use entente_core::policy::{Denied, NeedConsent, OfferProposal, Permitted, Why, decide_own_offer};
use entente_core::record::RecordId;
use entente_core::referral::{Head, HomeStep, Message, NeedCard, Offer, Timers};
use entente_core::summary::Finest;
use entente_store::db::Rows;
use entente_store::referrals::Referrals as _;
use entente_store::requests::{RequestRow, Requests as _};
use entente_store::tx::Reads as _;

use super::faults::{denied, no_consent_for_referral, not_offered, too_many_open};
use super::through::{Route, WITH_OURSELVES};
use super::{KeptReferral, MAX_OPEN_WITH_PARTNER};
use crate::fault::{Both, Fault};
use crate::node::agreements::Kept;
use crate::node::partners::Shut;
use crate::node::records::{Case, case_of, unknown_record};
use crate::node::sponsors::requests::{case_of_request, wanted_of};
use crate::node::{Node, Outcome};

/// An offer that may go, and the legal duties on which it goes where a consent was missing.
pub(crate) struct PermittedOffer {
    pub(super) message: Permitted<Message>,
    pub(super) duties: Set<OverrideReason>,
}

/// Why a referral may not be offered to a partner.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// The exchange with it is closed.
    Shut(Shut),
    /// There is no agreement with it.
    NoAgreement,
    /// The policy refuses.
    Denied(Denied),
    /// Too many referrals are open there.
    TooManyOpen,
    /// It has no node, and its sponsor does not carry referrals to it now.
    NotCarried,
    /// It is the organization that asked for the referral.
    AskedForIt,
    /// Whoever asked for the referral named other kinds of organizations.
    OtherKind,
}

impl Refusal {
    /// The codes of the reasons, for the audit log.
    pub fn codes(&self) -> Vec<String> {
        match self {
            Self::Shut(shut) => vec![format!("partner_{}", shut.to_string().replace(' ', "_"))],
            Self::NoAgreement => vec!["no_agreement".to_owned()],
            Self::TooManyOpen => vec!["too_many_open".to_owned()],
            Self::NotCarried => vec!["not_carried".to_owned()],
            Self::AskedForIt => vec!["asked_for_it".to_owned()],
            Self::OtherKind => vec!["other_kind".to_owned()],
            Self::Denied(denied) => {
                denied.reasons().iter().map(|it| it.why.code().to_owned()).collect()
            }
        }
    }

    /// Every reason: its code, its clause if it is one of an agreement, and its words.
    pub fn words(&self) -> Vec<(String, Option<Clause>, Both)> {
        let plain = |(en, fr): (&str, &str)| {
            vec![(self.codes().pop().unwrap_or_default(), None, Both::new(en, fr))]
        };
        match self {
            Self::Shut(shut) => plain(closed(*shut)),
            Self::NoAgreement => plain(NO_AGREEMENT),
            Self::NotCarried => plain(NOT_CARRIED),
            Self::AskedForIt => plain(ASKED_FOR_IT),
            Self::OtherKind => plain(OTHER_KIND),
            Self::TooManyOpen => {
                let (en, fr) = too_many_open();
                plain((&en, &fr))
            }
            Self::Denied(denied) => {
                let words = denied.reasons().iter().map(|it| {
                    let text = Both::new(it.why.text(Lang::En), it.why.text(Lang::Fr));
                    (it.why.code().to_owned(), Some(it.clause), text)
                });
                words.collect()
            }
        }
    }

    /// Adds the reasons to a fault, after the name of the partner.
    pub(super) fn explain(&self, fault: Box<Fault>, name: (&str, &str)) -> Box<Fault> {
        let (en, fr) = match self {
            Self::Denied(reasons) => return denied(fault, name, reasons),
            Self::TooManyOpen => too_many_open(),
            Self::NoAgreement => (NO_AGREEMENT.0.to_owned(), NO_AGREEMENT.1.to_owned()),
            Self::NotCarried => (NOT_CARRIED.0.to_owned(), NOT_CARRIED.1.to_owned()),
            Self::AskedForIt => (ASKED_FOR_IT.0.to_owned(), ASKED_FOR_IT.1.to_owned()),
            Self::OtherKind => (OTHER_KIND.0.to_owned(), OTHER_KIND.1.to_owned()),
            Self::Shut(shut) => {
                let (en, fr) = closed(*shut);
                (en.to_owned(), fr.to_owned())
            }
        };
        fault.because(format!("{}: {en}", name.0), format!("{}\u{a0}: {fr}", name.1))
    }
}

const NO_AGREEMENT: (&str, &str) = ("there is no agreement", "il n’y a aucune entente");

const NOT_CARRIED: (&str, &str) = (
    "it has no node and no key for hand-overs, or another sponsor than when it was asked",
    "il n’a ni nœud ni clé de transmission, ou son parrain a changé depuis la demande",
);

const ASKED_FOR_IT: (&str, &str) =
    ("it asked for this referral itself", "c’est lui qui a demandé cet aiguillage");

const OTHER_KIND: (&str, &str) = (
    "the organization that asked for the referral named other kinds of organizations",
    "l’organisme qui a demandé l’aiguillage a désigné d’autres types d’organismes",
);

fn closed(shut: Shut) -> (&'static str, &'static str) {
    match shut {
        Shut::Unknown => ("it is no partner", "ce n’est pas un partenaire"),
        Shut::NotVerified => {
            ("the phone check is not finished", "la vérification par téléphone n’est pas terminée")
        }
        Shut::Suspended => ("the partnership is suspended", "le partenariat est suspendu"),
        Shut::Quarantined => ("it is in quarantine", "il est en quarantaine"),
        Shut::Ended => ("the partnership has ended", "le partenariat est terminé"),
    }
}

impl Node {
    /// Whether each need is covered towards anybody at all. Towards whom is asked with each offer.
    pub(super) fn check_any_consent(&self, case: &Case, card: &NeedCard) -> Outcome<()> {
        let today = self.today();
        let missing = uncovered(&case.consents, card, &self.id(), today);
        if missing.is_empty() {
            return Ok(());
        }
        let mut fault = no_consent_for_referral(
            format!("not covered: {}", missing.labels(Lang::En)),
            format!("non visé\u{a0}: {}", missing.labels(Lang::Fr)),
        );
        if case.consents.iter().any(|it| it.is_duty_for_others(card) && it.is_current(today)) {
            let why = Why::DutyNotForCard;
            fault = fault.because(why.text(Lang::En), why.text(Lang::Fr));
        }
        for consent in &case.consents {
            let recipient = consent.recipients.first().copied().unwrap_or_else(|| self.id());
            for gap in consent.gaps(Purpose::Referral, &recipient, OrgType::Ngo, today) {
                fault = fault.because(gap.text(Lang::En), gap.text(Lang::Fr));
            }
        }
        Err(fault)
    }

    /// Writes down that an offer was refused, and makes the fault that says why.
    pub(super) fn refuse_offer(
        &self,
        actor: Actor,
        kept: &KeptReferral,
        refusals: &[(OrgId, Refusal)],
    ) -> Outcome<Box<Fault>> {
        let entries = refusals.iter().map(|(partner, refusal)| {
            let entry = self.referral_entry(actor.clone(), Action::ReferralRefused, &kept.id);
            entry.record(kept.record).partner(*partner).reasons(refusal.codes())
        });
        self.audit(entries.collect())?;
        let explained = refusals.iter().fold(not_offered(), |fault, (partner, refusal)| {
            self.explain_refusal(fault, partner, refusal)
        });
        Ok(explained)
    }

    /// Why a referral may not be offered to a partner, as a fault.
    pub fn why_not(&self, partner: &OrgId, refusal: &Refusal) -> Box<Fault> {
        self.explain_refusal(not_offered(), partner, refusal)
    }

    fn explain_refusal(&self, fault: Box<Fault>, partner: &OrgId, refusal: &Refusal) -> Box<Fault> {
        let sponsored = || {
            let names = self.sponsored_names().unwrap_or_default();
            names.into_iter().find(|(org, _)| org == partner).map(|(_, name)| (name.en, name.fr))
        };
        let short = || (format!("{}", partner.short()), format!("{}", partner.short()));
        let (en, fr) = match self.partner_row(partner) {
            Ok(row) => (row.name_en, row.name_fr),
            Err(_) => sponsored().unwrap_or_else(short),
        };
        refusal.explain(fault, (&en, &fr))
    }

    /// Why a referral may not be offered to each of these partners, for those to whom it may not.
    pub(crate) fn refusals<R: Rows>(
        &self,
        tx: &R,
        kept: &KeptReferral,
        to: &[OrgId],
    ) -> Outcome<Vec<(OrgId, Refusal)>> {
        let case = self.case_for(tx, &kept.record)?;
        let mut refusals = Vec::new();
        for partner in to {
            if tx.n_open_referrals(partner.as_bytes())? >= MAX_OPEN_WITH_PARTNER {
                refusals.push((*partner, Refusal::TooManyOpen));
            } else if let Err(refusal) = self.permit_offer(tx, kept, &case, partner)? {
                refusals.push((*partner, refusal));
            }
        }
        Ok(refusals)
    }

    /// Whether a referral may be offered to a partner, asked without offering it.
    pub fn may_offer(&self, kept: &KeptReferral, partner: &OrgId) -> Outcome<Result<(), Refusal>> {
        let refusals = self.db.read(|tx| self.refusals(tx, kept, &[*partner]))?;
        Ok(refusals.into_iter().next().map_or(Ok(()), |(_, refusal)| Err(refusal)))
    }

    /// The case behind a referral of ours: its record, or what an organization without a node signed.
    pub(crate) fn case_for<R: Rows>(&self, tx: &R, record: &RecordId) -> Outcome<Case> {
        if let Some(row) = tx.request(&record.0)? {
            return case_of_request(record, &row);
        }
        Ok(case_of(&record.0, tx.record(&record.0)?.ok_or_else(unknown_record)?)?)
    }

    /// Asks the policy for an offer to one partner.
    pub(crate) fn permit_offer<R: Rows>(
        &self,
        tx: &R,
        kept: &KeptReferral,
        case: &Case,
        partner: &OrgId,
    ) -> Outcome<Result<PermittedOffer, Refusal>> {
        let route = self.route_to(tx, partner)?;
        let through = route.as_ref().map_or(*partner, |route| route.sponsor);
        if let Some(row) = tx.request(&kept.id.0)?
            && let Err(refusal) = self.permit_asked(tx, &row, partner, route.as_ref())?
        {
            return Ok(Err(refusal));
        }
        let is_other =
            kept.offers.contains_key(partner) && self.through(tx, &kept.id, partner)? != through;
        if is_other || route.as_ref().is_some_and(|route| route.key.is_none()) {
            return Ok(Err(Refusal::NotCarried));
        }
        if let Some(route) = route.as_ref().filter(|_| self.is_ours(&through)) {
            let mut proposal = self.own_proposal(kept, case, partner, route);
            proposal.offer.card = self.card_for(tx, &kept.card, partner, Some(route))?;
            let duties = proposal.consent.duties;
            let decided = decide_own_offer(self.id(), &proposal);
            return Ok(decided
                .map(|message| PermittedOffer { message, duties })
                .map_err(Refusal::Denied));
        }
        let Some(row) = tx.partner(through.as_bytes())? else {
            return Ok(Err(Refusal::Shut(Shut::Unknown)));
        };
        if let Err(shut) = self.open_to(&row) {
            return Ok(Err(Refusal::Shut(shut)));
        }
        if row.suspended_by_them {
            return Ok(Err(Refusal::Shut(Shut::Suspended)));
        }
        let Some(agreed) = self.newest(tx, &through)? else { return Ok(Err(Refusal::NoAgreement)) };
        let route = route.as_ref();
        let mut proposal = self.offer_proposal(kept, case, (partner, route), &agreed)?;
        proposal.offer.card = self.card_for(tx, &kept.card, partner, route)?;
        let duties = proposal.consent.duties;
        let decided = self.policy(&agreed)?.decide_offer(&proposal);
        Ok(decided.map(|message| PermittedOffer { message, duties }).map_err(Refusal::Denied))
    }

    /// Whether whoever asked for a referral lets it be offered to this kind of organization, and is not
    /// itself the one.
    fn permit_asked<R: Rows>(
        &self,
        tx: &R,
        row: &RequestRow,
        partner: &OrgId,
        route: Option<&Route>,
    ) -> Outcome<Result<(), Refusal>> {
        if row.org == *partner.as_bytes() {
            return Ok(Err(Refusal::AskedForIt));
        }
        if row.is_forgotten() {
            return Ok(Ok(()));
        }
        let wanted = wanted_of(row)?;
        // Who reads the card has to be of such a kind, and that is whoever carries it too.
        let reader = route.map_or(*partner, |route| route.sponsor);
        let reader = tx.partner(reader.as_bytes())?;
        let kinds = reader.and_then(|row| OrgType::from_number(row.kind)).into_iter();
        let allowed = kinds.chain(route.map(|route| route.kind)).all(|it| wanted.allows_kind(it));
        Ok(if allowed { Ok(()) } else { Err(Refusal::OtherKind) })
    }

    fn offer_proposal(
        &self,
        kept: &KeptReferral,
        case: &Case,
        (partner, route): (&OrgId, Option<&Route>),
        agreed: &Kept,
    ) -> Outcome<OfferProposal> {
        let policy = self.policy(agreed)?;
        let today = self.today();
        let chain = kept.offers.get(partner).map(|row| &row.ours);
        let head = self.head(kept.id, agreed.reference(), chain, None);
        let mut consent = NeedConsent::of(&case.consents, &policy, &kept.card, today);
        if let Some(route) = route {
            let towards = (partner, route.kind);
            let behind = NeedConsent::towards(&case.consents, towards, &kept.card, today);
            consent = consent.and(behind);
        }
        let head = Head { sponsored: route.map(|_| *partner), ..head };
        Ok(self.proposal_of(kept, case, head, consent, agreed.state))
    }

    /// The same for an organization that we sponsor ourselves.
    fn own_proposal(
        &self,
        kept: &KeptReferral,
        case: &Case,
        org: &OrgId,
        route: &Route,
    ) -> OfferProposal {
        let chain = kept.offers.get(org).map(|row| &row.ours);
        let head = self.head(kept.id, WITH_OURSELVES, chain, None);
        let head = Head { sponsored: Some(*org), ..head };
        let towards = (org, route.kind);
        let consent = NeedConsent::towards(&case.consents, towards, &kept.card, self.today());
        self.proposal_of(kept, case, head, consent, AgreementState::Active)
    }

    fn proposal_of(
        &self,
        kept: &KeptReferral,
        case: &Case,
        head: Head,
        consent: NeedConsent,
        state: AgreementState,
    ) -> OfferProposal {
        let timers = match kept.state.step {
            HomeStep::Offered => kept.timers,
            _ => None,
        };
        let Timers { due_at_s, expires_at_s, .. } =
            timers.unwrap_or_else(|| self.timers_of(&kept.card));
        // A card whose time is nearly over still has to say something after now.
        let due_at_s = due_at_s.max(self.now_s() + 1);
        let offer =
            Offer { card: kept.card.clone(), due_at_s, expires_at_s: expires_at_s.max(due_at_s) };
        let finest = Finest::of(&case.record, Set::EMPTY);
        OfferProposal {
            head,
            offer,
            consent,
            steward: case.steward_decision(&self.id()),
            // A record whose date makes no sense is taken for the most protected one.
            is_indigenous: finest.is_none_or(|finest| finest.is_indigenous),
            exploitation: case.record.exploitation,
            is_withdrawn: case.withdrawn,
            state,
            today: self.today(),
        }
    }
}
