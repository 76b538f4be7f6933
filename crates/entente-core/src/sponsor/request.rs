//! Referrals that an organization without a node makes through its sponsor, and where they stand.
//!
//! The organization signs a [`Request`]; its sponsor is the home of the referral, with the organization's
//! consent and card instead of a record. What becomes of it the sponsor says in a [`RequestStanding`].
//! Contact details are sealed by the organization itself, to the key of whoever accepted: the sponsor
//! hands the sealed bytes on.

use std::fmt;

use crate::codes::{Exploitation, Need, OrgType, Set};
use crate::consent::{Consent, uncovered};
use crate::handover::{KeyId, RefusedWhy};
use crate::identity::OrgId;
use crate::lang::{Lang, Text};
use crate::referral::{HomeStep, NeedCard, OfferStep, ReferralId};
use crate::statement::AgreementRef;
use jiff::civil::Date;

/// The most organizations that a consent in a request names.
pub const MAX_NAMED: usize = 32;

/// The most organizations of which a standing says where their offers are; with the one that has it.
pub const MAX_TOLD: usize = 200;

/// One word of an organization without a node about a referral of its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// Whose words these are.
    pub org: OrgId,
    /// The only one who may carry them.
    pub sponsor: OrgId,
    /// The name of the referral: 128 random bits, made by the organization.
    pub referral: ReferralId,
    /// 1, 2, 3 and so on, for each referral.
    pub step: u32,
    /// SHA-256 of the payload before; `None` for the first.
    pub previous: Option<[u8; 32]>,
    /// When it was signed; seconds since 1970.
    pub at_s: i64,
    /// What is asked for.
    pub what: Asked,
}

/// What an organization without a node asks its sponsor for.
#[derive(Clone, PartialEq, Eq)]
pub enum Asked {
    /// To make a referral of this. The first word of every referral, and no other.
    Refer(Box<Wanted>),
    /// To hand over: the message with the sealed contact details, as the sponsor signs it too.
    HandOver(Vec<u8>),
    /// To take the referral back.
    Withdraw,
}

impl Asked {
    /// Text form, for the audit log and `--json`.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Refer(_) => "refer",
            Self::HandOver(_) => "hand_over",
            Self::Withdraw => "withdraw",
        }
    }
}

impl fmt::Debug for Asked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

/// The referral that is asked for, and what the person allows.
#[derive(Clone, PartialEq, Eq)]
pub struct Wanted {
    /// What is needed.
    pub card: NeedCard,
    /// What the person, or a legal duty, allows. Its id is the referral's name.
    pub consent: Consent,
    /// The kinds of organizations that may be asked; none means any.
    pub kinds: Set<OrgType>,
    /// Whether the person is known to be Indigenous: some agreements forbid to offer that.
    pub is_indigenous: bool,
    /// The forms of exploitation, for the same reason. Neither goes to a partner.
    pub exploitation: Set<Exploitation>,
    /// Whether all that match are to be asked at once; else the sponsor's staff ask.
    pub matching: bool,
}

// All together come close to a person.
impl fmt::Debug for Wanted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Wanted(..)")
    }
}

impl Wanted {
    /// The needs that the person's consent, or the duty, does not cover towards anybody on this day.
    pub fn uncovered(&self, ours: &OrgId, today: Date) -> Set<Need> {
        uncovered(std::slice::from_ref(&self.consent), &self.card, ours, today)
    }

    /// Whether it names nobody who could be asked: a duty extends to whom it names alone.
    pub fn is_to_nobody(&self) -> bool {
        self.consent.override_reason.is_some() && self.consent.recipients.is_empty()
    }

    /// Whether organizations of this kind may be asked at all.
    pub fn allows_kind(&self, kind: OrgType) -> bool {
        self.kinds.is_empty() || self.kinds.contains(kind)
    }
}

/// Where a referral stands that an organization without a node asked for, as its sponsor says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequestStanding {
    /// Who says it: the home of the referral.
    pub sponsor: OrgId,
    /// To whom.
    pub org: OrgId,
    /// The referral.
    pub referral: ReferralId,
    /// When it was said; seconds since 1970.
    pub at_s: i64,
    /// Its number among those of this referral. A later one takes the place of the one before.
    pub seq: u64,
    /// SHA-256 of the last request that the sponsor took.
    pub heard: [u8; 32],
    /// How far the referral is.
    pub step: HomeStep,
    /// When open offers lapse; seconds since 1970. 0 before the first.
    pub expires_at_s: i64,
    /// Who was asked, ascending by id; at most [`MAX_TOLD`].
    pub offers: Vec<AskedOrg>,
    /// Where contact details would go now, if somebody has accepted and none were opened yet.
    pub place: Option<HandoverPlace>,
    /// What became of the last contact details that were handed over.
    pub handed: Option<Handed>,
}

impl RequestStanding {
    /// Whether it takes the place of `before`.
    pub fn is_after(&self, before: &Self) -> bool {
        (self.at_s, self.seq) > (before.at_s, before.seq)
    }

    /// Whether it says anything else than `before`.
    pub fn is_news(&self, before: &Self) -> bool {
        let Self { at_s, seq, .. } = *before;
        Self { at_s, seq, ..self.clone() } != *before
    }

