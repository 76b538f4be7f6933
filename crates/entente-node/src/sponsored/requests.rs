//! Referrals that an organization without a node makes itself, through its sponsor.
//!
//! ```text
//! requests.sealed     what it asked for, what the sponsor said, and whose fingerprints were compared
//! ```
//!
//! The sponsor is the home and decides like any home. What the folder does not leave to it are the contact
//! details: they are sealed here, to a key that stands under the signature of whoever accepted. A sponsor
//! could still make that one up, key and all, so the first time its fingerprint is typed as the
//! organization itself reads it out.

use std::collections::BTreeSet;

use entente_core::codes::{
    Code as _, ConsentScope, Dependants, GenderShared, GivenBy, Majority, OrgType, OverrideReason,
    Purpose, Risk, Set, StatusGroup, Urgency,
};
use entente_core::consent::{Consent, ConsentId};
use entente_core::handover::{Binding, ContactDetails, KeyId, Sealed};
use entente_core::identity::OrgId;
use entente_core::lang::{Lang, Text};
use entente_core::policy::Why;
use entente_core::record::Language;
use entente_core::referral::{
    Area, Body, Head, HomeStep, Message, NeedCard, OfferStep, ReferralId, Refused,
};
use entente_core::sponsor::{
    Asked, MAX_NAMED, NotTaken, Request, RequestStanding, Wanted, is_fingerprint,
};
use entente_core::statistics::noise::SystemRandomness;
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

use super::faults::{
    bad_request, no_acceptance, no_key, not_covered, not_now, other_recipient, settings_broken,
    to_nobody,
};
use super::referrals::Unlocked;
use super::{SponsoredFolder, SponsoredProfile};
use crate::answer::instant;
use crate::answer::referrals::{area, card_document, parsed, parsed_set};
use crate::fault::Both;
use crate::local::doc::{ContactDocument, Named, OfferRow, RequestTold};
use crate::node::Outcome;
use crate::node::audit::no_randomness;
use crate::node::handovers::unusable_details;
use crate::node::pairing::random;

pub(super) mod own;

use own::OwnRow;

/// What is typed for a referral, in codes, and what the person allows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ReferAsk {
    /// What is needed, the most important first: codes of `need`.
    pub needs: Vec<String>,
    /// A code of `urgency`.
    pub urgency: String,
    /// A code of `risk`; `unknown` if absent.
    pub risk: Option<String>,
    /// A code of `majority`; `unknown` if absent.
    pub age: Option<String>,
    /// A code of `gender_shared`, only where a service needs to know it.
    pub gender: Option<String>,
    /// A tag of BCP 47.
    pub language: Option<String>,
    /// Whether an interpreter is needed.
    pub interpreter: bool,
    /// A code of `province` or `region_shared`, or `anywhere`.
    pub area: Option<String>,
    /// Codes of `access_need`.
    pub access: Vec<String>,
    /// A code of `dependants`; `nobody` if absent.
    pub dependants: Option<String>,
    /// Codes of `safety_flag`.
    pub safety: Vec<String>,
    /// A code of `status_group`, only where a service asks for it.
    pub status: Option<String>,
    /// Whether a service of Indigenous peoples is wanted.
    pub indigenous_service: bool,
    /// What the person allows: codes of `consent_scope`.
    pub scopes: Vec<String>,
    /// Towards whom: identities, or names under which a fingerprint was compared. Empty means anybody.
    pub to: Vec<String>,
    /// Towards which kinds of organizations: codes of `org_type`. Empty means any.
    pub kinds: Vec<String>,
    /// Who gave the consent: a code of `given_by`; `self` if absent.
    pub given_by: Option<String>,
    /// Whether the person was told of all that they must be told.
    pub informed: bool,
    /// The first day on which it holds; today if absent.
    pub given_on: Option<String>,
    /// The last day on which it holds.
    pub valid_until: Option<String>,
    /// A legal duty instead of a consent: a code of `override_reason`.
    pub override_reason: Option<String>,
    /// Whether the person is known to be Indigenous.
    pub is_indigenous: bool,
    /// Codes of `exploitation`.
    pub exploitation: Vec<String>,
    /// Whether all that match are to be asked at once.
    pub matching: bool,
}

