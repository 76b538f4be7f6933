//! Documents of what goes between partners: sync, what is held, feeds, quarantine, bundles.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{Both, Fault, FieldValue, Named, Reason, default_limit};

/// Asks partners for news now.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SyncAsk {
    /// Only this partner.
    pub partner: Option<String>,
}

/// What each partner had to say.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SyncTold {
    /// One row each, by name.
    pub partners: Vec<SyncOutcome>,
}

/// What came of asking one partner.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SyncOutcome {
    /// Who.
    pub partner: Named,
    /// How it went.
    pub outcome: SyncEnd,
    /// Entries read from their feed.
    pub pulled: u64,
    /// Summaries that are held now and were not before.
    pub held: u64,
    /// Summaries destroyed because they were withdrawn.
    pub withdrawn: u64,
    /// Entries that are valid and that we could not use; reported to them.
    pub skipped: u64,
    /// Receipts that we sent.
    pub receipts_sent: u64,
    /// Receipts of theirs that came.
    pub receipts_received: u64,
    /// How far we have read their feed.
    pub cursor: u64,
    /// What was wrong, if something was.
    pub fault: Option<Fault>,
}

/// How asking a partner for news went.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SyncEnd {
    /// There was news.
    News,
    /// There was none.
    NothingNew,
    /// They could not be reached; we ask again by ourselves.
    Unreachable,
    /// They are not allowed, or do not allow us, to exchange anything now.
    Closed,
    /// They said something that cannot be true; the evidence is kept.
    Quarantined,
}

/// Asks for the summaries that partners have given us.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HeldListAsk {
    /// Only those of this partner.
    pub partner: Option<String>,
    /// Field name → code that it must hold.
    #[serde(default, rename = "where")]
    pub filter: BTreeMap<String, String>,
    /// At most so many.
    #[serde(default = "default_limit")]
    pub limit: u32,
    /// Those after this one: `next` of the answer before.
    pub after: Option<String>,
}

/// Summaries held, the newest first. Controlled information.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HeldListTold {
    /// How many there are in all.
    pub total: u64,
    /// One row each.
    pub held: Vec<HeldRow>,
    /// To ask for more; absent at the end.
    pub next: Option<String>,
}

/// A summary held, as a row of a table.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HeldRow {
    /// Its id: 32 hex digits.
    pub summary: String,
    /// From whom.
    pub partner: Named,
    /// The period of the case, for example `2026-Q3`.
    pub period: String,
    /// A province, a region, or `canada`.
    pub place: Option<String>,
    /// A code of the list `gender_shared`.
    pub gender: Option<String>,
    /// An age band, or minor or adult.
    pub age: Option<String>,
    /// Codes of the list `exploitation`.
    pub exploitation: Vec<String>,
    /// Until when the agreement lets us keep it.
    pub keep_until: Option<String>,
}

/// Asks for one summary.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HeldShowAsk {
    /// The summary's id, or its beginning.
    pub summary: String,
}

/// One summary, where it came from, and its proof.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HeldShowTold {
    /// The row of the table.
    pub summary: HeldRow,
    /// Its fields, at the level at which they were shared.
    pub fields: Vec<FieldValue>,
    /// How many persons looked alike when it was released, at least.
    pub min_group: u32,
    /// The rung of the lattice: 0 is the finest.
    pub rung: u8,
    /// The agreement under which it came: 32 hex digits.
    pub agreement: String,
    /// Its place in the partner's feed.
    pub sequence: u64,
    /// The size of the signed checkpoint that proves it.
    pub checkpoint_size: u64,
    /// When it arrived.
    pub received_at: String,
}

/// Which way a feed goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Direction {
    /// From us to the partner.
    Sent,
    /// From the partner to us.
    Received,
}

/// Asks for the entries of a feed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FeedListAsk {
    /// A partner: name, or the beginning of the id.
    pub partner: String,
    /// Which way.
    pub direction: Direction,
    /// At most so many.
    #[serde(default = "default_limit")]
    pub limit: u32,
    /// Those before this sequence number; the newest if absent.
    pub before: Option<u64>,
}

/// The entries of a feed, the newest first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FeedListTold {
    /// With whom.
    pub partner: Named,
    /// Which way.
    pub direction: Direction,
    /// How many entries there are.
    pub length: u64,
    /// How far the reader has read.
    pub cursor: u64,
    /// One row each.
    pub entries: Vec<FeedRow>,
}

/// An entry of a feed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FeedRow {
    /// Its place, from 1.
    pub sequence: u64,
    /// What it is: `summary`, `withdrawal`, `receipt`, `notice`, `test`.
    pub kind: String,
    /// What a notice says, in words; absent for what is none.
    #[serde(default)]
    pub about: Option<Both>,
    /// The summary it is about: 32 hex digits.
    pub summary: Option<String>,
    /// Its epoch.
    pub epoch: Option<String>,
    /// When it was signed or received.
    pub at: String,
    /// The reader has it.
    pub read: bool,
    /// The receipt for it came; absent if none is asked for.
    pub receipt: Option<bool>,
}

/// Asks for the partners in quarantine.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct QuarantineListAsk {
    /// Everything that is kept against this partner, in quarantine or not.
    pub partner: Option<String>,
    /// Of one partner: at most so many.
    #[serde(default = "default_limit")]
    pub limit: u32,
    /// Of one partner: those before this number; the newest if absent.
    pub before: Option<u64>,
}

impl Default for QuarantineListAsk {
    fn default() -> Self {
        Self { partner: None, limit: default_limit(), before: None }
    }
}

/// Partners of whom nothing is accepted until someone has looked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct QuarantineListTold {
    /// One row each, the newest first.
    pub cases: Vec<QuarantineRow>,
    /// How many there are in all.
    pub length: u64,
}

/// A partner in quarantine.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct QuarantineRow {
    /// Who.
    pub partner: Named,
    /// Its number among what is kept against them, from 1.
    pub number: u64,
    /// Since when.
    pub since: String,
    /// What they said that cannot be true.
    pub reason: Reason,
    /// The entry at which it was found.
    pub sequence: Option<u64>,
    /// SHA-256 of the evidence that is kept: 64 hex digits.
    pub evidence: String,
}

/// Lifts a quarantine.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct QuarantineReleaseAsk {
    /// A partner: name, or the beginning of the id.
    pub partner: String,
    /// Why, for the audit log. Nothing about a case.
    pub reason: String,
}

/// It was lifted. The evidence is kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct QuarantineReleaseTold {
    /// Who.
    pub partner: Named,
    /// How far we have read their feed.
    pub cursor: u64,
}

/// Writes what a partner has not read yet into a file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BundleExportAsk {
    /// A partner: name, or the beginning of the id.
    pub partner: String,
    /// The file: an absolute path that does not exist yet.
    pub file: String,
    /// From this sequence number; from where the partner stopped if absent.
    pub from: Option<u64>,
}

/// What was written.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BundleExportTold {
    /// For whom. Nobody else can use it.
    pub partner: Named,
    /// The file.
    pub file: String,
    /// Bytes in it.
    pub bytes: u64,
    /// Its first sequence number.
    pub from: u64,
    /// Entries in it.
    pub entries: u64,
}

/// Reads such a file, with the same effect as a connection.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BundleImportAsk {
    /// The file: an absolute path.
    pub file: String,
}

/// What came of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BundleImportTold {
    /// The file.
    pub file: String,
    /// The same as for a connection.
    pub outcome: SyncOutcome,
}
