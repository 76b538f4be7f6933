//! Reasons: why something may not leave, in words and with the clause.
//!
//! A reason says which rule was not met. It never repeats what stands in the record.

use std::fmt;

use jiff::civil::Date;

use crate::agreement::Clause;
use crate::agreement::terms::Dimension;
use crate::codes::{Code, Need, Purpose, Set};
use crate::lang::Lang;

/// Why something may not leave, and the clause that says so.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reason {
    /// The clause of the agreement.
    pub clause: Clause,
    /// What is in the way.
    pub why: Why,
}

/// What is in the way of a sharing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Why {
    /// Not both parties have signed.
    NotSigned,
    /// The agreement begins later.
    NotYetInForce {
        /// Its first day.
        effective: Date,
    },
    /// The agreement is over.
    Expired {
        /// Its last day.
        expiry: Date,
    },
    /// The agreement is suspended.
    Suspended,
    /// A newer version is in force.
    Superseded,
    /// The agreement was ended.
    Ended,
    /// Nothing may be sent in this direction.
    NothingGranted,
    /// Case summaries are not granted.
    SummariesNotGranted,
    /// Controlled counts are not granted.
    CountsNotGranted,
    /// No part of the privacy budget of statistics is granted.
    StatisticsNotGranted,
    /// The service directory is not granted.
    ServicesNotGranted,
    /// The agreement has no purpose that summaries serve.
    NoPurpose,
    /// The person has not consented to these purposes.
    NoConsent {
        /// The purposes that are not covered.
        purposes: Set<Purpose>,
    },
    /// The person has withdrawn a consent.
    ConsentWithdrawn,
    /// The community steward has not allowed it yet.
    StewardMissing,
    /// The community steward refuses.
    StewardRefused,
    /// The status is not that of a possible or actual victim.
    NotAVictim,
    /// The case is not from the provinces of the agreement.
    OutsideGeography,
    /// The person's age class is not granted.
    AgeClassNotGranted,
    /// A form of exploitation is excluded.
    ForbiddenForm,
    /// Cases of Indigenous persons are excluded.
    ForbiddenIndigenous,
    /// Cases of minors are excluded.
    ForbiddenMinor,
    /// Too few persons look alike.
    GroupTooSmall {
        /// How many do.
        size: u32,
        /// How many must.
        k: u32,
    },
    /// The persons who look alike suffered the same.
    DiversityTooLow {
        /// How many different values there are.
        values: u32,
    },
    /// It went out before.
    AlreadyReleased,
    /// It may go out at the close of the epoch.
    WaitsForClose,
    /// Counts are not granted by this dimension.
    DimensionNotGranted(Dimension),
    /// Counts are granted for whole years only.
    PeriodTooFine,
    /// The period is not over.
    PeriodNotClosed,
    /// Referrals are not granted.
    ReferralsNotGranted,
    /// To provide a service to the person is no purpose of the agreement.
    NoReferralPurpose,
    /// Neither a consent nor a legal duty covers a referral to this partner for these needs.
    NeedsNotCovered {
        /// The needs.
        needs: Set<Need>,
    },
    /// The legal duty that was named does not extend to whom the card is about.
    DutyNotForCard,
    /// The organization took the record back.
    RecordWithdrawn,
    /// The service may be wanted outside the provinces of the agreement.
    AreaOutsideGeography,
}

impl Reason {
    /// What a person reads, with the clause.
    pub fn text(&self, lang: Lang) -> String {
        format!("{} ({})", self.why.text(lang), self.clause)
    }
}