/// A referral that the organization made, as its folder knows it.
#[derive(Clone, Debug)]
pub struct FolderRequest {
    /// Its name.
    pub id: ReferralId,
    /// What is needed.
    pub card: NeedCard,
    /// When it was signed; seconds since 1970.
    pub asked_at_s: i64,
    /// Whether it was taken back here.
    pub is_withdrawn: bool,
    /// What the sponsor last said about it.
    pub standing: Option<RequestStanding>,
    /// Whether the key of whoever accepted stands under that one's signature.
    pub has_key: bool,
    /// Whether contact details are in the file that the sponsor has not said to have taken.
    pub has_sealed: bool,
    /// When the sponsor did not take it, and why; `None` if something stands.
    pub refused: Option<(i64, NotTaken)>,
}

impl FolderRequest {
    /// How far it is: `asked` before the sponsor said something, `refused` if it did not take it, and
    /// `withdrawing` until it says so.
    pub fn step(&self) -> &'static str {
        let step = self.standing.as_ref().map(|standing| standing.step);
        match step {
            Some(step) if step.is_over() => step.code(),
            None if self.refused.is_some() => "refused",
            _ if self.is_withdrawn => "withdrawing",
            Some(step) => step.code(),
            None => "asked",
        }
    }

    fn is_over(&self) -> bool {
        let standing = self.standing.as_ref();
        self.refused.is_some() || standing.is_some_and(|standing| standing.step.is_over())
    }

    /// What became of the contact details, or whether they can be handed over.
    fn handover(&self) -> Option<&'static str> {
        let standing = self.standing.as_ref()?;
        match (&standing.handed, standing.step) {
            _ if self.has_sealed && !standing.step.is_over() => Some("waiting"),
            (Some(handed), _) if handed.refused.is_some() => Some("refused"),
            (Some(handed), _) if handed.is_destroyed => Some("destroyed"),
            (Some(_), HomeStep::HandedOver) => Some("handed_over"),
            (Some(_), HomeStep::Delivered) => Some("delivered"),
            (Some(_), HomeStep::Opened | HomeStep::InService | HomeStep::Done(_)) => Some("opened"),
            (Some(_), _) => None,
            (None, _) if standing.place.is_none() => None,
            (None, _) => Some(if self.has_key { "ready" } else { "no_key" }),
        }
    }

    /// The referral as a document.
    pub fn document(&self) -> RequestTold {
        let standing = self.standing.as_ref();
        let named = |org: &OrgId, name: &Text| Named {
            id: org.to_string(),
            name: Both::new(&*name.en, &*name.fr),
        };
        let offers = standing.iter().flat_map(|standing| &standing.offers).map(|offer| OfferRow {
            partner: named(&offer.org, &offer.name),
            step: offer.step.code().to_owned(),
            barrier: match offer.step {
                OfferStep::Declined(barrier) => Some(barrier.code().to_owned()),
                _ => None,
            },
            offered: instant(offer.offered_at_s),
        });
        let winner = standing.and_then(RequestStanding::winner);
        let is_open = standing.filter(|standing| standing.step == HomeStep::Offered);
        RequestTold {
            id: self.id.to_string(),
            step: self.step().to_owned(),
            outcome: standing.and_then(|standing| match standing.step {
                HomeStep::Done(outcome) => Some(outcome.code().to_owned()),
                _ => None,
            }),
            card: card_document(&self.card),
            asked: instant(self.asked_at_s),
            refused: self.refused.map(|(_, why)| why.code().to_owned()),
            as_of: standing
                .map(|standing| standing.at_s)
                .or(self.refused.map(|(at_s, _)| at_s))
                .map(instant),
            with: winner.map(|winner| named(&winner.org, &winner.name)),
            expires: is_open.map(|standing| instant(standing.expires_at_s)),
            offers: offers.collect(),
            handover: self.handover().map(str::to_owned),
        }
    }
}

