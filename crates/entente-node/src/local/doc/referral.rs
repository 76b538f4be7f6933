//! Documents of referrals.

use serde::{Deserialize, Serialize};

use super::{Both, HandoverEntry, Named, Reason};

/// Makes a referral for a record. What is not said is taken from the record, or left out.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReferralCreateAsk {
    /// The record.
    pub record: String,
    /// What is needed, the most important first: codes of `need`. Empty: those of the record.
    #[serde(default)]
    pub needs: Vec<String>,
    /// A code of `urgency`.
    pub urgency: String,
    /// A code of `risk`.
    #[serde(default)]
    pub risk: Option<String>,
    /// A code of `gender_shared`, only where a service needs to know it.
    #[serde(default)]
    pub gender: Option<String>,
    /// A tag of BCP 47.
    #[serde(default)]
    pub language: Option<String>,
    /// Whether an interpreter is needed.
    #[serde(default)]
    pub interpreter: bool,
    /// Where the service is wanted: a code of `province` or `region_shared`, or `anywhere`.
    #[serde(default)]
    pub area: Option<String>,
    /// Codes of `access_need`.
    #[serde(default)]
    pub access: Vec<String>,
    /// A code of `dependants`.
    #[serde(default)]
    pub dependants: Option<String>,
    /// Codes of `safety_flag`.
    #[serde(default)]
    pub safety: Vec<String>,
    /// Tell the immigration status, as a code of `status_group`.
    #[serde(default)]
    pub tell_status: bool,
    /// Whether a service of Indigenous peoples is wanted.
    #[serde(default)]
    pub indigenous_service: bool,
}

/// Offers a referral.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReferralOfferAsk {
    /// The referral: the beginning of its name.
    pub referral: String,
    /// To these partners: to all of them, or to none.
    #[serde(default)]
    pub partners: Vec<String>,
    /// To the organizations of these services: the beginning of an id, or a name.
    #[serde(default)]
    pub services: Vec<String>,
    /// To all partners that match and may be asked.
    #[serde(default)]
    pub matching: bool,
    /// Only say to whom it would go.
    #[serde(default)]
    pub dry_run: bool,
}

/// Lists referrals that we were offered.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReferralInboxAsk {
    /// Those that are over as well.
    #[serde(default)]
    pub all: bool,
}

/// Accepts a referral that we were offered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReferralAcceptAsk {
    /// The referral: the beginning of its name.
    pub referral: String,
}

/// Declines a referral that we were offered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReferralDeclineAsk {
    /// The referral: the beginning of its name.
    pub referral: String,
    /// A code of `barrier`.
    pub barrier: String,
}

/// Says of a referral that we have: the person is being served.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReferralStartAsk {
    /// The referral: the beginning of its name.
    pub referral: String,
}

/// Closes a referral that a partner has, or that we have.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReferralCloseAsk {
    /// The referral: the beginning of its name.
    pub referral: String,
    /// A code of `referral_outcome`.
    pub outcome: String,
}

/// Takes a referral of ours back, everywhere; one that nobody took in time, off the list of what waits.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReferralWithdrawAsk {
    /// The referral: the beginning of its name.
    pub referral: String,
}

/// Shows a referral. The reading is audited.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReferralShowAsk {
    /// The referral: the beginning of its name.
    pub referral: String,
}

/// Lists our referrals.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReferralListAsk {
    /// Those that are over as well. One that nobody took in time is listed until somebody has seen to it.
    #[serde(default)]
    pub all: bool,
    /// Only those of this record.
    #[serde(default)]
    pub record: Option<String>,
}

/// Lists what is overdue, ours and what we were offered, and what of ours nobody took in time.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReferralOverdueAsk {}

/// Referrals, the newest first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReferralListTold {
    /// The referrals.
    pub referrals: Vec<ReferralRow>,
    /// To whom what is overdue goes, as the settings say; empty if they do not.
    pub coordinator: String,
}

/// A referral as a row of a table.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReferralRow {
    /// Its name: 32 hex digits.
    pub id: String,
    /// Whose it is.
    pub home: Named,
    /// Whether it is ours.
    pub ours: bool,
    /// The record it is for, if it is ours and of a client of ours.
    pub record: Option<String>,
    /// The organization without a node that asked us for it.
    pub on_behalf_of: Option<Named>,
    /// How far it is: `created`, `offered`, `accepting`, `accepted`, `handed_over`, `delivered`,
    /// `opened`, `in_service`, `closing`, `done`, `declined`, `unmet`, `taken`, `revoked`, `expired`.
    pub step: String,
    /// A code of `referral_status`; `null` before anybody was asked.
    pub status: Option<String>,
    /// A code of `referral_outcome`, once there is one.
    pub outcome: Option<String>,
    /// A code of `barrier`, if we declined.
    pub barrier: Option<String>,
    /// What is needed; empty where the card was destroyed.
    pub needs: Vec<String>,
    /// A code of `urgency`.
    pub urgency: Option<String>,
    /// Where the service is wanted: a code of `province` or `region_shared`; `null` for anywhere, and where the card
    /// was destroyed.
    #[serde(default)]
    pub area: Option<String>,
    /// Who has it.
    pub with: Option<Named>,
    /// How many partners were asked, if it is ours.
    pub asked: u32,
    /// When it came to this step.
    pub since: String,
    /// When somebody should have acted.
    pub due: Option<String>,
    /// When open offers lapse.
    pub expires: Option<String>,
    /// Whether it is overdue.
    pub overdue: bool,
}