impl Why {
    /// A stable code for the audit log and `--json`.
    pub fn code(self) -> &'static str {
        match self {
            Self::NotSigned => "not_signed",
            Self::NotYetInForce { .. } => "not_yet_in_force",
            Self::Expired { .. } => "expired",
            Self::Suspended => "suspended",
            Self::Superseded => "superseded",
            Self::Ended => "ended",
            Self::NothingGranted => "nothing_granted",
            Self::SummariesNotGranted => "summaries_not_granted",
            Self::CountsNotGranted => "counts_not_granted",
            Self::StatisticsNotGranted => "statistics_not_granted",
            Self::ServicesNotGranted => "services_not_granted",
            Self::NoPurpose => "no_purpose",
            Self::NoConsent { .. } => "no_consent",
            Self::ConsentWithdrawn => "consent_withdrawn",
            Self::StewardMissing => "steward_missing",
            Self::StewardRefused => "steward_refused",
            Self::NotAVictim => "not_a_victim",
            Self::OutsideGeography => "outside_geography",
            Self::AgeClassNotGranted => "age_class_not_granted",
            Self::ForbiddenForm => "forbidden_form",
            Self::ForbiddenIndigenous => "forbidden_indigenous",
            Self::ForbiddenMinor => "forbidden_minor",
            Self::GroupTooSmall { .. } => "group_too_small",
            Self::DiversityTooLow { .. } => "diversity_too_low",
            Self::AlreadyReleased => "already_released",
            Self::WaitsForClose => "waits_for_close",
            Self::DimensionNotGranted(_) => "dimension_not_granted",
            Self::PeriodTooFine => "period_too_fine",
            Self::PeriodNotClosed => "period_not_closed",
            Self::ReferralsNotGranted => "referrals_not_granted",
            Self::NoReferralPurpose => "no_referral_purpose",
            Self::NeedsNotCovered { .. } => "needs_not_covered",
            Self::DutyNotForCard => "duty_not_for_card",
            Self::RecordWithdrawn => "record_withdrawn",
            Self::AreaOutsideGeography => "area_outside_geography",
        }
    }

    /// What a person reads.
    pub fn text(self, lang: Lang) -> String {
        let pick = |en: &str, fr: &str| lang.pick(en, fr).to_owned();
        match self {
            Self::NotYetInForce { effective } => match lang {
                Lang::En => format!("the agreement is not in force before {effective}"),
                Lang::Fr => format!("l’entente n’est pas en vigueur avant le {effective}"),
            },
            Self::Expired { expiry } => match lang {
                Lang::En => format!("the agreement expired; its last day was {expiry}"),
                Lang::Fr => format!("l’entente est expirée; son dernier jour était le {expiry}"),
            },
            Self::NoConsent { purposes } => match lang {
                Lang::En => format!("no consent for: {}", purposes.labels(lang)),
                Lang::Fr => format!("aucun consentement pour\u{a0}: {}", purposes.labels(lang)),
            },
            Self::GroupTooSmall { size: 0 | 1, k } => match lang {
                Lang::En => {
                    format!("nobody else looks the same, and the agreement asks for {k} persons")
                }
                Lang::Fr => format!(
                    "aucune autre personne n’a les mêmes caractéristiques, et l’entente en exige {k}"
                ),
            },
            Self::GroupTooSmall { size, k } => match lang {
                Lang::En => {
                    format!("only {size} persons look alike, and the agreement asks for {k}")
                }
                Lang::Fr => {
                    format!("seulement {size} personnes se ressemblent, et l’entente en exige {k}")
                }
            },
            Self::DiversityTooLow { values } => match lang {
                Lang::En => format!(
                    "those who look alike suffered the same ({values} form of exploitation, 2 needed)"
                ),
                Lang::Fr => format!(
                    "les personnes qui se ressemblent ont subi la même chose ({values} forme d’exploitation, il en faut 2)"
                ),
            },
            Self::DimensionNotGranted(dimension) => {
                let label = dimension.label(lang);
                match lang {
                    Lang::En => format!("counts by “{label}” are not granted"),
                    Lang::Fr => {
                        format!("les dénombrements par «\u{a0}{label}\u{a0}» ne sont pas accordés")
                    }
                }
            }
            Self::NeedsNotCovered { needs } => match lang {
                Lang::En => format!(
                    "no consent and no legal duty covers a referral to this partner for: {}",
                    needs.labels(lang)
                ),
                Lang::Fr => format!(
                    "aucun consentement ni aucune obligation légale ne vise un aiguillage à ce partenaire pour\u{a0}: {}",
                    needs.labels(lang)
                ),
            },
            Self::ReferralsNotGranted => pick(
                "the agreement does not grant referrals",
                "l’entente n’accorde pas les aiguillages",
            ),
            Self::NoReferralPurpose => pick(
                "to provide a service to the person is no purpose of the agreement",
                "fournir un service à la personne n’est pas une fin prévue par l’entente",
            ),
            Self::DutyNotForCard => pick(
                "the duty to report a child extends to a minor, or to somebody whose age is not known, where the card names a province or region: name it, or ask the person for a consent",
                "l’obligation de signaler un enfant vise une personne mineure, ou d’âge inconnu, si la fiche indique une province ou une région\u{a0}: indiquez-la, ou demandez un consentement à la personne",
            ),
            Self::RecordWithdrawn => pick("the record was withdrawn", "le dossier a été retiré"),
            Self::AreaOutsideGeography => pick(
                "the service is not known to be wanted in the provinces of the agreement",
                "le service n’est pas connu comme demandé dans les provinces visées par l’entente",
            ),
            Self::NotSigned => pick(
                "the agreement is not signed by both parties",
                "l’entente n’est pas signée par les deux parties",
            ),
            Self::Suspended => pick("the agreement is suspended", "l’entente est suspendue"),
            Self::Superseded => pick(
                "a newer version of the agreement is in force",
                "une version plus récente de l’entente est en vigueur",
            ),
            Self::Ended => pick("the agreement was ended", "l’entente a été résiliée"),
            Self::NothingGranted => pick(
                "the agreement allows nothing to be sent in this direction",
                "l’entente ne permet aucun envoi dans ce sens",
            ),
            Self::SummariesNotGranted => pick(
                "the agreement does not grant case summaries",
                "l’entente n’accorde pas les résumés de cas",
            ),
            Self::CountsNotGranted => pick(
                "the agreement does not grant controlled counts",
                "l’entente n’accorde pas les dénombrements contrôlés",
            ),
            Self::StatisticsNotGranted => pick(
                "the agreement grants no part of the privacy budget of statistics",
                "l’entente n’accorde aucune part du budget de confidentialité de la statistique",
            ),
            Self::ServicesNotGranted => pick(
                "the agreement does not grant the service directory",
                "l’entente n’accorde pas le répertoire de services",
            ),
            Self::NoPurpose => pick(
                "the agreement has no purpose that summaries serve (statistics, research, evaluation, audit)",
                "l’entente n’a aucune fin que servent les résumés (statistique, recherche, évaluation, vérification)",
            ),
            Self::ConsentWithdrawn => {
                pick("the person has withdrawn consent", "la personne a retiré son consentement")
            }
            Self::StewardMissing => pick(
                "the community steward has not allowed it",
                "le gardien communautaire ne l’a pas autorisé",
            ),
            Self::StewardRefused => {
                pick("the community steward refuses", "le gardien communautaire refuse")
            }
            Self::NotAVictim => pick(
                "only cases of possible or actual victims are shared",
                "seuls les dossiers de victimes possibles ou avérées sont communiqués",
            ),
            Self::OutsideGeography => pick(
                "the case is not known to be from the provinces of the agreement",
                "le dossier n’est pas connu comme provenant des provinces visées par l’entente",
            ),
            Self::AgeClassNotGranted => pick(
                "the agreement does not grant cases of this age class",
                "l’entente n’accorde pas les dossiers de cette classe d’âge",
            ),
            Self::ForbiddenForm => pick(
                "the agreement excludes this form of exploitation",
                "l’entente exclut cette forme d’exploitation",
            ),
            Self::ForbiddenIndigenous => pick(
                "the agreement excludes cases of Indigenous persons",
                "l’entente exclut les dossiers de personnes autochtones",
            ),
            Self::ForbiddenMinor => pick(
                "the agreement excludes cases of persons who are or may have been minors",
                "l’entente exclut les dossiers de personnes qui sont ou pouvaient être mineures",
            ),
            Self::AlreadyReleased => pick(
                "the case was released to this partner before",
                "le dossier a déjà été communiqué à ce partenaire",
            ),
            Self::PeriodTooFine => pick(
                "counts are granted for whole years only",
                "les dénombrements ne sont accordés que pour des années entières",
            ),
            Self::PeriodNotClosed => {
                pick("the period is not over yet", "la période n’est pas encore terminée")
            }
            Self::WaitsForClose => pick(
                "the case may go out at the close of the epoch",
                "le dossier pourra être communiqué à la clôture de la période",
            ),
        }
    }
}

/// A refusal, with every reason there is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Denied(
    // Invariant: not empty.
    Vec<Reason>,
);

impl Denied {
    pub(super) fn new(reasons: Vec<Reason>) -> Self {
        debug_assert!(!reasons.is_empty(), "a refusal has a reason");
        Self(reasons)
    }

    /// All the reasons.
    pub fn reasons(&self) -> &[Reason] {
        &self.0
    }

    /// What a person reads.
    pub fn text(&self, lang: Lang) -> String {
        let reasons: Vec<_> = self.0.iter().map(|reason| reason.text(lang)).collect();
        let start = lang.pick("not shared: ", "non communiqué\u{a0}: ");
        format!("{start}{}", reasons.join("; "))
    }
}

impl fmt::Display for Denied {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text(Lang::En))
    }
}

impl std::error::Error for Denied {}
