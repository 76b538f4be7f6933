//! Documents of the operations on agreements.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::partner::{AgreementStanding, Step, Who};
use super::{Both, FieldValue, Named, Reason};

/// Asks for a draft from a template, to be edited and proposed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AgreementDraftAsk {
    /// A template: `province-federal`, `ngo-province`, `counts-only`. Empty if `amends` is given.
    #[serde(default)]
    pub template: String,
    /// A partner: name, or the beginning of the id.
    pub partner: String,
    /// Values that replace those of the template, by dotted key: `we_send.min_group_persons`.
    #[serde(default)]
    pub edits: BTreeMap<String, String>,
    /// Instead of a template: the version in force whose next one it becomes, the beginning of its
    /// id.
    pub amends: Option<String>,
}

/// A draft.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AgreementDraftTold {
    /// The template it was made from; empty if it amends an agreement.
    pub template: String,
    /// With whom.
    pub partner: Named,
    /// The draft, in TOML, with comments.
    pub toml: String,
    /// What still has to be filled in.
    pub missing: Vec<Both>,
    /// What it says now, by dotted key as `edits` takes it: texts as they are, lists in TOML.
    pub settings: BTreeMap<String, String>,
    /// The clauses it would become, in words; none while something keeps it from being read.
    pub clauses: Vec<ClauseText>,
    /// What we would send, in sentences; none for nothing.
    #[serde(default)]
    pub we_would_send: Vec<Both>,
    /// What we would receive, in sentences; none for nothing.
    #[serde(default)]
    pub we_would_receive: Vec<Both>,
}

/// Proposes a draft to a partner.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AgreementProposeAsk {
    /// A partner: name, or the beginning of the id.
    pub partner: String,
    /// The draft, in TOML.
    pub toml: String,
    /// Only check it; tell nobody.
    #[serde(default)]
    pub dry_run: bool,
}

/// An agreement as a row of a table.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AgreementRow {
    /// Its id: 32 hex digits.
    pub id: String,
    /// Its version, from 1.
    pub version: u32,
    /// With whom.
    pub partner: Named,
    /// Where it stands.
    pub state: AgreementStanding,
    /// Who must act next.
    pub next_actor: Who,
    /// What they must do.
    pub next_step: Step,
    /// Its first day.
    pub effective_on: String,
    /// Its last day.
    pub expires_on: String,
    /// What it lets us send: `summaries`, `counts`, `referrals`, `services`.
    pub we_send: Vec<String>,
    /// What it lets us receive.
    pub we_receive: Vec<String>,
}

/// Asks for the agreements.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AgreementListAsk {
    /// Only those with this partner.
    pub partner: Option<String>,
    /// Only those in this state.
    pub state: Option<AgreementStanding>,
}

/// The agreements, the newest first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AgreementListTold {
    /// One row each.
    pub agreements: Vec<AgreementRow>,
}

/// Asks for one agreement.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AgreementShowAsk {
    /// An agreement: the beginning of the id.
    pub agreement: String,
}

/// One agreement, readable in both languages from the bytes that were signed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AgreementShowTold {
    /// The row of the table.
    pub agreement: AgreementRow,
    /// SHA-256 of the bytes that both sign: 64 hex digits.
    pub hash: String,
    /// Its clauses, in their order.
    pub clauses: Vec<ClauseText>,
    /// What it lets us send, in sentences; none for nothing.
    #[serde(default)]
    pub we_would_send: Vec<Both>,
    /// What it lets us receive, in sentences; none for nothing.
    #[serde(default)]
    pub we_would_receive: Vec<Both>,
    /// Who has signed.
    pub signatures: Vec<Signature>,
    /// The same as a TOML draft, for the next version.
    pub toml: String,
}

/// A clause.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClauseText {
    /// Its number, for example `4.2`; what reasons refer to.
    pub clause: String,
    /// What it is about.
    pub title: Both,
    /// What it says.
    pub text: Both,
    /// It opens nothing, or is an identity: it counts like every other, and a screen may fold it away.
    #[serde(default)]
    pub aside: bool,
}

/// A signature under an agreement.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Signature {
    /// Who signed.
    pub organization: Named,
    /// When.
    pub signed_at: String,
}

/// Asks what another version would change. Exactly one of `agreement` and `toml` is the new one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AgreementDiffAsk {
    /// The new version: the beginning of the id.
    pub agreement: Option<String>,
    /// The new version: a draft in TOML.
    pub toml: Option<String>,
    /// The old one: the beginning of the id. Without it, the one in force with the same partner;
    /// and if there is none, everything is new.
    pub against: Option<String>,
}

/// What would change, from the point of view of who sees it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AgreementDiffTold {
    /// With whom.
    pub partner: Named,
    /// The old version; absent if there is none.
    pub from_version: Option<u32>,
    /// The new version.
    pub to_version: u32,
    /// Each change, the widening ones first.
    pub changes: Vec<DiffLine>,
}

