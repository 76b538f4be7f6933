//! Documents of the operations on records, one at a time.
//!
//! A record is written and read as fields: the names of [`entente_core::record::Field`], each with
//! its text form. A set is codes separated by `;`.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{ConsentRow, FieldValue, Named, Private, Reason, default_limit};

/// Adds a record.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RecordAddAsk {
    /// Field name → text. `registered_on` is today if it is missing.
    pub fields: Private<BTreeMap<String, String>>,
}

/// What was added, and what stands out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecordAddTold {
    /// The new record's id.
    pub record: String,
    /// What the acts, means and purposes amount to.
    pub definitions: Vec<Verdict>,
    /// What the indicators suggest.
    pub screening: Screening,
    /// What looks wrong and was still accepted.
    pub warnings: Vec<Reason>,
    /// Records that may be of the same person.
    pub duplicates: Vec<DuplicateHint>,
}

/// Whether one definition of trafficking is met. Computed, never stored.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Verdict {
    /// A code of the list `definition_profile`.
    pub profile: String,
    /// Whether it is met.
    pub met: Tri,
    /// Fields that would decide it and are not known.
    pub missing: Vec<String>,
    /// What is recorded and decided it.
    #[serde(default)]
    pub because: Vec<Ground>,
    /// What is recorded of none of these, and would have to be.
    #[serde(default)]
    pub lacks: Vec<Ground>,
}

/// A field of a record, and what of it decides.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ground {
    /// The field's name.
    pub field: String,
    /// Codes of it; `yes` or `no` where it has none.
    pub values: Vec<String>,
}

/// Yes, no, or not known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Tri {
    /// It is so.
    Yes,
    /// It is not so.
    No,
    /// What is known does not decide it.
    Undetermined,
}

/// What the screening indicators suggest. A person decides.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Screening {
    /// Codes of the list `indicator`.
    pub indicators: Vec<String>,
    /// The status they suggest: a code of the list `status`; absent if none.
    pub suggested_status: Option<String>,
    /// The status that a person has recorded.
    pub recorded_status: Option<String>,
}

/// A record that may be of the same person.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DuplicateHint {
    /// The other record's id.
    pub record: String,
    /// How alike they are, 0 to 100.
    pub score: u8,
    /// The fields that agree.
    pub because: Vec<String>,
}

/// Asks for a record. The reading is audited.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RecordShowAsk {
    /// A record: its id.
    pub record: String,
    /// Show names, numbers and texts too. Audited as such.
    #[serde(default)]
    pub reveal: bool,
    /// An earlier version.
    pub version: Option<u32>,
}

/// A record.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecordShowTold {
    /// The row of the table.
    pub record: RecordRow,
    /// When it was added.
    pub created_at: String,
    /// When this version was made.
    pub updated_at: String,
    /// Every field that holds something, in the order of the form.
    pub fields: Vec<FieldValue>,
    /// What the acts, means and purposes amount to.
    pub definitions: Vec<Verdict>,
    /// What the indicators suggest.
    pub screening: Screening,
    /// What the person allows.
    pub consents: Vec<ConsentRow>,
    /// Which partners have a summary of it.
    pub shared_with: Vec<SharedWith>,
    /// Other records of the same person.
    pub linked: Vec<String>,
    /// What the community steward answered; absent if nothing yet.
    pub steward_allows: Option<bool>,
}

/// A partner that has, or had, a summary of a record.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SharedWith {
    /// Who.
    pub partner: Named,
    /// The summary's id, which only this partner knows: 32 hex digits.
    pub summary: String,
    /// The epoch at whose close it went out.
    pub epoch: String,
    /// When it was withdrawn.
    pub withdrawn_at: Option<String>,
    /// When the partner confirmed, signed, that it is gone.
    pub receipt_at: Option<String>,
}

/// A record as a row of a table. Nothing in it identifies a person.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecordRow {
    /// Its id.
    pub id: String,
    /// Its version, from 1.
    pub version: u32,
    /// The period of registration, for example `2026-Q3`.
    pub period: String,
    /// A code of the list `status`.
    pub status: Option<String>,
    /// A code of the list `gender`.
    pub gender: Option<String>,
    /// A code of the list `age_band`.
    pub age: Option<String>,
    /// A code of the list `province`.
    pub province: Option<String>,
    /// Codes of the list `exploitation`.
    pub exploitation: Vec<String>,
    /// A consent to sharing is valid today.
    pub consent: bool,
    /// With how many partners it is shared.
    pub shared_with: u32,
    /// The community steward, if there is one.
    pub steward: Option<Named>,
    /// It was taken out of sharing.
    pub withdrawn: bool,
    /// When it was changed last.
    #[serde(default)]
    pub updated_at: String,
}

/// Asks for records.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RecordListAsk {
    /// Field name → code that it must hold.
    #[serde(default, rename = "where")]
    pub filter: BTreeMap<String, String>,
    /// Include those that were withdrawn.
    #[serde(default)]
    pub withdrawn: bool,
    /// Only those with a consent that holds today and ends within 30 days.
    #[serde(default)]
    pub consent_ending: bool,
    /// Only those without a consent to sharing that is valid today.
    #[serde(default)]
    pub no_consent: bool,
    /// At most so many.
    #[serde(default = "default_limit")]
    pub limit: u32,
    /// Those after this one: `next` of the answer before.
    pub after: Option<String>,
}

