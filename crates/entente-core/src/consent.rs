//! Consent: what a person allows to be done with their case, as data that machines check.
//!
//! A record has any number of consents. Something may be done if one of them covers it; the
//! absence of a consent is a no. Consent never replaces an agreement: both must allow.
//!
//! An override is not a consent. It names the legal duty on which information goes out without
//! one, only to recipients it names, only for referral or a criminal investigation, and never
//! for statistics, research or any other purpose.

use std::collections::BTreeSet;
use std::fmt;

use jiff::civil::Date;

use crate::codes::{Code, ConsentScope, GivenBy, Need, OrgType, OverrideReason, Purpose, Set};
use crate::identity::OrgId;
use crate::lang::Lang;
use crate::record::{Language, local_id};
use crate::referral::{NeedCard, duty};

local_id! {
    /// The id of a consent within its node: a UUID, made by the node.
    ConsentId
}

/// What one person has allowed on one occasion. Its `Debug` prints only its id.
#[derive(Clone, PartialEq, Eq)]
pub struct Consent {
    /// Its id.
    pub id: ConsentId,
    /// What is allowed. [`ConsentScope::None`] among them refuses everything.
    pub scopes: Set<ConsentScope>,
    /// For which needs a referral is allowed; none means any need.
    pub needs: Set<Need>,
    /// Which organizations may receive something; none means any, except for an override.
    pub recipients: BTreeSet<OrgId>,
    /// Who gave it.
    pub given_by: GivenBy,
    /// Whether the person was told of the interview, the purpose, the use of the data, and its
    /// use without their identity (HTCDS). All four must be so.
    pub informed_of: [bool; 4],
    /// The language in which they were told.
    pub language: Option<Language>,
    /// The first day on which it holds.
    pub given_on: Date,
    /// The last day on which it holds.
    pub valid_until: Option<Date>,
    /// The day on which it was withdrawn. From that day on it covers nothing.
    pub withdrawn_on: Option<Date>,
    /// Set if this is no consent but a legal duty. Always audited.
    pub override_reason: Option<OverrideReason>,
}

/// Why a consent does not cover something.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Gap {
    /// The person wants nothing shared.
    NothingShared,
    /// The person was not told all that they must be told.
    NotInformed,
    /// It does not hold yet.
    NotYetGiven,
    /// It no longer holds.
    Expired,
    /// It was withdrawn.
    Withdrawn,
    /// It names other organizations.
    OtherRecipient,
    /// It lacks this scope.
    ScopeMissing(ConsentScope),
    /// No scope of consent covers this purpose.
    PurposeNeverCovered(Purpose),
    /// A legal duty does not extend to this purpose.
    OverrideNotFor(Purpose),
}

impl Gap {
    /// A stable code for the audit log and `--json`.
    pub fn code(self) -> &'static str {
        match self {
            Self::NothingShared => "consent_none",
            Self::NotInformed => "consent_not_informed",
            Self::NotYetGiven => "consent_not_yet_given",
            Self::Expired => "consent_expired",
            Self::Withdrawn => "consent_withdrawn",
            Self::OtherRecipient => "consent_other_recipient",
            Self::ScopeMissing(_) => "consent_scope_missing",
            Self::PurposeNeverCovered(_) => "consent_purpose_never_covered",
            Self::OverrideNotFor(_) => "override_not_for_purpose",
        }
    }

    /// In words.
    pub fn text(self, lang: Lang) -> String {
        let pick = |en: &str, fr: &str| lang.pick(en, fr).to_owned();
        match self {
            Self::NothingShared => {
                pick("the person wants nothing shared", "la personne ne veut aucune communication")
            }
            Self::NotInformed => pick(
                "the person was not told all that they must be told",
                "la personne n’a pas reçu toute l’information requise",
            ),
            Self::NotYetGiven => {
                pick("the consent does not hold yet", "le consentement n’est pas encore en vigueur")
            }
            Self::Expired => pick("the consent has expired", "le consentement a expiré"),
            Self::Withdrawn => pick("the consent was withdrawn", "le consentement a été retiré"),
            Self::OtherRecipient => pick(
                "the consent does not name this organization",
                "le consentement ne nomme pas cet organisme",
            ),
            Self::ScopeMissing(scope) => {
                let label = scope.label(lang);
                match lang {
                    Lang::En => format!("the consent does not cover “{label}”"),
                    Lang::Fr => format!("le consentement ne vise pas «\u{a0}{label}\u{a0}»"),
                }
            }
            Self::PurposeNeverCovered(purpose) => {
                let label = purpose.label(lang);
                match lang {
                    Lang::En => format!("no consent covers the purpose “{label}”"),
                    Lang::Fr => format!("aucun consentement ne vise la fin «\u{a0}{label}\u{a0}»"),
                }
            }
            Self::OverrideNotFor(purpose) => {
                let label = purpose.label(lang);
                match lang {
                    Lang::En => format!("a legal duty does not extend to the purpose “{label}”"),
                    Lang::Fr => {
                        format!(
                            "une obligation légale ne s’étend pas à la fin «\u{a0}{label}\u{a0}»"
                        )
                    }
                }
            }
        }
    }
}