    /// Who has the referral.
    pub fn winner(&self) -> Option<&AskedOrg> {
        self.offers.iter().find(|it| it.step == OfferStep::Won)
    }
}

/// That a sponsor did not take the first word about a referral. Nothing stands anywhere of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RequestRefusal {
    /// Who says it.
    pub sponsor: OrgId,
    /// To whom.
    pub org: OrgId,
    /// The name of the referral.
    pub referral: ReferralId,
    /// When it was refused; seconds since 1970.
    pub at_s: i64,
    /// SHA-256 of the request.
    pub request: [u8; 32],
    /// Why.
    pub why: NotTaken,
}

/// Why a sponsor does not take the first word about a referral.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum NotTaken {
    /// It names another sponsor.
    ForAnother,
    /// The last day of the consent is over.
    Expired,
    /// The consent, or the duty, does not cover all that is needed.
    NotCovered,
    /// It is a duty that names nobody.
    ToNobody,
    /// Another referral there, or a record, has its name.
    NameTaken,
    /// Too many referrals of the organization are open there.
    TooMany,
    /// The organization has a node of its own.
    HasNode,
}

impl NotTaken {
    /// All of them, by their numbers.
    pub const ALL: [Self; 7] = [
        Self::ForAnother,
        Self::Expired,
        Self::NotCovered,
        Self::ToNobody,
        Self::NameTaken,
        Self::TooMany,
        Self::HasNode,
    ];

    /// The number in refusals.
    pub fn number(self) -> u8 {
        match self {
            Self::ForAnother => 1,
            Self::Expired => 2,
            Self::NotCovered => 3,
            Self::ToNobody => 4,
            Self::NameTaken => 5,
            Self::TooMany => 6,
            Self::HasNode => 7,
        }
    }

    /// The reason with this number.
    pub fn from_number(number: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|why| why.number() == number)
    }

    /// Text form, for the audit log and `--json`.
    pub fn code(self) -> &'static str {
        match self {
            Self::ForAnother => "request_for_another",
            Self::Expired => "request_expired",
            Self::NotCovered => "request_not_covered",
            Self::ToNobody => "request_to_nobody",
            Self::NameTaken => "request_name_taken",
            Self::TooMany => "request_too_many",
            Self::HasNode => "request_has_node",
        }
    }

    /// The reason with this text form.
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|why| why.code() == code)
    }

    /// What a person of the organization reads.
    pub fn text(self, lang: Lang) -> &'static str {
        match self {
            Self::ForAnother => {
                lang.pick("it names another sponsor", "la demande désigne un autre parrain")
            }
            Self::Expired => lang.pick(
                "the last day of the consent was over",
                "le dernier jour du consentement était passé",
            ),
            Self::NotCovered => lang.pick(
                "the consent, or the duty, does not cover all of the needs",
                "le consentement ou l’obligation ne vise pas tous les besoins",
            ),
            Self::ToNobody => lang.pick(
                "it is a legal duty that names nobody",
                "c’est une obligation légale qui ne vise personne",
            ),
            Self::NameTaken => lang.pick(
                "another referral there has this name",
                "un autre aiguillage y porte déjà ce nom",
            ),
            Self::TooMany => lang.pick(
                "too many referrals of yours are open there",
                "trop de vos aiguillages y sont ouverts",
            ),
            Self::HasNode => lang.pick(
                "your organization has a node of its own there",
                "votre organisme y est connu avec son propre nœud",
            ),
        }
    }
}

/// An organization that was asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AskedOrg {
    /// Which.
    pub org: OrgId,
    /// What the sponsor calls it.
    pub name: Text,
    /// Where its offer stands.
    pub step: OfferStep,
    /// When it was asked; seconds since 1970.
    pub offered_at_s: i64,
}

/// The place of contact details in the sponsor's words to whoever accepted: what they are bound to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HandoverPlace {
    /// The agreement under which it was offered.
    pub agreement: AgreementRef,
    /// The number of the message.
    pub step: u32,
    /// SHA-256 of the message before it.
    pub previous: [u8; 32],
    /// SHA-256 of the acceptance.
    pub seen: [u8; 32],
    /// Whether who accepted has no node, and is named in the message.
    pub sponsored: bool,
}

/// What became of contact details that were handed over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Handed {
    /// SHA-256 of the payload that carried them.
    pub digest: [u8; 32],
    /// The key they were sealed to.
    pub key: KeyId,
    /// Why the recipient did not take them.
    pub refused: Option<RefusedWhy>,
    /// Whether the recipient says that they are destroyed.
    pub is_destroyed: bool,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_reason_not_to_take_a_request_has_its_own_number_code_and_words() {
        for (at, why) in NotTaken::ALL.into_iter().enumerate() {
            assert_eq!(usize::from(why.number()), at + 1);
            assert_eq!(NotTaken::from_number(why.number()), Some(why));
            assert_eq!(NotTaken::from_code(why.code()), Some(why));
            assert_ne!(why.text(Lang::En), why.text(Lang::Fr));
        }
        assert_eq!(NotTaken::from_number(0), None);
        assert_eq!(NotTaken::from_code("request_out_of_order"), None);
    }
}
