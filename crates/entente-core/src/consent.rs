//! Consent: what a person allows to be done with their case, as data that machines check.
//!
//! A record has any number of consents. Something may be done if one of them covers it; the
//! absence of a consent is a no. Consent never replaces an agreement: both must allow.
//!
//! An override is not a consent. It names the legal duty on which information goes out without
//! one, only to recipients it names, only for referral or a criminal investigation, and never
//! for statistics, research or any other purpose.

use std::collections::BTreeSet;

use jiff::civil::Date;

use crate::codes::{Code, ConsentScope, GivenBy, Need, OrgType, OverrideReason, Purpose, Set};
use crate::identity::OrgId;
use crate::lang::Lang;
use crate::record::{Language, local_id};

local_id! {
    /// The id of a consent within its node: a UUID, made by the node.
    ConsentId
}

/// What one person has allowed on one occasion.
#[derive(Clone, Debug, PartialEq, Eq)]
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
                    Lang::Fr => format!("le consentement ne vise pas « {label} »"),
                }
            }
            Self::PurposeNeverCovered(purpose) => {
                let label = purpose.label(lang);
                match lang {
                    Lang::En => format!("no consent covers the purpose “{label}”"),
                    Lang::Fr => format!("aucun consentement ne vise la fin « {label} »"),
                }
            }
            Self::OverrideNotFor(purpose) => {
                let label = purpose.label(lang);
                match lang {
                    Lang::En => format!("a legal duty does not extend to the purpose “{label}”"),
                    Lang::Fr => {
                        format!("une obligation légale ne s’étend pas à la fin « {label} »")
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

    /// Whether it covers a referral for `need`; an override covers any.
    pub fn covers_need(&self, need: Need) -> bool {
        self.needs.is_empty() || self.needs.contains(need)
    }

    /// Whether it holds on the day `today`, for anything at all.
    pub fn is_current(&self, today: Date) -> bool {
        self.gaps_in_time(today).is_empty()
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