impl Consent {
    /// Whether it covers sharing with `recipient` for `purpose` on the day `today`.
    pub fn allows(
        &self,
        purpose: Purpose,
        recipient: &OrgId,
        recipient_type: OrgType,
        today: Date,
    ) -> bool {
        self.gaps(purpose, recipient, recipient_type, today).is_empty()
    }

    /// Every reason why it does not cover that; empty if it does.
    ///
    /// - Statistics, evaluation and audit need the scope `stats`; research needs `research`;
    ///   a criminal investigation needs `police`; a referral needs `referral_need`.
    /// - A recipient that enforces the law needs the scope `police` besides, whatever the purpose:
    ///   a person who agrees to be counted has not agreed to be known to the police.
    /// - Regulatory compliance is covered by no scope.
    pub fn gaps(
        &self,
        purpose: Purpose,
        recipient: &OrgId,
        recipient_type: OrgType,
        today: Date,
    ) -> Vec<Gap> {
        let mut gaps = self.gaps_in_time(today);
        let is_override = self.override_reason.is_some();
        let is_named = self.recipients.contains(recipient);
        let is_any = self.recipients.is_empty() && !is_override;
        if !is_named && !is_any {
            gaps.push(Gap::OtherRecipient);
        }
        if is_override {
            if !matches!(purpose, Purpose::Referral | Purpose::Criminal) {
                gaps.push(Gap::OverrideNotFor(purpose));
            }
            return gaps;
        }
        if self.scopes.contains(ConsentScope::None) {
            gaps.push(Gap::NothingShared);
        }
        if self.informed_of != [true; 4] {
            gaps.push(Gap::NotInformed);
        }
        let scope = scope_for(purpose);
        if scope.is_none() {
            gaps.push(Gap::PurposeNeverCovered(purpose));
        }
        let police = enforces_the_law(recipient_type).then_some(ConsentScope::Police);
        let needed: Set<ConsentScope> = scope.into_iter().chain(police).collect();
        let missing = needed.iter().filter(|scope| !self.scopes.contains(*scope));
        gaps.extend(missing.map(Gap::ScopeMissing));
        gaps
    }

    /// Whether it names `need` for a referral, or any.
    pub fn covers_need(&self, need: Need) -> bool {
        self.needs.is_empty() || self.needs.contains(need)
    }

    /// Whether it covers a referral of this card for `need`: as a consent, or as a duty that extends to
    /// whom the card is about.
    pub fn covers_card(&self, card: &NeedCard, need: Need) -> bool {
        match self.override_reason {
            Some(reason) => duty::extends_to(reason, card),
            None => self.covers_need(need),
        }
    }

    /// Whether it is a legal duty that does not extend to whom this card is about.
    pub fn is_duty_for_others(&self, card: &NeedCard) -> bool {
        self.override_reason.is_some_and(|reason| !duty::extends_to(reason, card))
    }

    /// Whether it holds on the day `today`, for anything at all.
    pub fn is_current(&self, today: Date) -> bool {
        self.gaps_in_time(today).is_empty()
    }

    /// Whether it holds on the day `today`, and is over before the day `then`.
    pub fn is_ending(&self, today: Date, then: Date) -> bool {
        self.is_current(today) && self.valid_until.is_some_and(|last| last < then)
    }

    fn gaps_in_time(&self, today: Date) -> Vec<Gap> {
        let mut gaps = Vec::new();
        if today < self.given_on {
            gaps.push(Gap::NotYetGiven);
        }
        if self.valid_until.is_some_and(|last| last < today) {
            gaps.push(Gap::Expired);
        }
        if self.withdrawn_on.is_some_and(|day| day <= today) {
            gaps.push(Gap::Withdrawn);
        }
        gaps
    }
}

impl fmt::Debug for Consent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Consent({})", self.id)
    }
}

/// The first of `consents` that covers sharing with `recipient` for `purpose`.
///
/// A consent proper comes before an override: a legal duty is invoked only where there is none.
pub fn covering<'a>(
    consents: impl IntoIterator<Item = &'a Consent>,
    purpose: Purpose,
    recipient: &OrgId,
    recipient_type: OrgType,
    today: Date,
) -> Option<&'a Consent> {
    consents
        .into_iter()
        .filter(|consent| consent.allows(purpose, recipient, recipient_type, today))
        .min_by_key(|consent| consent.override_reason.is_some())
}