/// A referral after something was signed about it, and the file for the sponsor.
pub type Signed = (FolderRequest, Vec<u8>);

impl SponsoredFolder {
    /// Signs a request for a referral. Nothing is signed that no consent and no duty covers.
    pub fn refer(
        &self,
        passphrase: &str,
        ask: &ReferAsk,
        now_s: i64,
        today: Date,
    ) -> Outcome<Signed> {
        let mut it = self.unlock(passphrase, now_s)?;
        let id = ReferralId(random::<16>()?);
        let wanted = wanted(&it, id, ask, today)?;
        let card = wanted.card.clone();
        it.own.rows.push(OwnRow::new(id, &card, now_s));
        let at = it.own.rows.len().saturating_sub(1);
        it.ask(at, Asked::Refer(Box::new(wanted)))?;
        it.signed(at)
    }

    /// Signs that a referral is taken back.
    pub fn withdraw(&self, passphrase: &str, wanted: &str, now_s: i64) -> Outcome<Signed> {
        let mut it = self.unlock(passphrase, now_s)?;
        let at = it.own.find(wanted)?;
        let known = it.own.told(at)?;
        if known.is_withdrawn || known.is_over() {
            return Err(not_now(Refused::Over));
        }
        it.ask(at, Asked::Withdraw)?;
        it.own.row_mut(at)?.is_withdrawn = true;
        it.signed(at)
    }

    /// Seals contact details for whoever has a referral of ours, if what the person allows covers that one
    /// today. Only that one opens them: the key was signed by it, and `fingerprint` is what it read out, the
    /// first time that the sponsor calls it by this name.
    pub fn hand_over(
        &self,
        passphrase: &str,
        wanted: &str,
        details: &ContactDetails,
        fingerprint: Option<&str>,
        now_s: i64,
    ) -> Outcome<Signed> {
        details.check().map_err(unusable_details)?;
        let mut it = self.unlock(passphrase, now_s)?;
        let at = it.own.find(wanted)?;
        let known = it.own.told(at)?;
        if known.is_withdrawn || known.is_over() {
            return Err(not_now(Refused::Over));
        }
        // One at a time: where the next one belongs is what the sponsor says when it has this one.
        if known.has_sealed {
            return Err(not_now(Refused::Repeated));
        }
        let standing = known.standing.ok_or_else(no_acceptance)?;
        let (Some(place), Some(winner)) = (&standing.place, standing.winner()) else {
            return Err(no_acceptance());
        };
        // The sponsor asks with each offer; that it did is not taken on its word.
        allowed(&it.own.wanted(at)?, &winner.org, day_of(now_s))?;
        let key = it.own.key_for(at, &winner.org, &place.seen)?.ok_or_else(no_key)?;
        if !it.own.is_compared(&winner.org, &winner.name) {
            let is_it = fingerprint.is_some_and(|typed| is_fingerprint(&winner.org, typed));
            if !is_it {
                return Err(other_recipient(&winner.name));
            }
            it.own.compared_now(&winner.org, &winner.name);
        }
        let head = Head {
            referral: standing.referral,
            agreement: place.agreement,
            step: place.step,
            previous: Some(place.previous),
            seen: Some(place.seen),
            at_s: now_s.max(1),
            sponsored: place.sponsored.then_some(winner.org),
        };
        let id = KeyId::of(&key);
        let binding = Binding::of(it.profile.sponsor, winner.org, &head, id);
        let binding = binding.ok_or_else(no_acceptance)?;
        let sealed = Sealed::seal(&key, &binding, details, &mut SystemRandomness);
        let sealed = sealed.map_err(|_| no_randomness())?;
        let body = Body::HandOver { key: id.0, sealed: sealed.as_bytes().to_vec() };
        let payload = entente_proto::encode_referral(&Message { head, body });
        it.ask(at, Asked::HandOver(payload))?;
        it.signed(at)
    }