impl ReferralRow {
    /// What finds this referral and no other: its name, and with a partner's also whose it is. Anybody who
    /// was offered it could give its name to another.
    pub fn address(&self) -> String {
        match self.ours {
            true => self.id.clone(),
            false => format!("{}@{}", self.id, self.home.id),
        }
    }
}

/// A referral, and what was done about it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReferralTold {
    /// Whether something was done just now.
    pub done: bool,
    /// The referral.
    pub referral: ReferralRow,
    /// The card; `null` where it was destroyed.
    pub card: Option<NeedCardRow>,
    /// Duties to report that the card may bring with it.
    pub duties: Vec<DutyRow>,
    /// Whom it was offered to, if it is ours.
    pub offers: Vec<OfferRow>,
    /// Who might take it on, the best first, if it is ours and nobody has it.
    pub matches: Vec<MatchRow>,
    /// What became of the contact details, the first hand-over first.
    pub handovers: Vec<HandoverEntry>,
    /// What happened, the oldest first.
    pub timeline: Vec<ReferralStep>,
}

/// What is needed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NeedCardRow {
    /// Codes of `need`, the most important first.
    pub needs: Vec<String>,
    /// A code of `urgency`.
    pub urgency: String,
    /// A code of `risk`.
    pub risk: String,
    /// A code of `majority`.
    pub age: String,
    /// A code of `gender_shared`.
    pub gender: Option<String>,
    /// A tag of BCP 47.
    pub language: Option<String>,
    /// Whether an interpreter is needed.
    pub interpreter: bool,
    /// A code of `province` or `region_shared`.
    pub area: Option<String>,
    /// Codes of `access_need`.
    pub access: Vec<String>,
    /// A code of `dependants`.
    pub dependants: String,
    /// Codes of `safety_flag`.
    pub safety: Vec<String>,
    /// A code of `status_group`.
    pub status: Option<String>,
    /// Whether a service of Indigenous peoples is wanted.
    pub indigenous_service: bool,
}

/// A duty to report a child in need of protection.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DutyRow {
    /// Where: a code of `province`.
    pub province: String,
    /// The statute.
    pub statute: Both,
    /// Its section; `null` if it was not verified.
    pub section: Option<String>,
    /// To whom it is reported.
    pub authority: Both,
    /// The code of `override_reason` on which a referral without consent would rest.
    pub override_reason: String,
}

/// An offer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OfferRow {
    /// To whom.
    pub partner: Named,
    /// `open`, `declined`, `won`, `taken`, `revoked` or `expired`.
    pub step: String,
    /// A code of `barrier`, if it declined.
    pub barrier: Option<String>,
    /// When it was made.
    pub offered: String,
}

/// A service that might take a referral on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MatchRow {
    /// Whose service it is.
    pub partner: Named,
    /// The service; empty where only the organization is known.
    pub service: String,
    /// What it is called.
    pub name: Both,
    /// Whether nothing rules it out.
    pub fits: bool,
    /// Whether it may be asked.
    pub may_ask: bool,
    /// The sum of the points.
    pub score: i32,
    /// Why, with the points of each; `null` for what rules it out.
    pub reasons: Vec<MatchReasonRow>,
    /// Why it may not be asked.
    pub refusals: Vec<Reason>,
}

/// One reason for a rank.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MatchReasonRow {
    /// Its code.
    pub code: String,
    /// In words.
    pub text: Both,
    /// What it is worth; `null` if it rules the service out.
    pub points: Option<i32>,
}

/// One thing that happened to a referral.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReferralStep {
    /// When.
    pub at: String,
    /// What: a code.
    pub code: String,
    /// The code of the barrier, outcome or reason; empty if there is none.
    pub detail: String,
    /// The partner it concerns.
    pub partner: Option<Named>,
    /// The account that did it; empty for a partner or the node.
    pub by: String,
    /// Whether we did it.
    pub ours: bool,
    /// SHA-256 of what was signed, in hex.
    pub hash: Option<String>,
}
