//! Documents of the audit log.

use serde::{Deserialize, Serialize};

use super::{Check, FieldValue, Named, default_limit};

/// Asks for entries of the audit log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AuditListAsk {
    /// Only this action: a code such as `summary_released`.
    pub action: Option<String>,
    /// Not this action: `audit_read` leaves out that the log was read.
    #[serde(default)]
    pub except: Option<String>,
    /// Only about this record.
    pub record: Option<String>,
    /// Only about this partner.
    pub partner: Option<String>,
    /// Only about this agreement: the beginning of its id.
    pub agreement: Option<String>,
    /// Only what this account did; `node` for the node itself.
    pub actor: Option<String>,
    /// From this day on, in UTC.
    pub from: Option<String>,
    /// Up to this day, which counts too.
    pub until: Option<String>,
    /// At most so many.
    #[serde(default = "default_limit")]
    pub limit: u32,
    /// Those before this one; the newest if absent.
    pub before: Option<u64>,
}

/// Entries, the newest first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuditListTold {
    /// How many entries the log has.
    pub length: u64,
    /// One row each.
    pub entries: Vec<AuditRow>,
}

/// An entry of the audit log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuditRow {
    /// Its place, from 1.
    pub sequence: u64,
    /// When.
    pub at: String,
    /// Who: the name of an account, the first 10 hex digits of a partner's id, or `node`.
    pub actor: String,
    /// What: a code such as `summary_released`.
    pub action: String,
    /// The record it is about: its id.
    pub record: Option<String>,
    /// The partner it is about, or who did it.
    pub partner: Option<Named>,
    /// The agreement it is about: 32 hex digits.
    pub agreement: Option<String>,
    /// Codes of the reasons, for a refusal.
    pub reasons: Vec<String>,
    /// How many things it is about, where one entry stands for several.
    pub n: u64,
}

/// Asks for one entry in full.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AuditShowAsk {
    /// Its place, from 1.
    pub sequence: u64,
}

/// One entry, with what anybody needs to check it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuditShowTold {
    /// The entry.
    pub entry: AuditRow,
    /// The id or digest that ties it to what it speaks of, in hex; empty if there is none.
    pub reference: String,
    /// The exact bytes that are in the log, in hex: the hash is over them.
    pub leaf: String,
    /// The hash of the leaf (RFC 6962, section 2.1): 64 hex digits.
    pub hash: String,
    /// How many entries the log has.
    pub length: u64,
    /// The root over all of them, which our checkpoint signs: 64 hex digits.
    pub root: String,
    /// The partners that have co-signed the log with this entry in it.
    pub witnesses: Vec<WitnessRow>,
}

/// Asks for a check of the whole log.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AuditVerifyAsk {}

/// Whether the log is whole, and who can vouch for it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuditVerifyTold {
    /// Every entry is where the checkpoints say, and no witness contradicts.
    pub whole: bool,
    /// How many entries were checked.
    pub length: u64,
    /// The root: 64 hex digits.
    pub root: String,
    /// The partners that co-signed.
    pub witnesses: Vec<WitnessRow>,
    /// What was found wrong.
    pub problems: Vec<Check>,
}

/// A partner that co-signs our checkpoints.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WitnessRow {
    /// Who.
    pub partner: Named,
    /// How long the log was when it last signed.
    pub length: u64,
    /// When.
    pub signed_at: String,
    /// What it signed fits the log as it is.
    pub consistent: bool,
}

/// Asks for everything that was disclosed about one person. Can be handed to them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AuditDisclosuresAsk {
    /// A record: its id.
    pub record: String,
}

/// An accounting of disclosures.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuditDisclosuresTold {
    /// Who gives it.
    pub organization: Named,
    /// The record's id.
    pub record: String,
    /// The day on which it was made.
    pub made_on: String,
    /// What was disclosed, the oldest first.
    pub disclosures: Vec<Disclosure>,
    /// How many times the record was read inside the organization.
    pub readings: u64,
    /// How many times sharing was refused by the rules.
    pub refusals: u64,
}

/// Something that was disclosed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Disclosure {
    /// When.
    pub at: String,
    /// To whom.
    pub partner: Named,
    /// What for: a code of the list `purpose`.
    pub purpose: String,
    /// Under which agreement: 32 hex digits.
    pub agreement: String,
    /// Its clause.
    pub clause: Option<String>,
    /// What they were told, at the level at which it was shared.
    pub fields: Vec<FieldValue>,
    /// When it was withdrawn.
    pub withdrawn_at: Option<String>,
    /// When the partner confirmed, signed, that its copy is gone.
    pub receipt_at: Option<String>,
}

/// Writes the audit log and its proofs into a file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AuditExportAsk {
    /// The file: an absolute path that does not exist yet.
    pub file: String,
}

/// What was written.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuditExportTold {
    /// The file.
    pub file: String,
    /// Entries in it.
    pub entries: u64,
    /// Bytes in it.
    pub bytes: u64,
    /// The root that it proves: 64 hex digits.
    pub root: String,
}