    /// Whether the fingerprint of whoever accepted a referral of ours has still to be typed, and what the
    /// sponsor calls that one.
    pub fn to_compare(&self, passphrase: &str, wanted: &str, now_s: i64) -> Outcome<Option<Text>> {
        let it = self.unlock(passphrase, now_s)?;
        let at = it.own.find(wanted)?;
        let known = it.own.told(at)?;
        let winner = known.standing.as_ref().and_then(RequestStanding::winner);
        let winner = winner.ok_or_else(no_acceptance)?;
        // Nobody is called for what will not be sealed.
        allowed(&it.own.wanted(at)?, &winner.org, day_of(now_s))?;
        let is_known = it.own.is_compared(&winner.org, &winner.name);
        Ok((!is_known).then(|| winner.name.clone()))
    }
}

/// The contact details that were typed, checked; what was typed is wiped.
pub fn contact_details(document: ContactDocument) -> Outcome<ContactDetails> {
    crate::answer::handovers::details(document)
}

/// The day in UTC, as the clock of a node has it.
fn day_of(now_s: i64) -> Date {
    let now = Timestamp::from_second(now_s).unwrap_or(Timestamp::UNIX_EPOCH);
    now.to_zoned(TimeZone::UTC).date()
}

/// Whether what was asked for covers this recipient on this day, by the rule under which it was signed.
/// What kind of organization it is, only the sponsor knows.
fn allowed(wanted: &Wanted, recipient: &OrgId, today: Date) -> Outcome<()> {
    let gaps = wanted.consent.gaps(Purpose::Referral, recipient, OrgType::Ngo, today);
    if gaps.is_empty() {
        return Ok(());
    }
    let because = |fault: Box<crate::fault::Fault>, gap: entente_core::consent::Gap| {
        fault.because(gap.text(Lang::En), gap.text(Lang::Fr))
    };
    Err(gaps.into_iter().fold(not_covered(), because))
}

impl Unlocked<'_> {
    /// Signs one word about a referral of ours.
    fn ask(&mut self, at: usize, what: Asked) -> Outcome<()> {
        let SponsoredProfile { id: org, sponsor, .. } = self.profile;
        let row = self.own.row_mut(at)?;
        let request = Request {
            org,
            sponsor,
            referral: ReferralId(row.id),
            step: row.ours.steps + 1,
            previous: row.ours.last,
            at_s: self.now_s.max(1),
            what,
        };
        row.sign(&request, &self.key)
    }

    fn signed(mut self, at: usize) -> Outcome<Signed> {
        let told = self.own.told(at)?;
        let file = self.answers()?;
        self.save()?;
        Ok((told, file))
    }

    /// The organization that is meant: by its identity, or by a name under which its fingerprint was
    /// compared. What else the sponsor calls somebody proves nothing.
    fn org_named(&self, text: &str) -> Outcome<OrgId> {
        let wanted = text.trim();
        if let Ok(org) = wanted.parse::<OrgId>() {
            return Ok(org);
        }
        let found = self.own.compared_as(wanted);
        let mut found = found.into_iter();
        match (found.next(), found.next()) {
            (Some(one), None) => Ok(one),
            _ => Err(to_nobody().because(
                format!("never compared under this name, or several: {wanted}"),
                format!("jamais comparé sous ce nom, ou plusieurs\u{a0}: {wanted}"),
            )),
        }
    }
}