/// The needs of a card for which none of `consents` covers a referral towards anybody at all; towards whom
/// is asked with each offer. `ours` stands for anybody where a consent names nobody.
pub fn uncovered(consents: &[Consent], card: &NeedCard, ours: &OrgId, today: Date) -> Set<Need> {
    let covers = |consent: &Consent, need: Need| {
        let recipient = consent.recipients.first().unwrap_or(ours);
        let is_for = consent.covers_card(card, need);
        is_for && consent.allows(Purpose::Referral, recipient, OrgType::Ngo, today)
    };
    let is_covered = |need: &Need| consents.iter().any(|consent| covers(consent, *need));
    card.needs.iter().copied().filter(|need| !is_covered(need)).collect()
}

/// Whether what an organization of this type learns may be used against the person.
pub fn enforces_the_law(org_type: OrgType) -> bool {
    matches!(org_type, OrgType::Police | OrgType::Prosecution | OrgType::BorderImmigration)
}

fn scope_for(purpose: Purpose) -> Option<ConsentScope> {
    match purpose {
        Purpose::Statistics | Purpose::Evaluation | Purpose::Audit => Some(ConsentScope::Stats),
        Purpose::Research => Some(ConsentScope::Research),
        Purpose::Criminal => Some(ConsentScope::Police),
        Purpose::Referral => Some(ConsentScope::ReferralNeed),
        Purpose::Compliance => None,
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use crate::identity::OrgKey;

    use super::*;

    const TODAY: Date = date(2025, 6, 30);

    fn org(seed: u8) -> OrgId {
        OrgKey::from_seed(&[seed; 32]).id()
    }

    /// A consent to statistics, for any organization.
    fn consent() -> Consent {
        Consent {
            id: ConsentId([1; 16]),
            scopes: Set::EMPTY.with(ConsentScope::Stats),
            needs: Set::EMPTY,
            recipients: BTreeSet::new(),
            given_by: GivenBy::Person,
            informed_of: [true; 4],
            language: None,
            given_on: date(2025, 1, 1),
            valid_until: None,
            withdrawn_on: None,
            override_reason: None,
        }
    }

    #[track_caller]
    fn check(consent: &Consent, purpose: Purpose, recipient_type: OrgType, expected: &[Gap]) {
        assert_eq!(consent.gaps(purpose, &org(1), recipient_type, TODAY), expected);
        let allows = consent.allows(purpose, &org(1), recipient_type, TODAY);
        assert_eq!(allows, expected.is_empty());
    }

    #[test]
    fn each_purpose_needs_its_own_scope() {
        let scoped = |scope| Consent { scopes: Set::EMPTY.with(scope), ..consent() };
        let cases = [
            (Purpose::Statistics, ConsentScope::Stats),
            (Purpose::Evaluation, ConsentScope::Stats),
            (Purpose::Audit, ConsentScope::Stats),
            (Purpose::Research, ConsentScope::Research),
            (Purpose::Criminal, ConsentScope::Police),
            (Purpose::Referral, ConsentScope::ReferralNeed),
        ];
        for (purpose, needed) in cases {
            for scope in ConsentScope::ALL {
                let allows = scoped(*scope).allows(purpose, &org(1), OrgType::Ngo, TODAY);
                assert_eq!(allows, *scope == needed, "{purpose:?} {scope:?}");
            }
        }
        let all: Set<ConsentScope> = ConsentScope::ALL
            .iter()
            .copied()
            .filter(|scope| *scope != ConsentScope::None)
            .collect();
        let all = Consent { scopes: all, ..consent() };
        let gap = Gap::PurposeNeverCovered(Purpose::Compliance);
        check(&all, Purpose::Compliance, OrgType::Ngo, &[gap]);
    }

    #[test]
    fn the_police_always_need_the_scope_police_too() {
        let gap = Gap::ScopeMissing(ConsentScope::Police);
        check(&consent(), Purpose::Statistics, OrgType::Provincial, &[]);
        for enforcer in [OrgType::Police, OrgType::Prosecution, OrgType::BorderImmigration] {
            check(&consent(), Purpose::Statistics, enforcer, &[gap]);
        }
        let scopes = consent().scopes.with(ConsentScope::Police);
        let to_police = Consent { scopes, ..consent() };
        check(&to_police, Purpose::Statistics, OrgType::Police, &[]);
    }

    #[test]
    fn a_no_outweighs_every_other_scope() {
        let scopes = consent().scopes.with(ConsentScope::None);
        let no = Consent { scopes, ..consent() };
        check(&no, Purpose::Statistics, OrgType::Ngo, &[Gap::NothingShared]);
    }

    #[test]
    fn who_was_not_told_everything_has_not_agreed() {
        for missing in 0..4 {
            let mut half = consent();
            half.informed_of[missing] = false;
            check(&half, Purpose::Statistics, OrgType::Ngo, &[Gap::NotInformed]);
        }
    }

    #[test]
    fn it_holds_from_its_first_day_to_its_last() {
        let from = |given_on| Consent { given_on, ..consent() };
        check(&from(TODAY), Purpose::Statistics, OrgType::Ngo, &[]);
        check(&from(date(2025, 7, 1)), Purpose::Statistics, OrgType::Ngo, &[Gap::NotYetGiven]);
        let until = |day| Consent { valid_until: Some(day), ..consent() };
        check(&until(TODAY), Purpose::Statistics, OrgType::Ngo, &[]);
        check(&until(date(2025, 6, 29)), Purpose::Statistics, OrgType::Ngo, &[Gap::Expired]);
        let withdrawn = |day| Consent { withdrawn_on: Some(day), ..consent() };
        check(&withdrawn(TODAY), Purpose::Statistics, OrgType::Ngo, &[Gap::Withdrawn]);
        check(&withdrawn(date(2025, 7, 1)), Purpose::Statistics, OrgType::Ngo, &[]);
    }

    #[test]
    fn a_named_recipient_is_the_only_one() {
        let named = |seed| Consent { recipients: BTreeSet::from([org(seed)]), ..consent() };
        check(&named(1), Purpose::Statistics, OrgType::Ngo, &[]);
        check(&named(2), Purpose::Statistics, OrgType::Ngo, &[Gap::OtherRecipient]);
    }

    #[test]
    fn a_legal_duty_names_its_recipient_and_never_reaches_statistics() {
        let duty = Consent {
            scopes: Set::EMPTY,
            informed_of: [false; 4],
            override_reason: Some(OverrideReason::ImminentDanger),
            ..consent()
        };
        check(&duty, Purpose::Criminal, OrgType::Police, &[Gap::OtherRecipient]);
        let duty = Consent { recipients: BTreeSet::from([org(1)]), ..duty };
        check(&duty, Purpose::Criminal, OrgType::Police, &[]);
        check(&duty, Purpose::Referral, OrgType::ChildWelfare, &[]);
        for purpose in [Purpose::Statistics, Purpose::Research, Purpose::Audit, Purpose::Compliance]
        {
            check(&duty, purpose, OrgType::Police, &[Gap::OverrideNotFor(purpose)]);
        }
    }

    #[test]
    fn every_reason_is_listed_and_not_only_the_first() {
        let consent = Consent {
            recipients: BTreeSet::from([org(2)]),
            valid_until: Some(date(2025, 2, 1)),
            informed_of: [true, true, false, true],
            ..consent()
        };
        let expected = [
            Gap::Expired,
            Gap::OtherRecipient,
            Gap::NotInformed,
            Gap::ScopeMissing(ConsentScope::Research),
        ];
        check(&consent, Purpose::Research, OrgType::Ngo, &expected);
    }

    #[test]
    fn a_consent_comes_before_a_legal_duty() {
        let duty = Consent {
            id: ConsentId([2; 16]),
            recipients: BTreeSet::from([org(1)]),
            override_reason: Some(OverrideReason::CourtOrder),
            ..consent()
        };
        let scopes = Set::EMPTY.with(ConsentScope::ReferralNeed);
        let referral = Consent { scopes, ..consent() };
        let both = [duty.clone(), referral];
        let found = |consents: &[Consent], purpose| {
            covering(consents, purpose, &org(1), OrgType::Ngo, TODAY).map(|consent| consent.id)
        };
        assert_eq!(found(&both, Purpose::Referral), Some(ConsentId([1; 16])));
        assert_eq!(found(&[duty], Purpose::Referral), Some(ConsentId([2; 16])));
        assert_eq!(found(&both, Purpose::Statistics), None);
        assert_eq!(found(&[], Purpose::Statistics), None);
    }

    #[test]
    fn debug_prints_the_id_and_nothing_else() {
        let expected = "Consent(01010101-0101-0101-0101-010101010101)";
        assert_eq!(format!("{:?}", consent()), expected);
    }

    #[test]
    fn no_need_named_is_any_need() {
        assert!(consent().covers_need(Need::Legal));
        let legal = Consent { needs: Set::EMPTY.with(Need::Legal), ..consent() };
        assert!(legal.covers_need(Need::Legal) && !legal.covers_need(Need::Medical));
    }
}