/// Records, the newest first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecordListTold {
    /// How many there are in all.
    pub total: u64,
    /// One row each.
    pub records: Vec<RecordRow>,
    /// To ask for more; absent at the end.
    pub next: Option<String>,
}

/// Finds records by what identifies a person: a name, a number. Audited.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RecordSearchAsk {
    /// What to look for.
    pub text: Private<String>,
    /// At most so many.
    #[serde(default = "default_limit")]
    pub limit: u32,
}

/// What was found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecordSearchTold {
    /// The best first.
    pub found: Vec<Found>,
}

/// A record that was found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Found {
    /// The record.
    pub record: RecordRow,
    /// How well it fits, 0 to 100.
    pub score: u8,
    /// In which fields.
    pub matched: Vec<String>,
}

/// Changes a record. The earlier version is kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RecordEditAsk {
    /// A record: its id.
    pub record: String,
    /// Field name → new text. An empty text empties the field.
    pub set: Private<BTreeMap<String, String>>,
    /// The version that was edited; refused if it is no longer the newest.
    pub version: Option<u32>,
}

/// What was changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecordEditTold {
    /// The record's id.
    pub record: String,
    /// Its new version.
    pub version: u32,
    /// The fields that changed.
    pub changed: Vec<String>,
    /// What looks wrong and was still accepted.
    pub warnings: Vec<Reason>,
    /// Summaries that no longer fit and are replaced or withdrawn at the next close.
    pub summaries_outdated: u64,
}

/// Asks for the versions of a record.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RecordHistoryAsk {
    /// A record: its id.
    pub record: String,
}

/// The versions, the newest first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecordHistoryTold {
    /// The record's id.
    pub record: String,
    /// One row each.
    pub versions: Vec<VersionRow>,
}

/// A version of a record. Says what changed and not what it held.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct VersionRow {
    /// Its number, from 1.
    pub version: u32,
    /// When it was made.
    pub at: String,
    /// By whom: the name of an account, or `node`.
    pub by: String,
    /// The fields that changed.
    pub changed: Vec<String>,
}

/// Takes a record out of sharing, everywhere.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RecordWithdrawAsk {
    /// A record: its id.
    pub record: String,
    /// Only say what it would do.
    #[serde(default)]
    pub dry_run: bool,
}

/// What a withdrawal did, or would do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WithdrawTold {
    /// It was done; `false` after a dry run.
    pub done: bool,
    /// The record's id.
    pub record: String,
    /// The consents that were withdrawn.
    pub consents: Vec<String>,
    /// The partners that must destroy their copy, and confirm it.
    pub partners: Vec<SharedWith>,
    /// Receipts that are awaited now.
    pub receipts_expected: u64,
}

/// Asks for pairs of records that may be of one person.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RecordDuplicatesAsk {
    /// Only pairs with this record.
    pub record: Option<String>,
    /// How alike at least, 0 to 100.
    #[serde(default = "default_score")]
    pub min_score: u8,
    /// Say what both hold as well, masked as in `record_show`.
    #[serde(default)]
    pub fields: bool,
    /// How many of them to pass over.
    #[serde(default)]
    pub from: u32,
    /// At most so many.
    #[serde(default = "default_limit")]
    pub limit: u32,
}

/// Below it, most proposals are wrong and nobody reads the list to its end.
fn default_score() -> u8 {
    80
}

/// Pairs that nobody has decided on yet, the most alike first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecordDuplicatesTold {
    /// How many there are in all.
    pub total: u64,
    /// One row each.
    pub pairs: Vec<DuplicatePair>,
}

/// Two records that may be of one person.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DuplicatePair {
    /// One.
    pub left: RecordRow,
    /// The other.
    pub right: RecordRow,
    /// What the one holds, if that was asked for.
    #[serde(default)]
    pub left_fields: Vec<FieldValue>,
    /// What the other holds.
    #[serde(default)]
    pub right_fields: Vec<FieldValue>,
    /// How alike they are, 0 to 100.
    pub score: u8,
    /// The fields that agree.
    pub because: Vec<String>,
}

/// Decides on a pair.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RecordLinkAsk {
    /// One record: its id.
    pub left: String,
    /// The other.
    pub right: String,
    /// Whether they are about one person.
    pub same_person: bool,
}

/// What was decided.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecordLinkTold {
    /// Whether they are about one person.
    pub same_person: bool,
    /// All records of that person now; both alone if they are not one.
    pub linked: Vec<String>,
}

/// Names the community steward of a record, takes the name away, or notes what they answered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RecordStewardAsk {
    /// A record: its id.
    pub record: String,
    /// A partner: name, or the beginning of the id. Absent: no steward, or with `allows` the one
    /// that the record has.
    pub steward: Option<String>,
    /// The steward's own answer, as staff had it from them. A no takes back what was told.
    #[serde(default)]
    pub allows: Option<bool>,
}

/// The steward of a record. It leaves only if the steward's own policy allows it too.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecordStewardTold {
    /// The record's id.
    pub record: String,
    /// Its version now.
    pub version: u32,
    /// The steward; absent if there is none.
    pub steward: Option<Named>,
    /// What the steward answered; absent if nothing yet.
    pub allows: Option<bool>,
    /// Summaries that are withdrawn because the steward does not allow them.
    pub summaries_withdrawn: u64,
}