/// What was typed, if it can be asked for.
fn wanted(it: &Unlocked<'_>, id: ReferralId, ask: &ReferAsk, today: Date) -> Outcome<Wanted> {
    let card = card(ask)?;
    let recipients = ask.to.iter().map(|text| it.org_named(text));
    let recipients: BTreeSet<OrgId> = recipients.collect::<Outcome<_>>()?;
    if recipients.len() > MAX_NAMED {
        let (en, fr) = (
            format!("{MAX_NAMED} organizations at most"),
            format!("{MAX_NAMED} organismes au plus"),
        );
        return Err(bad_request().because(en, fr));
    }
    let override_reason = ask.override_reason.as_deref().map(parsed::<OverrideReason>);
    let consent = Consent {
        id: ConsentId(id.0),
        scopes: parsed_set::<ConsentScope>(&ask.scopes)?,
        needs: card.needs.iter().copied().collect(),
        recipients,
        given_by: match &ask.given_by {
            Some(code) => parsed(code)?,
            None => GivenBy::Person,
        },
        informed_of: [ask.informed; 4],
        language: None,
        given_on: match &ask.given_on {
            Some(text) => day(text)?,
            None => today,
        },
        valid_until: ask.valid_until.as_deref().map(day).transpose()?,
        withdrawn_on: None,
        override_reason: override_reason.transpose()?,
    };
    let wanted = Wanted {
        card,
        consent,
        kinds: parsed_set(&ask.kinds)?,
        is_indigenous: ask.is_indigenous,
        exploitation: parsed_set(&ask.exploitation)?,
        matching: ask.matching,
    };
    if wanted.is_to_nobody() {
        return Err(to_nobody().because(
            "a legal duty extends to whom it names: name them with `--to`",
            "une obligation légale vise les organismes désignés\u{a0}: désignez-les avec `--to`",
        ));
    }
    let missing = wanted.uncovered(&it.profile.sponsor, today);
    if missing.is_empty() {
        Ok(wanted)
    } else {
        Err(uncovered(&it.profile, &wanted, missing, today))
    }
}

fn uncovered(
    profile: &SponsoredProfile,
    wanted: &Wanted,
    missing: Set<entente_core::codes::Need>,
    today: Date,
) -> Box<crate::fault::Fault> {
    let mut fault = not_covered().because(
        format!("not covered: {}", missing.labels(Lang::En)),
        format!("non visé\u{a0}: {}", missing.labels(Lang::Fr)),
    );
    if wanted.consent.is_duty_for_others(&wanted.card) {
        let why = Why::DutyNotForCard;
        fault = fault.because(why.text(Lang::En), why.text(Lang::Fr));
    }
    let recipient = wanted.consent.recipients.first().unwrap_or(&profile.sponsor);
    for gap in wanted.consent.gaps(Purpose::Referral, recipient, OrgType::Ngo, today) {
        fault = fault.because(gap.text(Lang::En), gap.text(Lang::Fr));
    }
    fault
}

fn card(ask: &ReferAsk) -> Outcome<NeedCard> {
    let language = ask.language.as_deref().map(Language::new).transpose();
    let card = NeedCard {
        needs: ask.needs.iter().map(|code| parsed(code)).collect::<Outcome<_>>()?,
        urgency: parsed::<Urgency>(&ask.urgency)?,
        risk: or(&ask.risk, Risk::Unknown)?,
        age: or(&ask.age, Majority::Unknown)?,
        gender: ask.gender.as_deref().map(parsed::<GenderShared>).transpose()?,
        language: language.map_err(|_| crate::answer::referrals::no_language())?,
        interpreter: ask.interpreter,
        area: match &ask.area {
            Some(code) => area(code)?,
            None => Area::Anywhere,
        },
        access: parsed_set(&ask.access)?,
        dependants: or(&ask.dependants, Dependants::Nobody)?,
        safety: parsed_set(&ask.safety)?,
        status: ask.status.as_deref().map(parsed::<StatusGroup>).transpose()?,
        indigenous_service: ask.indigenous_service,
    };
    match card.problem() {
        None => Ok(card),
        Some(problem) => Err(bad_request().because(problem.text(Lang::En), problem.text(Lang::Fr))),
    }
}

fn or<C: entente_core::codes::Code>(code: &Option<String>, else_it_is: C) -> Outcome<C> {
    code.as_deref().map_or(Ok(else_it_is), parsed)
}

fn day(text: &str) -> Outcome<Date> {
    let read: Option<Date> = text.trim().parse().ok();
    let within = read.filter(|day| entente_core::period::YEARS.contains(&day.year()));
    within
        .ok_or_else(|| bad_request().because("a day is YYYY-MM-DD", "une date s’écrit AAAA-MM-JJ"))
}

pub(super) fn broken<E>(_: E) -> Box<crate::fault::Fault> {
    settings_broken()
}
