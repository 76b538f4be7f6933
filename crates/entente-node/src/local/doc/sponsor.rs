//! Documents of organizations without a node, and of their sponsors.

use serde::{Deserialize, Serialize};

use super::{Fault, Named, NeedCardRow, OfferRow};

/// Takes on an organization without a node, with the first file that it signed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SponsorAddAsk {
    /// The file: a whole path.
    pub file: String,
    /// The fingerprint that the organization itself read out: 24 digits.
    pub fingerprint: String,
}

/// Takes the newest file of an organization that we sponsor, or its answers, signs it and says it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SponsorTakeAsk {
    /// The file: a whole path.
    pub file: String,
}

/// Asks for the organizations without a node that we know.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SponsorListAsk {}

/// Asks for a receipt for an organization that we sponsor, or did, in a file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SponsorGiveAsk {
    /// The organization: its name or the beginning of its id.
    pub organization: String,
    /// The file, which must not exist: a whole path.
    pub file: String,
}

/// A receipt was written.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SponsorGiveTold {
    /// For whom.
    pub organization: Named,
    /// The file.
    pub file: String,
    /// Number of the newest file of the organization that we signed too.
    pub number: u64,
    /// How many partners were told of it.
    pub told: u32,
}

/// Asks for what waits for an organization that we sponsor, in a file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SponsorMailAsk {
    /// The organization: its name or the beginning of its id.
    pub organization: String,
    /// The file, which must not exist: a whole path.
    pub file: String,
}

/// Mail was written.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SponsorMailTold {
    /// For whom.
    pub organization: Named,
    /// The file.
    pub file: String,
    /// How many referrals are in it that were offered to the organization.
    pub referrals: u64,
    /// How many are in it that the organization made itself.
    pub requests: u64,
    /// How many did not fit: they are in the next, once these are over.
    pub left: u64,
}

/// What became of answers about referrals.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SponsorAnswersTold {
    /// How many we signed too and said to their homes.
    pub said: u64,
    /// How many words of the file had been taken before.
    pub before: u64,
    /// What the organization asks for about referrals of its own, and we took.
    pub requests: Vec<RequestTaken>,
    /// Those that cannot be carried.
    pub refused: Vec<SponsorAnswerRefused>,
}

/// An answer that cannot be carried, or a request that cannot be taken.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SponsorAnswerRefused {
    /// The referral.
    pub referral: String,
    /// Why: a code.
    pub reason: String,
    /// What happened and what to do, where it was a request; `null` else.
    pub fault: Option<Fault>,
}

/// Something that an organization asked for about a referral of its own.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RequestTaken {
    /// The referral, which is one of ours now.
    pub referral: String,
    /// What was asked for: `refer`, `hand_over` or `withdraw`.
    pub what: String,
    /// How many organizations were asked at once.
    pub asked: u64,
    /// Why those that match were not asked, if that failed; `null` else.
    pub fault: Option<Fault>,
}

/// A referral that an organization without a node made, as its folder knows it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RequestTold {
    /// Its name: 32 hex digits.
    pub id: String,
    /// How far it is: `asked` before the sponsor said something, `refused` if it did not take it,
    /// `withdrawing` until it says that it is taken back, else as in a referral.
    pub step: String,
    /// Why the sponsor did not take it: a code.
    pub refused: Option<String>,
    /// A code of `referral_outcome`, once there is one.
    pub outcome: Option<String>,
    /// What is needed.
    pub card: NeedCardRow,
    /// When it was signed.
    pub asked: String,
    /// When the sponsor last said where it stands; `null` before.
    pub as_of: Option<String>,
    /// Who has it.
    pub with: Option<Named>,
    /// When open offers lapse.
    pub expires: Option<String>,
    /// Who was asked.
    pub offers: Vec<OfferRow>,
    /// The contact details: `ready` to be handed over, `no_key` to seal them to, `waiting` in the file,
    /// `handed_over`, `delivered`, `opened`, `refused` or `destroyed`; `null` else.
    pub handover: Option<String>,
}

/// Ends a sponsorship.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SponsorEndAsk {
    /// The organization: its name or the beginning of its id.
    pub organization: String,
}

/// Where an organization that we sponsor stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SponsorTold {
    /// The organization.
    pub organization: SponsoredEntry,
    /// What became of its answers, if the file had some.
    pub answers: Option<SponsorAnswersTold>,
}

/// The organizations without a node that we know.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SponsorListTold {
    /// Those that we sponsor, or did.
    pub ours: Vec<SponsoredEntry>,
    /// Those that partners sponsor.
    pub carried: Vec<CarriedEntry>,
}

/// An organization that we sponsor, or did.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SponsoredEntry {
    /// Who it is, as it says itself.
    pub organization: Named,
    /// A code of the list `org_type`.
    pub kind: String,
    /// The fingerprint of its identity.
    pub fingerprint: String,
    /// Number of its newest file.
    pub number: u64,
    /// How many of its files we never got.
    pub missing: u64,
    /// How many services stand in the newest.
    pub services: u64,
    /// When it signed the newest.
    pub signed_at: String,
    /// When we signed it too.
    pub taken_at: String,
    /// When an officer compared the fingerprint.
    pub added_at: String,
    /// When the sponsorship ended.
    pub ended_at: Option<String>,
    /// The partners that were told of the newest.
    pub told: Vec<Named>,
    /// Whether it has a key for hand-overs, and so can be asked about referrals.
    pub handover_key: bool,
    /// How many offers of referrals it has not answered.
    pub waiting: u64,
    /// When the first answer is due.
    pub due: Option<String>,
    /// About how many referrals there is something that was never written into mail.
    pub unsent: u64,
}

/// An organization that a partner sponsors.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CarriedEntry {
    /// Who it is, as it says itself.
    pub organization: Named,
    /// A code of the list `org_type`.
    pub kind: String,
    /// The fingerprint of its identity.
    pub fingerprint: String,
    /// The partner that carries it, and signed it too.
    pub sponsor: Named,
    /// Number of its newest file.
    pub number: u64,
    /// How many of its files never came.
    pub missing: u64,
    /// How many services stand in the newest.
    pub services: u64,
    /// When it signed the newest.
    pub signed_at: String,
}