/// One change.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DiffLine {
    /// Its clause.
    pub clause: String,
    /// Who sees what it is about: `them`, `us`, or `nobody` for what holds for both.
    pub sees: Who,
    /// Whether more or less.
    pub change: DiffKind,
    /// In words.
    pub text: Both,
}

/// Whether a change lets more out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DiffKind {
    /// More is shared than before.
    Wider,
    /// Less is shared than before.
    Narrower,
    /// Neither.
    Other,
}

/// Signs what the partner proposed, or our own proposal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AgreementSignAsk {
    /// An agreement: the beginning of the id.
    pub agreement: String,
}

/// Declines to sign.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AgreementDeclineAsk {
    /// An agreement: the beginning of the id.
    pub agreement: String,
    /// Why; told to the other side.
    pub reason: Option<String>,
}

/// Proposes the next version.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AgreementAmendAsk {
    /// The version in force: the beginning of the id.
    pub agreement: String,
    /// The next version, in TOML.
    pub toml: String,
    /// Only check it; tell nobody.
    #[serde(default)]
    pub dry_run: bool,
}

/// Stops everything under an agreement, for now.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AgreementSuspendAsk {
    /// An agreement: the beginning of the id.
    pub agreement: String,
    /// Why; told to the other side.
    pub reason: Option<String>,
    /// Only say what it would do.
    #[serde(default)]
    pub dry_run: bool,
}

/// Lifts our own suspension.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AgreementResumeAsk {
    /// An agreement: the beginning of the id.
    pub agreement: String,
}

/// Ends an agreement and carries out its ending clause on both sides.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AgreementEndAsk {
    /// An agreement: the beginning of the id.
    pub agreement: String,
    /// Why; told to the other side.
    pub reason: Option<String>,
    /// Only say what it would do.
    #[serde(default)]
    pub dry_run: bool,
}

/// What a change of an agreement did, or would do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AgreementChangeTold {
    /// It was done; `false` after a dry run.
    pub done: bool,
    /// The agreement, after the change.
    pub agreement: AgreementRow,
    /// SHA-256 of the bytes that both sign: 64 hex digits.
    pub hash: String,
    /// The partner could be told at once; else it learns of it at the next contact.
    pub partner_told: bool,
    /// What it means for what was shared, a line each.
    pub consequences: Vec<Both>,
    /// Receipts that are awaited now.
    pub receipts_expected: u64,
}

/// Asks exactly what a partner would receive about one record. The same function as sharing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AgreementExplainAsk {
    /// A record: its id.
    pub record: String,
    /// A partner: name, or the beginning of the id.
    pub partner: String,
    /// If it waits for a close: also count who looks like it now. Reads all records, as a close does.
    #[serde(default)]
    pub group: bool,
}

/// Exactly what the partner would receive, and why, or why not.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AgreementExplainTold {
    /// The record's id.
    pub record: String,
    /// The partner.
    pub partner: Named,
    /// The agreement that decides: its id and version; absent if there is none.
    pub agreement: Option<AgreementRow>,
    /// What is decided.
    pub decision: Decision,
    /// The purpose under which it would be shared: a code of the list `purpose`.
    pub purpose: Option<String>,
    /// Every field of the record that holds something, and what becomes of it.
    pub fields: Vec<FieldFate>,
    /// All reasons against, not only the first; empty if it is allowed.
    pub reasons: Vec<Reason>,
    /// How many persons look alike now, if that was asked and it waits for a close: on the rung on
    /// which it would go out, or on the coarsest.
    pub group_size: Option<u64>,
    /// How many must look alike.
    pub min_group: u32,
    /// The rung of the lattice on which it would go out now: 0 is the finest. Absent if no rung has
    /// enough, or it was not asked.
    pub rung: Option<u8>,
    /// The epoch at whose close it is decided, for example `2026-Q4`.
    pub epoch: String,
    /// The summary that this partner already has of the record, if any: 32 hex digits.
    pub already_shared: Option<String>,
}

/// What is decided about sharing a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Decision {
    /// It would go out at the close of the epoch.
    Permit,
    /// Too few look alike; it waits for a later close.
    Wait,
    /// It does not go out.
    Refuse,
}

/// What becomes of one field.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FieldFate {
    /// What we have: for a level of a summary at its finest.
    pub ours: FieldValue,
    /// The fields of the record that a level is read from, as they are recorded. Empty if nothing is
    /// recorded, or if `ours` is such a field itself.
    pub from: Vec<FieldValue>,
    /// What they would see; absent if removed. Its field may be another one, for example a period
    /// for a date.
    pub theirs: Option<FieldValue>,
    /// What becomes of it.
    pub fate: Fate,
    /// The clause that decides; absent where no agreement could allow more.
    pub clause: Option<String>,
}

/// What becomes of a field on its way to a partner.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fate {
    /// As it is.
    Kept,
    /// Made coarser.
    Generalized,
    /// Left out.
    Removed,
}
